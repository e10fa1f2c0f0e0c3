"""The rooms of the house: who may import whom; no pickle, no code from configs; every public thing is documented."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "varexp").rglob("*.py")) + sorted((ROOT / "scripts").glob("*.py"))
# modules that any room may use
BASEMENT = {"caching", "errors", "files", "pointwise", "registry", "rounding_noise", "safetensors", "settings"}
BASEMENT |= {"torch_state"}
BELOW = {
    "theory": set(),
    "enclosure": {"theory"},
    "maps": {"enclosure", "theory"},
    "models": {"maps", "enclosure", "theory"},
    "training": {"models", "maps"},
    "measurement": {"enclosure", "models", "maps", "theory"},
    "report": set(),
    "audit": set(),
}
BELOW["families"] = {"training", "measurement", *BELOW["measurement"]}
BELOW["claims"] = {"families", *BELOW["families"]}
BELOW["sweeps"] = {"families", "report", "extensions", *BELOW["families"]}
BELOW["api"] = {"sweeps", "claims", *BELOW["sweeps"]}
BELOW["calculations"] = {"claims", *BELOW["claims"]}
BELOW["dynamics"] = {"api"}  # the public call, as any reader has it
BELOW["benchmarks"] = {"sweeps", "report", *BELOW["sweeps"]}
BELOW["commands"] = {"sweeps", "claims", "calculations", "dynamics", "benchmarks", *BELOW["sweeps"]}
BELOW["scripts"] = {"commands"}
SPECIAL = {"registry": {"errors"}, "extensions": {"registry"}, "__main__": {"commands"}, "__init__": {"api"}}
STANDARD = sys.stdlib_module_names
HYDRA = {"sweeps", "commands"}
PICKLES = ("pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal")


def imports(source, package):
    """The absolute names of all modules that a source imports, relative and dynamic imports resolved."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and "import_module" in ast.dump(node.func):
            yield from (part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and part.value)


def package_of(path):
    return ".".join(path.relative_to(ROOT).parts[:-1])


def room(path):
    parts = path.relative_to(ROOT).parts
    return parts[0] if parts[0] == "scripts" else parts[1].removesuffix(".py")


def offences(source, package, here):
    """What a source of a room may not import."""
    allowed = {here, *BASEMENT, *BELOW.get(here, SPECIAL.get(here, set()))}
    rooms = {*BELOW, *BASEMENT, *SPECIAL}
    for name in imports(source, package):
        parts = name.split(".")
        if parts[0] == "varexp" and len(parts) > 1 and parts[1] in rooms and parts[1] not in allowed:
            yield name
        if parts[0] in ("hydra", "omegaconf") and here not in HYDRA:
            yield name
        if parts[0] in PICKLES:
            yield name


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_no_import_upwards(path):
    assert list(offences(path.read_text(), package_of(path), room(path))) == []


@pytest.mark.parametrize(
    "source",
    [
        "import varexp.sweeps.cells",
        "from varexp import sweeps",
        "from varexp.sweeps import cells",
        "from ..sweeps import cells",
        "from .. import sweeps",
        "def f():\n    from ..sweeps.cells import Cell",
        "import importlib\nimportlib.import_module('varexp.sweeps.cells')",
        "from importlib import import_module\nimport_module('varexp.sweeps')",
        "import hydra",
        "from pickle import loads",
    ],
)
def test_the_control_every_way_upwards_is_seen(source):
    assert list(offences(source, "varexp.models", "models"))
    assert not list(offences("from ..maps import norms\nfrom varexp import maps", "varexp.models", "models"))


def test_no_module_imports_itself_in_a_circle():
    """Also within a room, imports for types included."""
    names = {".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): p for p in FILES}
    below = {n: {i for i in imports(p.read_text(), package_of(p)) if i in names and i != n} for n, p in names.items()}
    packages = {n for n, p in names.items() if p.name == "__init__.py"}  # a package and its modules name each other
    while leaves := {n for n, found in below.items() if not (found - packages) & below.keys()}:
        below = {n: found for n, found in below.items() if n not in leaves}
    assert not below, sorted(below)


def test_the_enclosure_is_a_library_by_itself():
    allowed = {"torch", "numpy", "flint", "jaxtyping", "varexp"}
    for path in (ROOT / "varexp" / "enclosure").glob("*.py"):
        for name in imports(path.read_text(), "varexp.enclosure"):
            first = name.split(".")[0]
            assert first in allowed or first in STANDARD, f"{path.name} imports {name}"


def test_the_audit_shares_no_code():
    """Not even the modules that any room may use."""
    for path in (ROOT / "varexp" / "audit").glob("*.py"):
        for name in imports(path.read_text(), "varexp.audit"):
            assert name.startswith(("varexp.audit", "flint")) or name.split(".")[0] in STANDARD, f"{path.name}: {name}"


def test_what_decides_a_claim_knows_no_models():
    claims = ROOT / "varexp" / "claims"
    trained = {
        "trained_chain.py"
    }  # the one instance that is trained; its numbers are intervals before they are compared
    exact = [claims / f"{name}.py" for name in ("evidence", "claim", "audit")]
    rooms = ("varexp.models", "varexp.training", "varexp.measurement", "varexp.enclosure", "varexp.families", "torch")
    for path in exact + [p for p in (claims / "instances").glob("*.py") if p.name not in trained]:
        assert not [name for name in imports(path.read_text(), package_of(path)) if name.startswith(rooms)]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_public_things_are_documented_and_short(path):
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree), "module docstring"
    assert path.read_text().count("\n") <= 250
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 60, node.name
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            short = isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno < 16
            assert ast.get_docstring(node) or short, node.name
    if path.parent.name == "scripts":
        assert path.read_text().count("\n") <= 40


def test_names_of_test_files_are_different():
    """pytest imports them by their names alone, but for those in packages."""
    alone = [path for path in (ROOT / "tests").rglob("*.py") if not (path.parent / "__init__.py").exists()]
    names = [path.name for path in alone if path.name != "conftest.py"]
    assert len(set(names)) == len(names)


def test_configs_run_no_code():
    for path in (ROOT / "configs").rglob("*.yaml"):
        assert "_target_" not in path.read_text(), path


def test_an_experiments_file_says_what_it_claims():
    for path in (ROOT / "configs" / "experiment").glob("*.yaml"):
        text = path.read_text()
        for word in ("# Claim:", "# Command: varexp sweep experiment=", "# Time:", "# Outcome:"):
            assert word in text, f"{path}: {word}"


def test_the_experiment_that_no_sweep_makes_says_what_it_claims():
    text = (ROOT / "configs" / "dynamics.yaml").read_text()
    assert all(word in text for word in ("# Claim:", "# Command: varexp dynamics", "# Time:", "# Outcome:"))


def test_make_help_lists_every_target_with_a_rule():
    listed = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = [line.split()[0] for line in listed.splitlines()]
    assert {
        "sweep",
        "models",
        "dynamics",
        "results",
        "verify",
        "audit",
        "test",
        "smoke",
        "figures",
        "lint",
        "bench",
        "paper",
        "help",
    } <= set(names)
    for name in names:
        dry = subprocess.run(["make", "-n", name], cwd=ROOT, capture_output=True, text=True, check=False)
        assert dry.returncode == 0, dry.stderr

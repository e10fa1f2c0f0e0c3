"""python -m varexp.audit from end to end: a sweep, its released weights, the proof by another process, planted lies."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from varexp.commands import main
from varexp.safetensors import sha256

ROOT = Path(__file__).parents[2]
SWEEP = ["scale=smoke", "axes.seed=[0]", "axes.target=[fold,sine]", "axes.kernel=[keys]", "width=4", "ascent_steps=1",
         "engine.workers=1", "experiments.depth.grids.exact_scale=null",
         "axes.training=[stagewise,corrective]"]  # fmt: skip


def audit(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "varexp.audit", *map(str, arguments)],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A results folder with a small sweep and its weights."""
    results = tmp_path_factory.mktemp("results")
    assert main(["sweep", "experiment=depth", f"results={results}", *SWEEP]) == 0
    assert main(["weights", "experiment=[depth]", f"results={results}"]) == 0
    return results


@pytest.mark.slow
def test_a_small_sweep_is_proved_and_every_lie_is_caught(released):
    done = audit(released / "weights", "--workers", 2)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((released / "audit.json").read_text())
    assert report["counts"] == {"proved": 8, "refuted": 0, "undecided": 0, "lies": 12, "lies_caught": 12}
    assert [(row["target"], row["depth"]) for row in report["rows"]] == [
        (target, depth) for target in ("fold", "sine") for depth in (1, 1, 2, 2)
    ]
    assert {lie["lie"] for lie in report["controls"]} == {
        "lowered_end", "raised_end", "changed_weight", "other_target", "scaled_words", "damaged_file"
    }  # fmt: skip
    assert "seconds" not in (released / "audit.json").read_text()


@pytest.mark.slow
def test_a_false_row_fails_the_audit_and_is_named(released, tmp_path):
    source = min((released / "weights").glob("*.json"), key=lambda path: json.loads(path.read_text())["depth"])
    row = json.loads(source.read_text())
    (tmp_path / row["tensors"]).write_bytes((released / "weights" / row["tensors"]).read_bytes())
    row["error_upper"] = row["error_lower"]
    row["error_lower"] = 0.5 * row["error_lower"]
    row["error_upper"] *= 0.99
    (tmp_path / source.name).write_text(json.dumps(row))
    done = audit(tmp_path, "--workers", 1, "--no-controls", "--out", tmp_path / "out.json")
    assert done.returncode == 1
    assert f"refuted   {row['key']}" in done.stdout


@pytest.mark.slow
def test_a_released_row_leads_to_its_weights(released):
    """The record names the file of its model by its hash, and the released row that of its own file."""
    for path in (released / "weights").glob("*.json"):
        row = json.loads(path.read_text())
        record = json.loads((released / "runs" / "records" / path.name).read_text())
        weights = (released / "runs" / "weights" / f"{record['weights']}.safetensors").read_bytes()
        assert sha256(weights) == record["weights"]
        assert sha256((released / "weights" / row["tensors"]).read_bytes()) == row["sha256"]
        assert (row["error_lower"], row["error_upper"]) == (record["row"]["error_lower"], record["row"]["error_upper"])


@pytest.mark.slow
def test_released_weights_are_rebuilt_to_the_byte(released):
    before = {path.name: path.read_bytes() for path in (released / "weights").iterdir()}
    (released / "weights" / "stray.json").write_text("{}")
    assert main(["weights", "experiment=[depth]", f"results={released}"]) == 0
    assert {path.name: path.read_bytes() for path in (released / "weights").iterdir()} == before


@pytest.mark.slow
def test_missing_and_damaged_weights_are_named(released, tmp_path, capsys):
    for number, damage in enumerate((lambda path: path.write_bytes(path.read_bytes() + b"x"), Path.unlink)):
        results = tmp_path / str(number)
        shutil.copytree(released, results)
        damage(next((results / "runs" / "weights").iterdir()))
        assert main(["weights", "experiment=[depth]", f"results={results}"]) == 1
        message = capsys.readouterr().err
        assert "have no record in" in message
        assert ("do not have the hash", "cannot be read")[number] in message


def test_a_folder_without_rows_is_named(tmp_path):
    done = audit(tmp_path)
    assert (done.returncode, "has no rows to audit" in done.stderr) == (2, True)


def test_the_audit_loads_nothing_of_the_package():
    code = (
        "import sys, runpy\n"
        "sys.argv = ['audit', '--help']\n"
        "try: runpy.run_module('varexp.audit', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print(*sorted(n for n in sys.modules if n.partition('.')[0] in"
        " ('varexp', 'torch', 'numpy', 'pandas', 'jaxtyping', 'omegaconf', 'hydra', 'scipy')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = done.stdout.splitlines()[-1].split()
    assert "varexp.audit.verdict" in loaded
    assert all(name == "varexp" or name.startswith("varexp.audit") for name in loaded), loaded

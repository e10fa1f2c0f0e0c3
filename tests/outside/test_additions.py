"""A norm, a domain kind, an objective, a target, a kernel, a family and a figure from outside, without a change inside.

They are registered by a user's own file, swept by his own five-line script in two worker processes, and certified.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

HERE = Path(__file__).parent


def command(*arguments, script="sweep_with_additions.py", folder=HERE):
    return subprocess.run(
        [sys.executable, str(folder / script), *arguments], capture_output=True, text=True, check=False, cwd=folder
    )


AXES = {
    "norm": ["l1", "rms"], "domain": ["rectangle-2", "curve-2"], "training": ["halfway", "stagewise"],
    "target": ["saturating", "affine"], "kernel": ["repeat"], "model": ["gained"], "depth": [1, 2], "seed": [0],
}  # fmt: skip


@pytest.mark.slow
def test_additions_are_swept_and_certified(tmp_path):
    axes = [f"axes.{name}=[{','.join(map(str, values))}]" for name, values in AXES.items()]
    small = ["width=4", "steps=30", "sides=2-3-4", "evaluations_disc=3000", "gap=0.1", "K=1.2", "gain=3.0"]
    done = command("sweep", *axes, *small, f"results={tmp_path}", "engine.workers=2")
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "tables" / "sweep.csv")
    assert len(table) == 32
    assert table.certified.all()
    assert (table.error_upper <= 1.1001 * table.error_lower + 1e-9).all()
    assert (table.gain == 3.0).all()
    assert set(table.verdict_repaired) <= {"HOLDS", "INCONCLUSIVE"}
    assert (table.error_constant_lower <= table.error_constant_upper).all()
    for name in ("norm", "domain", "training", "target"):
        assert set(table[name]) == set(AXES[name])


@pytest.mark.slow
def test_every_addition_passes_the_tests_over_its_registry():
    """The registries' own tests, run with the additions: constants that are sharp, norms that are norms, covers."""
    tests = HERE.parent
    files = [
        "maps/norms/test_token_norms.py",
        "maps/domains/test_domains.py",
        "training/test_objectives.py",
        "families/test_families.py",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "additions", "-p", "no:cacheprovider", "-k",
         "l1 or rectangle or halfway or gained", *(str(tests / f) for f in files)],
        capture_output=True, text=True, check=False, cwd=tests.parent,
        env={**os.environ, "PYTHONPATH": str(HERE)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    assert int(done.stdout.split(" passed")[0].split()[-1]) >= 20


@pytest.mark.slow
def test_an_edited_addition_is_other_code(tmp_path):
    """The source of what is registered from outside is part of a record's version."""
    folder = tmp_path / "user"
    shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns("test_*", "__pycache__"))
    small = ("depth=1", "width=4", "steps=20", "gap=null", "json=true")
    run = ("train", "target=saturating", *small, f"results={tmp_path / 'r'}")
    versions, errors = [], []
    for factor in ("self.K", "0.5 * self.K"):
        source = (
            (folder / "additions.py").read_text().replace("return self.K * torch.tanh", f"return {factor} * torch.tanh")
        )
        (folder / "additions.py").write_text(source)
        done = command(*run, folder=folder)
        assert done.returncode == 0, done.stderr
        row = json.loads(done.stdout)
        versions.append(row["version"])
        errors.append(row["error_lower"])
    assert versions[0] != versions[1]
    assert errors[0] != errors[1]
    assert "records made by other code: 1, " in done.stderr


@pytest.mark.slow
def test_an_installed_extension_is_found_by_its_entry_point(tmp_path):
    site = tmp_path / "site"
    (site / "outside_varexp-1.0.dist-info").mkdir(parents=True)
    (site / "outside_varexp-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: outside\nVersion: 1.0\n"
    )
    entry = site / "outside_varexp-1.0.dist-info" / "entry_points.txt"
    entry.write_text("[varexp.extensions]\nadditions = additions\n")
    shutil.copy(HERE / "additions.py", site)
    run = ["-m", "varexp", "train", "target=saturating", "depth=1", "width=4", "steps=20", "gap=null", "json=true"]
    environment = {**os.environ, "PYTHONPATH": str(site)}

    def train():
        return subprocess.run(
            [sys.executable, *run, f"results={tmp_path / 'r'}"],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )

    done = train()
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["target"] == "saturating"
    entry.write_text("[varexp.extensions]\nadditions = missing_module\n")
    broken = train()
    assert broken.returncode == 1
    assert broken.stderr.startswith("error: extension additions (missing_module) cannot be imported")

"""sweeps/claims.py: of several sweeps on one folder each does a part, and all have the whole table."""

import os
import subprocess
import sys

import pandas as pd
import pytest
from planned import cells_of
from processes import sweep

from varexp.sweeps.claims import Claims
from varexp.sweeps.plan import batches


def test_a_claim_is_one_process_s_until_it_is_dropped(tmp_path):
    first, second = Claims(tmp_path / "claims"), Claims(tmp_path / "claims")
    assert first.take("a")
    assert first.take("a")
    assert not second.take("a")
    assert second.take("b")
    first.drop(["a", "never taken"])
    assert second.take("a")
    second.close()
    assert list((tmp_path / "claims").iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_more_claims_than_files_may_be_open_by_default(tmp_path):
    code = "import resource, sys; from pathlib import Path; from varexp.sweeps.claims import Claims\n"
    code += "resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))\n"
    code += "claims = Claims(Path(sys.argv[1])); print(all(claims.take(str(i)) for i in range(200)), len(claims.held))"
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.stdout == "True 200\n", done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_claim_ends_with_its_process(tmp_path):
    code = "import os, sys; from pathlib import Path; from varexp.sweeps.claims import Claims\n"
    code += "print(Claims(Path(sys.argv[1])).take('a')); sys.stdout.flush(); os.kill(os.getpid(), 9)"
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.stdout == "True\n"
    assert done.returncode == -9
    assert Claims(tmp_path).take("a")


def test_a_folder_that_takes_no_locks_grants_everything(tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert Claims(tmp_path / "file").take("a")
    assert Claims(tmp_path / "file").take("a")


def test_a_batch_is_split_into_what_is_free_and_what_is_not(config, tmp_path):
    (batch,) = batches(cells_of(config), 1)
    first, second = Claims(tmp_path), Claims(tmp_path)
    assert first.split(batch) == (batch, [])
    assert second.split(batch) == (None, list(batch.models))


@pytest.mark.slow
def test_three_sweeps_on_one_folder_share_the_work(tmp_path):
    arguments = ["axes.width=[4,5,6,7,8,9]", "axes.seed=[0,1]", "axes.depth=[1,2]", "steps=300", "gap=null"]
    sweeps = [sweep(*arguments, "engine.workers=1", f"results={tmp_path}") for _ in range(3)]
    errors = [each.communicate(timeout=400)[1] for each in sweeps]
    assert [each.returncode for each in sweeps] == [0, 0, 0], errors
    table = pd.read_csv(tmp_path / "tables" / "sweep.csv")
    assert len(table) == table.key.nunique() == 24
    assert all("sweep: 24 rows, 0 failed" in error for error in errors)
    assert len(list((tmp_path / "runs" / "records").glob("*.json"))) == 24
    assert list((tmp_path / "runs" / "claims").iterdir()) == []
    assert not (tmp_path / "runs" / "damaged").exists()

"""varexp reproduce: a part of a released sweep made again agrees, and a table that lies does not."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from varexp.commands.reproduce import run

TABLES = Path(__file__).parents[2] / "results" / "tables"


@pytest.mark.slow
def test_a_part_made_again_agrees_and_a_lie_is_told(tmp_path, capsys):
    released = tmp_path / "released"
    (released / "tables").mkdir(parents=True)
    shutil.copy(TABLES / "heads.csv", released / "tables")
    where = (f"released={released}", f"results={tmp_path / 'made'}", "experiment=heads")
    assert run(where) == 0, capsys.readouterr().out
    assert "heads: 16 of 80 rows made again, 0 differences" in capsys.readouterr().out
    table = pd.read_csv(released / "tables" / "heads.csv")
    table.error_lower *= 30
    table.to_csv(released / "tables" / "heads.csv", index=False)
    assert run(where) == 1
    assert "errors of 16 chains are lower together" in capsys.readouterr().out
    with pytest.raises(ValueError, match="another folder than that of the released tables"):
        run((f"released={released}", f"results={released}"))

"""sweeps/compose.py: values that Hydra's grammar does not have, and settings that would be ignored."""

import pytest

from varexp.commands import main
from varexp.sweeps.compose import OF_SWEEPS, composed

SMALL = ["train", "depth=1", "width=4", "steps=20", "gap=null"]


NAMES = ["häuser", "模型", "a b", "it's", "x=y", 'a "b"', "~tilde", "é/ü", "back\\slash", "end\\", "it\\'s"]


@pytest.mark.parametrize("name", [*NAMES, "tab\there"])
def test_a_folder_may_have_any_name(name, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert composed({"results": str(tmp_path / name)}, sweeps=False).results == str(tmp_path / name)


@pytest.mark.slow
@pytest.mark.parametrize(("given", "where"), [("~/ünter uns", "ünter uns"), ("{}/häuser", "häuser"), ("'~/q'", "q")])
def test_on_the_command_line_too(given, where, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert main([*SMALL, f"results={given.format(tmp_path)}"]) == 0
    assert len(list((tmp_path / where / "runs" / "records").glob("*.json"))) == 1


@pytest.mark.parametrize(
    "override",
    [
        "engine.workers=2",
        "engine=slurm",
        "retries=3",
        "on_error=stop",
        "overwrite=true",
        "axes.seed=[1]",
    ],
)
def test_one_run_refuses_what_it_would_ignore(override, capsys, tmp_path):
    assert override.split("=")[0].split(".")[0] in OF_SWEEPS
    assert main(["train", override, f"results={tmp_path}"]) == 2
    assert "belongs to sweeps and this is one run" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []

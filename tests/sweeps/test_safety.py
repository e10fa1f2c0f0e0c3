"""sweeps/safety.py: no config runs code, and none carries a secret into a record."""

import pytest

from varexp.commands import main
from varexp.sweeps.safety import HYDRA, check_safe, environment


@pytest.mark.parametrize(
    "override",
    [
        "+hydra.callbacks.x={_target_: webbrowser.open, url: x}",
        "+hydra.callbacks.x._target_=pathlib.Path.unlink",
        "hydra/launcher=joblib",
        "hydra.launcher._target_=x.y",
        "+hydra.job_logging.handlers.x.class=os.system",
        "hydra.searchpath=[pkg://os]",
        "hydra={callbacks: {}}",
        "target_options={_target_: x}",
        "+target_options.x={a: [{_target_: x}]}",
        "_target_=x",
        "hydra.run={_target_: x}",
    ],
)
def test_what_can_run_code_is_refused(override, capsys):
    with pytest.raises(ValueError, match="can run code"):
        check_safe([override], None)
    assert main(["train", "depth=1", override]) == 2
    assert "error: " in capsys.readouterr().err


@pytest.mark.parametrize("key", HYDRA)
def test_the_other_settings_of_hydra_are_not(key):
    check_safe([f"{key}=x"], None)


@pytest.mark.parametrize(
    "text",
    [
        "hydra: {callbacks: {x: {_target_: os.system}}}",
        "defaults: [{override hydra/launcher: joblib}]",
        "target_options: {_target_: os.system}",
        'target_options: {"_targ\\x65t_": os.system}',
        "# @package hydra.callbacks\nx: 1",
        "x: [",
    ],
)
def test_a_folder_of_configs_with_code_is_refused(tmp_path, text):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text(text)
    with pytest.raises(ValueError, match=r"mine\.yaml"):
        check_safe(["depth=1"], str(tmp_path))


def test_a_plain_folder_of_configs_is_taken(tmp_path):
    (tmp_path / "experiment").mkdir()
    text = "# @package _global_\nexperiments: {mine: {grids: {a: {depth: [1]}}}}"
    (tmp_path / "experiment" / "mine.yaml").write_text(text)
    check_safe(["experiment=mine"], str(tmp_path))


def test_the_environment_is_read_but_for_secrets(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("WANDB_API_KEY", "not-to-be-seen")
    monkeypatch.setenv("SCRATCH_FOLDER", str(tmp_path))
    assert environment("SCRATCH_FOLDER") == str(tmp_path)
    assert environment("NOT_THERE_AT_ALL", "x") == "x"
    for name in ("WANDB_API_KEY", "GITHUB_TOKEN", "Db_Password"):
        with pytest.raises(ValueError, match="may hold a secret"):
            environment(name)
    assert main(["train", "depth=1", f"results={tmp_path}", "+target_options.pattern_rms=${oc.env:WANDB_API_KEY}"]) == 2
    assert "not-to-be-seen" not in capsys.readouterr().err
    assert not any(b"not-to-be-seen" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())

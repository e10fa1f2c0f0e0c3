"""sweeps/safety.py: no config runs code, and none carries a secret into a record."""

import pytest

from varexp.commands import main
from varexp.sweeps.safety import ENVIRONMENT, HYDRA, check_safe


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
        "+experiment@hydra=evil",
        "+experiment@hydra.callbacks=evil",
        "target_options.x=${oc.create:a}",
        "target_options.x=${hydra:job.env_set.X}",
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
        "defaults: ['/experiment/evil@_global_.hydra', _self_]",
        "defaults: [/hydra/evil]",
        "defaults: [{/experiment@hydra: evil}]",
        "# @a b\u2028# @package hydra\nx: 1",
        'x: "${oc.create:{y:1}}"',
        "target_options: {x: '${oc.env:GITHUB_PAT}'}",
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


def test_folders_named_after_hydra_and_folders_behind_links_are_looked_at(tmp_path):
    for place in ("a/hydra/evil.yaml", "elsewhere/mine.yaml"):
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).write_text("x: 1" if "hydra" in place else "hydra: {x: 1}")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "experiment").symlink_to(tmp_path / "elsewhere")
    for folder in ("a", "b"):
        with pytest.raises(ValueError, match="Hydra's own"):
            check_safe([], str(tmp_path / folder))


def test_other_configs_than_the_package_s_are_refused(capsys, tmp_path):
    (tmp_path / "config.yaml").write_text("x: 1")
    for flag in (f"--config-path={tmp_path}", "--config-name=mine"):
        assert main(["train", flag]) == 2
        assert "--config-dir=DIR" in capsys.readouterr().err


def test_the_environment_is_read_but_for_secrets(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("WANDB_API_KEY", "not-to-be-seen")
    for name in ENVIRONMENT:
        check_safe([f"results=${{oc.env:{name}}}/x", f"results=${{oc.env:{name},y}}"], None)
    wrong = (
        "${oc.env:WANDB_API_KEY}",
        "${oc.env:DATABASE_URL,x}",
        "${oc.env:${user}}",
        "x${oc.env:HOME}${oc.env:GITHUB_PAT}",
    )
    for text in wrong:
        with pytest.raises(ValueError, match="may hold a secret"):
            check_safe([f"target_options.x='{text}'"], None)
    assert main(["train", "depth=1", f"results={tmp_path}", "+target_options.pattern_rms=${oc.env:WANDB_API_KEY}"]) == 2
    assert "not-to-be-seen" not in capsys.readouterr().err
    assert not any(b"not-to-be-seen" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())

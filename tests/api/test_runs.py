"""api: certify, run, sweep, load_table, verify, and the examples of their docstrings."""

import doctest
import signal
import threading

import pytest
import torch
from matplotlib.figure import Figure

import varexp
from varexp.api import certified, runs, sups, verified
from varexp.commands import main
from varexp.maps.domains import Curve
from varexp.maps.targets import build_target
from varexp.models.chain import ChainStage
from varexp.models.stage import Stage

SMALL = {"depth": 2, "width": 4, "steps": 20, "target": "affine", "sides": "2-3-4"}


@pytest.mark.parametrize("module", [sups, certified, runs, verified], ids=lambda m: m.__name__)
def test_the_examples_of_docstrings_run(module):
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize("name", varexp.__all__)
def test_public_functions_say_what_they_take_give_and_raise(name):
    text = getattr(varexp, name).__doc__
    for part in ("Args:", "Returns:", "Raises:", "Examples:", "Reference:"):
        assert part in text, part


class Doubling(Stage):
    """A stage of one's own: it repeats every token and doubles it."""

    def __init__(self):
        super().__init__()
        self.side_in, self.side_out, self.tokens_shown = 1, 2, 4

    def interpolate(self, state):
        return torch.cat([state] * 4, dim=-2)

    def answer(self, shown):
        return 2 * shown


def test_a_chain_of_ones_own_stages_is_certified():
    target = build_target("affine", (1, 2), K=2.0)
    found = varexp.certify([Doubling()], target, Curve(1), norm="max")
    x = Curve(1).points(Curve(1).sample(2000))
    truth = float((target(x) - 2 * torch.cat([x] * 4, dim=-2)).abs().max())
    assert found.error.lower * (1 - 1e-6) <= truth <= found.error.upper
    assert found.gap <= 0.01


def test_what_is_no_stage_is_named():
    target = build_target("affine", (1, 2), K=2.0)
    with pytest.raises(TypeError, match=r"stage 1 is a Linear: expected a varexp.models.stage.Stage"):
        varexp.certify([torch.nn.Linear(2, 2)], target, Curve(1))
    incomplete = Doubling()
    del incomplete.tokens_shown
    with pytest.raises(TypeError, match="stage 1, a Doubling, has no tokens_shown"):
        varexp.certify([incomplete], target, Curve(1))
    stages = [ChainStage("dct", 1, 2, torch.nn.Identity()), ChainStage("dct", 3, 4, torch.nn.Identity())]
    with pytest.raises(ValueError, match="stage 1 ends at side 2, and stage 2 starts at side 3"):
        varexp.certify(stages, target, Curve(1))


def test_a_run_is_the_row_of_the_command_and_plots(tmp_path):
    made = varexp.run(**SMALL, results=str(tmp_path))
    assert made.row["certified"] is True
    assert made.stages.stage.tolist() == [1, 2]
    assert isinstance(made.plot(), Figure)
    assert made.row["key"] in repr(made)
    assert "<table>" in made._repr_html_()
    assert varexp.run(**SMALL, results=str(tmp_path)).row == made.row  # its record is there


def test_a_run_from_a_thread_and_under_other_settings_is_the_same(tmp_path):
    plain = varexp.run(**SMALL, results=str(tmp_path / "plain")).row
    before, found = signal.getsignal(signal.SIGTERM), []

    def job():
        torch.set_default_dtype(torch.float64)
        with torch.no_grad():
            found.append(varexp.run(**SMALL, results=str(tmp_path / "thread")).row)

    thread = threading.Thread(target=job)
    thread.start()
    thread.join()
    assert torch.get_default_dtype() is torch.float64
    torch.set_default_dtype(torch.float32)
    assert signal.getsignal(signal.SIGTERM) is before
    assert {k: v for k, v in found[0].items() if k != "wall_s"} == {k: v for k, v in plain.items() if k != "wall_s"}


def test_a_sweep_gives_its_tables_and_leaves_signals_alone(tmp_path):
    before, found = signal.getsignal(signal.SIGTERM), []
    settings = {**SMALL, "axes": {"seed": [0, 1]}, "engine": {"workers": 1}, "results": str(tmp_path)}
    thread = threading.Thread(target=lambda: found.append(varexp.sweep(**settings)))
    thread.start()
    thread.join()
    assert found[0].tables["sweep"].seed.tolist() == [0, 1]
    assert found[0].tables["sweep"].certified.dtype == bool
    assert len(found[0].stages["sweep"]) == 4
    varexp.sweep(**settings)
    assert signal.getsignal(signal.SIGTERM) is before
    assert varexp.load_table("sweep", tmp_path).key.tolist() == found[0].tables["sweep"].key.tolist()


def test_bad_settings_are_refused_before_any_work(tmp_path):
    with pytest.raises(ValueError, match=r"unknown key 'kernle' .did you mean kernel"):
        varexp.run(kernle="dct", results=str(tmp_path))
    with pytest.raises(ValueError, match="seed is an axis of the sweep, with the values"):
        varexp.sweep(seed=7, results=str(tmp_path))
    with pytest.raises(ValueError, match="depth is an axis of experiment depth"):
        varexp.sweep(experiment="depth", depth=2, results=str(tmp_path))
    with pytest.raises(ValueError, match=r"unknown claim 'thm-5.7': did you mean"):
        varexp.verify("thm-5.7")
    assert not list(tmp_path.iterdir())


def test_answers_of_another_shape_or_of_the_company_are_refused():
    class OneChannel(Doubling):
        def answer(self, shown):
            return 2 * shown[..., :1]

    class Counting(Doubling):
        def answer(self, shown):
            return shown * shown.shape[0]

    target = build_target("affine", (1, 2), K=2.0)
    with pytest.raises(ValueError, match=r"stage 1 answers \(3, 4, 1\) .* expected \(3, 4, 2\)"):
        varexp.certify([OneChannel()], target, Curve(1))
    with pytest.raises(ValueError, match="stage 1 answers a point differently in company and alone"):
        varexp.certify([Counting()], target, Curve(1))


def test_runs_in_several_threads_at_once(tmp_path):
    found, errors = [], []

    def job(number):
        try:
            found.append(varexp.run(**SMALL, results=str(tmp_path / str(number))).row["error_lower"])
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=job, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(set(found)) == 1


def test_a_run_does_not_depend_on_autocast_or_precision(tmp_path):
    plain = varexp.run(**SMALL, results=str(tmp_path / "plain")).row["error_lower"]
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    with torch.autocast("cpu", torch.bfloat16):
        other = varexp.run(**SMALL, results=str(tmp_path / "other")).row["error_lower"]
    assert torch.get_float32_matmul_precision() == "medium"
    torch.set_float32_matmul_precision(before)
    assert other == plain


def test_tensors_that_are_shared_are_made_anew_where_they_were_changed(tmp_path):
    from varexp.families import DomainSettings, TargetSettings

    plain = varexp.run(**SMALL, results=str(tmp_path / "plain")).row
    DomainSettings(domain="curve-2").build().basis.mul_(2)
    target = TargetSettings(target="affine").build((2, 3, 4), 2)
    target.stages[0].scale_map.mul_(2)
    target.stages[0].feature_map.pattern.zero_()
    other = varexp.run(**SMALL, results=str(tmp_path / "other")).row
    assert {k: v for k, v in other.items() if k != "wall_s"} == {k: v for k, v in plain.items() if k != "wall_s"}


def test_what_only_a_sweep_or_another_family_takes_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"axes.depth belongs to sweeps"):
        varexp.run(axes={"depth": [1]}, results=str(tmp_path))
    with pytest.raises(ValueError, match="experiment belongs to sweeps"):
        varexp.run(experiment="depth", results=str(tmp_path))
    with pytest.raises(ValueError, match="a chain has no setting sampler"):
        varexp.run(sampler="heun", results=str(tmp_path))
    with pytest.raises(ValueError, match="could not be converted to Float"):
        varexp.run(K="x", results=str(tmp_path))


def test_a_leading_tilde_is_the_home_folder_and_no_folder_of_that_name(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    for override in ("results=~/r", "results='~/r'", 'results="~/r"'):
        assert main(["train", "depth=1", "width=4", "steps=20", "gap=null", override]) == 0
    varexp.run(depth=1, width=4, steps=20, gap=None, results="~/r")
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
    assert len(list((tmp_path / "home" / "r" / "runs" / "records").iterdir())) == 1


def test_names_that_are_html_are_text_in_a_notebook():
    row = dict.fromkeys(("key", "K", "kernel", "domain", "depth", "norm", "verdict", "verdict_repaired"), "<b>&")
    page = runs.Run(row | {"model": "<script>", "target": "</pre>", "diverged": False}, None)._repr_html_()
    assert "<script>" not in page
    assert page.count("</pre>") == 1

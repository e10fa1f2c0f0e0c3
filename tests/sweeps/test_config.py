"""sweeps/cells.py and sweep/config.py: what a key depends on, derived values, refusals before any work."""

import dataclasses
import json

import pytest
from planned import Config, Experiment

from varexp.families import FAMILIES, DomainSettings, TargetSettings
from varexp.measurement.measure import Measurement
from varexp.models.block import BlockConfig
from varexp.settings import NoSettings
from varexp.sweeps.cells import Cell
from varexp.sweeps.config import parse_sides, resolve, settings
from varexp.sweeps.rows import columns
from varexp.training.recipe import Recipe


def test_derived_values_are_filled_in(config):
    cell = resolve(config)
    assert (cell.architecture.hidden, cell.architecture.head_size) == (8, 4)
    assert (cell.recipe.learning_rate, cell.recipe.training, cell.sides) == (0.06, "stagewise", (2, 3, 4))
    assert cell.domain.domain == "curve-2"
    assert (cell.measurement.gap, cell.measurement.evaluations, cell.measurement.starts) == (0.01, 20_000, None)


def test_ladders():
    ladder = FAMILIES["chain"].default_sides
    assert ladder(1) == (1, 1, 2, 3, 4, 5, 6)
    assert ladder(2) == (2, 3, 4, 5, 6, 7, 8)
    assert FAMILIES["pyramid"].default_sides(1) == FAMILIES["flowar"].default_sides(1) == (1, 2, 4, 8, 16)
    assert parse_sides("4-4-4") == (4, 4, 4)


@pytest.mark.parametrize(
    ("domain", "sides", "expected"),
    [
        ("curve", None, ("curve-2", (2, 3, 4))),
        ("disc-1", None, ("disc-1", (1, 1, 2))),
        ("ball", "4-5-6", ("ball-4", (4, 5, 6))),
    ],
)
def test_domain_and_sides_fill_each_other_in(config, domain, sides, expected):
    cell = resolve(dataclasses.replace(config, domain=domain, sides=sides))
    assert (cell.domain.domain, cell.sides) == expected


@pytest.mark.parametrize("name", settings())
def test_every_setting_is_a_key_of_configs_and_a_column(name):
    assert name in {field.name for field in dataclasses.fields(Config)}
    assert name in columns()


def test_a_row_says_every_setting_of_its_cell(config):
    """Two cells of different keys differ in a column: no two rows differ by their hash alone."""
    changes = {
        "activation": "relu", "learning_rate": 0.01, "batch": 4, "scaled": False, "attention_residual": False,
        "ffn_residual": False, "target_options": {"smoothness": 3.0}, "gap": 0.5, "evaluations": 7, "positions": False,
        "seed": 1, "K": 1.6, "depth": 1, "kernel": "dct", "steps": 21, "norm": "max", "domain": "disc", "channels": 3,
    }  # fmt: skip
    cells = [resolve(dataclasses.replace(config, **{name: value})) for name, value in changes.items()]
    rows = [tuple(sorted(cell.columns().items())) for cell in [resolve(config), *cells]]
    assert len(set(rows)) == len({cell.key for cell in [resolve(config), *cells]}) == len(rows)


def test_a_key_is_the_content_and_nothing_else(config):
    key = resolve(config).key
    assert len(key) == 16
    for name, value in [
        ("experiments", {"x": Experiment()}),
        ("sampler", "heun"),
        ("block_causal", True),
        ("results", "/elsewhere"),
        ("overwrite", True),
        ("hidden", 8),
        ("starts", 8),  # what is enclosed is not sought by ascent
        ("ascent_steps", 3),
        ("evaluations_disc", 5),
    ]:
        assert resolve(dataclasses.replace(config, **{name: value})).key == key
    sought = dataclasses.replace(config, gap=None)
    assert resolve(sought).key != key
    assert resolve(sought).key == resolve(dataclasses.replace(sought, evaluations=5)).key
    assert resolve(sought).key != resolve(dataclasses.replace(sought, starts=8)).key


def test_a_given_budget_wins_over_the_domains(config):
    disc = dataclasses.replace(config, domain="disc-2")
    assert resolve(disc).measurement.evaluations == 6000
    assert resolve(dataclasses.replace(disc, evaluations=5)).measurement.evaluations == 5


def test_one_domain_has_one_key(config):
    assert resolve(dataclasses.replace(config, domain="curve-02")).key == resolve(config).key


def test_equal_options_of_a_target_are_one_run(config):
    options = ({}, {"smoothness": 2.0}, {"smoothness": 2}, {"blur": 0, "smoothness": 2}, {"blur": -0.0})
    assert len({resolve(dataclasses.replace(config, target_options=o)).key for o in options}) == 1
    cell = resolve(dataclasses.replace(config, target_options={"blur": 1}))
    assert cell.columns()["target_options"] == "blur=1.0 pattern_rms=0.7 smoothness=2.0"


@pytest.mark.parametrize(
    ("target", "options", "message"),
    [
        ("sine", {"blur": None}, "target_options.blur is a finite number, got None"),
        ("sine", {"blur": "0.5"}, "target_options.blur is a finite number, got '0.5'"),
        ("sine", {"blur": [1]}, "target_options.blur is a finite number"),
        ("sine", {"blur": True}, "target_options.blur is a finite number, got True"),
        ("sine", {"blur": float("nan")}, "target_options.blur is a finite number"),
        ("sine", {"pattern_rms": float("inf")}, "target_options.pattern_rms is a finite number"),
        ("mcshane", {"anchors": 2.5}, "target_options.anchors is a whole number, got 2.5"),
        ("mcshane", {"anchors": 0}, "anchors is a whole number from 1 up, got 0"),
    ],
)
def test_options_of_another_type_are_refused(config, target, options, message):
    with pytest.raises(ValueError, match=message):
        resolve(dataclasses.replace(config, target=target, target_options=options))


def test_what_a_model_does_not_have_is_not_in_its_key(config):
    doubling = dataclasses.replace(config, sides="2-4-8")
    pyramid, flow = (dataclasses.replace(doubling, model=name) for name in ("pyramid", "flowar"))
    assert resolve(pyramid).key == resolve(dataclasses.replace(pyramid, sampler="heun")).key
    assert resolve(pyramid).key != resolve(dataclasses.replace(pyramid, block_causal=True)).key
    assert resolve(flow).key == resolve(dataclasses.replace(flow, sampler_steps=3)).key  # one evaluation all the same
    euler = dataclasses.replace(flow, sampler="euler")
    assert resolve(euler).key != resolve(dataclasses.replace(euler, sampler_steps=3)).key
    assert resolve(euler).trained_as == resolve(flow).trained_as  # trained once, used in two ways
    assert resolve(flow).measurement.gap is resolve(flow).measurement.starts is None
    assert resolve(pyramid).recipe.training == resolve(flow).recipe.training == "teacher_forcing"
    assert resolve(dataclasses.replace(flow, domain="curve", sides=None)).sides == (1, 2, 4)


def test_a_key_is_stable():
    """It names records on any machine: a change here loses every record, so raise SCHEMA knowingly."""
    cell = Cell(
        model="chain",
        architecture=BlockConfig(),
        usage=NoSettings(),
        target=TargetSettings(target="sine", K=2.1),
        domain=DomainSettings(domain="curve-2"),
        sides=(2, 3),
        kernel="keys",
        seed=0,
        recipe=Recipe(),
        measurement=Measurement(gap=0.01, evaluations=20_000),
    )
    assert json.dumps(cell.content(), allow_nan=False)
    assert cell.key == "970d900aa2e2419f"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kernel": "cubic"}, "unknown kernel 'cubic': choose one of dct, nearest"),
        ({"target": "sinus"}, "unknown target 'sinus' .did you mean sine..: choose one of affine, f"),
        ({"norm": "l2"}, "unknown norm 'l2': choose one of rms, max, frobenius"),
        ({"domain": "line"}, "unknown domain 'line': choose one of curve, disc, ball"),
        ({"domain": "curve-x"}, "domain is a kind or kind-side"),
        ({"training": "adam"}, "unknown training 'adam'"),
        ({"model": "gan"}, "unknown model 'gan'"),
        ({"activation": "swish"}, "unknown activation 'swish'"),
        ({"target_options": {"colour": 1}}, "target affine has no option colour"),
        ({"depth": 3}, "depth 3 does not fit the ladder of sides 2-3-4: choose a depth from 1 to 2"),
        ({"depth": 0}, "choose a depth from 1"),
        ({"sides": None, "depth": 99}, "ladder of sides 2-3-4-5-6-7-8: choose a depth from 1 to 6"),
        ({"sides": "2+3"}, "joined by dashes, such as 2-3-4-5, got '2.3'"),
        ({"domain": "curve-4"}, "domain curve-4 starts at side 4, but sides start at 2"),
        ({"heads": 3}, "3 heads do not divide width 4"),
        ({"width": 0}, "width is a whole number from 1 up, got 0"),
        ({"hidden": 0}, "hidden is a whole number from 1 up, got 0"),
        ({"learning_rate": 0.0}, "learning_rate is a finite number above 0, or null for the default, got 0.0"),
        ({"learning_rate": float("inf")}, "learning_rate is a finite number above 0"),
        ({"training": ""}, "unknown training ''"),
        ({"sides": ""}, "sides is two or more whole numbers"),
        ({"sides": "²-3"}, "sides is two or more whole numbers"),
        ({"domain": "curve-"}, "domain is a kind or kind-side"),
        ({"channels": 0}, "channels is a whole number from 1 up, got 0"),
        ({"K": -1.0}, "K is a finite Lipschitz constant above 0, got -1.0"),
        ({"steps": 10}, "steps is a whole number from 11 up, got 10"),
        ({"starts": 5, "gap": None}, "starts is 0 or a multiple of 4, got 5"),
        ({"gap": 0.0}, "gap is a finite number above 0"),
        ({"evaluations": 0}, "evaluations is a whole number from 1 up"),
        (
            {"model": "pyramid", "training": "stagewise"},
            "a pyramid is trained by teacher_forcing or tokenized, got training=stagew",
        ),
        ({"model": "flowar"}, "sides 2-3-4 have no such a; with a = 2 these would do: 2-4-8"),
        ({"model": "flowar", "sides": "2-4-8", "sampler": "dopri5"}, "unknown sampler 'dopri5': choose one of literal"),
        (
            {"model": "flowar", "sides": "2-4-8", "network": "big"},
            "unknown network 'big': choose one of practice, printed",
        ),
        ({"model": "flowar", "sides": "2-4-8", "epsilon": -1.0}, "epsilon is a finite number from 0 up"),
        (
            {"model": "flowar", "sides": "2-4-8", "sampler": "heun", "sampler_steps": 0},
            "sampler_steps is a whole",
        ),
    ],
)
def test_what_does_not_exist_or_fit_is_refused(config, change, message):
    with pytest.raises(ValueError, match=message):
        resolve(dataclasses.replace(config, **change))

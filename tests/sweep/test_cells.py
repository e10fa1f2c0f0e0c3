"""sweep/cells.py and sweep/config.py: what a key depends on, derived values, refusals before any work."""

import dataclasses
import json

import pytest

from varexp.sweep.cells import Cell
from varexp.sweep.config import Experiment, default_ladder, parse_sides, resolve


def test_derived_values_are_filled_in(config):
    cell = resolve(config)
    assert (cell.hidden, cell.head_size, cell.learning_rate, cell.sides) == (8, 4, 0.06, (2, 3, 4))
    assert cell.domain == "curve-2"


def test_ladders():
    assert default_ladder(1, "chain") == (1, 1, 2, 3, 4, 5, 6)
    assert default_ladder(2, "chain") == (2, 3, 4, 5, 6, 7, 8)
    assert default_ladder(1, "pyramid") == default_ladder(1, "flowar") == (1, 2, 4, 8, 16)
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
    assert (cell.domain, cell.sides) == expected


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
    ]:
        assert resolve(dataclasses.replace(config, **{name: value})).key == key
    changed = [
        resolve(dataclasses.replace(config, **{name: value})).key
        for name, value in [
            ("seed", 1),
            ("K", 1.6),
            ("depth", 1),
            ("kernel", "dct"),
            ("steps", 21),
            ("norm", "max"),
            ("domain", "disc"),
            ("target_options", {"smoothness": 3.0}),
            ("positions", False),
        ]
    ]
    assert len({key, *changed}) == len(changed) + 1


def test_what_a_model_does_not_have_is_not_in_its_key(config):
    doubling = dataclasses.replace(config, sides="2-4-8")
    pyramid, flow = (dataclasses.replace(doubling, model=name) for name in ("pyramid", "flowar"))
    assert resolve(pyramid).key == resolve(dataclasses.replace(pyramid, sampler="heun")).key
    assert resolve(pyramid).key != resolve(dataclasses.replace(pyramid, block_causal=True)).key
    assert resolve(flow).key == resolve(dataclasses.replace(flow, sampler_steps=3)).key  # one evaluation all the same
    euler = dataclasses.replace(flow, sampler="euler")
    assert resolve(euler).key != resolve(dataclasses.replace(euler, sampler_steps=3)).key
    assert resolve(euler).chain == resolve(flow).chain  # trained once, used in two ways
    assert resolve(flow).gap is None
    assert resolve(pyramid).training == resolve(flow).training == "teacher_forcing"
    assert resolve(dataclasses.replace(flow, domain="curve", sides=None)).sides == (1, 2, 4)


def test_a_key_is_stable():
    """It names records on any machine: a change here loses every record, so raise SCHEMA knowingly."""
    cell = Cell(
        model="chain", target="sine", target_options=(), domain="curve-2", kernel="keys", depth=1, width=16, hidden=32,
        heads=1, head_size=16, activation="tanh", positions=True, scaled=True, attention_residual=True,
        ffn_residual=True, training="stagewise", steps=1200, batch=8, learning_rate=0.06, norm="rms", channels=2,
        sides=(2, 3), seed=0, K=2.1, starts=4, ascent_steps=12, gap=0.01, evaluations=20_000,
    )  # fmt: skip
    assert json.dumps(cell.content(), allow_nan=False)
    assert cell.key == "cc6693fa0219d14a"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kernel": "cubic"}, "unknown kernel 'cubic': choose one of dct, nearest"),
        ({"target": "sinus"}, "unknown target 'sinus': choose one of affine, filter"),
        ({"norm": "l2"}, "unknown norm 'l2': choose one of rms, max, frobenius"),
        ({"domain": "line"}, "unknown domain 'line': choose one of curve, disc, ball"),
        ({"domain": "curve-x"}, "a kind or kind-side"),
        ({"training": "adam"}, "unknown training 'adam'"),
        ({"model": "gan"}, "unknown model 'gan'"),
        ({"activation": "swish"}, "unknown activation 'swish'"),
        ({"target_options": {"colour": 1}}, "target affine has no option colour"),
        ({"depth": 3}, "depth 3 does not fit the ladder of sides 2-3-4: choose a depth from 1 to 2"),
        ({"depth": 0}, "choose a depth from 1"),
        ({"sides": None, "depth": 99}, "ladder of sides 2-3-4-5-6-7-8: choose a depth from 1 to 6"),
        ({"sides": "2+3"}, "joined by dashes"),
        ({"domain": "curve-4"}, "domain curve-4 starts at side 4, but sides start at 2"),
        ({"heads": 3}, "3 heads do not divide width 4"),
        ({"K": -1.0}, "K is a Lipschitz constant above 0"),
        ({"steps": 10}, "steps >= 11"),
        ({"starts": 5}, "starts in 0, 4, 8"),
        ({"gap": 0.0}, "expected gap > 0"),
        ({"evaluations": 0}, "evaluations >= 1"),
        ({"model": "pyramid", "training": "stagewise"}, "a pyramid is trained by teacher_forcing, got training=stagew"),
        ({"model": "flowar"}, "sides 2-3-4 have no such a; with a = 2 these would do: 2-4-8"),
        ({"model": "flowar", "sides": "2-4-8", "sampler": "dopri5"}, "unknown sampler 'dopri5': choose one of literal"),
        (
            {"model": "flowar", "sides": "2-4-8", "network": "big"},
            "unknown network 'big': choose one of practice, printed",
        ),
        ({"model": "flowar", "sides": "2-4-8", "epsilon": -1.0}, "epsilon is a number from 0 up"),
        ({"model": "flowar", "sides": "2-4-8", "sampler": "heun", "sampler_steps": 0}, "sampler_steps from 1 up"),
    ],
)
def test_what_does_not_exist_or_fit_is_refused(config, change, message):
    with pytest.raises(ValueError, match=message):
        resolve(dataclasses.replace(config, **change))

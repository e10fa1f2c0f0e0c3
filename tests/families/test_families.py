"""families over the registry: settings, what is refused, what a family may say of a model."""

import dataclasses

import pytest

from varexp.families import FAMILIES
from varexp.families.base import Reading, columns_of, ends_of
from varexp.maps.domains import Curve
from varexp.maps.targets import build_target
from varexp.measurement.measure import Measurement
from varexp.settings import declared
from varexp.theory import Interval
from varexp.training.objectives import OBJECTIVES
from varexp.training.problem import Problem, Trained, silent
from varexp.training.recipe import Recipe

SIDES = (1, 2, 4)


def small(family):
    """Settings, a problem and a recipe that every family can have."""
    names = {s.name for s in declared(family.architecture)}
    shape = {"width": 4, "hidden": 8, "head_size": 4}
    architecture = family.architecture(**{name: value for name, value in shape.items() if name in names})
    problem = Problem(build_target("affine", SIDES, 1.5), Curve(1), "keys", 0)
    return architecture, problem, Recipe(training=family.default_objective, steps=20, learning_rate=0.02)


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda f: f.name)
def test_a_family_trains_and_is_measured(family):
    architecture, problem, recipe = small(family)
    family.check(SIDES, recipe)
    (trained,) = family.train([problem], architecture, recipe, silent)
    assert len(trained.train_rms) == len(trained.curves) == 2
    reading = Reading(2, family.usage())
    how = Measurement() if family.random else Measurement(gap=0.1, evaluations=400)
    (found,) = family.evaluate([trained], [[reading]], problem.target, problem.domain, how)
    evaluation = found[reading]
    assert evaluation.columns["error_lower"] > 0
    assert set(family.measured_columns) <= set(evaluation.columns)
    assert len(evaluation.stages) == (0 if family.random else 2)
    assert evaluation.certified is not family.random


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda f: f.name)
def test_a_model_that_diverged_has_no_reading(family):
    architecture, problem, recipe = small(family)
    (trained,) = family.train([problem], architecture, recipe, silent)
    lost = Trained(trained.model, [float("nan")] * 2, trained.curves)
    reading = Reading(2, family.usage())
    (found,) = family.evaluate([lost], [[reading]], problem.target, problem.domain, Measurement())
    assert found == {}


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda f: f.name)
def test_objectives_that_a_family_does_not_have_are_refused(family):
    others = [name for name in OBJECTIVES if name not in family.objectives()]
    for name in others:
        with pytest.raises(ValueError, match=f"a {family.name} is trained by .*, got training={name}"):
            family.check(SIDES, Recipe(training=name))
    assert family.default_objective in family.objectives()


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda f: f.name)
def test_settings_are_frozen_documented_and_compared(family):
    for group in (family.architecture, family.usage):
        assert all(s.doc for s in declared(group))
        assert group() == group()
        assert hash(group()) == hash(group())
    with pytest.raises(dataclasses.FrozenInstanceError):
        family.architecture().width = 3


def test_columns_are_named_like_fields():
    @dataclasses.dataclass
    class Evidence:
        error: Interval
        eps_block: Interval | None
        error_mean: float

    found = columns_of(Evidence(Interval(1.0), None, 0.5), ("error", "eps_block", "error_mean"))
    assert found == {
        "error_lower": 1.0, "error_upper": None, "eps_block_lower": None, "eps_block_upper": None, "error_mean": 0.5,
    }  # fmt: skip
    assert ends_of("x", Interval(1.0, 2.0)) == {"x_lower": 1.0, "x_upper": 2.0}

"""sweeps/execute.py on targets of a user's own: right ones run without more, wrong ones cost themselves alone."""

import dataclasses

import pytest
from planned import Axes, cells_of, run, whole

from varexp.maps.constants import Constant
from varexp.maps.targets import FEATURE_MAPS, FeatureMap, register
from varexp.maps.targets.affine import Affine
from varexp.sweeps.plan import batches


@pytest.fixture
def registry():
    """Targets registered in a test are gone after it."""
    before = set(FEATURE_MAPS)
    yield
    for name in set(FEATURE_MAPS) - before:
        FEATURE_MAPS.remove(name)


def test_a_failing_chain_costs_no_other(config, registry):
    @register("failing")
    class Failing(Affine):
        def __call__(self, x):
            raise RuntimeError("this target cannot be evaluated")

    (batch,) = batches(
        cells_of(dataclasses.replace(config, axes=Axes(target=["affine", "failing", "fold"], depth=[1]))), 1
    )
    outcome = whole(batch)
    assert sorted(r["row"]["target"] for r in outcome.records) == ["affine", "fold"]
    ((key, reason),) = outcome.failures.items()
    assert reason.startswith(
        "ValueError: stage 1 of the target failing raises RuntimeError (this target cannot be evaluated) for words"
    )
    assert reason.endswith(", in __call__)")
    assert key == next(c.key for chained in batch.models for c in chained.cells if c.target.target == "failing")


def test_a_false_constant_fails_loudly(config, registry):
    """A target of a user that declares half of its constant gives no record, but a reason."""

    @register("boastful")
    class Boastful(Affine):
        def constant(self, norm, before):
            true = super().constant(norm, before)
            return Constant(true.lower / 2, true.upper / 2, true.kind)

    outcome = run(dataclasses.replace(config, target="boastful", axes=Axes(depth=[1])))
    assert not outcome.records
    assert "SoundnessError" in next(iter(outcome.failures.values()))


def test_a_target_of_a_user_runs_without_more(config, registry):
    @register("halving")
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Halving(FeatureMap):
        def __call__(self, x):
            return self.K * x.tanh()

        def constant(self, norm, before):
            product = norm.operator_norm(before) * self.K
            return Constant(product.lower, product.upper, "upper")

    (record,) = run(dataclasses.replace(config, target="halving", depth=1)).records
    assert record["row"]["target"] == "halving"

"""benchmarks/training.py: all ways do the same work, and one that does another is refused."""

import importlib.util

import pytest
import torch

from varexp.benchmarks.training import by_varexp, eager_loss, require_agreement, rows, ways, work


@pytest.mark.parametrize("models", [1, 3])
def test_all_ways_end_with_the_same_losses(models):
    job = work(2, 8, models, 40)
    found = by_varexp(job)
    assert found.losses.shape == (models,)
    assert found.cost > 0
    assert float(eager_loss(job)[0]) == pytest.approx(float(found.losses[0]), rel=1e-3)
    require_agreement(job, {name: prepare(job) for name, prepare in ways().items()})


def test_jax_is_among_the_ways_where_it_is_installed():
    assert ("JAX" in ways()) == all(importlib.util.find_spec(name) is not None for name in ("jax", "optax"))


def test_a_way_that_does_something_else_is_refused():
    job = work(2, 8, 2, 30)
    fewer = work(2, 8, 2, 15)
    with pytest.raises(AssertionError, match="half ends with losses"):
        require_agreement(job, {"half": lambda: by_varexp(fewer).losses})
    with pytest.raises(AssertionError, match="nothing ends with losses"):
        require_agreement(job, {"nothing": lambda: torch.zeros(2)})


def test_every_size_and_ensemble_has_a_row_for_every_way():
    found = list(rows(3, 1, ((2, 8),)))
    names = list(ways())
    assert [row.against for row in found] == [*names * 3, ""]
    assert all(row.value > 0 for row in found)
    assert 0 < found[-1].value < 1  # the share of a large product's rate

"""sweeps/plan.py: products of axes, what can be one chain, what can be one batch."""

import dataclasses
import heapq

import pytest
from planned import Axes, Experiment, cells_of

from varexp.sweeps.config import ROUGH_EVALUATIONS
from varexp.sweeps.plan import Batch, batches, expand, group_by_model


def test_grids_are_products_in_order_and_axes_replace(config):
    grids = {
        "a": Axes(target=["affine", "fold"], depth=[1, 2]),
        "b": Axes(target=["sine"], kernel=["dct"], depth=[2]),
    }
    cells = cells_of(dataclasses.replace(config, experiments={"x": Experiment(grids)}, axes=Axes(seed=[0, 1])))
    found = [(c.target.target, c.kernel, c.seed, c.depth) for c in cells]
    assert found == [
        *((t, "keys", s, d) for t in ("affine", "fold") for s in (0, 1) for d in (1, 2)),
        *(("sine", "dct", s, 2) for s in (0, 1)),
    ]
    narrowed = cells_of(
        dataclasses.replace(config, experiments={"x": Experiment(grids)}, axes=Axes(depth=[1], seed=[7]))
    )
    assert [(c.target.target, c.seed, c.depth) for c in narrowed] == [("affine", 7, 1), ("fold", 7, 1), ("sine", 7, 1)]


def test_a_cell_in_two_grids_runs_once(config):
    grids = {"a": Axes(depth=[1, 2]), "b": Axes(depth=[2])}
    assert len(cells_of(dataclasses.replace(config, experiments={"x": Experiment(grids)}))) == 2


def test_experiments_keep_their_own_cells(config):
    experiments = {
        "first": Experiment({"a": Axes(depth=[1, 2])}),
        "second": Experiment({"a": None, "b": Axes(depth=[2])}),
    }
    found = expand(dataclasses.replace(config, experiments=experiments))
    assert {name: [c.depth for c in cells] for name, cells in found.items()} == {"first": [1, 2], "second": [2]}
    assert list(expand(config)) == ["sweep"]
    with pytest.raises(ValueError, match="experiment bare has no grid left"):
        expand(dataclasses.replace(config, experiments={"bare": Experiment({"a": None})}))


def test_depths_of_one_chain_train_once(config):
    cells = cells_of(dataclasses.replace(config, axes=Axes(depth=[2, 1], seed=[0, 1])))
    assert [[c.depth for c in chained.cells] for chained in group_by_model(cells)] == [[1, 2], [1, 2]]


def test_end_to_end_trains_every_depth_by_itself(config):
    cells = cells_of(dataclasses.replace(config, training="end_to_end", axes=Axes(depth=[1, 2])))
    assert [[c.depth for c in chained.cells] for chained in group_by_model(cells)] == [[2], [1]]


def test_other_ladders_are_other_chains(config):
    cells = cells_of(dataclasses.replace(config, axes=Axes(depth=[1, 2], sides=["2-3-4", "2-3-5", "2-4-5"])))
    ladders = sorted([c.sides for c in chained.cells] for chained in group_by_model(cells))
    assert sum(len(ladder) for ladder in ladders) == len(cells) == 5
    assert all(deep[: len(shallow)] == shallow for shallow, *rest in ladders for deep in rest)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_batches_hold_every_chain_once_and_only_equal_shapes(config, workers):
    axes = Axes(seed=list(range(40)), width=[4, 8], kernel=["dct", "keys"])
    cells = cells_of(dataclasses.replace(config, axes=axes))
    planned = batches(cells, workers)
    keys = [cell.key for batch in planned for chained in batch.models for cell in chained.cells]
    assert sorted(keys) == sorted(cell.key for cell in cells)
    assert all(len(batch.models) <= 32 for batch in planned)
    assert all(len({c.deepest.trained_with for c in batch.models}) == 1 for batch in planned)
    assert [b.cost for b in planned] == sorted((b.cost for b in planned), reverse=True)
    assert len(planned) % workers == 0


@pytest.mark.parametrize("workers", [2, 16, 64, 1000])
def test_many_workers_have_work(config, workers, monkeypatch):
    """Longest first on the next free worker, as engines do: no worker is late by more than a model and a tenth."""
    monkeypatch.setattr("varexp.sweeps.plan.SMALLEST_PART", 1.0)
    axes = Axes(seed=list(range(20)), width=[4, 32], target=["affine", "sine"], kernel=["dct", "keys"])
    planned = batches(cells_of(dataclasses.replace(config, axes=axes)), workers)
    total, busy = sum(batch.cost for batch in planned), [0.0] * workers
    for batch in planned:
        heapq.heapreplace(busy, busy[0] + batch.cost)
    longest_model = max(Batch((model,)).cost for batch in planned for model in batch.models)
    assert max(busy) <= 1.1 * total / workers + longest_model


def test_what_takes_seconds_is_not_split(config):
    cells = cells_of(dataclasses.replace(config, axes=Axes(kernel=["dct", "keys"], depth=[1])))
    assert len(batches(cells, 64)) == 1


def test_every_worker_gets_its_share_of_what_is_enclosed(config):
    axes = Axes(seed=list(range(30)), domain=["disc"])
    cells = cells_of(dataclasses.replace(config, sides=None, depth=1, seeds_disc=10, axes=axes))
    planned = batches(cells, 2)
    counts = [sum(chained.evaluations > ROUGH_EVALUATIONS for chained in batch.models) for batch in planned]
    assert sum(counts) == 10
    assert max(counts) - min(counts) <= 1
    assert all(chained.evaluations > 0 for batch in planned for chained in batch.models)
    sizes = [len(batch.models) for batch in planned]
    assert sum(sizes) == 30
    assert max(sizes) - min(sizes) <= 1


def test_an_axis_without_values_is_refused(config):
    with pytest.raises(ValueError, match=r"axes.depth has no values"):
        expand(dataclasses.replace(config, axes=Axes(depth=[])))


def test_zero_and_false_are_values_of_an_axis(config):
    cells = cells_of(dataclasses.replace(config, axes=Axes(seed=[0], positions=[False])))
    assert [(c.seed, c.architecture.positions) for c in cells] == [(0, False)]


def test_parts_that_are_equal_run_together_and_no_others(config):
    """One ensemble and one measurement for each kind of part that differs."""
    axes = Axes(seed=[0, 1], kernel=["dct", "keys"], norm=["rms", "max"], activation=["tanh", "relu"])
    cells = cells_of(dataclasses.replace(config, depth=1, axes=axes))
    assert len({c.trained_with for c in cells}) == 2  # activations
    assert len({c.measured_with for c in cells}) == 2  # norms
    assert len({c.trained_as for c in cells}) == len(cells) == 16


def test_a_list_in_a_list_is_refused(config):
    with pytest.raises(ValueError, match=r"axes.depth is a list of single values, got \[\[1\]\]"):
        expand(dataclasses.replace(config, axes=Axes(depth=[[1]])))

"""From a config to the cells of a sweep, and from cells to batches that run as one ensemble."""

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from varexp.errors import bad_value
from varexp.sweeps.cells import Cell
from varexp.sweeps.config import SweepConfig, resolve, schema, settings

OF_OTHERS = ("samples", "decoder", "dynamics")  # tables that no sweep makes
LARGEST_BATCH = 32  # models: beyond it an ensemble trains no faster per model
SMALLEST_SPLIT = 8  # models: below it, splitting a batch between workers costs more than it gains
LONGEST = 0.3  # batch, in shares of a worker: costs are known to a factor of two, and short batches fill the gaps
SMALLEST_PART = 4e5  # the cost of a part of an ensemble: what a worker computes while another one starts
STEPS_TO_ENCLOSE = 1200  # the cost of enclosing a stage of one model, in model-steps
# the rough cost of a training step on n tokens is STEP_OVERHEAD + n·(1 + width/16) + n²/16, in the time of a token
STEP_OVERHEAD = 20
PAIRS_ONE_PARAMETER, PAIRS_MORE_PARAMETERS = 10, 4500  # the cost of enclosing for each pair of tokens, likewise


def expand(config: SweepConfig) -> dict[str, list[Cell]]:
    """The cells of every experiment by its name, `sweep` where the config names none.

    Raises:
        ValueError: an experiment without grids, or whose name is taken or no name of a file, an axis without values,
            or a cell that does not fit.
    """
    grids: dict[str, list[Any]] = {
        name: [grid for grid in experiment.grids.values() if grid is not None]
        for name, experiment in config.experiments.items()  # type: ignore[attr-defined]
    } or {"sweep": [schema().axes()]}
    for name, left in grids.items():
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
            raise bad_value("experiment", name, "a name of letters, digits, _ and -: files are named after it")
        if name in OF_OTHERS or name.removesuffix("_stages") in grids.keys() - {name}:
            raise bad_value("experiment", name, "another name: files of this name are written by something else")
        if not left:
            raise ValueError(f"experiment {name} has no grid left: leave out the experiment, or keep one of its grids")
    return {name: _expand(config, left) for name, left in grids.items()}


def axes_of(config: SweepConfig, grid: Any) -> dict[str, list[Any]]:
    """The axes of a grid and their values. An axis of `config.axes` replaces that axis in every grid."""
    found = {}
    for name in settings():
        override, own = getattr(config.axes, name), getattr(grid, name)  # type: ignore[attr-defined]
        values = own if override is None else override
        if values is not None:
            if len(values) == 0:
                raise ValueError(f"axes.{name} has no values: give one at least, or axes.{name}=null for the scalar")
            if any(isinstance(value, list) for value in values):
                raise bad_value(f"axes.{name}", values, "a list of single values")
            found[name] = list(values)
    return found


def _expand(config: SweepConfig, grids: Sequence[Any]) -> list[Cell]:
    """The cells of every grid in order, each once."""
    cells: dict[str, Cell] = {}
    for grid in grids:
        axes = axes_of(config, grid)
        for values in itertools.product(*axes.values()):
            cell = resolve(replace(config, **dict(zip(axes, values, strict=True))))
            cells.setdefault(cell.key, cell)
    return list(cells.values())


@dataclass(frozen=True)
class TrainedTogether:
    """Cells that are readings of one trained model, shallow to deep."""

    cells: tuple[Cell, ...]

    @property
    def deepest(self) -> Cell:
        return self.cells[-1]

    @property
    def cost(self) -> int:
        """Model-steps of its training, fits that follow one another counted one by one, and of enclosing it."""
        fits = self.deepest.recipe.objective.fits(self.deepest.depth)
        return self.deepest.recipe.steps * fits + self.enclosing

    @property
    def enclosing(self) -> int:
        """What enclosing its sups costs, roughly, in model-steps."""
        return 0 if self.deepest.measurement.gap is None else STEPS_TO_ENCLOSE * self.deepest.depth

    @property
    def evaluations(self) -> int:
        """Cells that are evaluated for one stage at most."""
        return 0 if self.deepest.measurement.gap is None else self.deepest.measurement.evaluations or 0


def group_by_model(cells: Sequence[Cell]) -> list[TrainedTogether]:
    """Group cells by trained model: a cell joins the deepest one whose ladder of sides begins with its own."""
    groups: dict[object, list[list[Cell]]] = {}
    for cell in sorted(cells, key=lambda c: -c.depth):
        ladders = groups.setdefault(cell.trained_as, [])
        for ladder in ladders:
            if ladder[0].sides[: cell.depth + 1] == cell.sides:
                ladder.append(cell)
                break
        else:
            ladders.append([cell])
    return [TrainedTogether(tuple(reversed(ladder))) for ladders in groups.values() for ladder in ladders]


@dataclass(frozen=True)
class Batch:
    """Models that train as one ensemble."""

    models: tuple[TrainedTogether, ...]

    @property
    def cost(self) -> float:
        """Rough time, to order batches by: per stage an overhead, linear layers on n tokens, attention on n²; and what
        enclosing costs, more in two parameters than in one.
        """
        cell = self.models[0].deepest
        tokens, width = [side**2 for side in cell.sides[1:]], cell.architecture.width
        step = sum(STEP_OVERHEAD + n * (1 + width / 16) + n**2 / 16 for n in tokens)
        training = len(self.models) * cell.recipe.steps * step
        most = max(model.evaluations for model in self.models)
        enclosed = sum(model.evaluations / most for model in self.models) if most else 0.0
        per_pair = PAIRS_ONE_PARAMETER if cell.domain_object.parameters == 1 else PAIRS_MORE_PARAMETERS
        return training + enclosed * per_pair * sum(n**2 for n in tokens)


def batches(cells: Sequence[Cell], workers: int) -> list[Batch]:
    """Ensembles of at most LARGEST_BATCH models of equal shapes, longest first, spread over the workers.

    No ensemble of several models is longer than LONGEST times a worker's share of everything, unless its parts would
    take less time than a worker needs to start.
    """
    groups: dict[object, list[TrainedTogether]] = {}
    for model in group_by_model(cells):
        groups.setdefault(model.deepest.trained_with, []).append(model)
    result = []
    share = sum(Batch(tuple(group)).cost for group in groups.values()) / workers
    for group in groups.values():
        together = sorted(group, key=lambda m: repr(m.deepest.measured_with))  # stable: plan order within
        most = max(m.evaluations for m in together)
        kinds = [[m for m in together if (0 < most == m.evaluations) == long] for long in (True, False)]
        parts = -(-len(together) // (LARGEST_BATCH - all(map(len, kinds))))
        rounded = -(-parts // workers) * workers
        if len(together) // rounded >= SMALLEST_SPLIT:
            parts = rounded
        cost = Batch(tuple(together)).cost
        wanted = min(math.ceil(cost / (LONGEST * share)), int(cost / SMALLEST_PART))
        parts = min(len(together), max(parts, wanted))
        # enclosing with a large budget takes longest, so that every part gets its share of both kinds
        enclosed, plain = (_split(kind, parts) for kind in kinds)
        result += [Batch((*a, *b)) for a, b in zip(enclosed, reversed(plain), strict=True) if a or b]
    return sorted(result, key=lambda batch: -batch.cost)


def _split(models: list[TrainedTogether], parts: int) -> list[list[TrainedTogether]]:
    edges = [len(models) * i // parts for i in range(parts + 1)]
    return [models[a:b] for a, b in itertools.pairwise(edges)]

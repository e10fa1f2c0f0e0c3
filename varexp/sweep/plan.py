"""From a config to the cells of a sweep, and from cells to batches that run as one ensemble."""

import dataclasses
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from varexp.sweep.cells import Cell
from varexp.sweep.config import Axes, Config, Experiment, resolve

LARGEST_BATCH = 32  # chains: beyond it an ensemble trains no faster per model
STEPS_TO_ENCLOSE = 1200  # a stage of one chain
SMALLEST_SPLIT = 8  # chains: below it, splitting a batch between workers costs more than it gains


def expand(config: Config) -> dict[str, list[Cell]]:
    """The cells of every experiment by its name, `sweep` where the config names none.

    Raises ValueError for an experiment without grids.
    """
    wanted = config.experiments or {"sweep": Experiment({"all": Axes()})}
    grids = {name: [grid for grid in e.grids.values() if grid is not None] for name, e in wanted.items()}
    for name, left in grids.items():
        if not left:
            raise ValueError(f"experiment {name} has no grid left: leave out the experiment, or keep one of its grids")
    return {name: _expand(config, left) for name, left in grids.items()}


def _expand(config: Config, grids: Sequence[Axes]) -> list[Cell]:
    """The cells of every grid in order, each once. An axis of `config.axes` replaces that axis in every grid."""
    cells: dict[str, Cell] = {}
    for grid in grids:
        names = [field.name for field in dataclasses.fields(Axes)]
        chosen = {name: getattr(config.axes, name) or getattr(grid, name) for name in names}
        axes = {name: values for name, values in chosen.items() if values is not None}
        for values in itertools.product(*axes.values()):
            cell = resolve(dataclasses.replace(config, **dict(zip(axes, values, strict=True))))
            cells.setdefault(cell.key, cell)
    return list(cells.values())


@dataclass(frozen=True)
class Chained:
    """Cells that are depths of one chain, shallow to deep."""

    cells: tuple[Cell, ...]

    @property
    def deepest(self) -> Cell:
        return self.cells[-1]

    @property
    def cost(self) -> int:
        """Model-steps of its training, stages that train one after another counted one by one, and of enclosing it."""
        stages = 1 if self.deepest.training == "end_to_end" else self.deepest.depth
        return self.deepest.steps * stages + self.enclosing

    @property
    def enclosing(self) -> int:
        """What enclosing its sups costs, roughly, in model-steps."""
        return 0 if self.deepest.gap is None else STEPS_TO_ENCLOSE * self.deepest.depth


def chains(cells: Sequence[Cell]) -> list[Chained]:
    """Group cells into chains: a cell joins the deepest chain whose ladder of sides begins with its own."""
    groups: dict[str, list[list[Cell]]] = {}
    for cell in sorted(cells, key=lambda c: -c.depth):
        ladders = groups.setdefault(cell.chain, [])
        for ladder in ladders:
            if ladder[0].sides[: cell.depth + 1] == cell.sides and cell.training != "end_to_end":
                ladder.append(cell)
                break
        else:
            ladders.append([cell])
    return [Chained(tuple(reversed(ladder))) for ladders in groups.values() for ladder in ladders]


@dataclass(frozen=True)
class Batch:
    """Chains that train as one ensemble."""

    chains: tuple[Chained, ...]

    @property
    def cost(self) -> float:
        """Rough time, to order batches by: per stage an overhead, linear layers on n tokens, attention on n²; and what
        enclosing costs, more in two parameters than in one.
        """
        cell = self.chains[0].deepest
        tokens = [side**2 for side in cell.sides[1:]]
        training = len(self.chains) * cell.steps * sum(20 + n * (1 + cell.width / 16) + n**2 / 16 for n in tokens)
        enclosed = sum(chained.enclosing > 0 for chained in self.chains)
        per_pair = 300 if cell.domain_object().parameters == 1 else 3000
        return training + enclosed * per_pair * sum(n**2 for n in tokens)


def batches(cells: Sequence[Cell], workers: int) -> list[Batch]:
    """Ensembles of at most LARGEST_BATCH chains of equal shapes, longest first, spread over the workers."""
    groups: dict[object, list[Chained]] = {}
    for chained in chains(cells):
        groups.setdefault(chained.deepest.trained_with(), []).append(chained)
    result = []
    for group in groups.values():
        together = sorted(group, key=lambda c: repr(c.deepest.measured_with()))  # stable: plan order within
        kinds = [[c for c in together if (c.enclosing > 0) == enclosed] for enclosed in (True, False)]
        parts = -(-len(together) // (LARGEST_BATCH - all(map(len, kinds))))
        rounded = -(-parts // workers) * workers
        if len(together) // rounded >= SMALLEST_SPLIT:
            parts = rounded
        # what is enclosed takes longer than what is not, so every part gets its share of both
        enclosed, plain = (_split(kind, parts) for kind in kinds)
        result += [Batch((*a, *b)) for a, b in zip(enclosed, reversed(plain), strict=True) if a or b]
    return sorted(result, key=lambda batch: -batch.cost)


def _split(items: list[Chained], parts: int) -> list[list[Chained]]:
    edges = [len(items) * i // parts for i in range(parts + 1)]
    return [items[a:b] for a, b in itertools.pairwise(edges)]

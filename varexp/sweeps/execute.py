"""Run one batch: train its models together, measure them, make their records. Knows nothing of processes or files."""

import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from torch import Tensor, nn

from varexp.families.base import Evaluation, Reading
from varexp.maps.norms import find_norm
from varexp.measurement.contract import require_target
from varexp.safetensors import packed, sha256
from varexp.sweeps.plan import Batch, TrainedTogether
from varexp.sweeps.records import Record
from varexp.sweeps.rows import make_record
from varexp.torch_state import controlled_torch
from varexp.training.problem import Notify, Trained, silent


@dataclass
class Outcome:
    """What came of a batch: records, the weights that they name, and the reason for every cell that has none."""

    records: list[Record] = field(default_factory=list)
    weights: dict[str, bytes] = field(default_factory=dict)  # sha256 -> a safetensors file
    failures: dict[str, str] = field(default_factory=dict)  # key -> reason
    tracebacks: dict[str, str] = field(default_factory=dict)  # key -> the whole traceback, where there is one
    stored: bool = False  # whether records and weights lie in the store already

    def add(self, other: "Outcome") -> None:
        """Join another outcome."""
        self.records += other.records
        self.weights.update(other.weights)
        self.failures.update(other.failures)
        self.tracebacks.update(other.tracebacks)


def execute(batch: Batch, notify: Notify = silent) -> Iterator[Outcome]:
    """What comes of each model of a batch, as soon as it is measured.

    A failure costs the model that causes it; every other model runs.
    """
    with controlled_torch():
        yield from _with_retreat(list(batch.models), notify)


def _with_retreat(models: list[TrainedTogether], notify: Notify) -> Iterator[Outcome]:
    left = list(models)
    try:
        for model, outcome in _run(models, notify):
            left.remove(model)
            yield outcome
        return
    except Exception as error:  # whatever a target or a model of a user raises
        if len(models) == 1:
            yield _failed(models[0], error)
            return
    for model in left:
        yield from _with_retreat([model], silent)


def _failed(model: TrainedTogether, error: Exception) -> Outcome:
    reason = f"{type(error).__name__}: {error}{_place(error)}"
    keys = [cell.key for cell in model.cells]
    text = "".join(traceback.format_exception(error))
    return Outcome(failures=dict.fromkeys(keys, reason), tracebacks=dict.fromkeys(keys, text))


def _place(error: Exception) -> str:
    """Where an error, or what it was raised for, was raised: the last frame."""
    frames = traceback.extract_tb((error.__cause__ or error).__traceback__)
    return f" (raised at {frames[-1].filename}:{frames[-1].lineno}, in {frames[-1].name})" if frames else ""


def _run(models: Sequence[TrainedTogether], notify: Notify) -> Iterator[tuple[TrainedTogether, Outcome]]:
    """Train together, then measure one after another. `wall_s` is a share of the training and the model's measuring."""
    started = time.perf_counter()
    first = models[0].deepest
    problems = [model.deepest.problem for model in models]
    for cell in {(m.deepest.target, m.deepest.domain, m.deepest.measurement.norm): m.deepest for m in models}.values():
        require_target(cell.target_object, cell.domain_object, find_norm(cell.measurement.norm))
    trained = first.family.train(problems, first.architecture, first.recipe, notify)
    groups: dict[object, list[int]] = {}
    for index, model in enumerate(models):
        groups.setdefault(model.deepest.measured_with, []).append(index)
    share, since = (time.perf_counter() - started) / len(models), time.perf_counter()
    for members in groups.values():
        cell = models[members[0]].deepest
        evaluations = cell.family.evaluate(
            [trained[i] for i in members],
            [[c.reading for c in models[i].cells] for i in members],
            cell.target_object,
            cell.domain_object,
            cell.measurement,
        )
        for i, found in zip(members, evaluations, strict=True):
            wall_s = share + time.perf_counter() - since
            yield models[i], _outcome(models[i], trained[i], found, wall_s)
            notify(models[i].enclosing)
            since = time.perf_counter()


def _outcome(
    model: TrainedTogether, trained: Trained[nn.Module], found: dict[Reading, Evaluation], wall_s: float
) -> Outcome:
    outcome = Outcome()
    for cell in model.cells:
        file = packed(weights(trained.model, cell.depth))
        record = make_record(cell, trained, found.get(cell.reading), wall_s)
        outcome.add(Outcome([record | {"weights": sha256(file)}], {sha256(file): file}))
    return outcome


def weights(model: nn.Module, depth: int) -> dict[str, Tensor]:
    """The weights and the fixed matrices of a model, of its stages those up to a depth."""
    later = tuple(f"stages.{index}." for index in range(depth, len(getattr(model, "stages", ()))))
    return {name: tensor for name, tensor in model.state_dict().items() if not name.startswith(later)}

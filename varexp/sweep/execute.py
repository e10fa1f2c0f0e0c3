"""Run one batch: train its chains together, measure them, make their records. Knows nothing of processes or files."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch

from varexp.evidence.certify import enclosed
from varexp.evidence.generation import FlowEvidence, measure_flow, train_flow
from varexp.evidence.measure import DepthEvidence, measure
from varexp.evidence.train import Trained, train
from varexp.maps.norms import check_norm
from varexp.models.chain import Chain
from varexp.models.flowar import FlowAR
from varexp.sweep.cells import Cell
from varexp.sweep.plan import Batch, Chained
from varexp.sweep.records import Record
from varexp.sweep.rows import make_record

Notify = Callable[[int], None]


@dataclass
class Outcome:
    """What came of a batch: records, and the reason for every cell that has none."""

    records: list[Record] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)  # key -> reason

    def add(self, other: "Outcome") -> None:
        self.records += other.records
        self.failures.update(other.failures)


def execute(batch: Batch, notify: Notify = lambda steps: None) -> Outcome:
    """Records of every cell of a batch. A failure costs only the chain that causes it: the others run without it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # results keep their bits, and processes share the cores
    try:
        return _with_retreat(list(batch.chains), notify)
    finally:
        torch.set_num_threads(threads)


def _with_retreat(chains: list[Chained], notify: Notify) -> Outcome:
    try:
        return _run(chains, notify)
    except Exception as error:  # whatever a target or a model of a user raises
        if len(chains) == 1:
            reason = f"{type(error).__name__}: {error}"
            return Outcome(failures={cell.key: reason for cell in chains[0].cells})
    outcome = Outcome()
    for chained in chains:
        outcome.add(_with_retreat([chained], lambda steps: None))
    return outcome


def _run(chains: list[Chained], notify: Notify) -> Outcome:
    return _run_flows(chains, notify) if chains[0].deepest.model == "flowar" else _run_chains(chains, notify)


def _run_flows(chains: list[Chained], notify: Notify) -> Outcome:
    """One training each, then a record for every sampler."""
    started = time.perf_counter()
    first = chains[0].deepest
    problems = [chained.deepest.problem() for chained in chains]
    trained = train_flow(problems, first.block(), first.flow(), first.recipe(), notify)
    found: list[tuple[Cell, Trained[FlowAR], FlowEvidence | None]] = []
    for chained, model in zip(chains, trained, strict=True):
        for cell in chained.cells:
            assert cell.sampler is not None
            target, domain, norm = cell.target_object(), cell.domain_object(), check_norm(cell.norm)
            sound = model.diverged_at is None
            steps = cell.sampler_steps or 1
            evidence = measure_flow(model.model, target, domain, norm, cell.sampler, steps) if sound else None
            found.append((cell, model, evidence))
    wall_s = (time.perf_counter() - started) / len(chains)
    return Outcome([make_record(cell, model, evidence, wall_s) for cell, model, evidence in found])


def _run_chains(chains: list[Chained], notify: Notify) -> Outcome:
    started = time.perf_counter()
    first = chains[0].deepest
    problems = [chained.deepest.problem() for chained in chains]
    trained = train(problems, first.block(), first.recipe(), notify)
    groups: dict[object, list[int]] = {}
    for index, chained in enumerate(chains):
        groups.setdefault(chained.deepest.measured_with(), []).append(index)
    evidence: dict[int, list[DepthEvidence]] = {}
    for members in groups.values():
        evidence.update(_measure_group([chains[i] for i in members], [trained[i] for i in members], members))
    for index, found in evidence.items():
        cell = chains[index].deepest
        target, domain = cell.target_object(), cell.domain_object()
        evidence[index] = enclosed(found, trained[index].model, target, domain, check_norm(cell.norm), cell.goal())
        notify(chains[index].enclosing)
    wall_s = (time.perf_counter() - started) / len(chains)
    outcome = Outcome()
    for index, chained in enumerate(chains):
        found = evidence.get(index, [])
        for cell in chained.cells:
            known = found[cell.depth - 1] if cell.depth <= len(found) else None
            outcome.records.append(make_record(cell, trained[index], known, wall_s))
    return outcome


def _measure_group(
    chains: Sequence[Chained], trained: Sequence[Trained[Chain]], names: Sequence[int]
) -> dict[int, list[DepthEvidence]]:
    """Evidence by name. Chains that diverged somewhere are measured apart, up to the depth before."""
    result: dict[int, list[DepthEvidence]] = {}
    cell = chains[0].deepest
    by_depth: dict[int, list[int]] = {}
    for position, model in enumerate(trained):
        sound = (model.diverged_at or cell.depth + 1) - 1
        by_depth.setdefault(sound, []).append(position)
    for depth, positions in by_depth.items():
        if depth == 0:
            continue
        target = cell.target_object().prefix(depth)
        models = [trained[p].model.prefix(depth) for p in positions]
        found = measure(models, target, cell.domain_object(), check_norm(cell.norm), cell.measurement())
        result.update({names[p]: known for p, known in zip(positions, found, strict=True)})
    return result

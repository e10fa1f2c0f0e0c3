"""The experiment: networks on fields, each trained, certified and checked, one row of a table each."""

import dataclasses
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from torch.nn import Module

from varexp.dynamics.certificate import Certificate, Sampled, certify, check, sample
from varexp.dynamics.fields import FIELDS
from varexp.dynamics.networks import initial_network, train
from varexp.errors import bad_value, unknown_name
from varexp.torch_state import controlled_torch

Row = dict[str, Any]
SAMPLES_SEED = 1  # the samples are none of those that a network of seed 0 was begun with


@dataclass
class Run:
    """A network on a field, and how closely its error is to be known."""

    field: str = "water_tank"
    hidden: list[int] = dataclasses.field(default_factory=lambda: [12])
    activation: str = "relu"
    gap: float = 0.01  # relative distance of the two ends that is asked for
    evaluations: int = 20_000  # of cells, at most


@dataclass
class Experiment:
    """All runs, and what they share."""

    steps: int = 4000
    seed: int = 0
    runs: list[Run] = dataclasses.field(default_factory=list)

    def narrowed(self, fields: Sequence[str]) -> "Experiment":
        """The runs on these fields alone; all of them for no fields. ValueError for a field that no run has."""
        there = list(dict.fromkeys(run.field for run in self.runs))
        for name in fields:
            if name not in there:
                raise unknown_name("field", name, there)
        return dataclasses.replace(self, runs=[run for run in self.runs if not fields or run.field in fields])

    def check(self) -> None:
        """Refuse settings out of range, before any work. ValueError names the setting, and what is allowed."""
        if self.steps < 1:
            raise bad_value("steps", self.steps, "a number of training steps of at least 1")
        for run in self.runs:
            initial_network(FIELDS[run.field], run.hidden, run.activation, self.seed)
            if not 0 < run.gap < math.inf:
                raise bad_value("gap", run.gap, "a finite number above 0")
            if run.evaluations < 1:
                raise bad_value("evaluations", run.evaluations, "a number of cells of at least 1")

    def rows(self) -> Iterator[Row]:
        """Train, certify and check one run after the other.

        Raises:
            SoundnessError: a sample above a certified upper end, or a lower end that is not attained.
        """
        for run in self.runs:
            with controlled_torch():
                yield row_of(run, self.seed, self.steps)


def trained(run: Run, seed: int, steps: int) -> tuple[Module, float]:
    """The network of a run, and the seconds that its training took."""
    started = time.perf_counter()
    network = initial_network(FIELDS[run.field], run.hidden, run.activation, seed)
    train(network, FIELDS[run.field], steps)
    return network, time.perf_counter() - started


def row_of(run: Run, seed: int, steps: int) -> Row:
    """One row of the table."""
    network, seconds = trained(run, seed, steps)
    field = FIELDS[run.field]
    certificate = certify(network, field, run.gap, run.evaluations)
    sampled = sample(network, field, SAMPLES_SEED)
    check(network, field, certificate.found, sampled)
    setting = {
        "field": run.field,
        "equations": field.equations,
        "coordinates": field.coordinates,
        "box": " x ".join(f"[{low!r}, {high!r}]" for low, high in field.box),
        "hidden_sizes": "-".join(map(str, run.hidden)),
        "activation": run.activation,
        "seed": seed,
        "steps": steps,
    }
    return {**setting, **_found(run, certificate, sampled), "seconds_trained": round(seconds, 3)}


def _found(run: Run, certificate: Certificate, sampled: Sampled) -> Row:
    found = certificate.found
    return {
        "error_mean": sampled.mean,
        "error_sampled": sampled.largest,
        "sup_lower": found.lower,
        "sup_upper": _finite(found.upper),
        "gap": _finite(found.gap),
        "goal": run.gap,
        "decided": found.gap <= run.gap,
        "evaluations": found.evaluations,
        "place": " ".join(map(repr, found.place)),
        "seconds_certified": round(certificate.seconds, 3),
    }


def _finite(number: Any) -> float | None:
    return float(number) if math.isfinite(number) else None

"""What W&B is told of a chain: settings, one step a depth, learning curves, a summary. Numbers and words alone."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from varexp.sweeps.config import settings
from varexp.sweeps.records import Record

AXIS = ("depth", "sides")  # settings that differ within a chain
ABOUT = ("key", "lipschitz", "lipschitz_kind", "in_class", "git_commit", "version", "torch")  # columns that do not
ENDS = ("error", "error_constant", "error_merged", "eps_interpolation", "eps_block", "local_error")
BOUNDS = ("bound_telescoped", "bound_printed", "bound_keff")
METRICS = (
    *(f"{name}_{end}" for name in (*ENDS, *BOUNDS) for end in ("lower", "upper")),
    *("error_mean", "error_l2", "error_gap", "error_noise_low", "error_noise_high", "noise_rms", "bound_pointwise"),
    *("train_rms", "wall_s"),
)
OVER = {"printed": "bound_printed", "telescoped": "bound_telescoped", "constant": "error_constant"}
SAID = ("verdict", "verdict_formula", "verdict_repaired", "vacuous", "certified", "diverged")


@dataclass(frozen=True)
class Chain:
    """The records of one chain, shallow to deep: equal in every setting but depth."""

    records: tuple[Record, ...]

    @property
    def name(self) -> str:
        row = self.records[-1]["row"]
        return f"{row['target']}-{row['kernel']}-K{row['K']:g}-{row['training']}-seed{row['seed']}-{row['key'][:6]}"

    def config(self) -> dict[str, Any]:
        """Its settings, flat, without those that mean nothing to it; of the deepest row what is not a setting."""
        row = self.records[-1]["row"]
        names = [*(name for name in settings() if name != "depth"), *ABOUT]
        return {name: row[name] for name in names if row.get(name) not in (None, "")} | {"deepest": row["depth"]}

    def steps(self) -> Iterator[dict[str, float]]:
        """A point for each depth: the columns of its row, the growth since the depth before, shares of bounds."""
        errors = {record["row"]["depth"]: record["row"]["error_lower"] for record in self.records}
        for record in self.records:
            row = record["row"]
            point = {"depth": row["depth"]} | {n: row[n] for n in METRICS if isinstance(row.get(n), int | float)}
            for name, other in OVER.items():  # at most, so that an error without an upper end has none
                if row["error_upper"] is not None and row[f"{other}_lower"]:
                    point[f"error_over_{name}"] = row["error_upper"] / row[f"{other}_lower"]
            before = errors.get(row["depth"] - 1)
            if before and row["error_lower"] is not None:
                point["growth"] = row["error_lower"] / before
            yield point

    def curves(self) -> Iterator[dict[str, float]]:
        """Relative rms errors while training, by stage, against the share of the training in percent."""
        curves = {}
        for record in self.records:  # a stage where it is the last, or where no shallower record has it
            for stage, curve in enumerate(record["curves"], start=1):
                if stage == record["row"]["depth"] or stage not in curves:
                    curves[stage] = curve
        length = max((len(curve) for curve in curves.values()), default=0)
        for index in range(length):
            values = {f"training/stage{stage}": c[index] for stage, c in curves.items() if index < len(c)}
            known = {name: value for name, value in values.items() if value is not None}
            yield {"training/percent": 100 * (index + 1) / length, **known}

    def summary(self) -> dict[str, Any]:
        """Verdicts of the deepest row, and how often each verdict comes."""
        row = self.records[-1]["row"]
        counts = Counter(record["row"]["verdict"] or "none" for record in self.records)
        return {name: row[name] for name in SAID if row[name] is not None} | {
            f"verdicts/{v}": n for v, n in counts.items()
        }


def chains_of(records: Sequence[Record]) -> list[Chain]:
    """Records by chain: they agree in every setting but depth, and the sides of each begin those of the deepest."""
    names = [name for name in settings() if name not in AXIS]
    ladders: dict[object, list[list[Record]]] = {}
    for record in sorted(records, key=lambda record: -record["row"]["depth"]):
        row = record["row"]
        same = ladders.setdefault(tuple(str(row.get(name)) for name in names), [])
        fits = (ladder for ladder in same if _is_deeper(ladder[-1]["row"], row))
        if (ladder := next(fits, None)) is None:
            same.append(ladder := [])
        ladder.append(record)
    return [Chain(tuple(reversed(ladder))) for same in ladders.values() for ladder in same]


def _is_deeper(row: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether a row's ladder of sides goes on where that of another one ends."""
    return bool(row["depth"] > other["depth"]) and f"{row['sides']}-".startswith(f"{other['sides']}-")

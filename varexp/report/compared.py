"""A table made again beside the released one: what must be the same, and what must lie where training scatters it.

Exact: what does not depend on training, to EXACT. Certified: the best constant prediction's error, whose intervals must
intersect. Retrained: errors, whose float32 bits differ between processors; each must lie in the interval in which
Student expects one more seed of the same draw, at a level of one false alarm in FALSE_ALARMS rows. Verdicts: equal
counts.
"""

import math

import numpy as np
import pandas as pd
from scipy import stats

from varexp.report.statistics import DRAW, SEED

EXACT = 1e-10
FALSE_ALARMS = 10_000
OF_THE_TARGET = ("K", "lipschitz", "lipschitz_kind", "in_class", "sides", "depth")
VERDICTS = ("verdict", "verdict_formula")
RUN = (SEED, DRAW, "key", "error_lower")


def differences(made: pd.DataFrame, released: pd.DataFrame) -> list[str]:
    """A line for everything that is not as it must be; rows are matched by their keys."""
    there = released.set_index("key")
    unknown = [key for key in made.key if key not in there.index]
    if unknown:
        return [f"row {key} is not in the released table" for key in unknown]
    found = []
    spread, degrees = scatter(released)
    for _, row in made.iterrows():
        old = there.loc[str(row.key)]
        for name in OF_THE_TARGET:
            if not same(row[name], old[name]):
                found.append(f"row {row.key}: {name} was {old[name]!r} and is {row[name]!r}")
        low, high = old.error_constant_lower, old.error_constant_upper
        if not (low <= row.error_constant_upper and row.error_constant_lower <= high):
            found.append(f"row {row.key}: the best constant's error does not meet [{low!r}, {high!r}]")
        if bool(row.diverged) != bool(old.diverged):
            found.append(f"row {row.key}: diverged was {old.diverged} and is {row.diverged}")
        elif not row.diverged:
            allowed = spread * stats.t.ppf(1 - 0.5 / FALSE_ALARMS, degrees) * math.sqrt(2)
            change = abs(math.log(row.error_lower / old.error_lower))
            if not change <= max(allowed, EXACT):
                found.append(
                    f"row {row.key}: the error was {old.error_lower:.6g} and is {row.error_lower:.6g}, a factor of "
                    f"{math.exp(change):.3g} where {math.exp(allowed):.3g} is expected at most"
                )
    for name in VERDICTS:
        counts = [dict(sorted(t[name].value_counts().items())) for t in (made, there.loc[list(made.key)])]
        if counts[0] != counts[1]:
            found.append(f"{name}: {counts[1]} before, {counts[0]} now")
    return found


def scatter(table: pd.DataFrame) -> tuple[float, int]:
    """The standard deviation of log errors between seeds of a draw, and its degrees of freedom.

    A table with one seed has none: draws stand for seeds there, which is too wide and never too narrow.
    """
    table = table[~table.diverged.astype(bool)]
    varying = [DRAW] if table[SEED].nunique() == 1 else [SEED]
    settings = [name for name in SETTINGS if name in table and name not in varying]
    groups = np.log(table.error_lower).groupby([table[name].map(repr) for name in settings])
    degrees = int((groups.count() - 1).sum())
    if degrees < 1:
        raise ValueError("the released table has one run of each setting: nothing says how much training scatters")
    return math.sqrt(float((groups.var() * (groups.count() - 1)).sum()) / degrees), degrees


SETTINGS = (  # columns that tell rows apart
    *("model", "target", "K", "target_options", "scale_map", "domain", "kernel", "depth", "sides", "training", "steps"),
    *("width", "hidden", "heads", "head_size", "activation", "positions", "scaled", "attention_residual", "network"),
    *("sampler", "norm", SEED, DRAW),
)


def same(a: object, b: object) -> bool:
    """Equal, numbers to EXACT; unknown is unknown."""
    if pd.isna(a) or pd.isna(b):  # type: ignore[call-overload]
        return bool(pd.isna(a) and pd.isna(b))  # type: ignore[call-overload]
    if isinstance(a, float | np.floating) and isinstance(b, float | np.floating):
        return math.isclose(a, b, rel_tol=EXACT)
    return bool(a == b)

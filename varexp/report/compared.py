"""A table made again beside the released one: what must be the same, and what must lie where training scatters it.

Exact: what does not depend on training, to EXACT. Certified: the best constant prediction's error, whose intervals
must intersect. Retrained: errors, whose float32 bits differ between processors. The scatter of their logarithms
between seeds of a draw (between draws, where a table has one seed) is measured for each target, kernel and objective;
a row may be off by ROW times the scatter of a difference, and the mean of the chains by MEAN times that of a mean.
Verdicts: equal counts.
"""

import math
from collections.abc import Collection, Iterator

import numpy as np
import pandas as pd

from varexp.report.statistics import DRAW, SEED

EXACT = 1e-10
ROW, MEAN = 6.0, 4.0
OF_THE_TARGET = ("K", "lipschitz", "lipschitz_kind", "in_class", "sides", "depth")


def differences(made: pd.DataFrame, released: pd.DataFrame) -> list[str]:
    """A line for everything that is not as it must be, of the rows of `released` that should have been made again."""
    there = released.set_index("key")
    found = [f"row {key} is not in the released table" for key in made.key if key not in there.index]
    found += [f"row {key} was not made again" for key in there.index if key not in set(made.key)]
    both = made[made.key.isin(there.index)].set_index("key")
    if both.empty:
        return found
    for key, row in both.iterrows():
        old = there.loc[str(key), :]
        assert isinstance(old, pd.Series)  # keys are unique
        found += [f"row {key}: {line}" for line in _of_a_row(row, old)]
    counts = [dict(sorted(t.verdict.dropna().value_counts().items())) for t in (both, there.loc[both.index])]
    if counts[0] != counts[1]:
        found.append(f"verdicts: {counts[1]} before, {counts[0]} now")
    return found


def scattered(made: pd.DataFrame, released: pd.DataFrame, table: pd.DataFrame, settings: Collection[str]) -> list[str]:
    """A line for every retrained error that is further off than training scatters in `table`, all that is released.

    `settings` are the columns that tell rows apart, seed and draw among them.
    """
    scatter = scatters(table, settings)
    rows = made.set_index("key").join(
        released.set_index("key")[["error_lower", "diverged"]].add_suffix("_old"), how="inner"
    )
    rows = rows[~rows.diverged.astype(bool) & ~rows.diverged_old.astype(bool)]
    rows = rows[(rows.error_lower > 0) & (rows.error_lower_old > 0)]
    if rows.empty:
        return []
    spread = np.array([scatter[group_of(row)] for _, row in rows.iterrows()])
    rows = rows.assign(off=np.log(rows.error_lower / rows.error_lower_old) / (math.sqrt(2) * np.maximum(spread, EXACT)))
    found = [
        f"row {key}: the error was {row.error_lower_old:.6g} and is {row.error_lower:.6g}, {abs(row.off):.3g} times "
        f"the scatter of training where {ROW:g} is allowed"
        for key, row in rows.iterrows()
        if abs(row.off) > ROW
    ]
    chains = rows.off.groupby([rows[name].map(repr) for name in settings if name not in ("depth", "sides")]).mean()
    mean = float(chains.mean()) * math.sqrt(len(chains))
    if abs(mean) > MEAN:
        found.append(
            f"errors of {len(chains)} chains are {'higher' if mean > 0 else 'lower'} together, {abs(mean):.3g} times "
            f"the scatter of a mean where {MEAN:g} is allowed"
        )
    return found


def _of_a_row(row: pd.Series, old: pd.Series) -> Iterator[str]:
    for name in OF_THE_TARGET:
        if not same(row[name], old[name]):
            yield f"{name} was {old[name]!r} and is {row[name]!r}"
    low, high = old.error_constant_lower, old.error_constant_upper
    if not (low <= row.error_constant_upper and row.error_constant_lower <= high):
        yield f"the best constant's error does not meet [{low!r}, {high!r}]"
    if bool(row.diverged) != bool(old.diverged):
        yield f"diverged was {old.diverged} and is {row.diverged}"
    elif not row.diverged and not row.error_lower >= 0:
        yield f"the error is {row.error_lower}"


def group_of(row: pd.Series) -> tuple[str, str, str]:
    """What rows share whose scatter is measured together."""
    return str(row.target), str(row.kernel), f"{row.model} {row.training} {row.network} {row.sampler}"


def scatters(table: pd.DataFrame, settings: Collection[str]) -> dict[tuple[str, str, str], float]:
    """The standard deviation of log errors between seeds, by group. ValueError if nothing in the table tells it."""
    table = table[~table.diverged.astype(bool) & (table.error_lower > 0)]
    varying = DRAW if table[SEED].nunique() == 1 else SEED
    others = [table[name].map(repr) for name in settings if name != varying]
    logs = np.log(table.error_lower)
    residuals = logs - logs.groupby(others).transform("mean")
    sizes = logs.groupby(others).transform("count")
    if (sizes < 2).all():
        raise ValueError("the released table has one run of each setting: nothing says how much training scatters")
    groups = pd.Series([group_of(row) for _, row in table.iterrows()], index=table.index)
    squares = (residuals**2).groupby(groups).sum()
    degrees = (1 - 1 / sizes).groupby(groups).sum()
    return {group: math.sqrt(float(squares[group]) / max(float(degrees[group]), EXACT)) for group in squares.index}


def same(a: object, b: object) -> bool:
    """Equal, numbers to EXACT; unknown is unknown."""
    if pd.isna(a) or pd.isna(b):  # type: ignore[call-overload]
        return bool(pd.isna(a) and pd.isna(b))  # type: ignore[call-overload]
    if isinstance(a, float | np.floating) and isinstance(b, float | np.floating):
        return math.isclose(a, b, rel_tol=EXACT)
    return bool(a == b)

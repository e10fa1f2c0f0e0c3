"""How cost grows: the exponent of a power law through measured costs, with its standard error."""

import math
from collections.abc import Iterator, Sequence

from varexp.benchmarks.contests import Row
from varexp.benchmarks.training import WARM, by_varexp, work

MODELS = 8
SERIES = {  # what grows: (size, side, width, models)
    "width": [(w, 4, w, MODELS) for w in (8, 16, 32, 64, 128)],
    "tokens": [(s * s, s, 16, MODELS) for s in (2, 3, 4, 6, 8, 12)],
    "models": [(m, 4, 16, m) for m in (1, 2, 4, 8, 16, 32)],
}


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> tuple[float, float]:
    """The slope of log cost over log size by least squares, and its standard error.

    Raises:
        ValueError: fewer than three sizes.
    """
    if len(sizes) < 3:
        raise ValueError(f"a slope with an error needs three sizes, got {len(sizes)}")
    x, y = ([math.log(value) for value in values] for values in (sizes, costs))
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    spread = sum((value - mean_x) ** 2 for value in x)
    slope = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / spread
    left = sum((b - mean_y - slope * (a - mean_x)) ** 2 for a, b in zip(x, y, strict=True))
    return slope, math.sqrt(left / (len(x) - 2) / spread)


def rows(steps: int) -> Iterator[Row]:
    """A row for every series: core-seconds of one training step of all models, by two standard errors either way."""
    for name, series in SERIES.items():
        costs = []
        for _, side, width, models in series:
            job = work(side, width, models, WARM + steps)
            costs.append(models * min(by_varexp(job).cost for _ in range(3)))
        slope, error = exponent([size for size, *_ in series], costs)
        what = f"exponent of a training step in {name}, from {series[0][0]} to {series[-1][0]}"
        yield Row("growth", what, "1", slope, low=slope - 2 * error, high=slope + 2 * error)

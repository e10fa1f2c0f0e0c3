"""The right-hand sides of Lemma 5.3, Lemma 5.5 and Theorem 5.6.

Every function takes one number per stage: `lipschitz[i]` is L_i = Lip(f_i∘g_i), the constant that propagates, and
`local[i]` is the stage's own error, either the measured sup ‖F_i − T_i‖ or Lemma 5.3's split of it. All of them are in
one norm, and so is the bound. Floats give floats; fractions give the exact value, which `enclosed_bound` rounds
outwards.
"""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, TypeVar

from varexp.theory.interval import Interval

Number = TypeVar("Number", float, Fraction)


def split(
    lipschitz_feature: Sequence[Number], eps_interpolation: Sequence[Number], eps_block: Sequence[Number]
) -> list[Number]:
    """Lemma 5.3: the stage errors K_{1,i} ε_{1,i} + ε_{2,i}, one per stage."""
    stages = zip(lipschitz_feature, eps_interpolation, eps_block, strict=True)
    return [k * eps_1 + eps_2 for k, eps_1, eps_2 in stages]


def amplifications(lipschitz: Sequence[float]) -> list[float]:
    """Π_{i>j} L_i for every stage j: how much an error made at stage j can grow by the end (Lemma 5.4)."""
    return [math.prod(lipschitz[j + 1 :]) for j in range(len(lipschitz))]


def telescoped(lipschitz: Sequence[Number], local: Sequence[Number]) -> Number:
    """Σ_j (Π_{i>j} L_i) local_j, the sharp form of Theorem 5.6: a theorem for all constants (Lemmas 5.4 and 5.5)."""
    _same_length(lipschitz, local)
    error = local[0]
    for constant, own in zip(lipschitz[1:], local[1:], strict=True):
        error = constant * error + own
    return error


def printed(lipschitz: Sequence[Number], local: Sequence[Number]) -> Number:
    """(max L_i)^n · max_j local_j: Theorem 5.6 as printed, its free index i read as a maximum."""
    _same_length(lipschitz, local)
    return math.prod([max(lipschitz)] * len(local)) * max(local)


def keff(lipschitz: Sequence[Number], local: Sequence[Number]) -> Number:
    """The printed bound with max(2, max L_i), which Theorem 5.6 gives for any constant.

    A K-Lipschitz map is K'-Lipschitz for every K' >= K, so the hypothesis K_2 > 2 costs no generality once the
    formula is read with the larger constant.
    """
    _same_length(lipschitz, local)
    largest = max(lipschitz)
    return math.prod([largest if largest > 2 else type(largest)(2)] * len(local)) * max(local)


def enclosed_bound(
    formula: Callable[..., Any],
    lipschitz: Sequence[Interval],
    stages: Sequence[tuple[Interval, Interval, Interval]],
) -> Interval:
    """A bound as an interval, rounded outwards, when L_i and (K_{1,i}, ε_{1,i}, ε_{2,i}) are intervals.

    Every bound increases in each of them, so that its lower end belongs to their lower ends, and its upper end to their
    upper ends. An upper end that is not known makes the bound's unknown.

    Raises:
        ValueError: a lower end is not finite, or the numbers of stages differ.
    """

    def value(end: str) -> Fraction | None:
        rows = [
            [getattr(number, end) for number in (constant, *parts)]
            for constant, parts in zip(lipschitz, stages, strict=True)
        ]
        if not all(math.isfinite(x) for row in rows for x in row):
            return None
        exact = [[Fraction(x) for x in row] for row in rows]
        return formula([row[0] for row in exact], split(*zip(*(row[1:] for row in exact), strict=True)))

    low, high = value("lower"), value("upper")
    if low is None:
        raise ValueError(f"a bound needs finite lower ends, got {lipschitz} and {stages}")
    return Interval(rounded(low, -math.inf), math.inf if high is None else rounded(high, math.inf))


def rounded(x: Fraction, towards: float) -> float:
    """The nearest float on the side of `towards` (±infinity)."""
    try:
        near = float(x)
    except OverflowError:
        near = math.inf
    if (near > x and towards < 0) or (near < x and towards > 0):
        return math.nextafter(near, towards)
    return near


def _same_length(lipschitz: Sequence[Any], local: Sequence[Any]) -> None:
    if len(lipschitz) != len(local) or not local:
        raise ValueError(
            f"a bound needs one Lipschitz constant and one error per stage, at least one stage; got {len(lipschitz)} "
            f"constants and {len(local)} errors"
        )

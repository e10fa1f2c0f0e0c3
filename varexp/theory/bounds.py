"""The right-hand sides of Lemma 5.3, Lemma 5.5 and Theorem 5.6.

Every function takes one number per stage: `lipschitz[i]` is L_i = Lip(f_i∘g_i), the constant that propagates, and
`local[i]` is the stage's own error, either the measured sup ‖F_i − T_i‖ or Lemma 5.3's split of it. All of them are in
one norm, and so is the bound. Floats give floats; fractions give the exact value, and `ends` rounds it outwards.
"""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, TypeVar

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
    """The printed bound with max(2, max L_i): what Theorem 5.6 gives for any constant.

    A K-Lipschitz map is K'-Lipschitz for every K' >= K, so the hypothesis K_2 > 2 costs no generality once the
    formula is read with the larger constant.
    """
    _same_length(lipschitz, local)
    largest = max(lipschitz)
    return math.prod([largest if largest > 2 else type(largest)(2)] * len(local)) * max(local)


Ends = tuple[float, float | None]


def ends(formula: Callable[..., Any], lipschitz: Sequence[Ends], stages: Sequence[tuple[Ends, Ends, Ends]]) -> Ends:
    """A bound as an interval, rounded outwards, when L_i and (K_{1,i}, ε_{1,i}, ε_{2,i}) are intervals.

    Every bound increases in each of them, so its lower end belongs to their lower ends, and likewise above. An upper
    end None is unknown, and makes the bound's unknown.
    """

    def value(end: int) -> Fraction | None:
        numbers = [
            [constant[end], *(part[end] for part in parts)] for constant, parts in zip(lipschitz, stages, strict=True)
        ]
        if any(x is None or not math.isfinite(x) for row in numbers for x in row):
            return None
        rows = [[Fraction(x) for x in row if x is not None] for row in numbers]
        return formula([row[0] for row in rows], split(*zip(*(row[1:] for row in rows), strict=True)))

    low, high = value(0), value(1)
    if low is None:
        raise ValueError(f"a bound needs finite lower ends, got {lipschitz} and {stages}")
    return rounded(low, -math.inf), None if high is None else rounded(high, math.inf)


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

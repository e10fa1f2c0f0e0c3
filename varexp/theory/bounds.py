"""The right-hand sides of Lemma 5.3, Lemma 5.5 and Theorem 5.6.

Every function takes one number per stage: `lipschitz[i]` is L_i = Lip(f_i∘g_i), the constant that propagates, and
`local[i]` is the stage's own error, either the measured sup ‖F_i − T_i‖ or Lemma 5.3's split of it. All of them are in
one norm, and so is the bound.
"""

import math
from collections.abc import Sequence


def split(
    lipschitz_feature: Sequence[float], eps_interpolation: Sequence[float], eps_block: Sequence[float]
) -> list[float]:
    """Lemma 5.3: the stage errors K_{1,i} ε_{1,i} + ε_{2,i}, one per stage."""
    stages = zip(lipschitz_feature, eps_interpolation, eps_block, strict=True)
    return [k * eps_1 + eps_2 for k, eps_1, eps_2 in stages]


def amplifications(lipschitz: Sequence[float]) -> list[float]:
    """Π_{i>j} L_i for every stage j: how much an error made at stage j can grow by the end (Lemma 5.4)."""
    return [math.prod(lipschitz[j + 1 :]) for j in range(len(lipschitz))]


def telescoped(lipschitz: Sequence[float], local: Sequence[float]) -> float:
    """Σ_j (Π_{i>j} L_i) local_j, the sharp form of Theorem 5.6: a theorem for all constants (Lemmas 5.4 and 5.5)."""
    _same_length(lipschitz, local)
    error = 0.0
    for constant, own in zip(lipschitz, local, strict=True):
        error = constant * error + own
    return error


def printed(lipschitz: Sequence[float], local: Sequence[float]) -> float:
    """(max L_i)^n · max_j local_j: Theorem 5.6 as printed, its free index i read as a maximum."""
    _same_length(lipschitz, local)
    return math.prod([max(lipschitz)] * len(local)) * max(local)


def keff(lipschitz: Sequence[float], local: Sequence[float]) -> float:
    """The printed bound with max(2, max L_i): what Theorem 5.6 gives for any constant.

    A K-Lipschitz map is K'-Lipschitz for every K' >= K, so the hypothesis K_2 > 2 costs no generality once the
    formula is read with the larger constant.
    """
    _same_length(lipschitz, local)
    return math.prod([max(2.0, *lipschitz)] * len(local)) * max(local)


def _same_length(lipschitz: Sequence[float], local: Sequence[float]) -> None:
    if len(lipschitz) != len(local) or not local:
        raise ValueError(
            f"a bound needs one Lipschitz constant and one error per stage, at least one stage; got {len(lipschitz)} "
            f"constants and {len(local)} errors"
        )

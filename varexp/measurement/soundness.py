"""The check that makes a record believable: every inequality behind (**) holds at every evaluated point.

Per stage i, with L_i and K_{1,i} as declared:
    ‖F_i t − F_i y‖ <= L_i ‖t − y‖              (the constant that propagates)
    ‖f_i(g_i t) − f_i(Φ_i t)‖ <= K_{1,i} ‖(g_i − Φ_i) t‖   (the first half of Lemma 5.3)
along the model's and the target's trajectory, and along pairs sought out to break the constants: on trajectories alone,
a constant declared 10 % too small can go unnoticed. (**) follows, and is checked as well.
"""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.caching import remembered_by_content
from varexp.errors import SoundnessError
from varexp.maps.norms import TokenNorm, find_norm
from varexp.maps.targets import Target, TargetStage
from varexp.measurement.attack import RELATIVE, Pair, nearby_pair, steepest_pair
from varexp.measurement.trace import Trace
from varexp.theory import amplifications


def pointwise_bound(
    local: Float[Tensor, "... points stages"], lipschitz: Sequence[float]
) -> Float[Tensor, "... points stages"]:
    """Right side of (**) at every point for every depth n: Σ_{j<=n} (Π_{j<i<=n} L_i) local_j."""
    bounds: list[Tensor] = []
    for stage, constant in enumerate(lipschitz):
        carried = constant * bounds[-1] if bounds else torch.zeros_like(local[..., 0])
        bounds.append(carried + local[..., stage])
    return torch.stack(bounds, dim=-1)


def tolerances(
    magnitude: Float[Tensor, "... points stages"], lipschitz: Sequence[float]
) -> Float[Tensor, "... points stages"]:
    """1e-12·Σ_{j<=n} (Π_{j<=i<=n} L_i)(‖t_j‖ + ‖y_j‖) for every depth n."""
    stages = magnitude.shape[-1]
    totals = []
    for depth in range(1, stages + 1):
        constants = lipschitz[:depth]
        growth = torch.tensor([a * c for a, c in zip(amplifications(constants), constants, strict=True)])
        totals.append((magnitude[..., :depth] * growth.to(magnitude.dtype)).sum(dim=-1))
    return RELATIVE * torch.stack(totals, dim=-1)


def check_trace(
    trace: Trace, lipschitz: Sequence[float], lipschitz_feature: Sequence[float], split: bool = True
) -> None:
    """Raise SoundnessError if an inequality fails at an evaluated point, naming it, the stage and the numbers.

    `split` False: blocks see more than Φ_i t_{i-1}, so that the first half of Lemma 5.3 is not about them.
    """
    constants = torch.tensor(lipschitz, dtype=torch.float64)
    features = torch.tensor(lipschitz_feature, dtype=torch.float64)
    slack = tolerances(trace.magnitude, lipschitz)
    before = torch.cat([torch.zeros_like(trace.error[..., :1]), trace.error[..., :-1]], dim=-1)
    _require(trace.propagated, constants * before, slack, "‖F_i t − F_i y‖ <= L_i ‖t − y‖")
    if split:
        missed = features * trace.eps_interpolation
        _require(trace.replaced, missed, slack, "‖f_i(g_i t) − f_i(Φ_i t)‖ <= K_1i ‖(g_i−Φ_i) t‖")
    _require(
        trace.error, pointwise_bound(trace.local_error, lipschitz), slack, "(**): error <= Σ_j (Π_i>j L_i) local_j"
    )


def _require(left: Tensor, right: Tensor, slack: Tensor, inequality: str) -> None:
    excess = left - right - slack
    if bool((excess <= 0).all()):  # false for nan
        return
    worst = int(excess.argmax())  # the first nan, if there is one
    stage = worst % left.shape[-1] + 1
    raise SoundnessError(
        f"{inequality} fails at stage {stage}: {float(left.flatten()[worst])!r} against "
        f"{float(right.flatten()[worst])!r}; a declared Lipschitz constant is too small, or the suite is wrong"
    )


@remembered_by_content(512)
def adversarial_pairs(stage: TargetStage, norm: str | TokenNorm) -> tuple[Pair, Pair]:
    """Pairs that stretch F_i and f_i as far as could be found. They depend on the target alone."""
    return _of_both(steepest_pair, stage, norm)


@remembered_by_content(512)
def nearby_pairs(stage: TargetStage, norm: str | TokenNorm) -> tuple[Pair, Pair]:
    """Pairs close together that stretch F_i and f_i, from random ones. They depend on the target alone."""
    return _of_both(nearby_pair, stage, norm)


def _of_both(find: Callable[..., Pair], stage: TargetStage, norm: str | TokenNorm) -> tuple[Pair, Pair]:
    """A pair for F_i = f_i∘g_i, and one for f_i."""
    norm, channels = find_norm(norm), stage.feature_map.channels
    return (
        find(stage, stage.side_in**2, channels, norm),
        find(stage.feature_map, stage.side_out**2, channels, norm),
    )


def check_constants(target: Target, norm: str | TokenNorm) -> None:
    """Raise SoundnessError if a declared L_i or K_{1,i} is exceeded along adversarial or nearby pairs.

    No pair proves a constant: one that nobody exceeds here is still declared.
    """
    for number, stage in enumerate(target.stages, start=1):
        names = ("L_i = Lip(f_i∘g_i)", "K_1i = Lip(f_i)")
        declared = (stage.lipschitz(norm).upper, stage.lipschitz_feature(norm).upper)
        for pairs in (adversarial_pairs(stage, norm), nearby_pairs(stage, norm)):
            for name, constant, pair in zip(names, declared, pairs, strict=True):
                if pair.ratio - pair.rounding <= constant:  # false for nan
                    continue
                raise SoundnessError(
                    f"target {stage.feature_map.name}, stage {number}: {name} is declared as {constant!r} in the "
                    f"{norm} norm, but a pair of token maps stretches by {pair.ratio!r}: declare a constant that you "
                    "can prove, of that size at least, or make the map less steep"
                )

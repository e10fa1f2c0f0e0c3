"""`certify`: the certified error of a chain of stages, one's own or trained, against a target."""

from collections.abc import Sequence

import torch
from torch import Tensor

from varexp.enclosure import Goal
from varexp.maps.domains import Domain
from varexp.maps.norms import find_norm
from varexp.maps.targets import Target
from varexp.measurement.certify import Certificate, check_pair
from varexp.measurement.certify import certify as enclose
from varexp.measurement.trace import sups_of, trace, tracers
from varexp.models.chain import Chain
from varexp.models.stage import Stage
from varexp.pointwise import require_pointwise
from varexp.torch_state import controlled_torch


def certify(
    model: Chain | Sequence[Stage],
    target: Target,
    domain: Domain,
    norm: str = "rms",
    gap: float = 0.01,
    evaluations: int = 20_000,
) -> Certificate:
    """Enclose, stage by stage, ε_1, ε_2, the local error and the error of a model over a domain of words.

    Args:
        model: a chain, or its stages; stages of one's own derive from `varexp.models.stage.Stage`.
        target: the map that it approximates, such as `build_target("sine", sides, K=2.1)`.
        domain: the words, such as `Curve(2)`; of at most eight parameters.
        norm: rms, max or frobenius.
        gap: relative distance of the two ends at which a stage's search stops.
        evaluations: cells that are evaluated for one stage at most.

    Returns:
        A certificate: `.error` and `.stages[i]["eps_block"]` are intervals, `.gap` is the widest relative gap.

    Raises:
        TypeError: a stage that is not a `Stage`.
        ValueError: model, target and domain do not fit, or the domain has too many parameters.
        UnknownOperationError: an operation that has no enclosure.
        SoundnessError: plain torch contradicts an end; every cell is visited.

    Examples:
        >>> import varexp
        >>> from varexp.maps.domains import Curve
        >>> from varexp.maps.targets import build_target
        >>> from varexp.models.chain import ChainStage
        >>> import torch
        >>> stage = ChainStage("bilinear", 2, 3, torch.nn.Identity())
        >>> found = varexp.certify([stage], build_target("affine", (2, 3), K=1.0), Curve(2))
        >>> found.gap <= 0.01
        True

    Reference:
        Theorem 5.6 and Lemma 5.3 for the quantities, varexp/enclosure/ALGEBRA.md for the arithmetic.
    """
    chosen, chain = find_norm(norm), model if isinstance(model, Chain) else Chain(list(model))
    check_pair(chain, target, domain)
    with controlled_torch(default_dtype=None):  # the stages may rely on the caller's
        _check_answers(chain, target, domain)
        theta = domain.sample(domain.sample_points)
        found = trace(tracers([chain], target, domain, chosen, chain.depth), theta)

        def highest(depth: int) -> Tensor:
            values = [getattr(found, name)[0, :, depth] for name in sups_of(chain.stages[depth])]
            return theta[torch.stack([v.argmax() for v in values])]

        points = [highest(depth) for depth in range(chain.depth)]
        return enclose(chain, target, domain, chosen, Goal(gap=gap, evaluations=evaluations), points)


def _check_answers(chain: Chain, target: Target, domain: Domain) -> None:
    """Raise ValueError for a stage or target that is no function of each word alone, or answers in another shape."""
    state = y = domain.points(domain.sample(3))
    for number, (stage, aim) in enumerate(zip(chain.stages, target.stages, strict=True), start=1):
        y = require_pointwise(aim, y, f"stage {number} of the target")
        made = stage.answer(stage.interpolate(state))
        if made.shape != y.shape or made.dtype != y.dtype:
            raise ValueError(
                f"stage {number} answers {tuple(made.shape)} in {made.dtype} for three words: expected "
                f"{tuple(y.shape)} in {y.dtype}, as the target gives"
            )
        state = require_pointwise(stage, state, f"stage {number}")

"""What a target must be before anything is trained: a function of each word alone that can be enclosed."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from varexp.enclosure import Enclosure, UnknownOperationError, point
from varexp.maps.domains import Domain
from varexp.maps.norms import TokenNorm
from varexp.maps.targets import Target, TargetStage
from varexp.measurement.soundness import check_constants
from varexp.pointwise import require_pointwise

WORDS = 3  # that a target is asked for
SAME = 1e-9  # relative: by how much words may be answered differently under another leading axis
CONTRACT = (
    "a target takes token maps (..., tokens, channels) in float64 and answers the same shape by plain torch, out of "
    "place and for any leading axes (docs/pages/howto/target.md)"
)


def require_target(target: Target, domain: Domain, norm: TokenNorm) -> None:
    """Ask a target for a few words, as tensors and as enclosures, for its gradient and for its constants.

    Raises:
        TypeError: a stage answers no tensor.
        ValueError: it raises, answers another shape, dtype or what is not finite, or depends on other words, on chance
            or on state; or its constant is none; or it has no gradient.
        SoundnessError: a pair of token maps exceeds its constant.
        UnknownOperationError: it has an operation that cannot be enclosed.
        FlushToZeroError: the processor takes subnormal numbers for zero.
    """
    theta = domain.sample(WORDS)
    with torch.no_grad():
        words, enclosed = domain.points(theta), domain.points(point(theta))
        for number, stage in enumerate(target.stages, start=1):
            what = f"stage {number} of the target {stage.feature_map.name}"
            answers = _answers(stage, words, what)
            enclosed = _enclosures(stage, enclosed, answers, what)
            _require_gradient(stage, words, what)
            words = answers
    with torch.enable_grad():
        check_constants(target, norm)


def _answers(stage: TargetStage, words: Tensor, what: str) -> Tensor:
    """The answers to words, which are what a target's must be."""
    expected = (*words.shape[:-2], stage.side_out**2, stage.feature_map.channels)
    answers = _without_surprise(lambda: require_pointwise(stage, words, what), what, words)
    if tuple(answers.shape) != expected or answers.dtype != torch.float64:
        raise ValueError(
            f"{what} answers {tuple(answers.shape)} in {answers.dtype} to {WORDS} words: expected {expected} in "
            f"torch.float64; {CONTRACT}"
        )
    if not bool(answers.isfinite().all()):
        raise ValueError(f"{what} answers nan or inf to a word of the domain: expected finite numbers; {CONTRACT}")
    several = _without_surprise(lambda: stage(words.expand(2, *words.shape).clone()), what, words)
    if several.shape != (2, *expected):
        raise ValueError(
            f"{what} answers {tuple(several.shape)} to words with two leading axes: expected {(2, *expected)}; count "
            f"axes from the end, as in dim=-2; {CONTRACT}"
        )
    if not torch.allclose(several, answers.expand_as(several), rtol=SAME, atol=SAME):
        raise ValueError(
            f"{what} answers other numbers to many words at once than to each alone: write no `if` on values, but "
            f"where with a constant mask, maximum or clamp, and reduce over dim=-2 or -1 alone; {CONTRACT}"
        )
    return answers


def _enclosures(stage: TargetStage, enclosed: Any, answers: Tensor, what: str) -> Any:
    """The enclosures of the answers, whose operations must all have rules."""
    try:
        found = stage(enclosed)
    except UnknownOperationError as error:
        raise UnknownOperationError(f"{what}: {error}") from error
    if not isinstance(found, Enclosure) or tuple(found.shape) != tuple(answers.shape):
        raise ValueError(
            f"{what} answers enclosures of words with {type(found).__name__} {tuple(found.shape)}: expected an answer "
            f"that is made of the words; {CONTRACT}"
        )
    model = found.model()
    off, allowed = (model.polynomial[0] - answers).abs(), model.uncertainty() + SAME * answers.abs()
    if not bool((off <= allowed).all()):
        raise ValueError(f"{what} answers words otherwise as tensors than as enclosures; {CONTRACT}")
    return found


def _require_gradient(stage: TargetStage, words: Tensor, what: str) -> None:
    with torch.enable_grad():
        answers = stage(words.clone().requires_grad_())
    if not answers.requires_grad:
        raise ValueError(f"{what} has no gradient: expected no detach, no data and an answer that is made of the words")


def _without_surprise(answer: Callable[[], Tensor], what: str, words: Tensor) -> Tensor:
    """An answer; whatever a user's code raises becomes a ValueError that says what was asked for."""
    try:
        return answer()
    except UnknownOperationError:
        raise
    except (TypeError, ValueError) as error:
        if str(error).startswith(what):
            raise
        raise _raised(error, what, words) from error
    except Exception as error:  # whatever a user's code raises
        raise _raised(error, what, words) from error


def _raised(error: Exception, what: str, words: Tensor) -> ValueError:
    reason = (str(error).splitlines() or [""])[0]
    if "cannot be converted to Scalar" in reason or "only one element tensors" in reason:
        reason += ": a value that is taken out of a tensor, as by .item() or float(), is one number for all words"
    return ValueError(f"{what} raises {type(error).__name__} ({reason}) for words {tuple(words.shape)}: {CONTRACT}")

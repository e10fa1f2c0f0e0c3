"""What a target must be before anything is trained: a function of each word alone that can be enclosed."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from varexp.enclosure import Enclosure, UnknownOperationError, point
from varexp.errors import SoundnessError
from varexp.maps.domains import Domain
from varexp.maps.norms import TokenNorm
from varexp.maps.targets import Target, TargetStage
from varexp.pointwise import require_pointwise

WORDS = 3  # that a target is asked for
PAIRS = 64  # of words, at each of these distances, that a declared constant is tried on
DISTANCES = (1e-1, 1e-3, 1e-5, 1e-7)
CLOSE = 1e-7  # relative, of what rounding can do to the distance of two answers
SAME = 1e-9  # relative: by how much words may be answered differently under another leading axis
CONTRACT = (
    "a target takes token maps (..., tokens, channels) in float64 and answers the same shape by plain torch, out of "
    "place and for any leading axes (CONTRIBUTING.md, Add something)"
)


@torch.no_grad()
def require_target(target: Target, domain: Domain, norm: TokenNorm) -> None:
    """Ask a target for a few words, as tensors and as enclosures, and for its constants.

    Raises:
        TypeError: a stage answers no tensor.
        ValueError: it raises, answers another shape, dtype or what is not finite, or depends on other words, on chance
            or on state; or its constant is none; or it has no gradient.
        SoundnessError: a pair of words exceeds its constant.
        UnknownOperationError: it has an operation that cannot be enclosed.
        FlushToZeroError: the processor takes subnormal numbers for zero.
    """
    theta = domain.sample(WORDS)
    words, enclosed = domain.points(theta), domain.points(point(theta))
    many = domain.points(domain.sample(PAIRS))
    for number, stage in enumerate(target.stages, start=1):
        what = f"stage {number} of the target {stage.feature_map.name}"
        answers = _answers(stage, words, what)
        enclosed = _enclosures(stage, enclosed, answers, what)
        _require_gradient(stage, words, what)
        words, before, many = stage(words), many, stage(many)
        _require_constant(stage.lipschitz(norm).upper, stage, before, norm, what)
        _require_constant(stage.lipschitz_feature(norm).upper, stage.feature_map, stage.scale(before), norm, what)


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
    if several.shape != (2, *expected) or not torch.allclose(several, answers.expand_as(several), rtol=SAME, atol=SAME):
        raise ValueError(
            f"{what} answers {tuple(several.shape)}, or other numbers, to words with two leading axes: expected what "
            f"it answers to each word alone; {CONTRACT}"
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
    if not bool(
        ((model.polynomial[0] - answers).abs() <= model.uncertainty() * (1 + SAME) + SAME * answers.abs()).all()
    ):
        raise ValueError(f"{what} answers words otherwise as tensors than as enclosures; {CONTRACT}")
    return found


def _require_gradient(stage: TargetStage, words: Tensor, what: str) -> None:
    with torch.enable_grad():
        answers = stage(words.clone().requires_grad_())
    if not answers.requires_grad:
        raise ValueError(f"{what} has no gradient: expected no detach, no data and an answer that is made of the words")


def _require_constant(constant: float, f: Callable[[Any], Any], words: Tensor, norm: TokenNorm, what: str) -> None:
    """Refuse a constant that pairs of words exceed, far apart and close together; no pair proves one."""
    source = torch.Generator().manual_seed(0)
    for distance in DISTANCES:
        other = words + distance * torch.randn(words.shape, dtype=words.dtype, generator=source)
        moved, apart = norm(f(other) - f(words)), norm(other - words)
        excess = moved - constant * apart * (1 + CLOSE) - CLOSE**2 * norm(f(words).abs() + 1)
        if bool((excess > 0).any()):
            worst = float((moved / apart).max())
            raise SoundnessError(
                f"{what} declares the Lipschitz constant {constant:g} in {norm.name} norm, and stretches two words at "
                f"distance {float(apart.max()):.0e} by {worst:g}: declare a constant that holds everywhere"
            )


def _without_surprise(answer: Callable[[], Tensor], what: str, words: Tensor) -> Tensor:
    """An answer; whatever a user's code raises becomes a ValueError that says what was asked for."""
    try:
        return answer()
    except (ValueError, UnknownOperationError):
        raise
    except TypeError as error:
        if str(error).startswith(what):
            raise
        raise _raised(error, what, words) from error
    except Exception as error:  # whatever a user's code raises
        raise _raised(error, what, words) from error


def _raised(error: Exception, what: str, words: Tensor) -> ValueError:
    reason = (str(error).splitlines() or [""])[0]
    return ValueError(f"{what} raises {type(error).__name__} ({reason}) for words {tuple(words.shape)}: {CONTRACT}")

"""Whether a function answers each point alone: nothing else can be enclosed, trained or judged."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from varexp.rounding_noise import EXPLAINED, rounding_noise

SAME = 1e-9  # relative change, by rounding, of the answer to a point that comes with other points


@torch.no_grad()
def require_pointwise(f: Callable[[Any], Any], points: Tensor, what: str) -> Tensor:
    """The answers at points (3 or more, ...), asked for twice, one by one, and in another order.

    Args:
        f: takes points along the first axis.
        what: the function's name in messages.

    Raises:
        TypeError: an answer is not a tensor.
        ValueError: it does not keep the first axis, or depends on chance, on state, on other points or their order.
    """
    answers = _asked(f, points, what)
    if not torch.equal(answers.nan_to_num(), _asked(f, points, what).nan_to_num()):
        raise ValueError(f"{what} answers the same points differently the second time: expected no chance and no state")
    alone = torch.cat([_asked(f, point, what) for point in points.split(1)])
    if not _same(answers, alone, f, points):
        raise ValueError(
            f"{what} answers a point differently in company and alone: expected a function of each point alone, in "
            f"float64; a mean over points, a value taken out by .item(), an axis that is lost or float32 would do this"
        )
    order = torch.arange(len(points)).roll(1)
    if not _same(answers[order], _asked(f, points[order], what), f, points[order]):
        raise ValueError(f"{what} answers points differently in another order: expected a function of each alone")
    return answers


def _asked(f: Callable[[Any], Any], points: Tensor, what: str) -> Tensor:
    answer = f(points.clone())
    if not isinstance(answer, Tensor):
        missing = "; is `return` missing?" if answer is None else ""
        raise TypeError(f"{what} answers a {type(answer).__name__}: expected a tensor{missing}")
    if answer.dim() == 0 or len(answer) != len(points):
        raise ValueError(
            f"{what} answers {tuple(answer.shape)} to points {tuple(points.shape)}: expected the same first axis"
        )
    return answer


def _same(a: Tensor, b: Tensor, f: Callable[[Any], Any], points: Tensor) -> bool:
    """Whether answers differ by no more than rounding explains."""
    if a.shape != b.shape:
        return False
    if torch.allclose(a, b, rtol=SAME, atol=0, equal_nan=True):
        return True
    allowed = EXPLAINED * rounding_noise(lambda x: f(x.clone()), points, a)
    return bool(((a - b).abs() <= allowed + SAME * a.abs()).logical_or(a.isnan() & b.isnan()).all())

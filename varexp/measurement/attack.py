"""Lower bounds of sups: gradient ascent from many starts. Whatever it returns was attained at an evaluated point."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.maps.norms import TokenNorm
from varexp.maps.patterns import generator

DISTANCES, NEARBY = (1e-1, 1e-3, 1e-5, 1e-7), 64  # of nearby pairs, and how many at each
RELATIVE = 1e-12  # float64 rounding of a map, relative to the sizes of its arguments and values
Map = Callable[[Tensor], Tensor]


def ascend(
    objective: Callable[[Tensor], Tensor],
    start: Float[Tensor, "*batch parameters"],
    project: Callable[[Tensor], Tensor],
    step: float,
    iterations: int,
) -> Float[Tensor, "*batch parameters"]:
    """Projected gradient ascent of each point by itself: unit direction, step doubled on success, else quartered.

    `objective` maps points (*batch, parameters) to values (*batch), each of its own point alone. The value at the
    result is never below the value at the start.
    """

    def evaluate(theta: Tensor) -> tuple[Tensor, Tensor]:
        theta = theta.detach().requires_grad_()
        value = objective(theta)
        if not value.requires_grad:  # a constant function
            return value.detach(), torch.zeros_like(theta)
        (gradient,) = torch.autograd.grad(value.sum(), theta)
        gradient = gradient.nan_to_num(0.0, 0.0, 0.0)  # a norm has no gradient at 0
        direction = gradient / gradient.norm(dim=-1, keepdim=True).clamp_min(1e-300)
        return value.detach(), direction

    best = start.detach()
    value, direction = evaluate(best)
    steps = torch.full_like(value, step)
    for _ in range(iterations):
        candidate = project(best + steps[..., None] * direction)
        new_value, new_direction = evaluate(candidate)
        better = new_value > value
        best = torch.where(better[..., None], candidate, best)
        direction = torch.where(better[..., None], new_direction, direction)
        value = torch.where(better, new_value, value)
        steps = torch.where(better, 2 * steps, steps / 4)
    return best


@dataclass(frozen=True)
class Pair:
    """Two token maps and the secant ratio ‖f(a) − f(b)‖/‖a − b‖ that they witness; float64 may owe `rounding` of it."""

    a: Float[Tensor, "tokens channels"]
    b: Float[Tensor, "tokens channels"]
    ratio: float
    rounding: float


def secant_ratio(f: Map, a: Tensor, b: Tensor, norm: TokenNorm) -> Tensor:
    """‖f(a) − f(b)‖/‖a − b‖ for token maps (..., tokens, channels)."""
    return norm(f(a) - f(b)) / norm(a - b)


def witness(f: Map, a: Tensor, b: Tensor, norm: TokenNorm) -> Pair:
    """The pair of two token maps; its rounding follows from the sizes of the values that are subtracted."""
    ratio = float(secant_ratio(f, a, b, norm))
    size = norm(f(a)) + norm(f(b)) + ratio * (norm(a) + norm(b))
    return Pair(a, b, ratio, RELATIVE * float(size / norm(a - b)))


def nearby_pair(f: Map, tokens: int, channels: int, norm: TokenNorm) -> Pair:
    """The steepest of random pairs at each of DISTANCES, less what rounding may owe of it: a lower bound of Lip(f).

    A ripple that is finer than the pairs of `steepest_pair` are long shows on these alone.
    """
    source, best = generator("nearby pairs", tokens, channels), None
    for distance in DISTANCES:
        a, v = (torch.randn(NEARBY, tokens, channels, dtype=torch.float64, generator=source) for _ in range(2))
        b = a + distance * v
        top = int(secant_ratio(f, a, b, norm).nan_to_num(0.0).argmax())
        found = witness(f, a[top], b[top], norm)
        if best is None or found.ratio - found.rounding > best.ratio - best.rounding:
            best = found
    assert best is not None
    return best


def steepest_pair(
    f: Map, tokens: int, channels: int, norm: TokenNorm, *, starts: int = 16, iterations: int = 80
) -> Pair:
    """A pair of token maps with a secant ratio as large as could be found: a lower bound of Lip(f).

    A pair is a ± v/2 with ‖v‖ fixed. v takes the steepest direction of the ratio, which is power iteration on JᵀJ in
    rms; a takes normalised gradient steps that shrink. In max a start pushes on one output entry of its own
    (`search_objective`). Half of the starts have v constant over tokens; two lie
    far out, where piecewise maps are linear.
    """
    starts = norm.search_starts(starts, f(torch.zeros(tokens, channels, dtype=torch.float64)).numel())
    source = generator("pairs", tokens, channels)
    a = torch.randn(starts, tokens, channels, dtype=torch.float64, generator=source)
    a[0], a[1] = 10.0, -10.0
    v = torch.randn(starts, tokens, channels, dtype=torch.float64, generator=source)
    constant = torch.randn(starts, 1, channels, dtype=torch.float64, generator=source).expand_as(v)
    reach = 1e-2  # short enough for a curved map to be straight, long enough to lose no digits that matter
    v = reach * norm.steepest(torch.where(torch.arange(starts)[:, None, None] % 2 == 0, constant, v))
    best = witness(f, a[0] + v[0] / 2, a[0] - v[0] / 2, norm)
    for iteration in range(iterations):
        a, v = a.detach().requires_grad_(), v.detach().requires_grad_()
        difference = f(a + v / 2) - f(a - v / 2)
        gradient_a, gradient_v = torch.autograd.grad(norm.search_objective(difference).sum(), (a, v))
        a, v = a.detach(), v.detach()
        ratio = secant_ratio(f, a + v / 2, a - v / 2, norm).nan_to_num(0.0)
        top = int(ratio.argmax())
        if float(ratio[top]) > best.ratio:
            best = witness(f, (a + v / 2)[top], (a - v / 2)[top], norm)
        step = 0.3 * (1 - iteration / iterations) ** 2 + 1e-3  # from a share of a phase down to well below it
        a = a + step * norm.steepest(gradient_a.nan_to_num(0.0))
        v = reach * norm.steepest(gradient_v.nan_to_num(0.0))
    return best

"""Piecewise linear functions, enclosed between two parallel lines: relu, |x|, minimum, maximum."""

import torch
from torch import Tensor

from varexp.enclosure.combining import add_all
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.nonlinear import at_least, between_parallel_lines
from varexp.enclosure.rounding import UNIT, tiny_where


def range_of(x: ChebyshevModel) -> tuple[Tensor, Tensor]:
    """An interval that holds every value of x."""
    centre, D = x.polynomial[0], x.deviation(x.uncertainty())
    D = D * (1 + 8 * UNIT) + 4 * UNIT * centre.abs() + tiny_where(D > 0)
    return centre - D, centre + D


def relu(x: ChebyshevModel) -> ChebyshevModel:
    """max(x, 0): linear where x has one sign; elsewhere between its chord and the parallel line through 0."""
    low, high = range_of(x)
    chord = high / (high - low)
    slope = torch.where(low >= 0, 1.0, torch.where(high <= 0, 0.0, chord))
    half = torch.where((low >= 0) | (high <= 0), 0.0, torch.maximum(high * (1 - slope), -slope * low) / 2)
    return at_least(between_parallel_lines(x, slope, half * (1 + 8 * UNIT)), 0.0)


def absolute(x: ChebyshevModel) -> ChebyshevModel:
    """|x|, in the same way: for a slope in [-1, 1], |x| − slope·x is between 0 and its larger value at the two ends."""
    low, high = range_of(x)
    chord = (high + low) / (high - low)
    slope = torch.where(low >= 0, 1.0, torch.where(high <= 0, -1.0, chord))
    half = torch.where((low >= 0) | (high <= 0), 0.0, torch.maximum(high * (1 - slope), -low * (1 + slope)) / 2)
    return at_least(between_parallel_lines(x, slope, half * (1 + 8 * UNIT)), 0.0)


def minimum(a: ChebyshevModel, b: ChebyshevModel) -> ChebyshevModel:
    """min(a, b) = a − relu(a − b)."""
    return add_all([a, relu(add_all([a, b.negate()])).negate()])


def maximum(a: ChebyshevModel, b: ChebyshevModel) -> ChebyshevModel:
    """max(a, b) = a + relu(b − a)."""
    return add_all([a, relu(add_all([b, a.negate()]))])

"""Sums, means and what is made of them at numbers, along every axis, with the axis kept or not."""

import math
from fractions import Fraction

import pytest
import torch
from agreement import X, assert_agrees, assert_has_torchs_defaults, exactly, numbers
from random_models import random_model
from torch.nn import functional as F  # noqa: N812

from varexp.enclosure import Enclosure, UnknownOperationError
from varexp.enclosure.operations.reductions import normalize
from varexp.enclosure.rounding import UNIT

IMAGE, LINE = numbers(2, 3, 4, 5), numbers(3, 6)
NORM = torch.linalg.vector_norm
REDUCTIONS = {
    "sum": lambda x, d, k: x.sum(d, k),
    "mean": lambda x, d, k: x.mean(d, k),
    "var": lambda x, d, k: x.var(dim=d, keepdim=k),
    "var of 0": lambda x, d, k: x.var(dim=d, correction=0, keepdim=k),
    "var by place": lambda x, d, k: x.var(d, False, k),
    "var over n": lambda x, d, k: x.var(d, True, k),
    "norm": lambda x, d, k: NORM(x, dim=d, keepdim=k),
    "norm 1": lambda x, d, k: NORM(x, 1, d, k),
    "norm inf": lambda x, d, k: NORM(x, math.inf, d, k),
    "logsumexp": lambda x, d, k: torch.logsumexp(x * 2, d, k),
}
AXES = (-1, 1, (1, 2), (2,), (-1, -2), 2)


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("keepdim", [False, True])
def test_reductions_along_every_axis(name, keepdim):
    for axes in AXES:
        assert_agrees(lambda x, axes=axes: REDUCTIONS[name](x, axes, keepdim))
    assert_agrees(lambda x: REDUCTIONS[name](x, 1, keepdim), LINE)
    for axes in (1, 2, 3, (1, 3), (1, 2, 3), (2, 3), (1, 2)):
        assert_agrees(lambda x, axes=axes: REDUCTIONS[name](x, axes, keepdim), IMAGE)


USES = {
    "sum by default": lambda x: x.sum(dim=-1),
    "sum of a value": lambda x: (x @ x.mT).sum(-1, keepdim=True),
    "sum of what stays": lambda x: x.sum(1, keepdim=True) + x.sum(2, keepdim=True) - x,
    "mean by default": lambda x: x.mean(dim=1),
    "mean of four": lambda x: x[..., :4].mean(-1, keepdim=True),
    "mean of one": lambda x: x[..., :1].mean(-1, keepdim=True),
    "prod": lambda x: x.prod(dim=1),
    "prod kept": lambda x: x.prod(2, keepdim=True),
    "var by default": lambda x: x.var(dim=-1),
    "var of two": lambda x: torch.var(x[..., :2], -1),
    "var with more": lambda x: torch.var(x, -1, correction=3),
    "norm by default": lambda x: NORM(x, dim=-1),
    "norm 2": lambda x: NORM(x, 2.0, dim=-1),
    "logsumexp by default": lambda x: torch.logsumexp(x, -1),
    "logsumexp of much": lambda x: torch.logsumexp(300 * x, -1),
    "cumsum": lambda x: x.cumsum(1),
    "cumsum last": lambda x: x.cumsum(-1),
    "cumsum of a line": lambda x: x[:, 0].cumsum(1),
    "cumsum of an image": lambda x: x.unflatten(2, (5, 1)).cumsum(1),
    "cumsum of an image's rows": lambda x: x.unflatten(2, (5, 1)).cumsum(2),
    "log_softmax": lambda x: F.log_softmax(x, dim=-1),
    "log_softmax of rows": lambda x: x.log_softmax(dim=1),
    "normalize": F.normalize,
    "normalize last": lambda x: F.normalize(x, dim=-1),
    "normalize by 1": lambda x: F.normalize(x, 1.0, -1),
    "normalize of little": lambda x: F.normalize(x, dim=-1, eps=5.0),
    "normalize of less": lambda x: F.normalize(x * 1e-13, dim=-1),
}


@pytest.mark.parametrize("name", USES)
def test_values_are_torchs(name):
    assert_agrees(USES[name])


def test_defaults_are_torchs():
    assert_has_torchs_defaults(normalize)


@pytest.mark.parametrize("dim", [1, 2])
def test_sums_that_keep_one_of_the_last_two_axes_are_linear_maps(dim):
    for reduce in (torch.sum, torch.mean):
        found = reduce(exactly(X), dim, keepdim=True)
        assert found.expression._model is None
        (term,) = found.expression.terms
        assert term.model.remainder.shape == X.shape
    assert exactly(X).cumsum(dim).expression._model is None


REFUSED = {
    "sum": lambda x: x.sum(),
    "sum of no axes": lambda x: x.sum(()),
    "sum of cells": lambda x: x.sum(0),
    "sum of an axis twice": lambda x: x.sum((1, -2)),
    "mean": lambda x: x.mean(),
    "mean of no axes": lambda x: x.mean([]),
    "mean of cells": lambda x: x.mean((0, 1)),
    "prod": lambda x: x.prod(),
    "prod of cells": lambda x: x.prod(0),
    "var": lambda x: x.var(),
    "var of one": lambda x: x[..., :1].var(-1),
    "var of fewer": lambda x: x.var(-1, correction=5),
    "var of fewer still": lambda x: x.var(-1, correction=6),
    "norm": lambda x: NORM(x),
    "norm 3": lambda x: NORM(x, 3, -1),
    "norm 0": lambda x: NORM(x, 0, -1),
    "norm -inf": lambda x: NORM(x, -math.inf, -1),
    "logsumexp of cells": lambda x: torch.logsumexp(x, 0),
    "cumsum of cells": lambda x: x.cumsum(0),
    "log_softmax of cells": lambda x: x.log_softmax(0),
    "log_softmax by place": lambda x: x.log_softmax(-1, 3),
    "var by place": lambda x: x.var(-1, True, False, 2),
    "normalize of cells": lambda x: F.normalize(x, dim=0),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    with pytest.raises(UnknownOperationError):
        REFUSED[name](exactly(X))


def test_sums_of_what_is_not_negative_are_not_negative():
    x = Enclosure.of(random_model(1, 1, 2, (), 0.3, centre=0.0))
    for dim, keepdim in ((-1, False), (-1, True), (1, True), ((1, 2), False)):
        assert bool((x.square().sum(dim, keepdim).model().least == 0).all())
        assert x.sum(dim, keepdim).model().least is None
        assert (x - x.mean(-1, True)).sum(dim, keepdim).model().least is None
        shifted = x.square() - 1
        shifted.model()
        assert shifted.sum(dim, keepdim).model().least is None
    below = x.square() + 0.0
    known = below.model()
    known.least = torch.full_like(known.remainder, -0.5)
    found = below.sum(-1).model().least
    assert found is None or bool((found <= -0.5).all())


@pytest.mark.parametrize("n", range(1, 18))
def test_a_mean_of_ones_is_one_and_allows_for_the_rounding_of_one_over_n(n):
    ones = torch.ones(1, 2, n, dtype=torch.float64)
    (term,) = exactly(ones).mean(-1, keepdim=True).expression.terms
    weight, exact = Fraction(float(term.right.value.flatten()[0])), Fraction(1, n)
    allowed = 0.0 if term.right.error is None else float(term.right.error.max())
    assert abs(weight - exact) <= Fraction(allowed)
    assert allowed == (0.0 if n in (1, 2, 4, 8, 16) else UNIT / n)

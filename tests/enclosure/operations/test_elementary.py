"""Elementary functions, powers and exponentials at numbers."""

import math

import pytest
import torch
from agreement import X, assert_agrees, exactly
from random_models import escapes, new_symbols, random_model

from varexp.enclosure import Enclosure, UnknownOperationError

USES = {
    "sin": torch.sin,
    "cos": torch.cos,
    "exp": torch.exp,
    "erf": torch.erf,
    "tanh": torch.tanh,
    "atan": torch.atan,
    "relu": torch.relu,
    "abs": torch.abs,
    "square": torch.square,
    "reciprocal": lambda x: (x + 4).reciprocal(),
    "sqrt": lambda x: (x + 4).sqrt(),
    "rsqrt": lambda x: (x + 4).rsqrt(),
    "log": lambda x: (x + 4).log(),
    "expm1": torch.expm1,
    "log1p": lambda x: torch.log1p(x + 3),
    "erfc": torch.erfc,
    "sigmoid": torch.sigmoid,
    "sinh": torch.sinh,
    "cosh": torch.cosh,
    "exp2": torch.exp2,
    "log2": lambda x: torch.log2(x + 4),
    "log10": lambda x: torch.log10(x + 4),
    "to the first": lambda x: x**1,
    "squared": lambda x: x**2,
    "cubed": lambda x: x**3.0,
    "to the fourth": lambda x: x**4,
    "to the seventh": lambda x: torch.pow(x, 7),
    "by a tensor": lambda x: torch.pow(x, torch.tensor(5.0, dtype=torch.float64)),
    "over": lambda x: (x - 9) ** -1,
    "over the square": lambda x: (x - 9) ** -2,
    "over the cube": lambda x: (x - 9) ** -3.0,
    "a root": lambda x: (x + 9) ** 0.5,
    "a broken power": lambda x: (x + 9) ** 1.7,
    "over a broken power": lambda x: (x + 9) ** -1.3,
    "the 64th": lambda x: (x / 3) ** 64,
    "the 65th": lambda x: (x / 30 + 1) ** 65,
    "3^x": lambda x: 3**x,
    "0.3^x": lambda x: torch.pow(0.3, x),
    "1^x": lambda x: 1.0**x,
    "a tensor^x": lambda x: torch.pow(torch.tensor(2.5, dtype=torch.float64), x),
}


@pytest.mark.parametrize("name", USES)
def test_values_are_torchs(name):
    assert_agrees(USES[name], reach=1e-9 if "th" in name else 1e-11)


def test_whole_powers_hold_below_zero_as_well():
    for exponent in (2, 3, 6, 64):
        assert escapes(lambda x, n=exponent: (x / 3) ** n, random_model(3, 1, 3, new_symbols(2), 0.3)) == 0


def test_even_powers_are_as_sharp_as_squares():
    """x⁴ for x around 0 is known not to be negative, which a product of x³ and x would not know."""
    x = Enclosure.of(random_model(3, 1, 1, (), 0.3, centre=0.0))
    for n in (2, 4, 8):
        least = (x**n).model().least
        assert least is not None
        assert bool((least >= 0).all())


REFUSED = {
    "the power 0": lambda x: x**0,
    "the power 0 of a float": lambda x: x**0.0,
    "the base 0": lambda x: 0.0**x,
    "a base below 0": lambda x: torch.pow(-2.0, x),
    "a base that is no number": lambda x: math.nan**x,
    "several exponents": lambda x: x ** torch.ones(5, dtype=torch.float64),
    "several bases": lambda x: torch.ones(5, dtype=torch.float64) ** x,
    "a power that varies": lambda x: x**x,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    with pytest.raises(UnknownOperationError):
        REFUSED[name](exactly(X))


def test_roots_of_what_may_be_negative_are_unbounded():
    x = Enclosure.of(random_model(3, 1, 1, (), 0.3, centre=0.0))
    for exponent in (0.5, 1.5, -1, -2, -0.5, -3):
        assert not bool((x**exponent).model().remainder.isfinite().any())

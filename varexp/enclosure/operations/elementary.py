"""Elementary functions of entries, powers and roots."""

import math
from collections.abc import Callable
from typing import Any

from flint import arb

from varexp.enclosure import functions, kinks, powers
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.operands import as_number
from varexp.enclosure.operations.arithmetic import add, mul, neg, sub
from varexp.enclosure.protocol import Enclosure, rule
from varexp.enclosure.refusals import UnknownOperationError
from varexp.enclosure.rounding import UNIT
from varexp.enclosure.tabulated import tabulate


def _register(f: Callable[[ChebyshevModel], ChebyshevModel], *names: str, operators: tuple[str, ...] = ()) -> None:
    def apply(x: Enclosure) -> Enclosure:
        return Enclosure.of(f(x.model()))

    rule(*names, operators=operators)(apply)


_register(functions.sin, "sin")
_register(functions.cos, "cos")
_register(functions.exp, "exp")
_register(powers.log, "log")
_register(functions.erf, "erf")
_register(functions.tanh, "tanh")
_register(functions.atan, "atan", "arctan")
_register(powers.sqrt, "sqrt")
_register(powers.rsqrt, "rsqrt")
_register(powers.square, "square")
_register(powers.inverse, "reciprocal")
_register(kinks.relu, "relu")
_register(kinks.absolute, "abs", "absolute", operators=("__abs__",))


@rule("expm1")
def expm1(x: Enclosure) -> Enclosure:
    return add(x.exp(), -1.0)


@rule("log1p")
def log1p(x: Enclosure) -> Enclosure:
    return add(x, 1.0).log()


@rule("erfc")
def erfc(x: Enclosure) -> Enclosure:
    return sub(1.0, x.erf())


@rule("sigmoid", "expit")
def sigmoid(x: Enclosure) -> Enclosure:
    """1/(1 + e^{−x}) = (1 + tanh(x/2))/2."""
    return add(mul(mul(x, 0.5).tanh(), 0.5), 0.5)


@rule("sinh")
def sinh(x: Enclosure) -> Enclosure:
    return mul(sub(x.exp(), neg(x).exp()), 0.5)


@rule("cosh")
def cosh(x: Enclosure) -> Enclosure:
    return mul(add(x.exp(), neg(x).exp()), 0.5)


def _log_of(base: float) -> float:
    """log base, rounded once."""
    return float(tabulate(lambda number: arb(number).log(), [base]))


def _exponential(x: Enclosure, base: float) -> Enclosure:
    """base^x = e^{x log base}; the factor is off by 4u relative: its rounding and that of the product."""
    if not base > 0:
        raise UnknownOperationError(
            f"{base} to a power that depends on the point has no enclosure: the base is above 0"
        )
    exponent = mul(x, _log_of(base)).model().with_relative_error(4 * UNIT)
    return Enclosure.of(functions.exp(exponent))


@rule("exp2")
def exp2(x: Enclosure) -> Enclosure:
    return _exponential(x, 2.0)


@rule("log2")
def log2(x: Enclosure) -> Enclosure:
    return Enclosure.of(mul(x.log(), 1 / _log_of(2)).model().with_relative_error(8 * UNIT))


@rule("log10")
def log10(x: Enclosure) -> Enclosure:
    return Enclosure.of(mul(x.log(), 1 / _log_of(10)).model().with_relative_error(8 * UNIT))


@rule("pow", operators=("__pow__",))
def power(x: Any, exponent: Any) -> Enclosure:
    if not isinstance(x, Enclosure):
        base = as_number(x)
        if base is None:
            raise UnknownOperationError(
                "a tensor to a power that depends on the point has no enclosure: use exp and log"
            )
        return _exponential(exponent, base)
    number = as_number(exponent)
    if number is None:
        raise UnknownOperationError("a power has an enclosure only with one constant number as its exponent")
    return _power(x, int(number)) if 0 < number <= 64 and number == int(number) else _real_power(x, number)


def _power(x: Enclosure, exponent: int) -> Enclosure:
    """A whole power, by squaring: as sharp for even exponents as squares are."""
    if exponent == 1:
        return Enclosure.of(x.model())
    half = _power(x, exponent // 2)
    squared = Enclosure.of(powers.square(half.model()))
    return mul(squared, x) if exponent % 2 else squared


def _real_power(x: Enclosure, exponent: float) -> Enclosure:
    if exponent == 0 or not math.isfinite(exponent):
        raise UnknownOperationError(f"a power with the exponent {exponent} has no enclosure: write the constant")
    if exponent == -1:
        return Enclosure.of(powers.inverse(x.model()))
    if exponent < 0 and exponent == int(exponent):  # whole powers have values for x < 0 as well
        return Enclosure.of(powers.inverse(_power(x, -int(exponent)).model()))
    return Enclosure.of(powers.power(x.model(), exponent))


@rule(operators=("__rpow__",))
def reversed_power(x: Enclosure, base: Any) -> Enclosure:
    return power(base, x)

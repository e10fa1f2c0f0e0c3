"""Elementary functions made of IEEE 754 operations alone, so that a bound of their errors can be proved.

torch's own exp, log, sin and their like are not correctly rounded, differ between processors, and no bound of their
errors is published. A function here looks up numbers in a table that `tabulated` proved, and evaluates a polynomial.
It uses sums, products, quotients, rounding to whole numbers and shifts of an exponent, which IEEE 754 prescribes.
Whether a product and a sum are fused, and so rounded once instead of twice, does not matter to the bounds.

The functions whose names begin with `_of_` are the parts that round. They are written for tensors and for the numbers
of tests/enclosure/proofs.py alike, which carry a ball and a bound of the rounding so far: test_libm.py runs them on
balls that cover every table entry and every reduced argument, and proves the bounds below.
"""

from varexp.enclosure.libm.common import (
    ATAN_ERROR,
    ERF_ERROR,
    EXP_ERROR,
    GELU_ERROR,
    LOG_ERROR,
    SIGMOID_ERROR,
    SIN_ERROR,
    SIN_LIMIT,
    SMALLEST_EXP,
    SOFTPLUS_ERROR,
    TANH_ERROR,
)
from varexp.enclosure.libm.error_function import erf, gelu
from varexp.enclosure.libm.exponential import cosh, exp, sigmoid
from varexp.enclosure.libm.hyperbolic import tanh
from varexp.enclosure.libm.logarithm import log, power, power_error, softplus, sqrt
from varexp.enclosure.libm.trigonometric import atan, cos, sin

__all__ = [
    "ATAN_ERROR",
    "ERF_ERROR",
    "EXP_ERROR",
    "GELU_ERROR",
    "LOG_ERROR",
    "SIGMOID_ERROR",
    "SIN_ERROR",
    "SIN_LIMIT",
    "SMALLEST_EXP",
    "SOFTPLUS_ERROR",
    "TANH_ERROR",
    "atan",
    "cos",
    "cosh",
    "erf",
    "exp",
    "gelu",
    "log",
    "power",
    "power_error",
    "sigmoid",
    "sin",
    "softplus",
    "sqrt",
    "tanh",
]

"""Elementary functions made of IEEE 754 operations alone, so that a bound of their errors can be proved.

torch's own exp, log, sin and their like are not correctly rounded, differ between processors, and no bound of their
errors is published. A function here looks up numbers in a table that `tables` proved, and evaluates a short polynomial.
It uses sums, products, quotients, rounding to whole numbers and shifts of an exponent, which IEEE 754 prescribes.
Whether a product and a sum are fused, and so rounded once instead of twice, does not matter to the bounds.

The functions whose names begin with `_of_` are the parts that round. They are written for tensors and for the numbers
of tests/enclosure/proofs.py alike, which carry a ball and a bound of the rounding so far: test_libm.py runs them on
balls that cover every table entry and every reduced argument, and proves the bounds below.
"""

import math
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from flint import arb, arb_series, ctx, fmpq
from torch import Tensor

from varexp.enclosure.rounding import UNIT
from varexp.enclosure.tables import tabulate

# Proved bounds of the errors. Those of exp hold relative to the value, the others absolutely.
EXP_ERROR = 7 * UNIT
SMALLEST_EXP = 2.0**-1022  # exp may be off by so much more: values below it are 0
LOG_ERROR = 4 * UNIT  # times 1 + |log x|
SIN_ERROR = 4 * UNIT
SIN_LIMIT = 2.0**14  # of |x|; beyond it sin and cos are known to lie in [−1, 1] alone
TANH_ERROR = 6 * UNIT
SIGMOID_ERROR = 5 * UNIT
ERF_ERROR = 4 * UNIT
ATAN_ERROR = 4 * UNIT
SOFTPLUS_ERROR = 14 * UNIT  # times 1 + |x|
GELU_ERROR = 6 * UNIT  # times |x|

BLOCK = 2**15  # numbers that are computed at once, so that they stay in the cache


def _blockwise(f: Any, x: Tensor) -> Tensor:
    """f of all numbers of x, in the shape of x; f takes one axis of numbers and returns another."""
    numbers = x.reshape(-1)
    if len(numbers) <= BLOCK:
        return f(numbers).reshape(x.shape)
    return torch.cat([f(part) for part in numbers.split(BLOCK)]).reshape(x.shape)


def _split(step: arb, bits: int) -> tuple[float, float]:
    """step as a sum of a number with at most `bits` bits below 1 and of a number of float64."""
    high = math.floor(float(step) * 2.0**bits) / 2.0**bits
    return high, float(step - high)


# Whole numbers near 0 are read off the last bits of x + SHIFT, which rounds x.
SHIFT = 1.5 * 2.0**52

EXP_PARTS = 2**14  # table entries 2^(j/EXP_PARTS)
with ctx.workprec(160):
    EXP_STEP = _split(arb.const_log2() / EXP_PARTS, 42)
    PER_EXP_STEP = float(EXP_PARTS / arb.const_log2())
EXP_SHIFT = torch.tensor(SHIFT + 1023 * EXP_PARTS, dtype=torch.float64)
# e^r − 1 is close to r(slope + r/2) for |r| <= log(2)/2/EXP_PARTS: the cubic r³/6 is closest to a multiple of r
EXP_SLOPE = torch.tensor(1 + (math.log(2) / EXP_PARTS) ** 2 / 32, dtype=torch.float64)


@lru_cache(maxsize=1)
def exp_table() -> Tensor:
    """2^(j/EXP_PARTS)."""
    return tabulate(lambda j: (arb.const_log2() * fmpq(j, EXP_PARTS)).exp(), range(EXP_PARTS))


def _of_exp(r: Any, power: Any) -> Any:
    """power·e^r; overwrites the power."""
    p = torch.add(EXP_SLOPE, r, alpha=0.5).mul_(r)
    return power.addcmul_(power, p)


def _exp(x: Tensor) -> Tensor:
    # below −708.4 the exponent's bits are 0, which is the number 0; above 709.8 they are those of infinity
    x = x.clamp(-709.0, 710.0)
    shifted = torch.add(EXP_SHIFT, x, alpha=PER_EXP_STEP)
    k = shifted - EXP_SHIFT
    r = x.sub_(k, alpha=EXP_STEP[0]).sub_(k, alpha=EXP_STEP[1])
    bits = shifted.view(torch.int64)
    result = _of_exp(r, exp_table().index_select(0, bits & (EXP_PARTS - 1)))
    exponent = bits.bitwise_right_shift_(EXP_PARTS.bit_length() - 1).bitwise_left_shift_(52)
    return result.mul_(exponent.view(torch.float64))


def exp(x: Tensor) -> Tensor:
    """e^x, off by at most EXP_ERROR relative to itself, or SMALLEST_EXP."""
    return _blockwise(_exp, x)


def sigmoid(x: Tensor) -> Tensor:
    """1/(1 + e^{−x}), off by at most SIGMOID_ERROR."""
    return 1 / (exp(-x) + 1)


def cosh(x: Tensor) -> Tensor:
    """(e^x + e^{−x})/2, off by at most 2·EXP_ERROR relative to itself."""
    power = exp(x.abs())
    return (power + 1 / power) / 2


TANH_PARTS, TANH_END = 2**9, 20  # parts of a unit, whose ends are tabulated; where tanh is 1
TANH_SHIFT = SHIFT / TANH_PARTS
FIRST_TANH = int(np.float64(TANH_SHIFT).view(np.int64)) - TANH_PARTS * TANH_END  # the bits of TANH_SHIFT − TANH_END


@lru_cache(maxsize=1)
def tanh_table() -> Tensor:
    """tanh(j/TANH_PARTS) from −TANH_END to TANH_END."""
    ends = TANH_PARTS * TANH_END
    return tabulate(lambda j: arb(fmpq(j, TANH_PARTS)).tanh(), range(-ends, ends + 1))


def _of_tanh(r: Any, node: Any) -> Any:
    """(node + tanh r)/(1 + node·tanh r) for small r."""
    t = (r * r).mul_(-1 / 3).mul_(r).add_(r)
    return (node + t).div_((node * t).add_(1))


def _tanh(x: Tensor) -> Tensor:
    x = x.clamp(-TANH_END, TANH_END)
    shifted = x + TANH_SHIFT
    r = x.sub_(shifted - TANH_SHIFT)  # exact
    place = (shifted.view(torch.int64) - FIRST_TANH).clamp_(0, 2 * TANH_PARTS * TANH_END)  # nan has other bits
    return _of_tanh(r, tanh_table().index_select(0, place))


def tanh(x: Tensor) -> Tensor:
    """tanh x, off by at most TANH_ERROR."""
    return _blockwise(_tanh, x)


LOG_PARTS = 2**11  # parts of [1/2, 1), whose middles' inverses and logarithms are tabulated
with ctx.workprec(160):
    LOG_2 = float(arb.const_log2())


@lru_cache(maxsize=1)
def log_tables() -> tuple[Tensor, Tensor]:
    """1/c for the middles c of the parts of [1/2, 1), and −log of the numbers in this table."""
    inverses = tabulate(lambda i: arb(fmpq(4 * LOG_PARTS, 2 * (LOG_PARTS + i) + 1)), range(LOG_PARTS))
    return inverses, tabulate(lambda inverse: -arb(inverse).log(), inverses.tolist())


def _of_log(mantissa: Any, inverse: Any, log_of_inverse: Any, exponent: Any) -> Any:
    """exponent·log 2 + log mantissa, with the mantissa times the inverse close to 1."""
    z = (mantissa * inverse).add_(-1)
    p = (z * -0.25).add_(1 / 3).mul_(z).add_(-0.5).mul_(z).add_(1).mul_(z)
    return (exponent * LOG_2).add_(p.add_(log_of_inverse))


def _log(x: Tensor) -> Tensor:
    mantissa, exponent = torch.frexp(x)
    place = ((mantissa * (2 * LOG_PARTS)).to(torch.int64) - LOG_PARTS).clamp_(0, LOG_PARTS - 1)
    inverses, logs = log_tables()
    result = _of_log(mantissa, inverses.index_select(0, place), logs.index_select(0, place), exponent.to(torch.float64))
    return torch.where(x == math.inf, math.inf, torch.where(x == 0, -math.inf, torch.where(x > 0, result, torch.nan)))


def log(x: Tensor) -> Tensor:
    """log x, off by at most LOG_ERROR(1 + |log x|); −inf at 0, nan below."""
    return _blockwise(_log, x)


def softplus(x: Tensor) -> Tensor:
    """log(1 + e^x) = max(x, 0) + log(1 + e^{−|x|}), off by at most SOFTPLUS_ERROR(1 + |x|)."""
    return x.clamp_min(0) + log(exp(-x.abs()) + 1)


TURN_PARTS = 2**14  # table entries sin(2πj/TURN_PARTS)
with ctx.workprec(160):
    TURN_STEP = _split(2 * arb.pi() / TURN_PARTS, 38)
    PER_TURN_STEP = float(TURN_PARTS / (2 * arb.pi()))


@lru_cache(maxsize=1)
def sin_table() -> Tensor:
    """sin(2πj/TURN_PARTS) over one and a quarter turns."""
    return tabulate(lambda j: arb.sin_pi(arb(fmpq(2 * j, TURN_PARTS))), range(TURN_PARTS + TURN_PARTS // 4))


def _of_sin(r: Any, sine: Any, cosine: Any) -> Any:
    """sine·cos r + cosine·sin r for small r."""
    square = r * r
    p = (square * (-1 / 6)).mul_(r).add_(r).mul_(cosine)
    return (square * -0.5).mul_(sine).add_(p).add_(sine)


def _sin(x: Tensor, quarter: int) -> Tensor:
    """sin(x + quarter·π/2)."""
    x = x.clamp(-SIN_LIMIT, SIN_LIMIT)
    shifted = (x * PER_TURN_STEP).add_(SHIFT)
    k = shifted - SHIFT
    r = x.sub_(k, alpha=TURN_STEP[0]).sub_(k, alpha=TURN_STEP[1])
    place = (shifted.view(torch.int64) + quarter * (TURN_PARTS // 4)).bitwise_and_(TURN_PARTS - 1)
    sine, cosine = sin_table().index_select(0, place), sin_table().index_select(0, place + TURN_PARTS // 4)
    return _of_sin(r, sine, cosine)


def sin(x: Tensor) -> Tensor:
    """sin x, off by at most SIN_ERROR where |x| <= SIN_LIMIT; within [−1 − SIN_ERROR, 1 + SIN_ERROR] elsewhere."""
    return _blockwise(lambda x: _sin(x, 0), x)


def cos(x: Tensor) -> Tensor:
    """cos x, as `sin`."""
    return _blockwise(lambda x: _sin(x, 1), x)


ERF_PARTS, ERF_END, ERF_DEGREE = 64, 6, 7  # parts of a unit; where erf is 1; of the Taylor polynomial of each part


@lru_cache(maxsize=1)
def erf_tables() -> Tensor:
    """Taylor coefficients (degree + 1, parts) of erf at the middles of the parts of [0, ERF_END]."""
    parts = range(ERF_PARTS * ERF_END)
    middles = [arb_series([fmpq(2 * i + 1, 2 * ERF_PARTS), 1], prec=ERF_DEGREE + 1) for i in parts]
    with ctx.workprec(160):
        series = [middle.erf() for middle in middles]
    columns = tabulate(lambda coefficient: coefficient, [s[n] for n in range(ERF_DEGREE + 1) for s in series])
    return columns.reshape(ERF_DEGREE + 1, len(series))


def _of_erf(t: Any, coefficients: Any) -> Any:
    """The polynomial with these coefficients, constant first."""
    *lower, leading = coefficients
    p = leading * t
    for c in reversed(lower[1:]):
        p = p.add_(c).mul_(t)
    return p.add_(lower[0])


def _erf(x: Tensor) -> Tensor:
    size = x.abs().clamp_max_(ERF_END * (1 - 2.0**-20))
    place = (size * ERF_PARTS).to(torch.int64).clamp_(0, ERF_PARTS * ERF_END - 1)
    t = size.sub_((place.to(torch.float64) + 0.5) / ERF_PARTS)
    return _of_erf(t, [c.index_select(0, place) for c in erf_tables()]).copysign_(x)


def erf(x: Tensor) -> Tensor:
    """erf x, off by at most ERF_ERROR."""
    return _blockwise(_erf, x)


def gelu(x: Tensor) -> Tensor:
    """x·(1 + erf(x/√2))/2, off by at most GELU_ERROR·|x|, or SMALLEST."""
    return (erf(x * math.sqrt(0.5)) + 1).mul_(0.5).mul_(x)


ATAN_PARTS = 2**8  # table entries atan(j/ATAN_PARTS)
with ctx.workprec(160):
    HALF_PI = float(arb.pi() / 2)


@lru_cache(maxsize=1)
def atan_table() -> Tensor:
    return tabulate(lambda j: arb(fmpq(j, ATAN_PARTS)).atan(), range(ATAN_PARTS + 1))


def _of_atan(size: Any, node: Any, atan_of_node: Any) -> Any:
    """atan(node) + atan((size − node)/(1 + size·node)), with the argument of the second small."""
    z = (size - node) / (size * node).add_(1)
    square = z * z
    return (square * 0.2).add_(-1 / 3).mul_(square).mul_(z).add_(z).add_(atan_of_node)


def _atan(x: Tensor) -> Tensor:
    size = x.abs()
    beyond = size > 1
    size = torch.where(beyond, 1 / size, size)
    place = (size * ATAN_PARTS).add_(0.5).to(torch.int64).clamp_(0, ATAN_PARTS)
    result = _of_atan(size, place.to(torch.float64) / ATAN_PARTS, atan_table().index_select(0, place))
    return torch.where(beyond, HALF_PI - result, result).copysign_(x)


def atan(x: Tensor) -> Tensor:
    """atan x, off by at most ATAN_ERROR."""
    return _blockwise(_atan, x)


def sqrt(x: Tensor) -> Tensor:
    """√x, rounded once as IEEE 754 prescribes: by numpy, since torch's own is a vector library's, which is not."""
    with np.errstate(invalid="ignore"):
        return torch.from_numpy(np.sqrt(x.numpy()))


def power(x: Tensor, exponent: float) -> Tensor:
    """x^exponent for x > 0, off by at most `power_error(exponent)` relative to itself, or SMALLEST_EXP; else nan."""
    if abs(exponent) == 0.5:
        root = sqrt(torch.where(x > 0, x, torch.nan))
        return root if exponent > 0 else 1 / root
    return exp(log(torch.where(x > 0, x, torch.nan)).mul_(exponent))


def power_error(exponent: float) -> float:
    """A bound of the relative error of `power`.

    |log x| is less than 745, so that exponent·log x is off by 746·LOG_ERROR + 745·UNIT times the exponent at most.
    """
    if abs(exponent) == 0.5:
        return 3 * UNIT
    return math.expm1(abs(exponent) * (746 * LOG_ERROR + 745 * UNIT)) * (1 + 1e-9) + 2 * EXP_ERROR

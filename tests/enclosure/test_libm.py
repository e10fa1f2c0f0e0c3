"""The errors of `libm`, proved by ball arithmetic for every argument."""

import itertools

import pytest
import torch
from flint import arb, arb_series, ctx, fmpq
from proofs import Exact, Rounded, argument_error, formula_error, largest_argument

from varexp.audit.functions import series_of
from varexp.enclosure import libm
from varexp.enclosure.libm import error_function, exponential, hyperbolic, logarithm, trigonometric
from varexp.enclosure.rounding import UNIT


@pytest.fixture(autouse=True)
def _precision():
    with ctx.workprec(200):
        yield


def entries(table):
    """Entries of a table that are off by one rounding at most."""
    return [Rounded(arb(number), abs(arb(number)) * UNIT) for number in table.tolist()]


def worst(errors):
    return max(float(error) for error in errors)


def exp_step():
    return arb.const_log2() / exponential.EXP_PARTS


def exp_error():
    """The error of exp relative to its value, over all table entries and reduced arguments."""
    step, largest = exp_step(), 710 * exponential.PER_EXP_STEP
    reach = largest_argument(step, largest)
    r = Rounded(arb(0, reach.abs_upper()), argument_error(step, exponential.EXP_STEP, largest))
    one = Exact(arb_series([1]))
    formula = formula_error(lambda r: exponential._of_exp(r, one), arb_series.exp, 0, reach, 4, pieces=64)
    least = (-reach).exp()
    return worst(
        exponential._of_exp(r, power).off(formula * power.value) / (power.value * least)
        for power in entries(exponential.exp_table())
    )


def test_exp_is_proved():
    assert exp_error() <= libm.EXP_ERROR
    assert 2 * exp_error() > libm.EXP_ERROR  # the bound is not a generous one


def test_the_control_another_slope_is_not_proved(monkeypatch):
    monkeypatch.setattr(exponential, "EXP_SLOPE", torch.ones((), dtype=torch.float64))
    assert exp_error() > libm.EXP_ERROR


def tanh_of_series(x):
    return (x.exp() - (-x).exp()) / (x.exp() + (-x).exp())


def tanh_error(exactly=tanh_of_series):
    reach, errors = arb(fmpq(1, 2 * hyperbolic.TANH_PARTS)), []
    r = Rounded(arb(0, reach))
    table = entries(hyperbolic.tanh_table())
    for j, node in enumerate(table):
        place = fmpq(j - hyperbolic.TANH_PARTS * hyperbolic.TANH_END, hyperbolic.TANH_PARTS)
        result = hyperbolic._of_tanh(r, node)
        # tanh(place + r) = (node + tanh r)/(1 + node·tanh r), whose derivative by tanh r is at most (1 + 2 |r|)²
        assert abs(arb(place).tanh() - node.value) <= UNIT
        errors.append(result.off())
    one = Exact(arb_series([0]))
    formula = formula_error(lambda r: hyperbolic._of_tanh(r, one), exactly, 0, reach, 6)
    beyond = 1 - arb(hyperbolic.TANH_END).tanh()
    return worst([max(errors) + formula * (1 + 2 * reach) ** 2 + beyond])


def test_tanh_is_proved():
    assert tanh_error() <= libm.TANH_ERROR
    assert 2 * tanh_error() > libm.TANH_ERROR
    assert tanh_error(arb_series.tan) > libm.TANH_ERROR


def test_a_proof_does_not_depend_on_how_many_coefficients_flint_kept_before():
    with series_of(1):
        few = formula_error(lambda r: Exact(arb_series([0])), arb_series.tan, 0, 1, 3)
    assert few == formula_error(lambda r: Exact(arb_series([0])), arb_series.tan, 0, 1, 3) > 1


# exponents up to 3 one by one, and then in groups whose ends are not far from each other
EXPONENTS = [*range(-3, 4)]
EXPONENTS += [s * arb(1.05 * n, 0.06 * n) for s in (1, -1) for n in (3.7 * 1.1**i for i in range(62))]


def log_error(formula_off=0):
    """The error of log divided by 1 + |log x|, over all parts of the mantissa and groups of exponents."""
    parts, errors = logarithm.LOG_PARTS, []
    inverses, logs = logarithm.log_tables()
    for i, inverse, log in zip(range(parts), inverses.tolist(), entries(logs), strict=True):
        mantissa = Rounded(arb(fmpq(2 * (parts + i) + 1, 4 * parts), fmpq(1, 4 * parts)))
        z = mantissa * inverse - 1
        groups = EXPONENTS if i in (0, 1, parts // 2, parts - 1) else [0, 1]
        formula = formula_error(log_polynomial, lambda z: (1 + z).log(), 0, abs(z.value).abs_upper(), 6)
        for exponent in groups:
            e = arb(exponent)
            result = logarithm._of_log(mantissa, inverse, log, Rounded(e))
            off = result.off(formula + formula_off + abs(e) * abs(logarithm.LOG_2 - arb.const_log2()))
            size = abs(e * arb.const_log2() + mantissa.value.log()).abs_lower()
            errors.append(off / (1 + size))
    return worst(errors)


def log_polynomial(z):
    """What `_of_log` makes of a mantissa of 1 + z."""
    zero = z - z
    return logarithm._of_log(z + 1, Exact(arb_series([1])), zero, zero)


def test_log_is_proved():
    assert log_error() <= libm.LOG_ERROR
    assert log_error(4 * UNIT) > libm.LOG_ERROR


def sin_error(split=trigonometric.TURN_STEP):
    step, largest = 2 * arb.pi() / trigonometric.TURN_PARTS, libm.SIN_LIMIT * trigonometric.PER_TURN_STEP
    reach = largest_argument(step, largest)
    r = Rounded(arb(0, reach.abs_upper()), argument_error(step, split, largest))
    one, zero = Exact(arb_series([1])), Exact(arb_series([0]))
    formula = formula_error(lambda r: trigonometric._of_sin(r, zero, one), arb_series.sin, 0, reach, 6)
    formula += formula_error(lambda r: trigonometric._of_sin(r, one, zero), arb_series.cos, 0, reach, 6)
    table, quarter = entries(trigonometric.sin_table()), trigonometric.TURN_PARTS // 4
    return worst(
        trigonometric._of_sin(r, table[j], table[j + quarter]).off(formula) for j in range(trigonometric.TURN_PARTS)
    )


def test_sin_and_cos_are_proved():
    assert sin_error() <= libm.SIN_ERROR
    assert 2 * sin_error() > libm.SIN_ERROR
    assert sin_error((trigonometric.TURN_STEP[0], 0.0)) > libm.SIN_ERROR


def erf_error(parts=None):
    errors = []
    middle_of = [
        arb(fmpq(2 * i + 1, 2 * error_function.ERF_PARTS))
        for i in range(error_function.ERF_PARTS * error_function.ERF_END)
    ]
    columns = [entries(c) for c in error_function.erf_tables()]
    radius = arb(fmpq(1, 2 * error_function.ERF_PARTS))
    t = Rounded(arb(0, radius), radius * 2 * UNIT)
    for i, middle in list(enumerate(middle_of))[:parts]:
        coefficients = [column[i] for column in columns]
        numbers = [Exact(arb_series([c.value])) for c in coefficients]
        formula = formula_error(
            lambda t, numbers=numbers: error_function._of_erf(t, numbers),
            lambda t, middle=middle: (middle + t).erf(),
            0,
            radius,
            error_function.ERF_DEGREE + 2,
        )
        errors.append(
            error_function._of_erf(t, coefficients).off(formula + (1 - arb(error_function.ERF_END).erf()) * 2)
        )
    return worst(errors)


def test_erf_is_proved():
    assert erf_error() <= libm.ERF_ERROR


def test_gelu_is_proved():
    """The argument of erf is off by two roundings, which erf' weakens: |z| erf'(z) < 0.49."""
    erf = Rounded(arb(0, 1), libm.ERF_ERROR + 3 * UNIT * arb(0.49))
    assert ((erf + 1) * 0.5 * Rounded(arb(0, 1))).off() <= libm.GELU_ERROR


def atan_error():
    errors, radius = [], arb(fmpq(1, 2 * trigonometric.ATAN_PARTS)) * (1 + arb(2) ** -40)
    for j, angle in enumerate(entries(trigonometric.atan_table())):
        node = arb(fmpq(j, trigonometric.ATAN_PARTS))
        inside = Rounded(node + arb(0, radius))
        formula = formula_error(
            lambda size, node=node: trigonometric._of_atan(
                size, Exact(arb_series([node])), Exact(arb_series([node.atan()]))
            ),
            arb_series.atan,
            node,
            radius,
            8,
        )
        result = trigonometric._of_atan(Rounded(inside.value, UNIT), float(node), angle)  # the size may be an inverse
        result.error += formula
        beyond = Rounded(trigonometric.HALF_PI, abs(trigonometric.HALF_PI - arb.pi() / 2)) - result
        errors += [result.off(), beyond.off()]
    return worst(errors)


def test_atan_is_proved():
    assert atan_error() <= libm.ATAN_ERROR
    assert 2 * atan_error() > libm.ATAN_ERROR


def test_softplus_is_proved():
    for left, right in itertools.pairwise([0.0, *(2.0**i for i in range(-30, 1))]):
        power = arb((left + right) / 2, (right - left) / 2)
        one_more = Rounded(power, power * libm.EXP_ERROR + libm.SMALLEST_EXP) + 1
        moved = one_more.error / (one_more.value - one_more.error)
        log = Rounded(one_more.value.log(), moved + libm.LOG_ERROR * (1 + arb(2).log()))
        assert (log + 0).off() <= libm.SOFTPLUS_ERROR / 1.01  # the sum with |x| costs UNIT·|x| more
    assert log.error > libm.SOFTPLUS_ERROR / 4


def test_sigmoid_is_proved():
    for a, b in itertools.pairwise([2.0 ** (i / 4) for i in range(-240, 240)]):
        power = arb((a + b) / 2, (b - a) / 2)
        assert (1 / (Rounded(power, power * libm.EXP_ERROR) + 1)).off() <= libm.SIGMOID_ERROR

"""The functions of `libm` at points: within the proved errors, beside torch's own, and what is not finite."""

import math

import pytest
import torch
from flint import arb, ctx

from varexp.enclosure import libm
from varexp.enclosure.libm import common, trigonometric
from varexp.enclosure.rounding import SMALLEST, UNIT


@pytest.fixture(autouse=True)
def _precision():
    with ctx.workprec(200):
        yield


def whole_range(limit):
    """Floats of every size up to `limit`, both signs, and neighbours of multiples of π/2, where sine cancels."""
    source = torch.Generator().manual_seed(1)
    exponents = torch.linspace(-300, math.log10(limit), 6000, dtype=torch.float64)
    sizes = 10**exponents * (1 + torch.rand(len(exponents), dtype=torch.float64, generator=source))
    near = torch.rand(20000, dtype=torch.float64, generator=source) * 40 - 20
    multiples = torch.arange(-2000, 2001, dtype=torch.float64) * (math.pi / 2)
    around = torch.cat(
        [multiples, torch.nextafter(multiples, multiples + 1), torch.nextafter(multiples, multiples - 1)]
    )
    x = torch.cat([sizes, -sizes, near, around])
    return x[x.abs() <= limit]


SAMPLED = {  # the limit of |x|, the exact function, and what its error is allowed to be for a value y
    "exp": (708.0, arb.exp, lambda x, y: libm.EXP_ERROR * abs(y) + libm.SMALLEST_EXP),
    "tanh": (1e300, arb.tanh, lambda x, y: libm.TANH_ERROR),
    "sigmoid": (700.0, lambda x: 1 / (1 + (-x).exp()), lambda x, y: libm.SIGMOID_ERROR),
    "cosh": (700.0, arb.cosh, lambda x, y: 2 * libm.EXP_ERROR * y),
    "log": (1e300, lambda x: abs(x).log(), lambda x, y: libm.LOG_ERROR * (1 + abs(y))),
    "sin": (libm.SIN_LIMIT, arb.sin, lambda x, y: libm.SIN_ERROR),
    "cos": (libm.SIN_LIMIT, arb.cos, lambda x, y: libm.SIN_ERROR),
    "erf": (1e300, arb.erf, lambda x, y: libm.ERF_ERROR),
    "atan": (1e300, arb.atan, lambda x, y: libm.ATAN_ERROR),
    "gelu": (
        1e300,
        lambda x: x * (1 + (x / arb(2).sqrt()).erf()) / 2,
        lambda x, y: libm.GELU_ERROR * abs(x) + SMALLEST,
    ),
    "softplus": (700.0, lambda x: (1 + x.exp()).log(), lambda x, y: libm.SOFTPLUS_ERROR * (1 + abs(x))),
}


@pytest.mark.parametrize("name", SAMPLED)
def test_values_are_within_the_proved_errors(name):
    limit, exactly, allowed = SAMPLED[name]
    x = whole_range(limit)
    values = getattr(libm, name)(x.abs() if name == "log" else x)
    for point, value in zip(x.tolist(), values.tolist(), strict=True):
        if name == "log" and point == 0:
            continue
        exact = exactly(arb(point))
        assert abs(arb(value) - exact) <= allowed(arb(point), exact), (name, point)


@pytest.mark.parametrize("exponent", [0.5, -0.5, 1 / 3, 1.5, -2.25, 7.7])
def test_powers_are_within_the_proved_errors(exponent):
    x = whole_range(1e300).abs()
    x = x[x > 0]
    for point, value in zip(x.tolist(), libm.power(x, exponent).tolist(), strict=True):
        exact = arb(point) ** arb(exponent)
        if exact < 1e308:
            assert abs(arb(value) - exact) <= libm.power_error(exponent) * exact + libm.SMALLEST_EXP, point


@pytest.mark.parametrize(("exponent", "units"), [(0.5, 3), (-0.5, 3), (2.0, 7472), (-1.0, 3743), (0.25, 946.25)])
def test_errors_of_powers_by_hand(exponent, units):
    """|exponent|·(746·4 + 745) + 2·7 roundings to first order; a square root has three at most."""
    assert libm.power_error(exponent) == pytest.approx(units * UNIT, rel=1e-8, abs=0.0)
    assert libm.power_error(exponent) >= units * UNIT


@pytest.mark.parametrize("exponent", [0.5, 1 / 3, -2.0])
def test_powers_of_what_is_not_positive_are_not_numbers(exponent):
    assert libm.power(torch.tensor([0.0, -0.0, -1.0, -math.inf], dtype=torch.float64), exponent).isnan().all()


@pytest.mark.parametrize("name", SAMPLED)
def test_torchs_own_functions_agree(name):
    f = {"cosh": torch.cosh, "gelu": torch.nn.functional.gelu, "softplus": lambda x: torch.logaddexp(x, 0 * x)}
    x = torch.linspace(0.001, 30.0, 40001, dtype=torch.float64)
    ours, theirs = getattr(libm, name)(x), f.get(name, getattr(torch, name, None))(x)
    assert float(((ours - theirs).abs() / (1 + theirs.abs() + x)).max()) < 16 * UNIT


def test_what_is_not_finite():
    inf, nan = math.inf, math.nan
    x = torch.tensor([inf, -inf, nan], dtype=torch.float64)
    expected = {
        "exp": (inf, 0.0, nan),
        "tanh": (1.0, -1.0, nan),
        "sigmoid": (1.0, 0.0, nan),
        "log": (inf, nan, nan),
        "erf": (1.0, -1.0, nan),
        "atan": (math.pi / 2, -math.pi / 2, nan),
        "softplus": (inf, 0.0, nan),
        "cosh": (inf, inf, nan),
    }
    for name, values in expected.items():
        found = getattr(libm, name)(x)
        torch.testing.assert_close(
            found, torch.tensor(values, dtype=torch.float64), equal_nan=True, rtol=0, atol=4 * UNIT
        )
    ends = libm.exp(torch.tensor([709.7, 709.8, -708.3, -708.4, -746.0], dtype=torch.float64))
    assert ends.isinf().tolist() == [False, True, False, False, False]
    assert (ends == 0).tolist() == [False, False, False, True, True]
    assert bool((libm.sin(torch.tensor([1e5, 1e300, inf], dtype=torch.float64)).abs() <= 1 + libm.SIN_ERROR).all())
    assert 0 < libm.SMALLEST_EXP < 1e-300
    zero = torch.zeros(1, dtype=torch.float64)
    assert float(libm.log(zero)) == -inf
    assert float(libm.exp(zero)) == 1
    assert math.isnan(float(libm.power(zero, 0.5)))


def test_shapes_and_arguments_stay():
    x = torch.linspace(-3, 3, 2 * common.BLOCK + 6, dtype=torch.float64).reshape(2, -1).T
    before = x.clone()
    for name in SAMPLED:
        found = getattr(libm, name)(x)
        assert found.shape == x.shape
        assert torch.equal(x, before)
        torch.testing.assert_close(found[7:9, 1], getattr(libm, name)(x[7:9, 1]), rtol=0, atol=0, equal_nan=True)


def test_arguments_of_atan_are_as_near_to_a_node_as_its_proof_takes_for_granted(monkeypatch):
    """Half a part away at most; an argument beyond 1 is replaced by its inverse."""
    far, formula = [], trigonometric._of_atan

    def measured(size, node, angle):
        far.append(float((size - node).abs().max()))
        return formula(size, node, angle)

    monkeypatch.setattr(trigonometric, "_of_atan", measured)
    libm.atan(whole_range(1e300))
    assert 0.49 / trigonometric.ATAN_PARTS < max(far) <= 0.5 / trigonometric.ATAN_PARTS * (1 + 2.0**-40)

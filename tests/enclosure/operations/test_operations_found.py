"""Uses of torch's functions in which an enclosure once answered another value, or none: found by attack."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from random_models import escapes, new_symbols, random_model
from torch.nn import functional

import varexp
from varexp.enclosure import Enclosure, UnknownOperationError

LINE = [(-1.0, 1.0)]


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64)


C1, C2 = 1e8, 1.0000000000000002
PRODUCT = float(torch.tensor(C1, dtype=torch.float64) * C2 * 1e17)
CONSTANTS = {  # a function that is constant in exact arithmetic, and its value
    "sub with alpha": (
        lambda x: torch.sub(x, tensor(0.3), alpha=1e17) - x + 0.3 * 1e17,
        abs(Fraction(0.3 * 1e17) - Fraction(0.3) * Fraction(1e17)),
    ),
    "add with alpha": (
        lambda x: torch.add(x, tensor(0.3), alpha=1e17) - x - 0.3 * 1e17,
        abs(Fraction(0.3 * 1e17) - Fraction(0.3) * Fraction(1e17)),
    ),
    "addmm with beta": (
        lambda x: torch.addmm(tensor(0.3), x, tensor([1.0]), beta=1e8) - x - 1e8 * 0.3,
        abs(Fraction(1e8 * 0.3) - Fraction(0.3) * Fraction(1e8)),
    ),
    "addcmul of constants": (
        lambda x: torch.addcmul(x, tensor(C1), tensor(C2), value=1e17) - x - PRODUCT,
        abs(Fraction(PRODUCT) - Fraction(C1) * Fraction(C2) * Fraction(1e17)),
    ),
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_products_of_constants_inside_one_operation_are_rounded(name):
    f, truth = CONSTANTS[name]
    found = varexp.sup_norm(f, LINE, norm="max")
    assert Fraction(found.lower) <= truth <= Fraction(found.upper)


def test_the_difference_of_lerp_is_rounded():
    found = varexp.sup_norm(lambda x: torch.lerp(tensor(1e-17), tensor(1.0), x) - x, LINE, norm="max")
    assert found.lower <= 2e-17 <= found.upper


MASK = torch.tensor([[True, False, True], [False, False, False], [True, True, True]])
USES = [
    lambda x: torch.add(x, torch.arange(5), alpha=0.1),
    lambda x: torch.sub(x, torch.ones(5), alpha=0.1),
    lambda x: torch.addcmul(x, torch.arange(5.0), torch.full((5,), 0.1)),
    lambda x: torch.addcmul(x, torch.arange(5), torch.arange(5), value=0.1),
    lambda x: torch.rsub(x, 2.0, alpha=0.3),
    lambda x: functional.leaky_relu(x, 0.1) - x,
    lambda x: torch.ones(2, 4, 3, dtype=torch.float64) @ x[:, None],
    lambda x: (torch.ones(2, 1, 3, dtype=torch.float64) @ x[:, None] + 1).mT,
    lambda x: torch.einsum("bij,kj,bk->bi", x, torch.ones(2, 5, dtype=torch.float64), x[..., :2].sum(dim=1)),
    lambda x: torch.einsum("jk,kl,bij->bil", torch.ones(5, 2).double(), torch.ones(2, 3).double(), x),
    lambda x: torch.flip(x, dims=[1]),
    lambda x: x.permute(dims=(0, 2, 1)),
    lambda x: torch.cat(tensors=[x, x], dim=1),
    lambda x: torch.split(x, split_size_or_sections=2, dim=1)[1],
    lambda x: torch.swapaxes(x, axis0=1, axis1=2),
    lambda x: x[:, np.int64(1)],
    lambda x: x.clamp(-math.inf, 0.5),
    lambda x: (x * x).sum(dim=-1).sqrt(),
    lambda x: x.square().sum(dim=-1, keepdim=True).sqrt(),
    lambda x: functional.scaled_dot_product_attention(x, x, x, attn_mask=MASK),
]


@pytest.mark.parametrize("use", range(len(USES)))
@pytest.mark.parametrize("width", [0.3, 1e-3])
def test_values_are_contained_and_have_torchs_shape(use, width):
    f, model = USES[use], random_model(5, 1, 3, new_symbols(2), width)
    assert tuple(f(Enclosure.of(model)).shape) == tuple(f(model.polynomial[0]).shape)
    assert escapes(f, model) == 0


def test_a_row_that_is_masked_all_along_is_no_number():
    """As in torch, where softmax gives nan: refused."""
    x = Enclosure.of(random_model(5, 1, 3, (), 0.3))
    mask = torch.tensor([[True] * 5, [False] * 5, [True, False, True, False, False]])
    with pytest.raises(UnknownOperationError, match="masked all along"):
        x.masked_fill(mask, -math.inf).softmax(-1)
    assert x.masked_fill(mask[1:2], -math.inf).softmax(-1).model().uncertainty().isfinite().all()


@pytest.mark.parametrize("number", [math.inf, math.nan])
def test_masks_that_torch_makes_nan_of_are_refused(number):
    x = Enclosure.of(random_model(5, 1, 3, (), 0.3))
    mask = torch.tensor([[0.0, number, 0.0, 0.0, -math.inf]] * 3, dtype=torch.float64)
    for f in (
        lambda: x.masked_fill(mask == number if number == number else mask.isnan(), number),
        lambda: torch.where(mask == 0.0, x, number),
        lambda: functional.scaled_dot_product_attention(x, x, x, attn_mask=mask[:, :3]),
    ):
        with pytest.raises(UnknownOperationError, match=r"nan or \+inf"):
            f()


@pytest.mark.parametrize("exponent", [math.inf, -math.inf, math.nan])
def test_powers_that_are_no_number_are_refused(exponent):
    with pytest.raises(UnknownOperationError, match="exponent"):
        Enclosure.of(random_model(5, 1, 3, (), 0.3)) ** exponent


def test_einsum_sums_a_constant_away():
    x, v = random_model(4, 1, 3, (), 0.3), torch.tensor([1.0, 2.0, -5.0], dtype=torch.float64)
    found = torch.einsum("ntc,d->nt", Enclosure.of(x), v).model()
    wanted = torch.einsum("ntc,d->nt", x.polynomial[0], v)
    assert bool(((found.polynomial[0] - wanted).abs() <= found.uncertainty() + 1e-9).all())


@pytest.mark.parametrize(
    "f",
    [
        lambda x: torch.einsum("bij,ij->b", x, torch.ones(1, 5, dtype=torch.float64)),
        lambda x: functional.softplus(x, 1.0, -3.0),
        lambda x: x.view(torch.int64),
        lambda x: torch.add(x, x, alpha=1j),
        lambda x: torch.addmm(x[:, 0], torch.ones(4, 2).double(), torch.ones(2, 5).double()),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_what_has_no_enclosure_is_refused(f):
    with pytest.raises((UnknownOperationError, TypeError)):
        f(Enclosure.of(random_model(5, 1, 3, (), 0.3)))


def test_a_function_that_overflows_in_plain_torch_has_no_upper_end():
    assert not varexp.sup_norm(lambda x: torch.exp(800 * x) * torch.exp(-800 * x), LINE).bounded


def test_cancellation_in_company_and_alone_is_rounding():
    varexp.sup_norm(lambda x: torch.add(x, tensor(0.3), alpha=1e17) - x - 0.3 * 1e17, LINE)


def test_an_operation_without_a_rule_is_refused_before_any_work():
    with pytest.raises(UnknownOperationError, match="heaviside"):
        varexp.sup_norm(lambda x: torch.heaviside(x, tensor(1.0)), LINE)

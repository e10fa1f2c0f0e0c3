"""Rules for arithmetic: the operators torch and Python call, in every order of their operands."""

import pytest
import torch
from random_models import escapes, random_model
from tolerances import ROUNDING

from varexp.enclosure import Enclosure
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.protocol import TABLE

B = torch.randn(3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).abs() + 1
U = torch.randn(2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
REVERSED = {
    "number / x": lambda x: 2.0 / (x + 9),
    "tensor / x": lambda x: B / (x + 9),
    "x / tensor": lambda x: x / B,
    "number - x": lambda x: 2.0 - x,
    "tensor - x": lambda x: B - x,
    "tensor @ x": lambda x: U @ x,
    "torch.sub with alpha": lambda x: torch.sub(x, x * x, alpha=0.5),
    "torch.rsub": lambda x: torch.rsub(x, 2.0),
    "x ** 3": lambda x: x**3,
    "x ** 1.5": lambda x: (x + 9) ** 1.5,
}


@pytest.mark.parametrize("name", REVERSED)
def test_operands_keep_their_order(name):
    assert escapes(REVERSED[name], random_model(3, 1, 3, (), 0.3)) == 0


def test_reversed_operators_reverse_their_operands_wherever_they_are_registered():
    x = Enclosure.of(ChebyshevModel.constant(random_model(1, 1, 1, (), 0.1).ring, B.expand(4, 3, 5)))
    for divide in (Enclosure.__rtruediv__, TABLE[torch.Tensor.__rtruediv__]):
        quotient = divide(x, 2.0).model()
        assert torch.allclose(quotient.polynomial[0], 2.0 / B.expand(4, 3, 5), rtol=ROUNDING, atol=ROUNDING)
    for multiply in (Enclosure.__rmatmul__, TABLE[torch.Tensor.__rmatmul__]):
        product = multiply(x, U).model()
        assert torch.allclose(product.polynomial[0], U @ B.expand(4, 3, 5), rtol=ROUNDING, atol=ROUNDING)


def test_a_quotient_by_an_enclosure_that_may_be_zero_is_unbounded():
    result = (1 / Enclosure.of(random_model(1, 1, 1, (), 0.3, centre=0.0))).model()
    assert not bool(result.remainder.isfinite().any())

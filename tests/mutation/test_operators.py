"""Every operator on a line or two, worked out by hand; and where no mutants are made."""

import pytest

from mutation.mutants import mutants
from mutation.operators import OPERATORS

MADE = [  # operator, source, what it becomes, in order
    ("Lt_LtE", "x = a < b\n", ["x = a <= b\n"]),
    ("Lt_GtE", "x = a < b\n", ["x = a >= b\n"]),
    ("IsNot_Is", "x = a is not None\n", ["x = a is None\n"]),
    ("And_Or", "x = a and b\n", ["x = a or b\n"]),
    ("Delete_Not", "x = not a\n", ["x =  a\n"]),
    ("Delete_USub", "x = -a\n", ["x = a\n"]),
    ("Delete_Invert", "x = ~a\n", ["x = a\n"]),
    ("Add_Sub", "x = a + b\n", ["x = a - b\n"]),
    ("Mul_Div", "x = a * b * c\n", ["x = a / b * c\n", "x = a * b / c\n"]),
    ("True_False", "f(in_place=True)\n", ["f(in_place=False)\n"]),
    ("SwapExtremes", "x = max(a, y.amin(dim=0))\n", ["x = min(a, y.amin(dim=0))\n", "x = max(a, y.amax(dim=0))\n"]),
    (
        "SwapExtremes",
        "x = torch.maximum(a, b).clamp_min_(0)\n",
        ["x = torch.minimum(a, b).clamp_min_(0)\n", "x = torch.maximum(a, b).clamp_max_(0)\n"],
    ),
    ("RemoveCall", "x = y.abs().sum().add_(z)\n", ["x = y.sum().add_(z)\n", "x = y.abs().sum()\n"]),
    ("RemoveCall", "x = y.abs() ** 2\n", ["x = y ** 2\n"]),
    ("RemoveCall", "x = torch.nan_to_num(y, nan=0.0)\n", ["x = y\n"]),
    ("RemoveCall", "x.add_(m, alpha=gamma(n + 4))\n", ["x\n"]),
    ("DropSummand", "x = a + b - c\n", ["x = b - c\n", "x = a - c\n", "x = a + b\n"]),
    ("DropSummand", "x = r + gamma(n) * m\n", ["x = gamma(n) * m\n", "x = r\n"]),
    ("DropSummand", "x = torch.add(a, b, alpha=2)\n", ["x = a\n"]),
    ("SignedAssignment", "x += a\n", ["x -= a\n"]),
    ("ShrinkNumber", "x = 2.0 * a\n", ["x = 1.9 * a\n"]),
    ("GrowNumber", "x = 4 * a\n", ["x = 4.2 * a\n"]),
    ("ShrinkNumber", "x = y * 1.001\n", ["x = y * 0.9509499999999999\n"]),
]
NOT_MADE = [
    "x = y * (1 + gamma(n + 4))\n",
    "x.mul_(1 + 8 * UNIT).add_(TINY)\n",
    "x = gamma(2 * n + 8)\n",
    "x = TINY * n\n",
    "x = y.reshape(-1, n + 1)\n",
    "x = y.sum(dim=-1, keepdim=True)\n",
    "x = y[..., -1]\n",
    "x = zip(a, b, strict=True)\n",
    "def f(x: A | None = None) -> A | None:\n    raise ValueError(1.5 * x)\n",
    "def f(a):\n    count = a + 2\n    return gamma(count)\n",
    "def __str__(self):\n    return a + b\n",
    "x = f(y, 1e-9)\n",
    "x = y * (1 + 1e-9)\n",
    "x = f(y % 3, 2)\n",
]


@pytest.mark.parametrize(("operator", "source", "expected"), MADE)
def test_an_operator_makes_these_mutants(operator, source, expected):
    found = [mutant for mutant in mutants("a.py", source) if mutant.operator == operator]
    assert [mutant.source(source) for mutant in found] == expected


def test_every_operator_of_ours_has_an_example():
    ours = {name for name, operator in OPERATORS.items() if "mutation" in type(operator).__module__}
    assert ours <= {operator for operator, _, _ in MADE}


@pytest.mark.parametrize("source", NOT_MADE)
def test_where_no_mutants_are_made(source):
    assert [mutant.source(source) for mutant in mutants("a.py", source)] == []


def test_a_number_between_1_and_1_1_is_an_allowance_upwards():
    assert not [m for m in mutants("a.py", "x = y * 1.001\n") if m.operator == "GrowNumber"]


def test_a_threshold_has_no_edge():
    assert {m.operator for m in mutants("a.py", "x = size < LARGEST\n")} == {"Lt_GtE"}


def test_a_name_does_not_depend_on_the_line():
    source = "def f(a, b):\n    return a + b\n"
    assert [m.key for m in mutants("a.py", source)] == [m.key for m in mutants("a.py", "\n\n" + source)]
    twice = source.replace("return a + b", "c = a + b\n    c = a + b")
    assert [m.place for m in mutants("a.py", twice) if m.operator == "Add_Sub"] == [0, 1]

"""api/sups.py: known sups, a network against a function, refusals, the caller's settings left alone."""

import math
import threading

import pytest
import torch
from tolerances import ROUNDING

import varexp
from varexp.enclosure import UnknownOperationError
from varexp.maps.norms import NORMS


@pytest.mark.parametrize(
    ("f", "box", "norm", "sup"),
    [
        (lambda x: 2 * torch.sin(3 * x), [(0.0, 1.0)], "max", 2.0),
        (lambda x: (x - 0.25).abs().sum(dim=-1), [(-1.0, 1.0), (0.0, 0.5)], "max", 1.5),
        (lambda x: x, [(-1.0, 2.0), (0.0, 3.0)], "rms", math.sqrt(6.5)),
        (lambda x: x, [(-1.0, 2.0), (0.0, 3.0)], "frobenius", math.sqrt(13.0)),
        (lambda x: torch.stack([x, -2 * x], dim=-1), [(0.0, 1.0), (0.0, 1.0), (0.0, 1.0)], "max", 2.0),
        (lambda x: torch.exp(-x.square().sum(dim=-1, keepdim=True)), [(-1.0, 2.0)] * 2, "max", 1.0),
    ],
)
def test_sups_that_are_known(f, box, norm, sup):
    found = varexp.sup_norm(f, box, norm=norm)
    assert found.lower * (1 - ROUNDING) <= sup <= found.upper * (1 + ROUNDING)
    assert found.gap <= 0.01
    at = f(torch.tensor([found.place], dtype=torch.float64)).reshape(1, -1, 1)
    assert float(NORMS[norm](at)) == pytest.approx(found.lower, rel=1e-9)  # it is attained there


def test_a_network_of_ones_own_against_a_function():
    torch.manual_seed(1)
    net = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3)).double()

    def error(x):
        return net(x) - torch.sin(x).sum(dim=-1, keepdim=True)

    found = varexp.sup_norm(error, [(-1.0, 1.0)] * 2)
    x = torch.cartesian_prod(*[torch.linspace(-1, 1, 200, dtype=torch.float64)] * 2)
    dense = float(error(x).square().mean(dim=-1).sqrt().max().detach())
    assert dense <= found.upper * (1 + ROUNDING)
    assert dense >= 0.99 * found.lower
    assert found.gap <= 0.01


def test_a_budget_that_ends_leaves_ends_that_hold():
    found = varexp.sup_norm(lambda x: torch.sin(40 * x) + 0.1 * x, [(0.0, 10.0)], evaluations=50)
    assert found.lower <= 2.0
    assert found.upper >= 1.9
    assert found.evaluations <= 50


@pytest.mark.parametrize(
    ("f", "box", "message"),
    [
        (torch.sin, [], "box is a list of 1 to 3 pairs"),
        (torch.sin, [(0.0, 1.0)] * 4, "box is a list of 1 to 3 pairs"),
        (torch.sin, [(1.0, 0.0)], "pairs .low, high. of finite numbers with low <= high"),
        (torch.sin, [(0.0, math.inf)], "finite numbers"),
        (lambda x: x.float(), [(0.0, 1.0)], "got torch.float32"),
        (lambda x: x.sum(), [(0.0, 1.0)], r"of points \(2, 1\) it made \(\)"),
        (lambda x: 1.0, [(0.0, 1.0)], "got float"),
    ],
)
def test_bad_input_says_what_was_expected(f, box, message):
    with pytest.raises(ValueError, match=message):
        varexp.sup_norm(f, box)


def test_other_bad_input():
    with pytest.raises(ValueError, match="unknown norm 'l2': choose one of rms, max, frobenius"):
        varexp.sup_norm(torch.sin, [(0.0, 1.0)], norm="l2")
    with pytest.raises(ValueError, match="gap is a finite number above 0"):
        varexp.sup_norm(torch.sin, [(0.0, 1.0)], gap=0.0)
    with pytest.raises(UnknownOperationError, match="atan"):
        varexp.sup_norm(torch.atan, [(0.0, 1.0)])


def test_the_callers_settings_stay_and_do_not_matter():
    plain = varexp.sup_norm(torch.tanh, [(0.0, 1.0)])
    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad():
            other = varexp.sup_norm(torch.tanh, [(0.0, 1.0)])
            assert not torch.is_grad_enabled()
        assert torch.get_default_dtype() is torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert other == plain
    found = []
    thread = threading.Thread(target=lambda: found.append(varexp.sup_norm(torch.tanh, [(0.0, 1.0)])))
    thread.start()
    thread.join()
    assert found == [plain]

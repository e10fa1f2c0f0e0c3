"""Functions of each point alone pass; what depends on chance, on state, or on other points is refused."""

import pytest
import torch
from torch import nn

from varexp.pointwise import require_pointwise

POINTS = torch.linspace(-1, 1, 10, dtype=torch.float64).reshape(5, 2)


class Counting:
    def __init__(self):
        self.count = 0

    def __call__(self, x):
        self.count += 1
        return x + self.count


def doubled(module):
    torch.manual_seed(1)
    return module.double()


@pytest.mark.parametrize(
    "f",
    [
        torch.sin,
        lambda x: x.sum(dim=-1),
        doubled(nn.Linear(2, 3)),
        lambda x: x * torch.nan,
        lambda x: x.mul_(2),  # of a copy
        doubled(nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Dropout())).eval(),
        torch.ones_like,
    ],
)
def test_functions_of_each_point_pass(f):
    assert len(require_pointwise(f, POINTS, "f")) == 5


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (torch.rand_like, "differently the second time"),
        (nn.Dropout(), "differently the second time"),
        (Counting(), "differently the second time"),
        (lambda x: x - x.mean(), "in company and alone"),
        (lambda x: x * len(x), "in company and alone"),
        (lambda x: x - x.roll(1, 0), "in company and alone"),
        (doubled(nn.BatchNorm1d(2, track_running_stats=False)), "in company and alone|Expected more than 1 value"),
        (lambda x: x.sort(dim=0, descending=True).values, "in company and alone|another order"),
        (lambda x: x + torch.arange(len(x))[:, None] * (len(x) > 1), "in company and alone"),
        (lambda x: x.sum(), "expected the same first axis"),
        (lambda x: x[:1], "expected the same first axis"),
    ],
)
def test_what_depends_on_more_than_the_point_is_refused(f, message):
    with pytest.raises(ValueError, match=message):
        require_pointwise(f, POINTS, "f")


def test_the_answer_is_a_tensor():
    with pytest.raises(TypeError, match="f answers a float: expected a tensor"):
        require_pointwise(lambda x: 1.0, POINTS, "f")


def test_an_answer_that_is_none_asks_whether_return_is_missing():
    with pytest.raises(TypeError, match=r"f answers a NoneType: expected a tensor; is `return` missing\?"):
        require_pointwise(lambda x: None, torch.zeros(3, 1, dtype=torch.float64), "f")

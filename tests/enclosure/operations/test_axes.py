"""Rules for axes: heads without an evaluation, rearrangements, and the axis of cells."""

import pytest
import torch
from random_models import escapes, new_symbols, random_model
from torch.nn import functional

from varexp.enclosure import Enclosure, UnknownOperationError
from varexp.enclosure.protocol import AxisOrder

W = torch.randn(5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(7))


def attend(x, heads):
    q, k, v = ((x @ W + i).unflatten(-1, (heads, 6 // heads)).transpose(1, 2) for i in range(3))
    return (torch.softmax(q @ k.mT / 4, dim=-1) @ v).transpose(1, 2).flatten(-2)


def test_the_axis_of_cells_is_out_of_reach():
    x = Enclosure.of(random_model(1, 1, 1, (), 0.1))
    for operation in (lambda: x.sum(dim=0), lambda: x[0], lambda: x.transpose(0, 2), lambda: torch.stack([x, x])):
        with pytest.raises(UnknownOperationError, match="cells"):
            operation()
    with pytest.raises(UnknownOperationError, match="cells"):
        x + torch.arange(4.0)[:, None, None]


@pytest.mark.parametrize("heads", [1, 2, 3])
def test_attention_with_heads_is_contained(heads):
    assert escapes(lambda x: attend(x, heads), random_model(1, 1, 3, new_symbols(2), 0.05)) == 0


def test_heads_are_split_and_joined_without_an_evaluation():
    x = random_model(1, 1, 3, (), 0.3)
    split = (Enclosure.of(x) @ W).unflatten(-1, (1, 6))
    assert split.order is AxisOrder.HEADS_FIRST
    assert split.shape == (4, 3, 1, 6)
    heads = split.transpose(1, 2)
    assert heads.order is AxisOrder.SAME
    assert heads.shape == (4, 1, 3, 6)
    assert heads.expression._model is None
    joined = heads.transpose(1, 2).flatten(-2)
    assert joined.shape == (4, 3, 6)
    assert joined.expression._model is None
    assert torch.equal(joined.model().polynomial, (Enclosure.of(x) @ W).model().polynomial)


@pytest.mark.parametrize(
    "rearrange",
    [
        lambda x: x.unflatten(-1, (5, 1)).transpose(1, 2),
        lambda x: x.unflatten(-1, (5, 1)) + 1,
        lambda x: x.mT.unflatten(-1, (3, 1)).transpose(-2, -3),
        lambda x: x.transpose(-1, -2).flatten(1),
        lambda x: x.unsqueeze(1).squeeze(1)[..., 1:3],
        lambda x: x[:, 1:, ::2],
        lambda x: x.reshape(x.shape[0], -1),
        lambda x: functional.pad(x, (1, 2, 0, 1)),
        lambda x: torch.cat([x, W[:3, :5].expand(x.shape[0], 3, 5)], dim=-1),
    ],
)
def test_rearrangements_move_the_same_entries_as_torch(rearrange):
    x = random_model(2, 1, 2, (), 0.3)
    result = rearrange(Enclosure.of(x)).model()
    assert torch.equal(result.polynomial[0], rearrange(x.polynomial[0]))


@pytest.mark.parametrize("n", [3, 4])
def test_a_mean_allows_for_the_rounding_of_one_over_n(n):
    x = random_model(2, 1, 2, (), 0.3, shape=(4, 3, n))
    (term,) = Enclosure.of(x).mean(dim=-1, keepdim=True).expression.terms
    assert (term.right.error is None) == (n == 4)


def test_the_axis_of_cells_stays_where_sizes_are_asked_for():
    x = random_model(2, 1, 2, (), 0.3)  # cells 3 5
    moved = Enclosure.of(x).reshape(-1, 5, 3)
    assert torch.equal(moved.model().polynomial[0], x.polynomial[0].reshape(-1, 5, 3))
    for refused in (
        lambda x: x.reshape(1, 5, 3),
        lambda x: x.reshape(-1, -1, 5),
        lambda x: x.reshape(-1, 15, 2),
        lambda x: functional.pad(x, (1, 1, 1, 1, 1, 1)),
        lambda x: functional.pad(x, (1, 1, 1)),
        lambda x: x.gather(1, torch.zeros(1, 5, dtype=torch.long)),
        lambda x: x.gather(1, torch.zeros(7, 2, 5, dtype=torch.long)),
    ):
        with pytest.raises(UnknownOperationError):
            refused(Enclosure.of(x))

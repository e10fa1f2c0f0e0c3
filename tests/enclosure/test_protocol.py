"""`Enclosure` as torch sees it."""

import copy

import pytest
import torch
from random_models import random_model
from refused_uses import REFUSED, T, assign_into_a_tensor
from torch import nn
from torch.nn import functional

from varexp.enclosure import Enclosure, UnknownOperationError
from varexp.enclosure.protocol import TABLE, CellCount


def enclosure():
    return Enclosure.of(random_model(1, 1, 1, (), 0.1))


PYTHONS_OWN = {"branch: np.sin", "branch: round", "meaning: unknown keyword", "meaning: a dimension that varies"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", REFUSED)
def test_what_an_enclosure_would_answer_otherwise_is_refused_by_name(name):
    """Some are refused by Python, numpy or torch's own parser before they reach the enclosure."""
    with pytest.raises((UnknownOperationError, TypeError) if name in PYTHONS_OWN else UnknownOperationError):
        REFUSED[name](enclosure())


def test_a_refusal_says_what_to_write_instead():
    with pytest.raises(UnknownOperationError, match=r"'sort': write the map with"):
        enclosure().sort()
    with pytest.raises(UnknownOperationError, match=r"changes a value in place.*write it out of place"):
        enclosure().add_(1)
    with pytest.raises(UnknownOperationError, match=r"branches on values.*maximum"):
        bool(enclosure())
    with pytest.raises(UnknownOperationError, match=r"norm.*use torch.linalg.vector_norm"):
        enclosure().norm()


def test_a_refused_update_leaves_nothing_behind():
    kept = T.clone()
    for f in (assign_into_a_tensor, lambda x: T.add_(x), lambda x: torch.add(x, 1, out=T)):
        with pytest.raises(UnknownOperationError):
            f(enclosure())
    assert torch.equal(T, kept)


def test_code_that_asks_for_a_tensor_finds_one():
    x = enclosure()
    assert isinstance(x, torch.Tensor)
    assert torch.is_tensor(x)
    assert not isinstance(x, nn.Parameter)
    assert torch.overrides.is_tensor_like(x)
    assert x is x.to(torch.float64) or x.to(torch.float64).model() is x.model()


def test_copies_stand_for_the_same_values():
    x = enclosure()
    for other in (copy.copy(x), copy.deepcopy(x), x.clone(), x.detach()):
        assert other is not x
        assert other.model() is x.model()


def test_the_number_of_cells_keeps_the_first_axis_and_nothing_else():
    count = enclosure().shape[0]
    assert isinstance(count, CellCount)
    assert count == 4
    assert torch.zeros(count, 2).shape == (4, 2)
    for use in (
        lambda: count + 1,
        lambda: 2 * count,
        lambda: count / 2,
        lambda: float(count),
        lambda: count < 5,
        lambda: bool(count),
        lambda: -count,
        lambda: count**2,
    ):
        with pytest.raises(UnknownOperationError, match="counts cells"):
            use()


def test_synonyms_of_keywords_are_understood():
    x = enclosure()
    first = torch.sum(input=x, axis=-1, keepdims=True).model()
    assert torch.equal(first.polynomial, x.sum(dim=-1, keepdim=True).model().polynomial)
    assert torch.equal(torch.add(x, other=x).model().polynomial, (x + x).model().polynomial)


def test_every_rule_is_found_from_torch_and_as_a_method():
    for function in (torch.sin, torch.Tensor.sin, torch.softmax, functional.gelu, torch.Tensor.__add__):
        assert function in TABLE
    assert callable(Enclosure.sin)
    assert TABLE[torch.add] is TABLE[torch.Tensor.add]


def test_an_enclosure_has_the_shape_of_its_value():
    x = Enclosure.of(random_model(1, 1, 1, (), 0.1))
    assert (x.shape, x.ndim, x.dim(), x.size(1), x.cells, x.logical) == ((4, 3, 5), 3, 3, 3, 4, (3, 5))


def test_an_enclosure_answers_questions_about_its_kind_as_a_plain_tensor_does():
    x, plain = enclosure(), torch.zeros(4, 3, 5, dtype=torch.float64)
    for name in "dtype device layout requires_grad is_cuda is_sparse is_quantized is_nested is_meta ndim".split():
        assert getattr(x, name) == getattr(plain, name)
    assert x.size() == plain.size()
    assert x.size(-1) == 5


def test_heads_stand_where_torch_has_them():
    x = enclosure()
    split, plain = x.unflatten(-1, (5, 1)), x.model().polynomial.unflatten(-1, (5, 1))
    assert split.shape == (4, 3, 5, 1)
    assert split.logical == (3, 5, 1)
    assert torch.equal(split.model().polynomial, plain)
    moved = split.transpose(-2, -3)
    assert moved.logical == (5, 3, 1)
    assert torch.equal(moved.model().polynomial, plain.transpose(-2, -3))


def test_keywords_that_ask_for_what_is_done_anyway_change_nothing():
    x = enclosure()
    for plain, asked in (
        (x + x, torch.add(x, x, out=None)),
        (torch.relu(x), functional.relu(x, inplace=False)),
        (x.sum(dim=-1), x.sum(dim=-1, dtype=torch.float64)),
        (x.sum(dim=-1), x.sum(dim=-1, dtype=None)),
        (x.reshape(x.shape[0], 15), x.reshape(shape=(x.shape[0], 15))),
        (x.permute(0, 2, 1), x.permute(dims=(0, 2, 1))),
        (x.softmax(dim=-1), torch.softmax(input=x, dim=-1, dtype=torch.float64)),
    ):
        assert torch.equal(plain.model().polynomial, asked.model().polynomial)
        assert torch.equal(plain.model().remainder, asked.model().remainder)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: torch.Tensor.sin(x, 1),
        lambda x: x.sin(None),
        lambda x: torch.relu(x, True, False),
        lambda x: x.sum(dim=-1, unknown=True),
        lambda x: x.reshape(x.shape[0], 15, unknown=True),
        lambda x: TABLE[torch.sin](T),
        lambda x: x.sum(dim=x),
        lambda x: TABLE[torch.sum](x, dim=x),
        lambda x: TABLE[torch.add](x, x, out=T),
        lambda x: TABLE[functional.relu](x, inplace=True),
    ],
)
def test_what_a_rule_does_not_know_is_refused(f):
    """Some by torch's own parser."""
    with pytest.raises((UnknownOperationError, TypeError)):
        f(enclosure())

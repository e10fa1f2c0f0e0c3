"""caching.py: computed once, anew after a change in place, in copies too."""

import copy
import math
from dataclasses import dataclass

import torch

from varexp.caching import cached_tensor, content_key, remembered_by_content


class Holder:
    """Counts how often its tensor is computed."""

    def __init__(self):
        self.computed = 0

    @cached_tensor
    def values(self):
        self.computed += 1
        return torch.arange(3.0)

    @cached_tensor
    def nothing(self):
        return None


def test_it_is_computed_once_and_again_where_it_was_changed():
    holder = Holder()
    assert holder.values is holder.values
    assert holder.computed == 1
    holder.values.mul_(2)
    assert holder.values.tolist() == [0.0, 1.0, 2.0]
    holder.values[0] = 7.0
    assert holder.values.tolist() == [0.0, 1.0, 2.0]
    assert holder.computed == 3
    assert holder.nothing is None


def test_copies_keep_what_is_right_and_no_more():
    holder = Holder()
    same = holder.values
    clone = copy.deepcopy(holder)
    assert clone.values.tolist() == same.tolist()
    assert clone.computed == 1
    same.zero_()
    assert copy.deepcopy(holder).values.tolist() == [0.0, 1.0, 2.0]


@dataclass(frozen=True, eq=False)
class Data:
    size: float
    values: torch.Tensor

    def __eq__(self, other):
        return self.size == other.size  # leaves the data out

    def __hash__(self):
        return hash(self.size)


def test_arguments_are_told_apart_by_all_their_data():
    asked = []

    @remembered_by_content(2)
    def total(data):
        asked.append(data)
        return float(data.values.sum())

    a, b = Data(1.0, torch.ones(3)), Data(1.0, 10 * torch.ones(3))
    assert a == b
    assert (total(a), total(b), total(Data(1.0, torch.ones(3)))) == (3.0, 30.0, 3.0)
    assert len(asked) == 2
    a.values.mul_(5)
    assert total(a) == 15.0
    total(b)
    assert len(asked) == 4  # the oldest answer was forgotten
    total.cache_clear()
    total(b)
    assert len(asked) == 5


def test_keys_are_equal_for_equal_content_alone():
    f, g = (lambda: 1), (lambda: 1)
    same = [(1, 1), (0.1, 0.1), ("a", "a"), ([1, 2], [1, 2]), ({"a": 1}, {"a": 1}), (f, f), (math.nan, math.nan)]
    other = [(1, 1.0), (1, True), ("1", 1), ((1,), [1]), (f, g), (0.0, -0.0), (torch.ones(2), torch.ones(2, 1))]
    other += [(torch.ones(2), torch.ones(2).double()), (Data(1.0, torch.ones(1)), Holder()), ({"a": 1}, {"b": 1})]
    for a, b in same:
        assert content_key(a) == content_key(b)
    for a, b in other:
        assert content_key(a) != content_key(b)


def test_caches_of_the_object_are_no_content_and_cycles_end():
    holder = Holder()
    before = content_key(holder)
    holder.values  # noqa: B018
    holder.computed = 0
    assert content_key(holder) == before
    holder.me = holder
    assert content_key(holder) != before

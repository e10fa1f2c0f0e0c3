"""caching.py: computed once, anew after a change in place, in copies too."""

import copy

import torch

from varexp.caching import cached_tensor


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

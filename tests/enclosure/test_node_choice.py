"""The choice of nodes and ellipses."""

import pytest
import torch

from varexp.enclosure.basis import Ring
from varexp.enclosure.node_choice import (
    NODES,
    cheapest_common_count,
    first_sufficient,
    largest_ellipse_within,
    node_counts,
)


@pytest.mark.parametrize("variables", [0, 1, 2, 3, 4])
def test_nodes_are_more_than_the_order_and_chosen_by_need(variables):
    counts = node_counts(Ring(variables, 4))
    assert counts == tuple(sorted(set(counts)))
    assert counts[0] >= 5
    assert counts[-1] >= NODES.get(variables, (4,))[-1]
    lost = torch.tensor([[1.0, 1e-30], [1e-30, 1e-30]], dtype=torch.float64)
    assert first_sufficient(lost, variables).tolist() == [1, 0]
    assert first_sufficient(torch.ones(2, 1), variables).tolist() == [1]  # the last, where none is enough


def test_the_largest_ellipse_that_is_near_enough():
    reached = torch.tensor([[1.0], [2.0], [5.0]], dtype=torch.float64)[None]
    for preferred, place in ((2.5, 1), (0.5, 0), (9.0, 2)):
        assert largest_ellipse_within(reached, torch.tensor([preferred]).double()).tolist() == [[place]]


def test_the_cheapest_common_count_is_that_of_most_entries():
    few, many = torch.tensor([0] * 99 + [2]), torch.tensor([0] + [2] * 99)
    assert cheapest_common_count(few, (10, 16, 32)) == 0
    assert cheapest_common_count(many, (10, 16, 32)) == 2

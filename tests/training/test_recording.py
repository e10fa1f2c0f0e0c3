"""training/recording.py: the same bits as the function itself on other tensors, in fewer operations."""

import pytest
import torch

from varexp.maps.patterns import generator
from varexp.models.block import Block, BlockConfig
from varexp.models.ensemble import Ensemble
from varexp.models.pyramid import PyramidBlock
from varexp.training.recording import Recorded


def operations(recorded):
    return [node.target for node in recorded.graph.nodes if node.op == "call_function"]


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=generator("recording", seed))


def test_what_was_recorded_by_hand():
    recorded = Recorded(lambda x, y: (x.view(2, 3).view(2, 3) * 2.0 + y, x.sum()), torch.ones(6), torch.ones(2, 3))
    values, total = recorded(torch.arange(6.0), torch.full((2, 3), 10.0))
    assert values.tolist() == [[10.0, 12.0, 14.0], [16.0, 18.0, 20.0]]
    assert float(total) == 15.0
    aten = torch.ops.aten
    assert operations(recorded) == [aten.view.default, aten.mul.Tensor, aten.add.Tensor, aten.sum.default]


def test_a_view_of_a_view_is_one_view():
    recorded = Recorded(lambda x: x.view(2, 6).view(3, 4) + 1, torch.ones(12))
    assert operations(recorded).count(torch.ops.aten.view.default) == 1
    assert torch.equal(recorded(torch.arange(12.0)), torch.arange(12.0).view(3, 4) + 1)


def test_what_is_done_in_place_is_done():
    """Its result is used by nobody, and yet it is not dead."""

    def function(x):
        y = x * 1.0
        y.detach().add_(3.0)
        part = y[1:2].view(1)
        part.mul_(2.0)
        return y

    recorded = Recorded(function, torch.ones(3))
    assert torch.equal(recorded(torch.tensor([1.0, 2.0, 3.0])), torch.tensor([4.0, 10.0, 6.0]))


def test_several_outputs_of_one_operation_and_constants():
    kept = torch.tensor([1.0, -1.0])
    recorded = Recorded(lambda x: torch.stack([part.sum() for part in x.split([1, 3])]) * kept, torch.ones(4))
    assert torch.equal(recorded(torch.arange(4.0)), torch.tensor([0.0, -6.0]))


def test_random_numbers_are_drawn_anew():
    recorded = Recorded(lambda x: x + torch.randn(3), torch.zeros(3))
    assert not torch.equal(recorded(torch.zeros(3)), recorded(torch.zeros(3)))


@pytest.mark.parametrize("pyramid", [False, True])
@pytest.mark.parametrize("models", [1, 5])
def test_losses_and_gradients_of_an_ensemble_have_the_same_bits(models, pyramid):
    config = BlockConfig(width=8, hidden=16, head_size=8)
    blocks = [
        PyramidBlock(config, [1, 4], 2, generator("block", s), causal=True)
        if pyramid
        else Block(config, 5, 2, generator("block", s))
        for s in range(models)
    ]
    ensemble = Ensemble(blocks)

    def descent(flat, x):
        flat = flat.detach().requires_grad_()
        loss = ensemble(x, flat).square().flatten(1).mean(dim=1)
        return loss.detach(), *torch.autograd.grad(loss.sum(), flat)

    shape = ensemble.flat.shape, (models, 3, 5, 2)
    recorded = Recorded(descent, ensemble.flat, drawn(*shape[1]))
    for seed in range(1, 4):
        flat, x = drawn(*shape[0], seed=seed), drawn(*shape[1], seed=seed + 10)
        for found, expected in zip(recorded(flat, x), descent(flat, x), strict=True):
            assert torch.equal(found, expected)
            assert not found.requires_grad


def test_other_shapes_are_refused():
    """A mean's gradient holds the count of the entries: replayed on fewer it would be wrong without a sound."""
    recorded = Recorded(lambda pair: pair[0].mean() + pair[1].sum(), (torch.ones(2, 3), torch.ones(4)))
    assert float(recorded((torch.ones(2, 3), torch.ones(4)))) == 5.0
    with pytest.raises(ValueError, match=r"\[\(2, 3\), \(4,\)\], got \[\(2, 2\)"):
        recorded((torch.ones(2, 2), torch.ones(4)))

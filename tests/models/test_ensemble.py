"""models/ensemble.py: the same bits whatever a model is stacked with, and gradients that are torch's own."""

import pytest
import torch
from tolerances import FLOAT32

from varexp.maps.patterns import generator
from varexp.models.block import Block, BlockConfig
from varexp.models.ensemble import LANE, Ensemble
from varexp.training.descent import fit, word_batches


def blocks(seeds, side=3, width=16):
    config = BlockConfig(width=width, hidden=2 * width, head_size=width)
    return [Block(config, side**2, 2, generator("block", s)) for s in seeds]


def data(seeds, side):
    x = torch.stack([torch.randn(64, side**2, 2, generator=generator("x", s)) for s in seeds])
    return x, torch.sin(2 * x).flip(2)


def fitted(seeds, side, width, steps=12):
    ensemble = Ensemble(blocks(seeds, side, width))
    x, y = data(seeds, side)
    sources = [generator("batches", s) for s in seeds]
    index = word_batches(x.shape[1], steps, 8, sources)
    size = y.square().flatten(1).mean(dim=1)
    fit(ensemble, lambda step: (x[index[step]], y[index[step]]), size, steps=steps, learning_rate=0.06)
    return ensemble.flat


@pytest.mark.parametrize("width", [2, 4, 8, 16, 32, 64])
@pytest.mark.parametrize("side", [1, 2, 3, 5, 8])
def test_training_has_the_same_bits_in_ensembles_of_1_7_and_32(side, width):
    all_32 = fitted(range(32), side, width)
    assert torch.equal(fitted(range(5, 12), side, width), all_32[5:12])
    assert torch.equal(fitted([9], side, width), all_32[9:10])


def test_another_seed_gives_another_model():
    flat = fitted(range(2), 3, 8)
    assert not torch.equal(flat[0], flat[1])


def test_one_step_is_torch_adam_with_clipping():
    """Against torch.optim.Adam on the plain module, gradients clipped by torch's own function."""
    seeds = [3, 4]
    stacked = fitted(seeds, 3, 8, steps=2)
    x, y = data(seeds, 3)
    for position, seed in enumerate(seeds):
        (module,) = blocks([seed], 3, 8)
        order = torch.randperm(64, generator=generator("batches", seed))
        optimiser = torch.optim.Adam(module.parameters(), lr=0.06, betas=(0.9, 0.99))
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, 0.06, total_steps=2, pct_start=0.1, cycle_momentum=False, final_div_factor=1e4
        )
        for step in range(2):
            chosen = order[8 * step : 8 * step + 8]
            loss = (module(x[position, chosen]) - y[position, chosen]).square().mean() / y[position].square().mean()
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(module.parameters(), 1.0)
            optimiser.step()
            schedule.step()
        expected = Ensemble([module]).flat[0]
        torch.testing.assert_close(stacked[position], expected, atol=50 * FLOAT32, rtol=0)


def test_stack_and_unstack():
    modules = blocks(range(3))
    before = [{n: p.detach().clone() for n, p in m.named_parameters()} for m in modules]
    ensemble = Ensemble(modules)
    x = torch.randn(3, 5, 9, 2)
    expected = torch.stack([m(x[i]) for i, m in enumerate(modules)])
    torch.testing.assert_close(ensemble(x), expected)
    torch.testing.assert_close(ensemble(x[0], shared=True)[1], modules[1](x[0]))
    for module, kept in zip(ensemble.unstack(), before, strict=True):
        assert all(torch.equal(p, kept[n]) for n, p in module.named_parameters())
    assert ensemble.flat.shape[1] % LANE == 0

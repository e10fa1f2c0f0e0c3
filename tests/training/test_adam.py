"""training/adam.py: by hand, and to the bit what torch.optim does; the compiler is not imported."""

import subprocess
import sys

import pytest
import torch

from varexp.training.adam import Adam, one_cycle

WITHOUT = """
import sys
from varexp.benchmarks.training import by_varexp, work
by_varexp(work(2, 4, 2, 12))
sys.exit("torch._dynamo" in sys.modules)
"""


def test_the_first_step_by_hand():
    """Mean and square are corrected by what they lack, so that the first step is the rate times the sign."""
    weights = torch.tensor([1.0, 2.0, 3.0])
    Adam(weights).step(torch.tensor([4.0, -0.5, 0.0]), 0.25)
    assert torch.allclose(weights, torch.tensor([0.75, 2.25, 3.0]), atol=1e-6)


def test_rates_by_hand():
    rates = one_cycle(1.0, 20)
    assert rates[:2] == pytest.approx([1 / 25, 1.0])
    assert rates[-1] == pytest.approx(1 / 25 / 1e4)
    assert rates[10] == pytest.approx((1 + 1 / 25 / 1e4) / 2)
    assert max(rates) == rates[1]


@pytest.mark.parametrize("steps", [11, 12, 19, 20, 21, 100, 1000])
def test_rates_and_weights_are_those_of_torch_to_the_bit(steps):
    source = torch.Generator().manual_seed(steps)
    start = torch.randn(3, 64, generator=source)
    ours, theirs = start.clone(), start.clone()
    optimiser = torch.optim.Adam([theirs], lr=0.06, betas=(0.9, 0.99), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, 0.06, total_steps=steps, pct_start=0.1, cycle_momentum=False, final_div_factor=1e4
    )
    adam = Adam(ours)
    for rate in one_cycle(0.06, steps):
        assert rate == optimiser.param_groups[0]["lr"]
        gradient = torch.randn(3, 64, generator=source)
        theirs.grad = gradient.clone()
        adam.step(gradient, rate)
        optimiser.step()
        schedule.step()
    assert torch.equal(ours, theirs)


@pytest.mark.slow
def test_training_does_not_import_the_compiler():
    assert subprocess.run([sys.executable, "-c", WITHOUT], check=False).returncode == 0

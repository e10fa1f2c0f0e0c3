"""What was measured and what is enclosed are checked against each other. Both ends are in test_certify.py."""

from dataclasses import replace

import pytest
import torch
from small import problem, trained

from varexp.enclosure import Enclosure, Goal
from varexp.errors import SoundnessError
from varexp.maps.norms import NORMS
from varexp.measurement.intervals import attach_intervals
from varexp.measurement.measure import Measurement, measure
from varexp.theory import Interval


def measured(task, chain):
    return measure([chain], task.target, task.domain, Measurement(starts=0))[0]


@pytest.mark.parametrize("factor", [1.5, 0.5])
def test_a_measured_error_that_its_enclosure_contradicts_is_raised_with_the_numbers(factor):
    """Above an upper end, or below a lower end at its own points."""
    task, chain = problem("sine", "keys"), trained("sine", "keys").model
    found = measured(task, chain)
    attach_intervals(found, chain, task.target, task.domain, NORMS["rms"], Goal())
    planted = [*found[:-1], replace(found[-1], error=Interval(found[-1].error.lower * factor))]
    with pytest.raises(SoundnessError, match=r"stage \d: error is .* in plain torch, at least .* and at most"):
        attach_intervals(planted, chain, task.target, task.domain, NORMS["rms"], Goal())


class Shifted(torch.nn.Module):
    """A block that answers plain tensors otherwise than enclosures."""

    def __init__(self, block):
        super().__init__()
        self.block = block

    def forward(self, x):
        return self.block(x) if isinstance(x, Enclosure) else self.block(x) + 0.1


def test_a_model_that_goes_another_way_on_tensors_is_noticed():
    task, chain = problem("sine", "keys"), trained("sine", "keys").model
    chain.stages[0].block = Shifted(chain.stages[0].block)
    with pytest.raises(SoundnessError):
        attach_intervals(measured(task, chain), chain, task.target, task.domain, NORMS["rms"], Goal())

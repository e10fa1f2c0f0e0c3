"""Configs, what they plan, and what comes of a batch."""

from varexp.sweeps.config import schema
from varexp.sweeps.execute import Outcome, execute
from varexp.sweeps.plan import batches, expand

Config, Axes, Experiment = schema()


def cells_of(config):
    """The cells of the only experiment."""
    (cells,) = expand(config).values()
    return cells


def whole(batch):
    """The outcomes of all models of a batch as one."""
    outcome = Outcome()
    for part in execute(batch):
        outcome.add(part)
    return outcome


def run(config):
    (batch,) = batches(cells_of(config), 1)
    return whole(batch)

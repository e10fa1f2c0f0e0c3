"""Configs and what they plan."""

from varexp.sweeps.config import schema
from varexp.sweeps.plan import expand

Config, Axes, Experiment = schema()


def cells_of(config):
    """The cells of the only experiment."""
    (cells,) = expand(config).values()
    return cells

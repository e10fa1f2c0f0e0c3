"""What a config of one experiment plans."""

from varexp.sweep.plan import expand


def cells_of(config):
    """The cells of the only experiment."""
    (cells,) = expand(config).values()
    return cells

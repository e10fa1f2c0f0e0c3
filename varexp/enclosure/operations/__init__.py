"""The rules for torch's functions, one file a group. Importing this package fills `protocol.TABLE`."""

from varexp.enclosure.operations import (
    activations,
    arithmetic,
    attention,
    axes,
    constants,
    convolution,
    einsum,
    elementary,
    extrema,
    joining,
    normalisation,
    reductions,
    selecting,
)
from varexp.enclosure.protocol import Enclosure
from varexp.enclosure.refusals import refuse_attributes

GROUPS = (
    activations,
    arithmetic,
    attention,
    axes,
    constants,
    convolution,
    einsum,
    elementary,
    extrema,
    joining,
    normalisation,
    reductions,
    selecting,
)

refuse_attributes(Enclosure)  # whatever no rule has answered

__all__ = ["GROUPS"]

"""teacher_forcing: block i sees Φ_i y_{i-1} and aims at the true y_i, as VAR's next-scale prediction does.

A pyramid's block sees all coarser scales and aims at all up to its own.
"""

from varexp.training.objectives.base import StageObjective, register


@register("teacher_forcing")
class TeacherForcing(StageObjective):
    """The block may mend the kernel's error."""

    merged = True

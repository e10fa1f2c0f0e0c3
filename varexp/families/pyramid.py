"""pyramid: Definition 3.6, blocks that see all coarser token maps, interpolated."""

from varexp.families._staged import StagedFamily
from varexp.families.base import register
from varexp.maps.patterns import generator
from varexp.models.pyramid import PyramidArchitecture, PyramidBlock, PyramidStage
from varexp.training.objectives import OBJECTIVES
from varexp.training.problem import Problem


@register("pyramid")
class PyramidFamily(StagedFamily):
    """A chain whose state is the merged token maps of all scales."""

    architecture = PyramidArchitecture
    default_objective = "teacher_forcing"

    def objectives(self) -> list[str]:
        """Those that can ask a block for all scales at once."""
        return [name for name, objective in OBJECTIVES.items() if objective.merged]

    def stage(self, problem: Problem, index: int, architecture: PyramidArchitecture) -> PyramidStage:
        return new_stage(problem, index, architecture)


def new_stage(problem: Problem, index: int, architecture: PyramidArchitecture) -> PyramidStage:
    """An untrained stage (index from 0). Its weights depend on (seed, stage) alone."""
    sides = problem.target.sides[: index + 2]
    source = generator("weights", problem.seed, index + 1)
    tokens = [side**2 for side in sides[1:]]
    block = PyramidBlock(architecture, tokens, problem.domain.channels, source, architecture.block_causal)
    return PyramidStage(problem.kernel, sides, block)

"""chain: Definition 3.8, blocks that see the last token map, interpolated."""

from varexp.families._staged import StagedFamily
from varexp.families.base import register
from varexp.maps.patterns import generator
from varexp.models.block import Block, BlockConfig
from varexp.models.chain import ChainStage
from varexp.training.problem import Problem


@register("chain")
class ChainFamily(StagedFamily):
    """The paper's main model."""

    architecture = BlockConfig
    default_objective = "stagewise"
    default_side = 2

    def default_sides(self, side: int) -> tuple[int, ...]:
        """Seven sides: one by one, but from 1 with a first block at 1x1 (Def 3.3) and up to 6."""
        return (1, 1, 2, 3, 4, 5, 6) if side == 1 else tuple(range(side, side + 7))

    def stage(self, problem: Problem, index: int, architecture: BlockConfig) -> ChainStage:
        return new_stage(problem, index, architecture)


def new_stage(problem: Problem, index: int, architecture: BlockConfig) -> ChainStage:
    """An untrained stage (index from 0). Its weights depend on (seed, stage) alone."""
    side_in, side_out = problem.target.sides[index : index + 2]
    source = generator("weights", problem.seed, index + 1)
    block = Block(architecture, side_out**2, problem.domain.channels, source)
    return ChainStage(problem.kernel, side_in, side_out, block)

"""end_to_end: all blocks at once, from the word to y_n.

They do not imitate the f_i, and only the last depth is judged.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.maps.patterns import generator
from varexp.models.chain import Chain
from varexp.models.ensemble import Ensemble
from varexp.training.fitting import fit_to_words
from varexp.training.objectives.base import NewStage, Objective, register
from varexp.training.problem import Notify, Problem, Trained
from varexp.training.recipe import Recipe


@register("end_to_end")
class EndToEnd(Objective):
    """One loss, at the end of the chain."""

    trains_each_depth = True

    def default_learning_rate(self, width: int) -> float:
        return 0.01

    def fits(self, depth: int) -> int:
        return 1

    def train(
        self,
        problems: Sequence[Problem],
        words: Sequence[Float[Tensor, "words tokens channels"]],
        new_stage: NewStage,
        recipe: Recipe,
        notify: Notify,
    ) -> list[Trained[Chain]]:
        chains, truth = [], []
        for problem, x in zip(problems, words, strict=True):
            chain = Chain([new_stage(problem, index) for index in range(len(problem.target.stages))])
            trajectory = problem.target.trajectory(x)
            for stage, before, y in zip(chain.stages, [x, *trajectory[:-1]], trajectory, strict=True):
                stage.block.set_scales(stage.interpolate(before), y)
            chains.append(chain)
            truth.append(trajectory[-1])
        fixed = [{name: stage.interpolation for name, stage in chain.stages.named_children()} for chain in chains]
        ensemble = Ensemble([chain.float() for chain in chains])
        sources = [generator("batches", problem.seed, "all") for problem in problems]
        curves, rms = fit_to_words(ensemble, torch.stack(list(words)), torch.stack(truth), sources, recipe, notify)
        ensemble.unstack()
        results = []
        for chain, matrices, curve, value in zip(chains, fixed, curves, rms, strict=True):
            chain.double().requires_grad_(False)
            for name, stage in chain.stages.named_children():
                stage.interpolation = matrices[name]  # Φ_i is the float64 matrix, not its rounding to float32
            result = Trained(chain)
            for _ in chain.stages:
                result.record(value, curve)
            results.append(result)
        return results

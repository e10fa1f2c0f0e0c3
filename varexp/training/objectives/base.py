"""The protocol of an objective: the aim of each block of a staged model, and the inputs that it sees.

y is the target's own trajectory, t the model's. All models of one call train as one ensemble; the result of a problem
is the same to the bit whatever it is trained beside.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.maps.patterns import generator
from varexp.maps.targets import Target, TargetStage
from varexp.models.chain import Chain
from varexp.models.ensemble import Ensemble
from varexp.models.stage import Stage
from varexp.registry import registrar
from varexp.training.fitting import fit_to_words
from varexp.training.problem import Notify, Problem, Trained
from varexp.training.recipe import OBJECTIVES, Recipe

NewStage = Callable[[Problem, int], Stage]  # an untrained stage of a problem, its index counted from 0


class Objective(ABC):
    """One way to train a staged model.

    Attributes:
        name: the value of the column `training`.
        trains_each_depth: whether a chain of every depth is trained by itself, instead of being read off a deeper one.
        merged: whether it can ask a block for all scales at once, as a pyramid's block gives them (Def 3.6).
    """

    name: ClassVar[str]
    trains_each_depth: ClassVar[bool] = False
    merged: ClassVar[bool] = False

    def default_learning_rate(self, width: int) -> float:
        """The peak rate that trained every target well; it must fall with the width."""
        return 0.06 * min(1.0, 16 / width)

    def fits(self, depth: int) -> int:
        """How many times weights are fitted, one after another, for a model of this depth."""
        return depth

    def check(self, sides: tuple[int, ...]) -> None:  # noqa: B027  # most can train on every ladder
        """Raise ValueError for a ladder of sides that the objective cannot train on."""

    @abstractmethod
    def train(
        self,
        problems: Sequence[Problem],
        words: Sequence[Float[Tensor, "words tokens channels"]],
        new_stage: NewStage,
        recipe: Recipe,
        notify: Notify,
    ) -> list[Trained[Chain]]:
        """Train one model a problem on its words. The ladders of sides are the same."""


class StageObjective(Objective):
    """Stages train one after the other. A subclass says what they see and what they are asked for.

    By default the target replaces the stages before it, so that the block sees the inputs that exact stages would give,
    and aims at what is wanted after the stage.
    """

    def aim(
        self,
        target: TargetStage,
        shown: Float[Tensor, "words tokens_shown channels"],
        truth: Float[Tensor, "words merged channels"],
    ) -> Float[Tensor, "words tokens_shown channels"]:
        """The aim of the block where it is shown `shown`; `truth` is the state that is wanted after the stage.

        By default its last tokens: the newest scale, or for a pyramid all scales but the word.
        """
        return truth[:, -shown.shape[1] :]

    def truths(
        self, target: Target, words: Float[Tensor, "words tokens channels"]
    ) -> list[Float[Tensor, "words _ channels"]]:
        """What is to be made after every stage: by default the target's own trajectory y_1, …, y_n."""
        return target.trajectory(words)

    def wanted(
        self,
        target: TargetStage,
        seen: Float[Tensor, "words tokens_in channels"],
        truth: Float[Tensor, "words tokens channels"],
    ) -> Float[Tensor, "words tokens channels"]:
        """What this stage is to make of the token map `seen`: by default the truth of this stage."""
        return truth

    def states_after(
        self, stages: Sequence[Stage], states: Sequence[Tensor], true_states: Sequence[Tensor]
    ) -> Sequence[Tensor]:
        """The states that the next stage sees: by default the true ones."""
        return true_states

    def train(
        self,
        problems: Sequence[Problem],
        words: Sequence[Float[Tensor, "words tokens channels"]],
        new_stage: NewStage,
        recipe: Recipe,
        notify: Notify,
    ) -> list[Trained[Chain]]:
        results = [Trained(Chain([])) for _ in problems]
        truths = [self.truths(problem.target, x) for problem, x in zip(problems, words, strict=True)]
        states = words  # inputs of the next stage
        for index in range(len(problems[0].target.stages)):
            stages: list[Any] = [new_stage(problem, index) for problem in problems]
            targets = [problem.target.stages[index] for problem in problems]
            inputs = [stage.interpolate(state) for stage, state in zip(stages, states, strict=True)]
            wanted = [
                self.wanted(target, stage.previous_scale(state), y[index])
                for target, stage, state, y in zip(targets, stages, states, truths, strict=True)
            ]
            after = [stage.next_state(state, y) for stage, state, y in zip(stages, states, wanted, strict=True)]
            aims = [self.aim(*given) for given in zip(targets, inputs, after, strict=True)]
            for stage, shown, aim in zip(stages, inputs, aims, strict=True):
                stage.block.set_scales(shown, aim)
            ensemble = Ensemble([stage.block for stage in stages])
            sources = [generator("batches", problem.seed, index + 1) for problem in problems]
            curves, rms = fit_to_words(ensemble, torch.stack(inputs), torch.stack(aims), sources, recipe, notify)
            ensemble.unstack()
            for result, stage, curve, value in zip(results, stages, curves, rms, strict=True):
                result.model.stages.append(stage.double().requires_grad_(False))
                result.record(value, curve)
            states = self.states_after(stages, states, after)
        return results


register = registrar(OBJECTIVES, instance=True)

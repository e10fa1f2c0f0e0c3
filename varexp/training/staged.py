"""Train staged models, chains and pyramids: many at once, by the objective that the recipe names."""

from collections.abc import Sequence

from varexp.models.chain import Chain
from varexp.pointwise import require_pointwise
from varexp.training.objectives import NewStage
from varexp.training.problem import Notify, Problem, Trained, silent
from varexp.training.recipe import Recipe


def train(
    problems: Sequence[Problem], new_stage: NewStage, recipe: Recipe, notify: Notify = silent
) -> list[Trained[Chain]]:
    """Train one staged model a problem, all as one ensemble.

    Args:
        problems: what is to be learned; their ladders of sides must be the same.
        new_stage: makes the untrained stage of a problem, by its index from 0.
        recipe: objective, steps, batch, learning rate.
        notify: hears of finished model-steps.

    Returns:
        One trained model a problem, the same to the bit whatever it is trained beside.

    Raises:
        ValueError: the ladders of sides differ, or a stage is no function of each word alone.
    """
    ladders = {problem.target.sides for problem in problems}
    if len(ladders) != 1:
        raise ValueError(f"models that train together need one ladder of sides, got {sorted(ladders)}")
    _require_functions_of_words(problems[0], new_stage)
    words = [p.domain.points(p.domain.grid(p.domain.training_words)) for p in problems]
    return recipe.objective.train(problems, words, new_stage, recipe, notify)


def _require_functions_of_words(problem: Problem, new_stage: NewStage) -> None:
    """Raise ValueError, before anything is trained, for a stage that depends on other words, on chance or on state."""
    state = problem.domain.points(problem.domain.sample(3))
    for index in range(len(problem.target.stages)):
        stage = new_stage(problem, index).double()
        state = require_pointwise(stage, state, f"stage {index + 1} of the model")

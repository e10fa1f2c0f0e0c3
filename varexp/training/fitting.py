"""Fit an ensemble to inputs and outputs on the training words, and say how it went."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.models.ensemble import Ensemble
from varexp.training.descent import fit, word_batches
from varexp.training.problem import Notify
from varexp.training.recipe import Recipe

CURVE_POINTS = 25
CHUNK = 64  # words in one pass of the final evaluation


class Curves:
    """Learning curves: root of the mean relative loss per window of steps, for every model."""

    def __init__(self, models: int, steps: int, notify: Notify) -> None:
        self.models, self.steps, self.notify = models, steps, notify
        self.sums = torch.zeros(min(CURVE_POINTS, steps), models, dtype=torch.float32)
        self.counts = torch.zeros(len(self.sums), 1, dtype=torch.float32)

    def add(self, step: int, loss: Float[Tensor, "models"]) -> None:
        """Take in the losses of a step."""
        window = step * len(self.sums) // self.steps
        self.sums[window] += loss
        self.counts[window] += 1
        self.notify(self.models)

    def values(self) -> list[list[float]]:
        """One curve a model."""
        return (self.sums / self.counts).sqrt().T.tolist()


def fit_to_words(
    ensemble: Ensemble,
    inputs: Float[Tensor, "models words tokens_in channels"],
    outputs: Float[Tensor, "models words tokens_out channels"],
    sources: Sequence[torch.Generator],
    recipe: Recipe,
    notify: Notify,
) -> tuple[list[list[float]], list[float]]:
    """Train in float32. Returns learning curves and final relative rms errors on the training words."""
    inputs, outputs = inputs.float(), outputs.float()
    index = word_batches(inputs.shape[1], recipe.steps, recipe.batch, sources)
    size = outputs.square().flatten(1).mean(dim=1)
    curves = Curves(len(ensemble), recipe.steps, notify)
    fit(
        ensemble,
        lambda step: (inputs[index[step]], outputs[index[step]]),
        size,
        steps=recipe.steps,
        learning_rate=recipe.learning_rate,
        on_step=curves.add,
    )
    with torch.no_grad():
        chunks = [ensemble(x) for x in inputs.split(CHUNK, dim=1)]
        residual = (torch.cat(chunks, dim=1) - outputs).square().flatten(1).mean(dim=1)
        return curves.values(), (residual / size).sqrt().tolist()

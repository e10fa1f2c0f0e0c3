"""Gradient descent of an ensemble: Adam with one cycle of the learning rate, steps recorded once and repeated."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.models.ensemble import Ensemble
from varexp.training.adam import Adam, one_cycle
from varexp.training.recording import Recorded

Step = Callable[[int, Tensor], None]
Draw = Callable[[int], tuple[Any, Tensor]]  # inputs and outputs (models, batch, …) of a step


def fit(
    ensemble: Ensemble,
    draw: Draw,
    size: Float[Tensor, "models"],
    *,
    steps: int,
    learning_rate: float,
    clip: float = 1.0,
    on_step: Step | None = None,
) -> None:
    """Train every model to map its inputs to its outputs: Adam, one cycle, mean square over `size`.

    `draw` gives the batch of a step, always of the same shapes. Gradients are clipped per model.
    """

    def descent(flat: Tensor, inputs: Any, outputs: Tensor) -> tuple[Tensor, Tensor]:
        """The losses, and their gradient, clipped."""
        flat = flat.detach().requires_grad_()
        loss = (ensemble(inputs, flat) - outputs).square().flatten(1).mean(dim=1) / size
        (gradient,) = torch.autograd.grad(loss.sum(), flat)
        norm = gradient.square().sum(dim=1, keepdim=True).sqrt()
        return loss.detach(), gradient * (clip / norm.clamp_min(clip))

    flat = ensemble.flat.detach().clone()
    adam, recorded = Adam(flat), None
    for step, rate in enumerate(one_cycle(learning_rate, steps)):
        inputs, outputs = draw(step)
        recorded = recorded or Recorded(descent, flat, inputs, outputs)
        loss, gradient = recorded(flat, inputs, outputs)
        adam.step(gradient, rate)
        if on_step is not None:
            on_step(step, loss)
    ensemble.flat = flat


def word_batches(words: int, steps: int, batch: int, sources: Sequence[torch.Generator]) -> list[tuple[Tensor, Tensor]]:
    """For every step an index (models, batch) of words, for each model from its own source of randomness."""
    order = torch.stack([_epochs(words, steps * batch, source) for source in sources])
    models = torch.arange(len(sources))[:, None]
    return [(models, chosen) for chosen in order.split(batch, dim=1)]


def _epochs(words: int, draws: int, source: torch.Generator) -> Tensor:
    """Indices of words: one shuffled pass after another."""
    passes = [torch.randperm(words, generator=source) for _ in range(-(-draws // words))]
    return torch.cat(passes)[:draws]

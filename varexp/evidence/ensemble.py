"""Many models of the same shapes as one: stacked weights, one forward, one optimiser.

A model's numbers do not depend on what it is stacked with, to the bit. Two things make that so: every operation acts on
each model alone (vmap), and each tensor of a model starts at a multiple of LANE elements in one flat row, so that
vectorised loops never treat one element as the leftover of a vector in one ensemble and not in another.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call, vmap

from varexp.evidence.recording import Recorded

LANE = 64  # elements; a multiple of what one unrolled vector instruction takes on any machine

Step = Callable[[int, Tensor], None]
Draw = Callable[[int], tuple[Any, Tensor]]  # inputs and outputs (models, batch, …) of a step


class Ensemble:
    """`modules` stacked along a leading axis `models`. They must have the same class, shapes and configuration."""

    def __init__(self, modules: Sequence[nn.Module]) -> None:
        self.modules = list(modules)
        self.template = copy.deepcopy(self.modules[0]).to("meta")
        self.shapes = {name: p.shape for name, p in self.modules[0].named_parameters()}
        self.flat = torch.stack([self._flatten(module) for module in self.modules])  # models elements
        names = [name for name, _ in self.modules[0].named_buffers()]
        self.buffers = {name: torch.stack([m.get_buffer(name) for m in self.modules]) for name in names}

    def __len__(self) -> int:
        return len(self.modules)

    def _flatten(self, module: nn.Module) -> Tensor:
        rows = [p.detach().flatten() for p in module.parameters()]
        return torch.cat([nn.functional.pad(row, (0, -len(row) % LANE)) for row in rows])

    def parameters(self, flat: Float[Tensor, "models elements"]) -> dict[str, Tensor]:
        """The named, stacked parameters that lie in a flat tensor, as views."""
        padded = [shape.numel() + -shape.numel() % LANE for shape in self.shapes.values()]
        pieces = zip(self.shapes.items(), flat.split(padded, dim=1), strict=True)
        return {name: piece[:, : shape.numel()].unflatten(1, tuple(shape)) for (name, shape), piece in pieces}

    def __call__(self, x: Any, flat: Tensor | None = None, shared: bool = False) -> Any:
        """Every model's forward: of its own x (models, …), a tensor or a tuple, or of the same x with `shared`."""

        def forward(parameters: dict[str, Tensor], buffers: dict[str, Tensor], x: Any) -> Any:
            return functional_call(self.template, (parameters, buffers), (x,))

        weights = self.parameters(self.flat if flat is None else flat)
        return vmap(forward, in_dims=(0, 0, None if shared else 0))(weights, self.buffers, x)

    def unstack(self) -> list[nn.Module]:
        """The modules, holding the ensemble's weights."""
        weights = self.parameters(self.flat)
        for index, module in enumerate(self.modules):
            for name, parameter in module.named_parameters():
                parameter.data = weights[name][index].detach().clone()
        return self.modules


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
    flat.grad = torch.zeros_like(flat)
    optimiser = torch.optim.Adam([flat], lr=learning_rate, betas=(0.9, 0.99), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, learning_rate, total_steps=steps, pct_start=0.1, cycle_momentum=False, final_div_factor=1e4
    )
    recorded = None
    for step in range(steps):
        inputs, outputs = draw(step)
        recorded = recorded or Recorded(descent, flat, inputs, outputs)
        loss, flat.grad = recorded(flat, inputs, outputs)
        optimiser.step()
        schedule.step()
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

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

LANE = 64  # elements; a multiple of what one unrolled vector instruction takes on any machine

Step = Callable[[int, Tensor], None]


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

    def __call__(self, x: Tensor, flat: Tensor | None = None, shared: bool = False) -> Any:
        """Every model's forward: of its own x (models, …), or of the same x with `shared`."""

        def forward(parameters: dict[str, Tensor], buffers: dict[str, Tensor], x: Tensor) -> Any:
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
    inputs: Float[Tensor, "models words tokens_in channels"],
    outputs: Float[Tensor, "models words tokens_out channels"],
    batches: Sequence[torch.Generator],
    *,
    steps: int,
    batch: int,
    learning_rate: float,
    clip: float = 1.0,
    on_step: Step | None = None,
) -> None:
    """Train every model to map its inputs to its outputs: Adam, one cycle, mean square over the outputs' mean square.

    `batches` holds each model's own source of randomness. Gradients are clipped per model.
    """
    size = outputs.square().flatten(1).mean(dim=1)  # models
    order = torch.stack([_epochs(inputs.shape[1], steps * batch, source) for source in batches])
    models = torch.arange(len(ensemble))[:, None]
    flat = ensemble.flat.detach().clone().requires_grad_()
    optimiser = torch.optim.Adam([flat], lr=learning_rate, betas=(0.9, 0.99), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, learning_rate, total_steps=steps, pct_start=0.1, cycle_momentum=False, final_div_factor=1e4
    )
    for step in range(steps):
        chosen = order[:, step * batch : (step + 1) * batch]
        residual = ensemble(inputs[models, chosen], flat) - outputs[models, chosen]
        loss = residual.square().flatten(1).mean(dim=1) / size
        (gradient,) = torch.autograd.grad(loss.sum(), flat)
        norm = gradient.square().sum(dim=1, keepdim=True).sqrt()
        flat.grad = gradient * (clip / norm.clamp_min(clip))
        optimiser.step()
        schedule.step()
        if on_step is not None:
            on_step(step, loss.detach())
    ensemble.flat = flat.detach()


def _epochs(words: int, draws: int, source: torch.Generator) -> Tensor:
    """Indices of words: one shuffled pass after another."""
    passes = [torch.randperm(words, generator=source) for _ in range(-(-draws // words))]
    return torch.cat(passes)[:draws]

"""Many models of the same shapes as one: stacked weights, one forward.

A model's numbers do not depend on what it is stacked with, to the bit. Two things make that so: every operation acts on
each model alone (vmap), and each tensor of a model starts at a multiple of LANE elements in one flat row, so that
vectorised loops never treat one element as the leftover of a vector in one ensemble and not in another.
"""

import copy
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call, vmap

LANE = 64  # elements; a multiple of the width of one unrolled vector instruction on any machine


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
        rows = [p.detach().flatten() for p in module.parameters()] or [torch.zeros(0)]
        return torch.cat([nn.functional.pad(row, (0, -len(row) % LANE)) for row in rows])

    def parameters(self, flat: Float[Tensor, "models elements"]) -> dict[str, Tensor]:
        """The named, stacked parameters that lie in a flat tensor, as views."""
        padded = [shape.numel() + -shape.numel() % LANE for shape in self.shapes.values()]
        pieces = zip(self.shapes.items(), flat.split(padded, dim=1), strict=True)
        return {name: piece[:, : shape.numel()].unflatten(1, tuple(shape)) for (name, shape), piece in pieces}

    def __call__(self, x: Any, flat: Tensor | None = None, shared: bool = False) -> Any:
        """Every model's forward: of its own x (models, …), a tensor or a tuple, or of the same x with `shared`."""

        def forward(model: Tensor, parameters: dict[str, Tensor], buffers: dict[str, Tensor], x: Any) -> Any:
            return functional_call(self.template, (parameters, buffers), (x,))

        weights = self.parameters(self.flat if flat is None else flat)
        number = torch.arange(len(self))  # something to map over where modules have no tensors and share x
        return vmap(forward, in_dims=(0, 0, 0, None if shared else 0))(number, weights, self.buffers, x)

    def unstack(self) -> list[nn.Module]:
        """The modules, holding the ensemble's weights."""
        weights = self.parameters(self.flat)
        for index, module in enumerate(self.modules):
            for name, parameter in module.named_parameters():
                parameter.data = weights[name][index].detach().clone()
        return self.modules

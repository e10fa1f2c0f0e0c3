"""Plain networks of torch, trained on a vector field in float64, the same to the bit for a seed on one machine."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import Linear, Module, ReLU, Sequential, Tanh
from torch.nn.utils import skip_init

from varexp.dynamics.fields import Box, Field
from varexp.errors import bad_value, unknown_name

ACTIVATIONS: dict[str, type[Module]] = {"relu": ReLU, "tanh": Tanh}
POINTS = {1: 256, 2: 32, 3: 12, 4: 7}  # along a coordinate, by the number of coordinates
LEARNING_RATE = 1e-2
POWER = 8  # of the mean that training lowers: a high one stands near the sup, which is what is certified


def initial_network(field: Field, hidden: Sequence[int], activation: str, seed: int) -> Sequential:
    """A network with random weights, hidden layers of these sizes, in float64.

    Every unit of the first layer bends along a line through a random point of the field's box, so that no unit is idle.

    Raises:
        ValueError: no hidden layer or one without units, or an activation that is not known.
    """
    if not hidden or min(hidden) < 1:
        raise bad_value("hidden", list(hidden), "a list of sizes of hidden layers, each at least 1")
    if activation not in ACTIVATIONS:
        raise unknown_name("activation", activation, ACTIVATIONS)
    draw = torch.Generator().manual_seed(seed)
    sizes = [field.coordinates, *hidden, field.components]
    layers = [skip_init(Linear, a, b, dtype=torch.float64).requires_grad_(False) for a, b in pairwise(sizes)]
    for layer in layers:
        bound = (3 / layer.in_features) ** 0.5
        layer.weight.uniform_(-bound, bound, generator=draw)
        layer.bias.zero_()
    through = uniform_points(field.box, layers[0].out_features, draw)
    layers[0].bias.copy_(-(layers[0].weight * through).sum(dim=1))
    bent = [module for layer in layers[:-1] for module in (layer, ACTIVATIONS[activation]())]
    return Sequential(*bent, layers[-1]).requires_grad_(True)


def train(network: Module, field: Field, steps: int) -> None:
    """Fit a network to a field in place: Adam on the error's power mean over a grid, its rate along half a cosine."""
    points = grid(field.box)
    aims = field(points)
    optimiser = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        loss = (network(points) - aims).abs().pow(POWER).mean() ** (2 / POWER)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    network.requires_grad_(False)


def grid(box: Box) -> Float[Tensor, "points coordinates"]:
    """Points of a box, corners among them, denser towards its edges, where a fit is worst."""
    count = POINTS[len(box)]
    angles = torch.linspace(0, torch.pi, count, dtype=torch.float64)
    even = torch.linspace(-1, 1, count, dtype=torch.float64)
    spread = (even - torch.cos(angles)) / 2
    axes = [(low + high) / 2 + (high - low) / 2 * spread for low, high in box]
    return torch.cartesian_prod(*axes).reshape(-1, len(box))


def uniform_points(box: Box, count: int, draw: torch.Generator) -> Float[Tensor, "count coordinates"]:
    """Random points of a box, evenly spread."""
    low, high = torch.tensor(box, dtype=torch.float64).T
    return low + (high - low) * torch.rand(count, len(box), dtype=torch.float64, generator=draw)

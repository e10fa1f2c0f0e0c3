"""Random Taylor models, points of them, and the check that an operation's enclosure contains what it should."""

import torch

from varexp.evidence.enclosure.ring import ring
from varexp.evidence.enclosure.taylor import TaylorModel
from varexp.maps.constants import UNIT

SHAPE = (4, 3, 5)  # cells and two logical axes
POINTS = 256  # of each model


def random_model(seed, variables, order, symbols, width, centre=1.0, shape=SHAPE, owner=None):
    """A model of spread about `width` around values of size `centre`."""
    source = torch.Generator().manual_seed(seed)
    rg = ring(variables, order)

    def draw(*sizes):
        return torch.randn(*sizes, dtype=torch.float64, generator=source)

    scale = torch.tensor([centre if d == 0 else width**d / len(rg) for d in rg.degrees], dtype=torch.float64)
    P = draw(len(rg), *shape) * scale.reshape(-1, *[1] * len(shape))
    G = draw(symbols, *shape) * width / (4 * max(symbols, 1))
    R = draw(*shape).abs() * width**2 / 8
    size = P.abs().sum(0) + G.abs().sum(0) + R
    return TaylorModel(rg, P, G, R, size * (1 + 64 * UNIT), owner if owner is not None else object())


class Points:
    """Values of variables and symbols, shared by every model of one computation."""

    def __init__(self, seed, variables, symbols, count=POINTS):
        self.source = torch.Generator().manual_seed(seed)
        self.t = self.draw(count, variables)
        self.y = self.draw(count, symbols)
        self.t[0], self.y[0] = 1.0, -1.0  # a corner

    def draw(self, *sizes):
        return torch.rand(*sizes, dtype=torch.float64, generator=self.source) * 2 - 1

    def known(self, model):
        """The polynomial and the symbols of a model at the points: (points, cells, *logical)."""
        monomials = torch.stack([self.t.pow(torch.tensor(e)).prod(dim=1) for e in model.ring.powers], dim=1)
        value = torch.einsum("pm,m...->p...", monomials, model.P)
        if len(model.G):
            value = value + torch.einsum("ps,s...->p...", self.y, model.G)
        return value

    def values(self, model):
        """Values that the model stands for: somewhere in the remainder, at its ends for some."""
        share = self.draw(len(self.t), *model.R.shape)
        share[1], share[2] = 1.0, -1.0
        return self.known(model) + share * model.R


def violations(result, points, exact):
    """How many exact values (points, cells, *logical) lie outside an enclosure, float64 noise of the test apart."""
    noise = 64 * UNIT * (exact.abs() + result.size)
    return int((~((exact - points.known(result)).abs() <= result.R + noise)).sum())

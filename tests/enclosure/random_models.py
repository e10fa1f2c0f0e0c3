"""Random Chebyshev models, points of them, and the check that an operation's enclosure contains what it should."""

import torch

from varexp.enclosure import Enclosure
from varexp.enclosure.basis import ring
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.rounding import UNIT
from varexp.enclosure.symbols import Symbol

SHAPE = (4, 3, 5)  # cells and two logical axes
POINTS = 256  # of each model


def new_symbols(count):
    """Every other one is by row."""
    return tuple(Symbol(by_row=bool(i % 2)) for i in range(count))


def random_model(seed, variables, order, symbols, width, centre=1.0, shape=SHAPE):
    """A model of spread about `width` around values of size `centre`, over the given symbols."""
    count = len(symbols)
    source = torch.Generator().manual_seed(seed)
    rg = ring(variables, order)

    def draw(*sizes):
        return torch.randn(*sizes, dtype=torch.float64, generator=source)

    scale = torch.tensor([centre if d == 0 else width**d / len(rg) for d in rg.degrees], dtype=torch.float64)
    P = draw(len(rg), *shape) * scale.reshape(-1, *[1] * len(shape))
    G = draw(count, *shape) * width / (4 * max(count, 1))
    R = draw(*shape).abs() * width**2 / 8
    size = P.abs().sum(0) + G.abs().sum(0) + R
    return ChebyshevModel(rg, P, G, R, size * (1 + 64 * UNIT), symbols)


class Points:
    """Values of variables and symbols, shared by every model of one computation."""

    def __init__(self, seed, variables, symbols, count=POINTS):
        self.source = torch.Generator().manual_seed(seed)
        self.t = self.draw(count, variables)
        self.y = {symbol: self.draw(count, SHAPE[1] if symbol.by_row else 1) for symbol in symbols}
        for drawn in (self.t, *self.y.values()):
            drawn[0] = 1.0  # a corner

    def draw(self, *sizes):
        return torch.rand(*sizes, dtype=torch.float64, generator=self.source) * 2 - 1

    def known(self, model):
        """The polynomial and the symbols of a model at the points: (points, cells, *logical)."""
        basis = torch.stack([torch.cos(torch.tensor(e) * self.t.acos()).prod(dim=1) for e in model.ring.powers], dim=1)
        value = torch.einsum("pm,m...->p...", basis, model.polynomial)
        for symbol, G in zip(model.symbols, model.generators, strict=True):
            y = self.y[symbol]
            rows = (*(1,) * (G.dim() - 2), -1, 1) if G.dim() > 1 else (1,)  # a value without axes has no rows
            value = value + y.reshape(len(y), *rows) * G
        return value

    def values(self, model):
        """Values that the model stands for: somewhere in the remainder, at its ends for some."""
        share = self.draw(len(self.t), *model.remainder.shape)
        share[1], share[2] = 1.0, -1.0
        return self.known(model) + share * model.remainder


def violations(result, points, exact):
    """How many exact values (points, cells, *logical) lie outside an enclosure, float64 noise of the test apart; and
    how many of them, or of the sums of its coefficients, lie above its magnitude."""
    size, up = result.polynomial.abs().sum(0) + result.generators.abs().sum(0), 1 + 64 * UNIT
    too_large = int((size > result.magnitude * up).sum()) + int((exact.abs() > result.magnitude * up).sum())
    result = result.drop_symbols_where(lambda symbol: symbol not in points.y)
    noise = 64 * UNIT * (exact.abs() + result.magnitude)
    return too_large + int((~((exact - points.known(result)).abs() <= result.remainder + noise)).sum())


def escapes(operation, model, seed=0):
    """How many values of a torch function lie outside its enclosure, at random points of a model."""
    points = Points(seed, model.ring.variables, model.symbols)
    exact = torch.stack([operation(value) for value in points.values(model)])
    return violations(operation(Enclosure.of(model)).model(), points, exact)

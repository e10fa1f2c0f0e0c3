"""Additions from outside the package, one of every kind: what a user's own file would hold."""

import math
from dataclasses import dataclass

import torch
from matplotlib.figure import Figure

from varexp.enclosure.rounding import gamma
from varexp.families import register as register_family
from varexp.families.chain import ChainFamily
from varexp.maps.constants import Constant
from varexp.maps.domains import Domain
from varexp.maps.domains.base import register as register_domain
from varexp.maps.interpolation import KERNELS, Kernel
from varexp.maps.norms import NORMS, TokenNorm
from varexp.maps.patterns import cosine_modes, generator
from varexp.maps.targets import PatternedMap, register
from varexp.models.block import Block, BlockConfig
from varexp.models.chain import ChainStage
from varexp.report.figures import FIGURES
from varexp.settings import setting
from varexp.training.objectives import StageObjective
from varexp.training.objectives import register as register_objective
from varexp.training.staged import train


class MeanAbsolute(TokenNorm):
    """l1: the mean of absolute values."""

    name = "l1"

    def __call__(self, x):
        return x.abs().mean(dim=(-2, -1))

    def merged(self, norms, tokens):
        counts = torch.tensor(list(tokens), dtype=norms.dtype)
        return (counts * norms).cumsum(dim=-1) / counts.cumsum(dim=-1)

    def steepest(self, gradient):
        flat = gradient.abs().flatten(-2)
        largest = torch.nn.functional.one_hot(flat.argmax(dim=-1), flat.shape[-1]).to(gradient.dtype)
        return (largest * flat.shape[-1]).unflatten(-1, gradient.shape[-2:]) * gradient.sign()

    def operator_norm(self, matrix, off_by=None):
        """The largest sum of absolute values in a column, times columns over rows."""
        rows, columns = matrix.shape
        best = max(math.fsum(abs(entry) for entry in column) for column in matrix.T.tolist())
        missed = 0.0 if off_by is None else float(off_by.sum(dim=0).max()) * (1 + gamma(rows + 2))
        low, high = max(0.0, best - missed) * (1 - gamma(8)), (best + missed) * (1 + gamma(8))
        return Constant(low * columns / rows * (1 - gamma(8)), high * columns / rows * (1 + gamma(8)))


NORMS.register("l1", MeanAbsolute())


@register_domain("rectangle")
class BoxDomain(Domain):
    """Combinations of the two lowest cosine modes, constant over channels, with coefficients in [-1, 1]."""

    training_words, sample_points, parameters, radius = 256, 1024, 2, 2**0.5
    box = ((-1.0, -1.0), (1.0, 1.0))

    def check(self):
        if self.side < 2:
            raise ValueError(f"a rectangle needs side 2 or more, got {self.side}")

    @property
    def basis(self):
        return cosine_modes(self.side)[:2, :, None].expand(2, self.side**2, self.channels).contiguous()

    def points(self, theta):
        return self.combination(theta)

    def chart(self, u):
        return u

    def project(self, theta):
        return theta.clamp(-1, 1)

    def cover(self):
        axis = (2 * torch.arange(32, dtype=torch.float64) + 1) / 32 - 1
        return torch.cartesian_prod(axis, axis), 1 / 32

    def spread(self, count, offset):
        """A rank-1 lattice, shifted."""
        index = torch.arange(count, dtype=torch.float64)
        return 2 * torch.stack([(index + offset) / count, (index * 0.7548776662466927 + offset).frac()], dim=1) - 1


@register_objective("halfway")
class Halfway(StageObjective):
    """Between stagewise and teacher_forcing: the mean of what both aim at."""

    def aim(self, target, shown, truth):
        return (target.feature_map(shown) + truth[:, -shown.shape[1] :]) / 2


@register("saturating")
@dataclass(frozen=True, kw_only=True)
class Saturating(PatternedMap):
    """f(X) = K·tanh(B(X)·A + P), with slopes at most 1."""

    def __call__(self, x):
        return self.K * torch.tanh(self.blurred(x) @ self.inner + self.pattern)

    def constant(self, norm, before):
        product = self.blurred_norm(before, norm) * norm.of_channels(self.inner) * self.K
        return Constant(product.lower, product.upper, "upper")


KERNELS.register("repeat", Kernel(lambda a, b: [[float(j == i * a // b) for j in range(a)] for i in range(b)], True))


@dataclass(frozen=True, kw_only=True)
class GainArchitecture(BlockConfig):
    """Blocks whose positions start larger."""

    gain: float = setting(2.0, "what the positions at the start are multiplied by")


@register_family("gained")
class GainedFamily(ChainFamily):
    """Chains of such blocks."""

    architecture = GainArchitecture

    def train(self, problems, architecture, recipe, notify):
        def new_stage(problem, index):
            side_in, side_out = problem.target.sides[index : index + 2]
            source = generator("weights", problem.seed, index + 1)
            block = Block(architecture, side_out**2, problem.domain.channels, source)
            block.positions.data *= architecture.gain
            return ChainStage(problem.kernel, side_in, side_out, block)

        return train(problems, new_stage, recipe, notify)


def figures(table):
    """`outside`: the errors, one beside the other."""
    figure = Figure()
    figure.subplots().plot(table.error_lower.to_numpy())
    return {"outside": figure}


FIGURES.register("outside", figures)

# %% [markdown]
# # Your own target, kernel, domain, norm and model: certified
#
# Each addition is a few lines of plain torch, registered under a name. What it takes to prove an error about it follows
# from the code itself: it is run on polynomials with remainders.

# %%
import math
import tempfile
from dataclasses import dataclass

import torch

import varexp
from varexp.maps.constants import Constant
from varexp.maps.domains import Curve, Domain
from varexp.maps.domains.base import register as register_domain
from varexp.maps.interpolation import KERNELS, Kernel
from varexp.maps.norms import NORMS, TokenNorm
from varexp.maps.patterns import cosine_modes
from varexp.maps.targets import PatternedMap, build_target, register
from varexp.models.chain import ChainStage

folder = tempfile.mkdtemp()
small = {"depth": 2, "width": 8, "steps": 200, "results": folder}

# %% [markdown]
# ## A target
#
# A feature map with a Lipschitz constant that you can prove. A sine has slopes of at most 1.


# %%
@register("wavy")
@dataclass(frozen=True, kw_only=True)
class Wavy(PatternedMap):
    """f(X) = K·sin(X) + P."""

    def __call__(self, x):
        return self.K * torch.sin(self.blurred(x)) + self.pattern

    def constant(self, norm, before):
        product = self.blurred_norm(before, norm) * self.K
        return Constant(product.lower, product.upper, "upper")


varexp.run(target="wavy", K=1.5, **small)

# %% [markdown]
# A constant that is too small is found before anything is trained: a search looks for pairs of words that exceed it.


# %%
@register("boastful")
@dataclass(frozen=True, kw_only=True)
class Boastful(Wavy):
    """The same map, with half the constant."""

    def constant(self, norm, before):
        honest = super().constant(norm, before)
        return Constant(0.5 * honest.lower, 0.5 * honest.upper, "upper")


try:
    varexp.run(target="boastful", K=1.5, **small)
except Exception as error:
    print(str(error)[:700])

# %% [markdown]
# ## A kernel
#
# A rule from two sides to a matrix. `True` says that it is in the class of Definition 3.1.


# %%
def repeat(a, b):
    """Every pixel is repeated."""
    return [[float(j == i * a // b) for j in range(a)] for i in range(b)]


KERNELS.register("repeated", Kernel(repeat, True))
varexp.run(target="affine", K=1.5, kernel="repeated", **small)

# %% [markdown]
# ## A domain
#
# A set of words with parameters: here a square of coefficients of the two lowest cosine modes.


# %%
@register_domain("square")
class Square(Domain):
    """Combinations of two cosine modes with coefficients in [-1, 1]."""

    training_words, sample_points, parameters, radius = 256, 1024, 2, 2**0.5
    box = ((-1.0, -1.0), (1.0, 1.0))

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
        index = torch.arange(count, dtype=torch.float64)
        return 2 * torch.stack([(index + offset) / count, (index * 0.7548776662466927 + offset).frac()], dim=1) - 1


varexp.run(target="affine", K=1.5, domain="square-2", **small)

# %% [markdown]
# ## A norm
#
# The package has `rms`, `max` and `frobenius`. Here is a fourth, the mean of absolute values: its value, the value of several
# scales at once, the direction in which a linear function grows fastest, and the norm of a matrix on tokens from both sides.


# %%
class MeanAbsolute(TokenNorm):
    """The mean of absolute values over tokens and channels."""

    name = "mean_absolute"

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
        rows, columns = matrix.shape
        best = max(math.fsum(abs(entry) for entry in column) for column in matrix.T.tolist()) * columns / rows
        missed = 0.0 if off_by is None else float(off_by.sum(dim=0).max()) * 1.01 * columns / rows
        return Constant(max(0.0, best - missed) * (1 - 1e-14), (best + missed) * (1 + 1e-14))


NORMS.register("mean_absolute", MeanAbsolute())
varexp.run(target="affine", K=1.5, norm="mean_absolute", **small)

# %% [markdown]
# ## A model
#
# Any chain of stages, trained by whatever you like: `varexp.certify` encloses its error beside a target, stage by stage.

# %%
torch.manual_seed(0)
words, target = Curve(2), build_target("affine", (2, 3), K=1.0)
block = torch.nn.Sequential(torch.nn.Linear(2, 16), torch.nn.GELU(), torch.nn.Linear(16, 2)).double()
stage = ChainStage("bilinear", 2, 3, block)
data = words.points(words.sample(64))
optimiser = torch.optim.Adam(block.parameters(), lr=0.01)
for _ in range(200):
    loss = (stage(data) - target(data)).square().mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
found = varexp.certify([stage.requires_grad_(False)], target, words)
print(f"the error is between {found.error.lower:.5f} and {found.error.upper:.5f}")

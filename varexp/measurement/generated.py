"""Errors of the images that FlowAR generates.

Samples are random: with one draw of F^0 for all words they are a map, whose largest error over evaluated words is a
lower end and nothing more.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.maps.domains import Domain
from varexp.maps.norms import RMS, TokenNorm
from varexp.maps.patterns import generator
from varexp.maps.targets import Target
from varexp.models.flowar import FlowAR

POINTS = 256  # words at noise seed 0
DRAWS, DRAW_POINTS = 20, 32  # other draws of the noise, and words for each
QUANTILES = (0.05, 0.95)
CHUNK = 32  # words in one pass


@dataclass(frozen=True)
class FlowEvidence:
    """Errors of the last scale against the target's image."""

    error_lower: float  # largest over POINTS words, at noise seed 0
    error_mean: float
    error_l2: float
    error_noise_low: float  # quantiles over draws of the noise, of the largest error over DRAW_POINTS words
    error_noise_high: float
    noise_rms: float  # of F^0 at the last scale and noise seed 0: the floor of D.1 as printed


def draw_noise(draw: int, target: Target, channels: int) -> list[Float[Tensor, "_ channels"]]:
    """F^0 of every scale: standard normal entries. They depend on the draw and the scale alone."""
    return [
        torch.randn(
            stage.side_out**2, channels, dtype=torch.float64, generator=generator("noise", draw, stage.side_out)
        )
        for stage in target.stages
    ]


@torch.no_grad()
def measure_flow(
    model: FlowAR, target: Target, domain: Domain, norm: TokenNorm, sampler: str, steps: int
) -> FlowEvidence:
    """Errors of the images that a FlowAR generates, at noise seed 0 and over other draws of the noise."""

    def errors(count: int, draw: int) -> Float[Tensor, "words"]:
        words = domain.points(domain.sample(count))
        noise = draw_noise(draw, target, domain.channels)
        chunks = [norm(model.generate(x, noise, sampler, steps)[-1] - target(x)) for x in words.split(CHUNK)]
        return torch.cat(chunks)

    first = errors(POINTS, 0)
    highest = torch.stack([errors(DRAW_POINTS, draw).max() for draw in range(1, DRAWS + 1)])
    low, high = highest.quantile(torch.tensor(QUANTILES, dtype=highest.dtype)).tolist()
    last = draw_noise(0, target, domain.channels)[-1]
    return FlowEvidence(
        error_lower=float(first.max()),
        error_mean=float(first.mean()),
        error_l2=float(first.square().mean().sqrt()),
        error_noise_low=low,
        error_noise_high=high,
        noise_rms=float(RMS(last)),
    )

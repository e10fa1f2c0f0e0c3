"""From token maps to images: Phase 2, feature-map reconstruction (App. B.1), and Phase 3, a small VQ-VAE's decoder.

The paper gives Phase 2 as an interpolation and a convolution (B.6), and Phase 3 as a heading. Every layer has a known
norm, and so has the decoder: it carries a bound on token maps to one on images.
"""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from varexp.maps.constants import Constant
from varexp.maps.convolution import convolution, convolution_norm
from varexp.maps.interpolation import image_matrix, resample, resize_matrix
from varexp.maps.norms import TokenNorm, find_norm
from varexp.models.stage import Stage


class Convolution(nn.Module):
    """B.6 with a bias, on square token maps (..., tokens, channels)."""

    def __init__(self, inputs: int, outputs: int, source: torch.Generator, padding: str = "zero") -> None:
        super().__init__()
        self.padding: str = padding
        self.kernels = nn.Parameter(torch.randn(outputs, 3, 3, inputs, generator=source) / math.sqrt(9 * inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Float[Any, "... tokens inputs"]) -> Float[Any, "... tokens outputs"]:
        return convolution(x, self.kernels, self.padding) + self.bias

    def lipschitz(self, side: int, norm: str | TokenNorm) -> Constant:
        """Its operator norm on maps of this side."""
        return convolution_norm(self.kernels.detach(), side, self.padding, norm)


class Decoder(nn.Module):
    """Phase 2: interpolation to `side` and a convolution. Phase 3: convolution, relu, twice the side, convolution.

    From token maps (..., tokens, channels) of any side to images (..., (2·side)², colours).
    """

    larger: Tensor

    def __init__(self, side: int, channels: int, hidden: int, colours: int, source: torch.Generator) -> None:
        super().__init__()
        self.side = side
        self.reconstruction = Convolution(channels, channels, source)
        self.first, self.last = Convolution(channels, hidden, source), Convolution(hidden, colours, source)
        self.register_buffer("larger", image_matrix(resize_matrix("bilinear", side, 2 * side)))

    def reconstruct(self, x: Float[Any, "... tokens channels"]) -> Float[Any, "... latents channels"]:
        """Phase 2: feature maps of the decoder's side."""
        side = round(x.shape[-2] ** 0.5)
        if side != self.side:
            x = resample(x, image_matrix(resize_matrix("bilinear", side, self.side)))
        return self.reconstruction(x)

    def forward(self, x: Float[Any, "... tokens channels"]) -> Float[Any, "... pixels colours"]:
        return self.last(resample(torch.relu(self.first(self.reconstruct(x))), self.larger))

    def lipschitz(self, norm: str | TokenNorm) -> Constant:
        """At most the product of the norms of its layers, for token maps of its own side; relu has 1."""
        layers = [layer.lipschitz(self.side, norm) for layer in (self.reconstruction, self.first)]
        layers += [find_norm(norm).operator_norm(self.larger), self.last.lipschitz(2 * self.side, norm)]
        product = layers[0]
        for constant in layers[1:]:
            product = product * constant
        return Constant(product.lower, product.upper, "upper")


class DecoderStage(Stage):
    """A decoder as the last stage of a chain or pyramid: T_{n+1} of token maps on the decoder's own side."""

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        self.side_in, self.side_out, self.tokens_shown = decoder.side, 2 * decoder.side, decoder.side**2
        self.decoder = decoder

    def interpolate(self, state: Float[Any, "... merged channels"]) -> Float[Any, "... tokens channels"]:
        """t_n as it is."""
        return self.previous_scale(state)

    def answer(self, shown: Float[Any, "... tokens channels"]) -> Float[Any, "... pixels colours"]:
        """The image."""
        return self.decoder(shown)

    def previous_scale(self, state: Float[Any, "... merged channels"]) -> Float[Any, "... tokens channels"]:
        """t_n, the last rows of a merged pyramid."""
        return state if state.shape[-2] == self.tokens_shown else state[..., -self.tokens_shown :, :]


class VectorQuantiser(nn.Module):
    """The nearest of `codes` vectors for every token; gradients pass as if it were not there (van den Oord 2017)."""

    def __init__(self, codes: int, channels: int, source: torch.Generator) -> None:
        super().__init__()
        self.codes = nn.Parameter(torch.randn(codes, channels, generator=source))

    def nearest(self, z: Float[Tensor, "... tokens channels"]) -> Float[Tensor, "... tokens channels"]:
        """The codes themselves."""
        return self.codes[torch.cdist(z.flatten(0, -2), self.codes).argmin(dim=-1)].reshape(z.shape)

    def forward(self, z: Float[Tensor, "... tokens channels"]) -> Float[Tensor, "... tokens channels"]:
        return passed_through(z, self.nearest(z))


def passed_through(z: Tensor, codes: Tensor) -> Tensor:
    """The codes, with the gradient of z."""
    return z + (codes - z).detach()


class VQVAE(nn.Module):
    """Images (..., (2·side)², colours) to quantised token maps (..., side², channels) and back."""

    smaller: Tensor

    def __init__(
        self, side: int, channels: int, hidden: int, codes: int, source: torch.Generator, colours: int = 1
    ) -> None:
        super().__init__()
        self.first, self.last = Convolution(colours, hidden, source), Convolution(hidden, channels, source)
        self.quantiser = VectorQuantiser(codes, channels, source)
        self.decoder = Decoder(side, channels, hidden, colours, source)
        self.register_buffer("smaller", image_matrix(resize_matrix("area", 2 * side, side)))

    def encode(self, images: Float[Tensor, "... pixels colours"]) -> Float[Tensor, "... tokens channels"]:
        """Token maps before quantisation."""
        return self.last(resample(torch.relu(self.first(images)), self.smaller))

    def forward(self, images: Float[Tensor, "... pixels colours"]) -> Float[Tensor, "... pixels colours"]:
        return self.decoder(self.quantiser(self.encode(images)))

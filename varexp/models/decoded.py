"""A decoder as the last stage of a target and of a model, which carries their error to the image.

The decoder D closes both trajectories: with t_{n+1} = D(t_n) and y_{n+1} = D(y_n) it is one more stage, which both
share, so that ‖D(t_n) − D(y_n)‖ <= Lip(D)·‖t_n − y_n‖, and enclosures reach the image.
"""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from varexp.maps.constants import Constant
from varexp.maps.norms import TokenNorm
from varexp.maps.targets import FeatureMap, Target, TargetStage
from varexp.models.chain import Chain
from varexp.models.decoder import Decoder, DecoderStage


@dataclass(frozen=True, kw_only=True, eq=False)
class Decoded(FeatureMap):
    """The decoder as the last feature map of a target."""

    name = "decoder"
    kind = "upper"
    decoder: Decoder

    def __call__(self, x: Float[Any, "... tokens channels"]) -> Float[Any, "... pixels colours"]:
        return self.decoder(x)

    def constant(self, norm: TokenNorm, before: Float[Tensor, "tokens tokens_in"]) -> Constant:
        return self.decoder.lipschitz(norm)


def decoded_target(target: Target, decoder: Decoder) -> Target:
    """The target followed by the decoder."""
    side, channels = decoder.side, decoder.reconstruction.kernels.shape[0]
    if target.stages[-1].side_out != side:
        raise ValueError(
            f"the decoder takes token maps of side {side}; the target ends at {target.stages[-1].side_out}"
        )
    image = Decoded(K=1.0, stage=len(target.stages) + 1, side=side, channels=channels, decoder=decoder)
    return Target((*target.stages, ImageStage(side, 2 * side, image)))


class ImageStage(TargetStage):
    """From token maps to images: nothing is resized on the way."""

    @property
    def scale_map(self) -> Float[Tensor, "tokens tokens"]:
        return torch.eye(self.side_in**2, dtype=torch.float64)

    def scale(self, x: Float[Any, "... tokens channels"]) -> Float[Any, "... tokens channels"]:
        """g = id."""
        return x


def decoded_chain(chain: Chain, decoder: Decoder) -> Chain:
    """The chain followed by the decoder."""
    return Chain([*chain.stages, DecoderStage(decoder)])

"""A VQ-VAE for small real images, and what its decoder makes of the error of a chain.

The decoder D closes both trajectories: with t_{n+1} = D(t_n) and y_{n+1} = D(y_n) it is one more stage, which both
share, so ‖D(t_n) − D(y_n)‖ <= Lip(D)·‖t_n − y_n‖, and enclosures reach the image.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from jaxtyping import Float, Int
from sklearn.datasets import load_digits
from torch import Tensor

from varexp.maps.constants import Constant
from varexp.maps.norms import NormName
from varexp.maps.patterns import generator
from varexp.maps.targets import FeatureMap, Target, TargetStage
from varexp.models.chain import Chain
from varexp.models.decoder import VQVAE, Decoder, DecoderStage

DIGIT_SIDE = 8
COMMITMENT = 0.25  # weight of the encoder's pull towards its code (van den Oord 2017)
LEARNING_RATE = 0.01


@lru_cache(maxsize=1)
def digit_images() -> tuple[Float[Tensor, "images pixels 1"], Int[Tensor, "images"]]:
    """The 1797 handwritten digits of 8x8 pixels that ship with scikit-learn, in [0, 1], and what they show."""
    data = load_digits()
    images = torch.tensor(data.images, dtype=torch.float64).flatten(1)[..., None] / 16
    return images, torch.tensor(data.target)


@dataclass(frozen=True, kw_only=True)
class AutoencoderConfig:
    """The shape of a VQ-VAE and how long it is trained."""

    channels: int = 2
    hidden: int = 16
    codes: int = 64
    steps: int = 1500
    batch: int = 64
    seed: int = 0


def train_autoencoder(images: Float[Tensor, "images pixels colours"], config: AutoencoderConfig) -> VQVAE:
    """Reconstruction, codebook and commitment losses, Adam with one cycle; cast to float64, the model that is judged.

    Codes start at encodings of images, so that all of them are near some.
    """
    source = generator("autoencoder", config.seed)
    side = round(images.shape[1] ** 0.5) // 2
    model = VQVAE(side, config.channels, config.hidden, config.codes, source, images.shape[2])
    data = images.float()
    model.float()
    with torch.no_grad():
        encodings = model.encode(data[:256]).flatten(0, 1)
        model.quantiser.codes.copy_(encodings[torch.randperm(len(encodings), generator=source)[: config.codes]])
    optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=config.steps)
    for _ in range(config.steps):
        batch = data[torch.randint(len(data), (config.batch,), generator=source)]
        encoded = model.encode(batch)
        codes = model.quantiser.nearest(encoded)
        loss = (
            (model.decoder(encoded + (codes - encoded).detach()) - batch).square().mean()
            + (codes - encoded.detach()).square().mean()
            + COMMITMENT * (encoded - codes.detach()).square().mean()
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return model.double().requires_grad_(False)


@dataclass(frozen=True, kw_only=True, eq=False)
class Decoded(FeatureMap):
    """The decoder as the last feature map of a target."""

    name = "decoder"
    kind = "upper"
    decoder: Decoder

    def __call__(self, x: Float[Any, "... tokens channels"]) -> Float[Any, "... pixels colours"]:
        return self.decoder(x)

    def constant(self, norm: NormName, before: Float[Tensor, "tokens tokens_in"]) -> Constant:
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

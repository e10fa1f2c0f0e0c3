"""A VQ-VAE for small real images, and how it is trained."""

from dataclasses import dataclass
from importlib.resources import as_file, files

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from varexp.maps.patterns import generator
from varexp.models.decoder import VQVAE, passed_through

DIGITS = "handwritten_digits.npz"  # of Alpaydin and Kaynak (1998), UCI Machine Learning Repository, CC BY 4.0
COMMITMENT = 0.25  # weight of the encoder's pull towards its code (van den Oord 2017)
LEARNING_RATE = 0.01


def digit_images() -> tuple[Float[Tensor, "images pixels 1"], Int[Tensor, "images"]]:
    """1797 handwritten digits of 8x8 pixels with values in [0, 1], and their labels."""
    with as_file(files("varexp.training") / DIGITS) as path, np.load(path, allow_pickle=False) as data:
        images, labels = data["images"].astype(np.float64) / 16, data["labels"].astype(np.int64)
    return torch.from_numpy(images)[..., None], torch.from_numpy(labels)


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
            (model.decoder(passed_through(encoded, codes)) - batch).square().mean()
            + (codes - encoded.detach()).square().mean()
            + COMMITMENT * (encoded - codes.detach()).square().mean()
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return model.double().requires_grad_(False)

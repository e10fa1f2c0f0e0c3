"""Samples to look at, and the error after the decoder: two tables that no sweep makes.

`samples`: every pixel of token maps and images of a few words, target beside VAR beside FlowAR, scale by scale.
`decoder`: what a VQ-VAE's decoder, trained on handwritten digits, makes of the certified error of chains.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from varexp.enclosure import Goal, Sup
from varexp.families import FAMILIES, Family
from varexp.files import write_atomically
from varexp.maps.domains import Ball, Curve, Domain
from varexp.maps.interpolation import image_matrix, resample, resize_matrix
from varexp.maps.norms import RMS
from varexp.maps.targets import Target, build_target, recalling_target
from varexp.measurement.certify import certify
from varexp.measurement.generated import draw_noise
from varexp.measurement.trace import sups_of, trace, tracers
from varexp.models.decoded import decoded_chain, decoded_target
from varexp.models.decoder import VQVAE, Decoder
from varexp.models.flowar import DOWN, tokenizer
from varexp.sweeps.records import Store
from varexp.theory import Interval, compare
from varexp.torch_state import controlled_torch
from varexp.training.autoencoder import AutoencoderConfig, digit_images, train_autoencoder
from varexp.training.problem import Problem, Trained, silent
from varexp.training.recipe import OBJECTIVES, Recipe

Row = dict[str, Any]
SIDES = {"ball": (1, 2, 4, 8, 16), "digits": (1, 2, 4)}
KERNEL, K, SEED = "keys", 2.1, 0
SHAPES: dict[str, dict[str, Any]] = {"ball": {}, "digits": {"width": 32, "hidden": 64, "head_size": 32}}
SHOWN_DIGITS = (0, 3, 7)
SAMPLER, SAMPLER_STEPS = "heun", 8
SEEDS = (0, 1, 2)
GOAL = Goal(gap=0.05, evaluations=4000)


@dataclass(frozen=True)
class Subject:
    """What samples are drawn of: words of a domain, shown ones among them, and their true token maps."""

    name: str
    domain: Domain
    target: Target
    shown: Float[Tensor, "words parameters"]
    decoder: Decoder | None
    steps: int

    def train(self, model: str, shape: str, seeds: Sequence[int]) -> list[Trained[Any]]:
        """Models of a family by teacher forcing, one a seed."""
        family: Family = FAMILIES[model]
        architecture = family.architecture(**SHAPES[shape])
        rate = family.default_learning_rate(OBJECTIVES["teacher_forcing"], architecture.width)
        recipe = Recipe(training="teacher_forcing", steps=self.steps, learning_rate=rate)
        problems = [Problem(self.target, self.domain, KERNEL, seed) for seed in seeds]
        return family.train(problems, architecture, recipe, silent)


def make_samples(results: Path, steps: int = 2000) -> list[Path]:
    """Train everything and write both tables; `steps` of training each. The paths.

    Raises ValueError for a number of steps that is too small, StoreError for a folder that cannot be written.
    """
    Recipe(steps=steps)
    Store(results).check_writable()
    with controlled_torch():
        autoencoder = train_autoencoder(digit_images()[0], AutoencoderConfig(steps=steps))
        subjects = [ball(steps), digits(autoencoder, steps)]
        maps = [row for subject in subjects for row in _maps(subject)]
        errors = [row for subject in (subjects[1], latents(autoencoder, steps)) for row in _errors(subject)]
    written = []
    for name, rows in (("samples", maps), ("decoder", errors)):
        written.append(results / "tables" / f"{name}.csv")
        write_atomically(written[-1], pd.DataFrame(rows, dtype=object).to_csv(index=False, lineterminator="\n"))
    return written


def ball(steps: int) -> Subject:
    """The target `sine` on a ball of words."""
    domain, sides = Ball(1), SIDES["ball"]
    return Subject("ball", domain, build_target("sine", sides, K), domain.sample(64)[[3, 40]], None, steps)


def digits(autoencoder: VQVAE, steps: int) -> Subject:
    """Ten words on a circle that stand for ten handwritten digits: the autoencoder's codes of them, and their means."""
    domain, (images, labels) = Curve(1), digit_images()
    chosen = [int((labels == digit).nonzero()[0]) for digit in range(10)]
    codes = autoencoder.quantiser.nearest(autoencoder.encode(images[chosen]))
    side = autoencoder.decoder.side
    scales = [resample(codes, image_matrix(resize_matrix(DOWN, side, s))) for s in SIDES["digits"][1:]]
    words = torch.arange(10, dtype=torch.float64)[:, None] * (2 * torch.pi / 10)
    target = recalling_target(domain.points(words), scales)
    return Subject("digits", domain, target, words[list(SHOWN_DIGITS)], autoencoder.decoder, steps)


def latents(autoencoder: VQVAE, steps: int) -> Subject:
    """The target `sine`, its last token maps read as codes of the autoencoder."""
    domain = Curve(1)
    target = build_target("sine", SIDES["digits"], K)
    return Subject("sine", domain, target, domain.sample(2), autoencoder.decoder, steps)


def _maps(subject: Subject) -> Iterator[Row]:
    (pyramid,) = subject.train("pyramid", subject.name, [SEED])
    (flow,) = subject.train("flowar", subject.name, [SEED])
    words = subject.domain.points(subject.shown)
    noise = draw_noise(0, subject.target, subject.domain.channels)
    sides = subject.target.sides[1:]
    with torch.no_grad():
        made = {
            "target": subject.target.trajectory(words),
            "VAR": pyramid.model.trajectory(words),
            "FlowAR target": tokenizer(subject.target(words), sides, DOWN),
            "FlowAR": flow.model.generate(words, noise, SAMPLER, SAMPLER_STEPS),
        }
        for name, scales in made.items():
            if subject.decoder is not None:
                scales = [*scales, subject.decoder(scales[-1])]
            yield from _pixels(subject.name, name, scales)


def _pixels(figure: str, name: str, scales: Sequence[Tensor]) -> Iterator[Row]:
    """The first channel of token maps (words, tokens, channels), pixel by pixel."""
    for scale, maps in enumerate(scales, start=1):
        side = round(maps.shape[1] ** 0.5)
        for word, values in enumerate(maps[..., 0].unflatten(1, (side, side)).tolist()):
            for row, line in enumerate(values):
                for column, value in enumerate(line):
                    place = {"figure": figure, "word": word, "map": name, "scale": scale, "side": side}
                    yield {**place, "row": row, "column": column, "value": value}


def _errors(subject: Subject) -> Iterator[Row]:
    """Chains followed by the decoder, their errors enclosed before and after it."""
    assert subject.decoder is not None
    target = decoded_target(subject.target, subject.decoder)
    constant = subject.decoder.lipschitz(RMS)
    for seed, trained in zip(SEEDS, subject.train("chain", "digits", SEEDS), strict=True):
        chain = decoded_chain(trained.model, subject.decoder)
        theta = subject.domain.sample(256)
        found = trace(tracers([chain], target, subject.domain, RMS, chain.depth), theta)
        names = sups_of(chain.stages[0])
        places = [theta[torch.stack([getattr(found, n)[0, :, i].argmax() for n in names])] for i in range(chain.depth)]
        sups = certify(chain, target, subject.domain, RMS, GOAL, places).stages
        before, after = (stage["error"] for stage in sups[-2:])
        setting = {"target": subject.name, "domain": str(subject.domain), "norm": "rms", "seed": seed}
        yield {**setting, **_carried(before, after, constant.upper)}


def _carried(before: Sup, after: Sup, constant: float) -> Row:
    """What the decoder's constant says of the image, and whether it holds."""
    low, high = math.nextafter(constant * before.lower, 0), math.nextafter(constant * before.upper, math.inf)
    return {
        "error_lower": before.lower,
        "error_upper": before.upper,
        "lipschitz_decoder": constant,
        "error_image_lower": after.lower,
        "error_image_upper": after.upper,
        "bound_image_lower": low,
        "bound_image_upper": high,
        "verdict": str(compare(after, Interval(low, high))),
    }

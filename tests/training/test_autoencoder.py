"""training/autoencoder.py, models/decoded.py: real images, an autoencoder that learns, errors through its decoder."""

from functools import lru_cache

import pytest
import torch
from small import problem, trained

from varexp.enclosure import Goal
from varexp.maps.norms import NORMS
from varexp.measurement.certify import certify
from varexp.measurement.soundness import SoundnessError, check_trace
from varexp.measurement.trace import SUPS, trace, tracers
from varexp.models.decoded import decoded_chain, decoded_target
from varexp.training.autoencoder import AutoencoderConfig, digit_images, train_autoencoder


@lru_cache
def autoencoder():
    return train_autoencoder(digit_images()[0], AutoencoderConfig(steps=150, hidden=6, codes=16))


def test_the_images_are_handwritten_digits():
    images, labels = digit_images()
    assert images.shape == (1797, 64, 1)
    assert (float(images.min()), float(images.max())) == (0.0, 1.0)
    assert sorted(labels.unique().tolist()) == list(range(10))
    ones = images[labels == 1].mean(dim=0).reshape(8, 8)
    assert float(ones[:, 3:5].mean()) > 2 * float(ones[:, :2].mean())  # a stroke in the middle


def test_an_autoencoder_reconstructs_better_than_the_mean_image():
    images, _ = digit_images()
    model = autoencoder()
    missed = (model(images) - images).square().mean()
    assert float(missed) < 0.8 * float((images - images.mean(dim=0)).square().mean())
    again = train_autoencoder(images, AutoencoderConfig(steps=150, hidden=6, codes=16))
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))
    assert next(model.parameters()).dtype == torch.float64


def closed():
    p, decoder = problem("sine", "keys", sides=(1, 2, 4), K=2.1, domain="curve-1"), autoencoder().decoder
    chain = trained("sine", "keys", sides=(1, 2, 4), domain="curve-1").model
    return p, chain, decoded_chain(chain, decoder), decoded_target(p.target, decoder)


def test_the_error_after_the_decoder_is_enclosed_and_below_its_constant():
    p, chain, whole, target = closed()
    theta = p.domain.sample(200)
    x = p.domain.points(theta)
    decoder = autoencoder().decoder
    direct = NORMS["rms"](decoder(chain(x)) - decoder(p.target(x)))
    found = trace(tracers([whole], target, p.domain, NORMS["rms"], 3), theta)
    torch.testing.assert_close(found.error[0, :, 2], direct)
    assert float(found.local_error[0, :, 2].abs().max()) == 0.0  # the stage that both share
    constants = [stage.lipschitz("rms").upper for stage in target.stages]
    check_trace(found, constants, [stage.lipschitz_feature("rms").upper for stage in target.stages])
    tiny = [*constants[:2], float((direct / found.error[0, :, 1]).max()) * 0.99]
    with pytest.raises(SoundnessError, match="fails at stage 3"):
        check_trace(found, tiny, tiny)
    places = [theta[torch.stack([getattr(found, n)[0, :, i].argmax() for n in SUPS])] for i in range(3)]
    before, after = certify(whole, target, p.domain, "rms", Goal(gap=1.0, evaluations=150), places).stages[1:]
    assert float(direct.max()) <= after["error"].upper < float("inf")
    assert after["error"].lower <= constants[-1] * before["error"].upper


def test_a_decoder_of_another_side_is_refused():
    with pytest.raises(ValueError, match="takes token maps of side 4; the target ends at 3"):
        decoded_target(problem("sine", sides=(2, 3)).target, autoencoder().decoder)

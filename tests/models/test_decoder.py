"""models/decoder.py: phases 2 and 3 layer by layer, the decoder's constant, quantisation."""

import pytest
import torch
from tolerances import ROUNDING

from varexp.maps.convolution import convolution
from varexp.maps.interpolation import image_matrix, resize_matrix
from varexp.maps.norms import NORMS
from varexp.maps.patterns import generator
from varexp.models.decoder import VQVAE, Decoder, DecoderStage, VectorQuantiser


def decoder(side=4):
    return Decoder(side, 2, 5, 1, generator("decoder")).double().requires_grad_(False)


def test_phases_two_and_three_in_order():
    d, x = decoder(), torch.randn(3, 4, 2, dtype=torch.float64)  # side 2: Phase 2 interpolates first
    up = image_matrix(resize_matrix("bilinear", 2, 4)) @ x
    features = convolution(up, d.reconstruction.kernels) + d.reconstruction.bias
    torch.testing.assert_close(d.reconstruct(x), features)
    hidden = torch.relu(convolution(features, d.first.kernels) + d.first.bias)
    larger = image_matrix(resize_matrix("bilinear", 4, 8)) @ hidden
    torch.testing.assert_close(d(x), convolution(larger, d.last.kernels) + d.last.bias, atol=ROUNDING, rtol=ROUNDING)


@pytest.mark.parametrize("norm", ["rms", "max"])
def test_its_constant_bounds_every_pair_and_is_not_idle(norm):
    d = decoder()
    constant = d.lipschitz(norm).upper
    x = torch.randn(500, 16, 2, dtype=torch.float64)
    y = x + 0.1 * torch.randn_like(x)
    ratio = NORMS[norm](d(x) - d(y)) / NORMS[norm](x - y)
    assert float(ratio.max()) <= constant
    assert float(ratio.max()) > constant / 100


def test_a_decoder_closes_a_chain_or_a_pyramid():
    stage = DecoderStage(decoder())
    last = torch.randn(3, 16, 2, dtype=torch.float64)
    merged = torch.cat([torch.randn(3, 5, 2, dtype=torch.float64), last], dim=1)
    assert torch.equal(stage(last), stage.decoder(last))
    assert torch.equal(stage(merged), stage.decoder(last))


def test_quantisation_takes_the_nearest_code_and_passes_gradients():
    quantiser = VectorQuantiser(7, 2, generator("codes")).double()
    z = torch.randn(5, 16, 2, dtype=torch.float64, requires_grad=True)
    distances = (z[..., None, :] - quantiser.codes).square().sum(-1)
    chosen = quantiser.nearest(z)
    torch.testing.assert_close((z - chosen).square().sum(-1), distances.amin(-1))
    (gradient,) = torch.autograd.grad((3 * quantiser(z)).sum(), z)
    assert torch.equal(gradient, torch.full_like(z, 3.0))
    torch.testing.assert_close(quantiser(z), chosen)


def test_shapes_of_the_autoencoder():
    model = VQVAE(4, 2, 6, 8, generator("vqvae")).float()
    images = torch.rand(3, 64, 1)
    assert model.encode(images).shape == (3, 16, 2)
    assert model(images).shape == images.shape

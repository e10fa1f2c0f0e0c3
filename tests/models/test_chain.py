"""models/chain.py: a block against its definition, the paper's class, prefixes, equivariance without positions."""

import pytest
import torch
from tolerances import ROUNDING

from varexp.maps.interpolation import KERNELS, image_matrix, resize_matrix
from varexp.maps.layers import attention, feed_forward
from varexp.maps.patterns import generator
from varexp.models.block import Block, BlockConfig
from varexp.models.chain import Chain, ChainStage


def block(side=3, **fields):
    return Block(BlockConfig(**fields), side**2, 2, generator("test")).double().requires_grad_(False)


def test_a_block_is_its_layers_in_order():
    b = block()
    b.input_scale.fill_(2.0)
    b.output_scale.fill_(3.0)
    x = torch.randn(5, 9, 2, dtype=torch.float64)
    z = (x / 2) @ b.embed.T + b.embed_bias + b.positions
    z = attention(z, b.query, b.key, b.value, b.output, scaled=True, residual=True)
    z = feed_forward(z, b.ffn_into, b.ffn_into_bias, b.ffn_out, b.ffn_out_bias, activation="tanh")
    torch.testing.assert_close(b(x), 3 * (z @ b.readout.T + b.readout_bias), atol=ROUNDING, rtol=ROUNDING)


def test_the_papers_class_has_its_shapes():
    """T^{1,1,4} of Lemma 5.1: one head of size 1, four hidden neurons."""
    b = block(heads=1, head_size=1, hidden=4, width=2, activation="relu", positions=False)
    assert b.query.shape == (2, 1)
    assert b.ffn_into.shape == (4, 2)
    assert b.positions is None


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_stage_interpolates_and_then_maps(kernel):
    stage = ChainStage(kernel, 2, 3, block())
    x = torch.randn(4, 4, 2, dtype=torch.float64)
    interpolated = image_matrix(resize_matrix(kernel, 2, 3)) @ x
    torch.testing.assert_close(stage.interpolate(x), interpolated)
    torch.testing.assert_close(stage(x), stage.block(interpolated))


def test_chain_and_prefix():
    chain = Chain([ChainStage("keys", 1, 2, block(2)), ChainStage("keys", 2, 3, block(3))])
    x = torch.randn(6, 1, 2, dtype=torch.float64)
    first, second = chain.trajectory(x)
    assert first.shape == (6, 4, 2)
    assert torch.equal(chain(x), second)
    assert torch.equal(chain.prefix(1)(x), first)
    assert chain.depth == 2
    torch.testing.assert_close(chain(x)[3], chain(x[3]))


def test_without_positions_a_word_stays_constant_on_each_scale():
    """Theory II(i)-3: all tokens of a scale are identical, for every weight; positions break the symmetry."""
    word = torch.randn(3, 1, 2, dtype=torch.float64)

    def spread(positions):
        stages = [ChainStage("keys", a, b, block(b, positions=positions)) for a, b in ((1, 1), (1, 2), (2, 4))]
        out = Chain(stages)(word)
        return float((out - out.mean(dim=-2, keepdim=True)).abs().max())

    assert spread(positions=False) < ROUNDING
    assert spread(positions=True) > 0.01


def test_bad_shapes():
    with pytest.raises(ValueError, match="width is a whole number from 1 up, got 0"):
        BlockConfig(width=0)
    with pytest.raises(ValueError, match="unknown activation 'swish'"):
        BlockConfig(activation="swish")

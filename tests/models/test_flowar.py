"""models/flowar.py: the tokenizer, the network of C.12, generation (D.1), and what is refused."""

import dataclasses
import itertools

import pytest
import torch
from tolerances import ROUNDING
from torch.nn import functional

from varexp.maps.interpolation import resample
from varexp.maps.layers import attention, layer_norm
from varexp.maps.patterns import generator
from varexp.models.flow import SAMPLERS
from varexp.models.flowar import FlowAR, FlowArchitecture, FlowNet, FlowStage, factor, tokenizer
from varexp.models.pyramid import PyramidBlock, PyramidStage

CONFIG = FlowArchitecture(width=6, hidden=8, head_size=6)


def shape(residual, epsilon):
    network = "practice" if residual else "printed"
    return dataclasses.replace(CONFIG, network=network, epsilon=epsilon)


def network(tokens=4, residual=False, epsilon=0.0, channels=2):
    net = FlowNet(shape(residual, epsilon), tokens, channels, generator("net"))
    return net.double().requires_grad_(False)


def model(sides, residual=True):
    stages = []
    for i in range(2, len(sides) + 1):
        tokens = [side**2 for side in sides[1:i]]
        block = PyramidBlock(CONFIG, tokens, 2, generator("block", i), causal=False)
        net = FlowNet(shape(residual, 1e-6), tokens[-1], 2, generator("net", i))
        stages.append(FlowStage(PyramidStage("keys", sides[:i], block), net))
    return FlowAR(stages).double().requires_grad_(False)


def test_the_tokenizer_averages():
    """C.5 with area down-sampling: means over squares, as torch's own pooling gives them."""
    x = torch.randn(3, 64, 2, dtype=torch.float64)
    pooled = [functional.avg_pool2d(x.mT.unflatten(-1, (8, 8)), r).flatten(-2).mT for r in (8, 4, 2, 1)]
    for ours, reference in zip(tokenizer(x, (1, 2, 4, 8), "area"), pooled, strict=True):
        torch.testing.assert_close(ours, reference, atol=ROUNDING, rtol=ROUNDING)


@pytest.mark.parametrize(("a", "depth"), list(itertools.product([2, 3, 4], [1, 2, 3])))
def test_shapes_for_every_factor_and_number_of_scales(a, depth):
    sides = [a**i for i in range(depth + 1)] if a**depth <= 16 else [1, a]
    assert factor(sides) == a
    flow = model(sides)
    noise = [torch.randn(side**2, 2, dtype=torch.float64) for side in sides[1:]]
    for sampler in SAMPLERS:
        made = flow.generate(torch.randn(3, 1, 2, dtype=torch.float64), noise, sampler, 2)
        assert [tuple(m.shape) for m in made] == [(3, side**2, 2) for side in sides[1:]]


def test_sides_that_do_not_fit_are_refused_with_some_that_do():
    with pytest.raises(ValueError, match=r"sides 2-3-5 have no such a; with a = 2 these would do: 2-4-8"):
        factor((2, 3, 5))
    with pytest.raises(ValueError, match=r"side 6 cannot be divided into 4: choose of \[1, 2, 3, 6\]"):
        tokenizer(torch.zeros(36, 2), (4, 6), "area")


def test_the_printed_network_is_c12_line_by_line():
    net = network()
    net.condition_scale.fill_(2.0)
    net.output_scale.fill_(3.0)
    flow, guess, t = torch.randn(5, 4, 2, dtype=torch.float64), torch.randn(5, 4, 2, dtype=torch.float64), 0.25
    gates = (guess / 2 + t) @ net.gates.T + net.gates_bias
    assert gates.shape[-1] == 6 * CONFIG.width
    a1, a2, b1, b2, c1, c2 = gates.chunk(6, dim=-1)
    f = flow @ net.embed.T + net.embed_bias + net.positions
    one = attention(c1 * layer_norm(f) + b1, net.query, net.key, net.value, scaled=True) * a1
    two = ((c2 * layer_norm(one) + b2) @ net.mlp.T + net.mlp_bias) * a2
    expected = 3 * (two @ net.readout.T + net.readout_bias)
    torch.testing.assert_close(net(flow, guess, t), expected, atol=ROUNDING, rtol=ROUNDING)


def test_without_gates_the_residual_network_is_affine_and_the_printed_one_is_constant():
    for residual in (True, False):
        net = network(residual=residual, epsilon=1e-6)
        net.gates.zero_()
        net.gates_bias.zero_()
        flow, guess = torch.randn(2, 5, 4, 2, dtype=torch.float64)
        identity = (flow @ net.embed.T + net.embed_bias + net.positions) @ net.readout.T + net.readout_bias
        expected = identity if residual else net.readout_bias.expand_as(flow)
        torch.testing.assert_close(net(flow, guess, 0.5), expected)


def test_a_token_with_equal_channels_is_named_and_an_epsilon_admits_it():
    net = network()
    net.checked = True
    net.embed[:, 0] = 1.0  # with no noise in the second channel, every embedded channel is the first of the flow
    net.positions[2] = 0.25
    flow = torch.cat([torch.randn(1, 4, 1), torch.zeros(1, 4, 1)], dim=-1).double()
    message = (
        r"layer norm \(C.9\) has no value at a token whose channels are equal, here token 2 of map \[0\], all .*eps"
    )
    with pytest.raises(ValueError, match=message):
        net(flow, torch.zeros_like(flow), 0.0)
    net.epsilon = 1e-6
    assert bool(net(flow, torch.zeros_like(flow), 0.0).isfinite().all())


def test_generation_is_d1_step_by_step():
    flow = model((1, 2, 4))
    x = torch.randn(3, 1, 2, dtype=torch.float64)
    noise = [torch.randn(n, 2, dtype=torch.float64) for n in (4, 16)]
    one, two = flow.generate(x, noise, "literal")
    first, second = flow.stages
    up = [resample(x, first.transformer.interpolation)]
    torch.testing.assert_close(one, first.net(noise[0].expand(3, -1, -1), first.transformer.answer(up[0]), 0.0))
    stacked = resample(torch.cat([x, one], dim=1), second.transformer.interpolation)
    torch.testing.assert_close(stacked[:, :4], up[0])  # Z^2 = stack(Z_init, φ_up(Ỹ_1))
    torch.testing.assert_close(two, second.net(noise[1].expand(3, -1, -1), second.transformer.answer(stacked), 0.0))
    repaired = flow.generate(x, noise, "repaired")[0]
    torch.testing.assert_close(repaired - one, noise[0].expand(3, -1, -1))

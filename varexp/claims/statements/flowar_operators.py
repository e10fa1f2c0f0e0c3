"""C.7 to C.13: what the package's FlowAR computes beside the printed formulas."""

from collections.abc import Sequence
from functools import partial

import torch
from flint import ctx

from varexp.claims.claim import Plant
from varexp.claims.evidence import Evidence, Instance, equal, evidence
from varexp.claims.instances import formulas as of
from varexp.claims.statements._implemented import (
    FEW_BITS,
    SIZE,
    attention_as_printed,
    claim,
    close,
    drawn,
    exact,
    fill,
    reading,
)
from varexp.maps.interpolation import image_matrix, resample, resize_matrix
from varexp.models.flow import path, velocity
from varexp.models.flowar import FlowArchitecture, FlowNet
from varexp.models.pyramid import merged_interpolation

BITS = 200  # of balls, where layer norms divide
THREE = 3  # channels where layer norms are: of two channels they keep a sign alone


def _mlp(nonlinear: bool = False, channels: int = SIZE) -> Evidence:
    x, weight, bias = drawn(4, channels), drawn(channels, 3, seed=1), drawn(1, 3, seed=2)
    made = torch.nn.functional.linear(x, weight.T, bias[0])
    formula = of.plus(of.product(exact(x), exact(weight)), exact(bias))
    return evidence("4 tokens to 3 channels", close("X W + b", made, of.relu(formula) if nonlinear else formula))


def _stacked(sides: Sequence[int] = (1, 1, 2, 4), late: bool = False) -> Evidence:
    """C.10: Z^i = (Z_init, φ_up(Y^1), …, φ_up(Y^{i−1})); `late` counts the scale before each, as if nothing grew."""
    instances = []
    for i in range(1, len(sides)):
        matrix = merged_interpolation("keys", sides[: i + 1])
        before = [drawn(s * s, SIZE, seed=s + i) for s in sides[:i]]
        made = resample(torch.cat(before), matrix)
        parts = [
            of.product(exact(image_matrix(resize_matrix("keys", a, b))), exact(x))
            for a, b, x in zip(sides[:i], sides[1 : i + 1], before, strict=True)
        ]
        rows = sum(s * s for s in (sides[:i] if late else sides[1 : i + 1]))
        conclusions = (
            equal("rows of Z", len(made), rows),
            close("Z", made, [row for part in parts for row in part]),
        )
        instances.append(Instance(f"scale {i}", conclusions))
    return Evidence(tuple(instances))


def _network(time: float = 0.25, residual: bool = False) -> Evidence:
    """C.12 as printed, with embedding and read-out identities and no positions, against its three lines."""
    shape = FlowArchitecture(width=THREE, head_size=THREE, scaled=False, network="printed", epsilon=0.0)
    net = FlowNet(shape, 4, THREE, torch.Generator().manual_seed(0)).double()
    fill(net, ("embed", "readout"), ("embed_bias", "readout_bias", "positions"))
    flow, guess = drawn(4, THREE, seed=50), drawn(4, THREE, seed=51)
    with torch.no_grad():
        made = net(flow, guess, time)
        kept = {name: exact(weight if weight.dim() == 2 else weight[None]) for name, weight in net.named_parameters()}
    with ctx.workprec(BITS):
        shifted = exact(guess + time)  # exact: few bits
        gates = of.plus(of.product(shifted, of.transpose(kept["gates"])), kept["gates_bias"])
        a1, a2, b1, b2, c1, c2 = ([row[k * THREE : (k + 1) * THREE] for row in gates] for k in range(6))
        x = exact(flow)
        z = of.plus(of.times(c1, of.layer_norm(x)), b1)
        first = of.times(of.attention(z, kept["query"], kept["key"], kept["value"]), a1)
        first = of.plus(x, first) if residual else first
        z = of.plus(of.times(c2, of.layer_norm(first)), b2)
        second = of.times(of.plus(of.product(z, of.transpose(kept["mlp"])), kept["mlp_bias"]), a2)
        return evidence(f"4 tokens, t = {time:g}", close("NN(F^t, Ŷ, t)", made, second))


def _loss(wrong: bool = False, count: int = 3) -> Evidence:
    """C.13 is 0 for the velocity alone: what training asks for at F^t is Y − F⁰; `wrong` asks for Y − F^t."""
    instances = []
    for draw in range(count):
        sample, noise, time = drawn(4, SIZE, seed=draw), drawn(4, SIZE, seed=draw + 9), (draw + 1) / 8
        point = path(sample, noise, time)
        wanted = sample - point if wrong else (path(sample, noise, 1.0) - point) / (1 - time)
        off = float((velocity(sample, noise) - wanted).abs().max())
        instances.append(Instance(f"t = {time:g}", (equal("|aim − slope of the path to Y|", off, 0),)))
    return Evidence(tuple(instances))


CLAIMS = (
    claim(
        "def-c.7",
        "C",
        "Attention of FlowAR",
        "B.2 and B.3 with c x c weights on hw tokens",
        "high",
        reading(
            "maps/layers.attention, which FlowAR uses, on 16 tokens",
            partial(attention_as_printed, False, 16),
            Plant("with scores over √c", partial(attention_as_printed, True, 16)),
            Plant("on four tokens", partial(attention_as_printed, False, 4)),
            "nothing differs from B.3 but names.",
            f"a map of 4x4; {FEW_BITS}",
        ),
    ),
    claim(
        "def-c.8",
        "C",
        "MLP",
        "Y_j = X_j W + b, no activation",
        "high",
        reading(
            "torch's linear, as models/flowar uses it, is the formula",
            partial(_mlp),
            Plant("with a relu after it", partial(_mlp, True)),
            Plant("of five channels", partial(_mlp, False, 5)),
            "printed without an activation, so that it is affine.",
            FEW_BITS,
        ),
    ),
    claim(
        "def-c.10",
        "C",
        "Autoregressive transformer",
        "Z^i = (Z_init, φ_up(Y^1), …, φ_up(Y^{i−1}))",
        "high",
        reading(
            "what models/pyramid shows to block i is this stack",
            partial(_stacked),
            Plant("with scales that do not grow", partial(_stacked, (1, 1, 2, 4), True)),
            Plant("of two scales", partial(_stacked, (1, 1, 2))),
            "Z_init is the word; each scale is up-sampled by one step.",
            f"sides 1-1-2-4; {FEW_BITS}",
        ),
    ),
    claim(
        "def-c.12",
        "C",
        "Flow-matching network",
        "six gates of Ŷ + t·1; attention and MLP after layer norms",
        "high",
        reading(
            "models/flowar.FlowNet with network=printed is its three lines",
            partial(_network),
            Plant("with a residual around attention", partial(_network, 0.25, True)),
            Plant("at t = 1/2", partial(_network, 0.5)),
            "no residuals are printed, which practice has: network=practice.",
            f"a map of 2x2; {FEW_BITS}",
        ),
    ),
    claim(
        "def-c.13",
        "C",
        "Loss",
        "Σ_i E ‖NN_i(F_i^t, Ŷ^i, t) − V_i^t‖²",
        "high",
        reading(
            "what training asks of the network at F^t is the slope of the path to Y",
            partial(_loss),
            Plant("it asks for Y − F^t", partial(_loss, True)),
            Plant("at one time", partial(_loss, False, 1)),
            "(Y − F^t)/(1 − t) = Y − F⁰ for every t < 1.",
            f"t = 1/8, 1/4, 3/8; {FEW_BITS}",
        ),
    ),
)

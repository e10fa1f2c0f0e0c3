"""The other half of Theorem 5.6, that a VAR transformer exists: false from a word without positions, built with them.

The map is H_i(x) = K·|x − c_i| on the word x in [−1, 1], for the four tokens i of an image. One stage of the package
has explicit weights: the embedding keeps x, positions are unit vectors, attention adds nothing, and the feed-forward
layer is the piecewise linear interpolant of H_i between m + 1 knots, for each token by neurons of its own. All numbers
are fractions of powers of two that float64 holds, so that what the package computes is exact. Both maps are linear
between knots and the c_i: the largest error is at one of these.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from itertools import pairwise

import torch

from varexp.claims.claim import Claim, Plant, Reading
from varexp.claims.evidence import Evidence, Instance, at_most
from varexp.models.block import Block, BlockConfig
from varexp.models.chain import ChainStage
from varexp.theory.verdicts import Verdict

K = Fraction(5, 2)
CORNERS = tuple(Fraction(c, 512) for c in (-301, -77, 133, 411))  # c_i, of which none is a knot
TOKENS = len(CORNERS)
FAR = 8  # how far below 0 a neuron of another token is kept


def wanted(token: int, x: Fraction) -> Fraction:
    """H_i(x)."""
    return K * abs(x - CORNERS[token])


def stage(pieces: int, positions: bool = True) -> ChainStage:
    """The stage with explicit weights; without positions the neurons of the first token serve all."""
    knots = [Fraction(2 * j, pieces) - 1 for j in range(pieces + 1)]
    neurons: list[tuple[int, Fraction, Fraction]] = []  # token, knot, change of slope
    for token in range(TOKENS if positions else 1):
        slopes = [(wanted(token, b) - wanted(token, a)) * pieces / 2 for a, b in pairwise(knots)]
        before = [Fraction(1), *slopes]  # the residual gives the slope 1
        neurons += [(token, k, s - t) for k, s, t in zip(knots, slopes, before, strict=False)]
    config = BlockConfig(
        width=1 + TOKENS,
        hidden=len(neurons) + TOKENS,
        head_size=1,
        activation="relu",
        positions=positions,
        scaled=False,
    )
    block = Block(config, TOKENS, 1, torch.Generator().manual_seed(0)).double()
    with torch.no_grad():
        for weight in block.parameters():
            weight.zero_()
        block.embed[0, 0] = block.readout[0, 0] = 1.0
        if block.positions is not None:
            block.positions[:, 1:] = torch.eye(TOKENS)
        for number, (token, knot, change) in enumerate(neurons):  # relu(x − knot) at its token, 0 at the others
            block.ffn_into[number, 0] = 1.0
            block.ffn_into[number, 1 + token] = float(FAR if positions else 0)
            block.ffn_into_bias[number] = float(-knot - (FAR if positions else 0))
            block.ffn_out[0, number] = float(change)
        for token in range(TOKENS):  # relu(1) = 1 at its token
            start = float(wanted(token, Fraction(-1)) + 1)
            block.ffn_into[len(neurons) + token, 1 + token] = 1.0
            block.ffn_out[0, len(neurons) + token] = start
        if not positions:
            block.ffn_out_bias[0] = float(wanted(0, Fraction(-1)) + 1)
    return ChainStage("nearest", 1, 2, block).double()


def error(pieces: int, positions: bool = True) -> Fraction:
    """sup over words and tokens of |stage − H|, exactly."""
    places = sorted({*CORNERS, *(Fraction(2 * j, pieces) - 1 for j in range(pieces + 1))})
    with torch.no_grad():
        made = stage(pieces, positions)(torch.tensor([float(x) for x in places], dtype=torch.float64)[:, None, None])
    return max(
        abs(Fraction(value) - wanted(token, x))
        for x, tokens in zip(places, made[..., 0].tolist(), strict=True)
        for token, value in enumerate(tokens)
    )


def _falls(pieces: Sequence[int] = (2, 4, 8, 16, 32, 64), positions: bool = True) -> Evidence:
    """error <= K/m for m pieces, half of what a K-Lipschitz map can change on one of them."""
    found = {m: error(m, positions) for m in pieces}
    instances = [
        Instance(f"{m} pieces, {TOKENS * (m + 1)} neurons", (at_most("sup error <= K/m", e, K / m),))
        for m, e in found.items()
    ]
    return Evidence(tuple(instances), {f"m = {m}": f"{float(e):.4g}" for m, e in found.items()})


def _floor(epsilon: str = "1/2") -> Evidence:
    """Over all maps whose tokens are equal: half of the largest difference between two tokens of H, at a word."""
    places = (Fraction(-1), *CORNERS, Fraction(1))
    spread = max(max(wanted(t, x) for t in range(TOKENS)) - min(wanted(t, x) for t in range(TOKENS)) for x in places)
    conclusion = at_most("least sup error of an equal answer for all tokens <= ε", spread / 2, Fraction(epsilon))
    return Evidence((Instance(f"H of four corners, K = {K}", (conclusion,)),))


_reading = partial(Reading, norm="max over tokens, sup over words", domain="words x in [−1, 1], images 2x2; m to 64")

CLAIMS = (
    Claim(
        id="prose-universal",
        section="prose",
        title="VAR is universal",
        printed="VAR transformers are universal approximators of Lipschitz maps from a word to an image",
        source="abstract and Theorem 5.6",
        wording="high",
        readings=(
            _reading(
                name="without positions",
                kind="reading",
                arm="exact",
                statement="some weights of blocks without positions come within 1/2 of H, which is 5/2-Lipschitz",
                check=_floor,
                expected=Verdict.VIOLATED,
                because="from a word all tokens are equal, those of H differ: no weights come below 1.738.",
                falsehoods=(Plant("within 1.7", partial(_floor, "1.7")),),
                truths=(Plant("within 2", partial(_floor, "2")),),
            ),
            _reading(
                name="with positions, constructed",
                kind="repair",
                arm="constructed",
                statement="for every ε a block with positions comes within ε of H: K/m with 4(m + 1) neurons",
                check=_falls,
                expected=Verdict.HOLDS,
                because="positions give every token neurons of its own, which interpolate a map of one word.",
                falsehoods=(Plant("without positions", partial(_falls, (8,), False)),),
                truths=(Plant("128 pieces", partial(_falls, (128,))),),
            ),
        ),
    ),
)

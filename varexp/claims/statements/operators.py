"""Sections 3, 4 and B: what the package's layers compute beside the printed formulas, in balls or in fractions."""

from collections.abc import Sequence
from fractions import Fraction
from functools import partial

import torch

from varexp.claims.claim import Plant
from varexp.claims.evidence import Evidence, Instance, equal, evidence
from varexp.claims.instances import formulas as of
from varexp.claims.instances.contextual import Token, pairs_of, vocabulary
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
from varexp.maps import layers
from varexp.maps.convolution import convolution
from varexp.maps.interpolation import image_matrix, resize_matrix
from varexp.models.block import Block, BlockConfig
from varexp.models.chain import ChainStage

LITERAL = {"positions": False, "attention_residual": False, "scaled": False, "activation": "relu"}


def literal_block(tokens: int, **changes: object) -> Block:
    """The package's block with the paper's switches; embedding, W_O and read-out are identities, weights few bits."""
    config = BlockConfig(**{"width": SIZE, "hidden": 3, "head_size": SIZE, **LITERAL, **changes})  # type: ignore[arg-type]
    block = Block(config, tokens, SIZE, torch.Generator().manual_seed(0)).double()
    fill(block, ("embed", "output", "readout"), ("embed_bias", "readout_bias"))
    return block


def _softmax(shift: int = 0, scale: int = 1) -> Evidence:
    z = drawn(3, 5)
    formula = [of.softmax([x * scale for x in row]) for row in exact(z)]
    return evidence("3 rows of 5 scores", close("softmax", layers.softmax(z + shift), formula))


def _feed_forward(activation: str = "relu", hidden: int = 3) -> Evidence:
    x, into, b1, out, b2 = (
        drawn(*shape, seed=i)
        for i, shape in enumerate([(4, SIZE), (hidden, SIZE), (1, hidden), (SIZE, hidden), (1, SIZE)])
    )
    made = layers.feed_forward(x, into, b1[0], out, b2[0], activation=activation)
    formula = of.feed_forward(*map(exact, (x, into, b1, out, b2)))
    return evidence(f"4 tokens, {hidden} neurons", close("FFN(X)", made, formula))


def _block(before: int = 2, after: int = 3, **changes: object) -> Evidence:
    """T = FFN∘Attn∘φ_up of the package's stage against the formulas, on an image."""
    block = literal_block(after**2, **changes)
    stage, image = ChainStage("keys", before, after, block), drawn(before**2, SIZE, seed=9)
    with torch.no_grad():
        made = stage(image)
    shown = of.product(exact(image_matrix(resize_matrix("keys", before, after))), exact(image))
    attended = of.attention(shown, *(exact(w.detach()) for w in (block.query, block.key, block.value)))
    biases = (block.ffn_into_bias.detach()[None], block.ffn_out_bias.detach()[None])
    weights = (block.ffn_into.detach(), biases[0], block.ffn_out.detach(), biases[1])
    formula = of.feed_forward(attended, *map(exact, weights))
    return evidence(f"{before}x{before} to {after}x{after}", close("FFN(Attn(φ_up(X)))", made, formula))


def _class(extra: int = 0, heads: Sequence[int] = (1, 2)) -> Evidence:
    """Weights between embedding and read-out: h heads of size s, r' neurons, d channels: 4 d h s + 2 d r' + r' + d."""
    instances = []
    for h in heads:
        d, s, r = 4, 3, 5
        config = BlockConfig(width=d, hidden=r, heads=h, head_size=s, **LITERAL)  # type: ignore[arg-type]
        block = Block(config, 4, d, torch.Generator().manual_seed(0))
        kept = {n: w for n, w in block.named_parameters() if not n.startswith(("embed", "readout"))}
        count, wanted = sum(w.numel() for w in kept.values()), 4 * d * h * s + 2 * d * r + r + d + extra
        instances.append(
            Instance(f"h = {h}, s = {s}, r' = {r}, d = {d}", (equal("weights of the block", count, wanted),))
        )
    return Evidence(tuple(instances))


def _vocabulary(sequences: Sequence[Sequence[Token]], words: int) -> Evidence:
    found, what = vocabulary(sequences), f"{len(sequences)} sequences"
    missed = sum(abs(token[0] - number) for token, number in zip(found, range(1, words + 1), strict=False))
    return evidence(what, equal("|V|", len(found), words), equal("tokens that are not 1, 2, …", missed, 0))


def _convolution(shift: int = 0, side: int = 3) -> Evidence:
    """Whole numbers, so that the package's products are exact; `shift` rolls the kernel's rows, another index base."""
    inputs, outputs = 2, 2
    x = (16 * drawn(side * side, inputs)).round()
    kernels = (16 * drawn(outputs, 3, 3, inputs, seed=1)).round()
    made = convolution(x, kernels)
    image = [[[Fraction(v) for v in pixel] for pixel in row] for row in x.reshape(side, side, inputs).tolist()]
    taps = [[[[Fraction(v) for v in tap] for tap in line] for line in k] for k in kernels.roll(shift, dims=1).tolist()]
    formula = of.convolution(image, taps)
    off = max(
        abs(Fraction(a) - b)
        for row, wanted in zip(made.tolist(), formula, strict=True)
        for a, b in zip(row, wanted, strict=True)
    )
    torchs = torch.nn.functional.conv2d(
        x.reshape(1, side, side, inputs).permute(0, 3, 1, 2), kernels.permute(0, 3, 1, 2), padding=1
    )
    same = float((torchs[0].permute(1, 2, 0).reshape(side * side, outputs) - made).abs().max())
    return evidence(
        f"{side}x{side}, whole numbers",
        equal("largest |package − formula|", off, 0),
        equal("|package − torch's conv2d|", same, 0),
    )


def _stays(padding: int = 1, sides: Sequence[int] = (1, 2, 5, 16)) -> Evidence:
    """A 3x3 convolution with stride 1 and padding 1 keeps the side: s + 2·1 − 3 + 1 = s."""
    kernels, instances = drawn(2, 3, 3, SIZE), []
    for side in sides:
        tokens = len(convolution(drawn(side * side, SIZE), kernels))
        instances.append(Instance(f"side {side}", (equal("tokens after", tokens, (side + 2 * padding - 2) ** 2),)))
    return Evidence(tuple(instances))


CLAIMS = (
    claim(
        "def-3.8",
        "3",
        "Block",
        "V(X) = FFN∘Attn∘φ_up(X)",
        "medium",
        reading(
            "models/chain.ChainStage with the literal switches is the formula",
            partial(_block),
            Plant("with scores over √s", partial(_block, scaled=True)),
            Plant("from a word to 2x2", partial(_block, 1, 2)),
            "the paper leaves embedding, read-out and the kernel's border open; the package's are said in the README.",
            f"one image of 2x2; {FEW_BITS}",
        ),
    ),
    claim(
        "def-3.9",
        "3",
        "Network class",
        "V^{h,s,r'}: h heads of size s, r' hidden neurons",
        "medium",
        reading(
            "models/block.Block has the weights of the class: 4 d h s + 2 d r' + r' + d",
            partial(_class),
            Plant("one weight more", partial(_class, 1)),
            Plant("one head alone", partial(_class, 0, (1,))),
            "queries, keys, values and W_O of every head, and a feed-forward layer with two biases.",
            "d = 4, s = 3, r' = 5",
        ),
    ),
    claim(
        "def-4.1",
        "4",
        "Vocabulary",
        "V = ∪_i ∪_k {X^{(i)}_{:,k}}",
        "high",
        reading(
            "claims/instances/contextual.vocabulary collects each token once",
            partial(_vocabulary, pairs_of((1, 2, 3)), 3),
            Plant("|V| = 4", partial(_vocabulary, pairs_of((1, 2, 3)), 4)),
            Plant("of two tokens |V| = 2", partial(_vocabulary, pairs_of((1, 2)), 2)),
            "tokens are compared as fractions, so that equal means equal.",
            "all pairs of 1, 2, 3",
        ),
    ),
    claim(
        "def-b.1",
        "B",
        "Softmax",
        "Softmax(z) = exp(z)/⟨exp(z), 1⟩",
        "high",
        reading(
            "maps/layers.softmax is the formula, and does not change where a number is added to all scores",
            partial(_softmax),
            Plant("of doubled scores", partial(_softmax, 0, 2)),
            Plant("with 7 added to all scores", partial(_softmax, 7)),
            "the package subtracts the largest score, which changes nothing but overflow.",
            FEW_BITS,
        ),
    ),
    claim(
        "def-b.4",
        "B",
        "VAR attention",
        "B.3 on the tokens of a map, n = hw",
        "high",
        reading(
            "maps/layers.attention with its defaults is D^{-1} A X W_V",
            partial(attention_as_printed),
            Plant("with scores over √d", partial(attention_as_printed, True)),
            Plant("on nine tokens", partial(attention_as_printed, False, 9)),
            "tokens are numbered row by row; another numbering permutes the answer alike.",
            f"a map of 2x2; {FEW_BITS}",
        ),
    ),
    claim(
        "def-b.5",
        "B",
        "Feed-forward layer",
        "X + W² relu(W¹ X + b¹) + b²",
        "high",
        reading(
            "maps/layers.feed_forward with its defaults is the formula",
            partial(_feed_forward),
            Plant("with tanh for relu", partial(_feed_forward, "tanh")),
            Plant("with eight neurons", partial(_feed_forward, "relu", 8)),
            "whether a residual is printed is not certain; it is a switch.",
            FEW_BITS,
        ),
    ),
    claim(
        "def-b.6",
        "B",
        "Convolution",
        "Y_{i,j,l} = Σ X_{i+m−2, j+n−2, c} K^l_{m,n,c}",
        "high",
        reading(
            "maps/convolution is the formula and torch's conv2d, to the last bit on whole numbers",
            partial(_convolution),
            Plant("with the kernel's rows moved by one", partial(_convolution, 1)),
            Plant("on 5x5", partial(_convolution, 0, 5)),
            "zero outside; a circular border is the package's other choice.",
            "3x3 images of two channels in whole numbers",
        ),
    ),
    claim(
        "def-b.7",
        "B",
        "Decoder's convolutions",
        "3x3, padding 1, stride 1",
        "medium",
        reading(
            "such a convolution keeps the side of a map",
            partial(_stays),
            Plant("with padding 0", partial(_stays, 0)),
            Plant("of a single pixel", partial(_stays, 1, (1,))),
            "s + 2 − 3 + 1 = s.",
            "sides 1, 2, 5, 16",
        ),
    ),
)

"""Section 5, Lemma 5.1, and what the absence of positions costs: which maps one attention layer can approximate."""

import itertools
from collections.abc import Sequence
from fractions import Fraction
from functools import partial

import torch

from varexp.claims.claim import Claim, Plant, Reading
from varexp.claims.evidence import Evidence, Instance, at_most, below, evidence
from varexp.claims.instances.contextual import Token, pairs_of
from varexp.claims.instances.grid_network import grid_error
from varexp.models.block import Block, BlockConfig
from varexp.models.chain import Chain, ChainStage
from varexp.theory.verdicts import Verdict

F = Fraction
SEED = 0
STEPS = 300  # of training, for a block of 4 tokens
WORDS = 64  # at which the trained block is judged


# ---- Lemma 5.1 -------------------------------------------------------------------------------------------------------


def _one_for_all(epsilon: str = "1/4") -> Evidence:
    """One τ for f = 0 and f = 1 on the unit cube: ‖τ‖_α + ‖τ − 1‖_α >= 1, so one of the two is at least 1/2."""
    return evidence("f = 0 and f = 1, C = 0", at_most("larger of the two errors, at least, <= ε", F(1, 2), F(epsilon)))


def _equivariant(epsilon: str = "1/2") -> Evidence:
    """f = (0, 1) on two tokens: over an equivariant τ, ‖τ − f‖_p^p >= min_a |a|^p + |1 − a|^p = 2^{1−p}, at a = 1/2."""
    instances = [
        Instance(f"p = {p}", (at_most("least ‖τ − f‖_p^p <= ε^p", F(1, 2) ** (p - 1), F(epsilon) ** p),))
        for p in (1, 2, 4)
    ]
    return Evidence(tuple(instances))


def _map(row: Sequence[Token]) -> list[Fraction]:
    """f(X)_k = |x_1 − x_2| − x_k/2: equivariant, and not a function of the token alone."""
    (a,), (b,) = row
    return [abs(a - b) - x / 2 for x in (a, b)]


def _on_a_grid(epsilon: str = "1e-30", missing: int = 0) -> Evidence:
    error, neurons = grid_error(pairs_of((1, 2, 3)), (F("0.99"), F("3.01"), F("0.99")), _map, missing)
    what = f"one head of size 1, {neurons} neurons, 6 sequences of two tokens"
    return evidence(what, at_most("error over the grid <= ε", error, F(epsilon)), error=f"{float(error):.2g}")


LEMMA_5_1 = Claim(
    id="lem-5.1",
    section="5",
    title="One attention layer approximates any Lipschitz sequence-to-sequence map",
    printed="there is a τ in T^{1,1,4} such that for any C-Lipschitz f: ‖τ − f‖_α <= ε",
    source="reconstructed, high confidence (Hu et al., Theorem 2.3)",
    wording="high",
    readings=(
        Reading(
            name="one τ for all f",
            kind="reading",
            statement="one τ serves every f, ε = 1/4 (the words can be read so; low confidence)",
            arm="exact",
            norm="L_α",
            domain="[0, 1]^{d x n}",
            check=_one_for_all,
            expected=Verdict.VIOLATED,
            because="no τ is within 1/4 of both 0 and 1; read as a τ for every f, this says nothing against the lemma.",
            falsehoods=(Plant("ε = 0.49", partial(_one_for_all, "0.49")),),
            truths=(Plant("ε = 1/2", partial(_one_for_all, "1/2")),),
        ),
        Reading(
            name="a τ for every f",
            kind="reading",
            statement="for every f and ε there is a τ, without positions; here f = (0, 1) and ε = 1/2",
            arm="exact",
            norm="L_1, L_2, L_4",
            domain="[0, 1]^{1 x 2}",
            check=_equivariant,
            expected=Verdict.VIOLATED,
            because="attention commutes with permutations: every τ is 2^{(1−p)/p} away from (0, 1).",
            falsehoods=(Plant("ε = 0.55", partial(_equivariant, "0.55")),),
            truths=(Plant("ε = 1", partial(_equivariant, "1")),),
        ),
        Reading(
            name="equivariant f on a grid",
            kind="repair",
            statement="for equivariant f there is one with 7 neurons, more than T^{1,1,4} has: ε = 1e-30 on the grid",
            arm="constructed",
            norm="sup over the grid",
            domain="pairs of 1, 2, 3",
            check=_on_a_grid,
            expected=Verdict.HOLDS,
            because="attention gives every (token, set) an ID, the feed-forward layer maps IDs to values.",
            falsehoods=(Plant("without its last neuron", partial(_on_a_grid, "1e-30", 1)),),
            truths=(Plant("ε = 0.01", partial(_on_a_grid, "0.01")),),
        ),
    ),
)


# ---- no positions ----------------------------------------------------------------------------------------------------


def _block(side: int, positions: bool, source: torch.Generator) -> Block:
    config = BlockConfig(width=8, hidden=16, head_size=8, positions=positions)
    return Block(config, side**2, 1, source).double()


def _spread(positions: bool, kernel: str = "bspline") -> Evidence:
    """max − min over the tokens of every scale of chains 1-1-2-3-4 with random weights, for random words."""
    source = torch.Generator().manual_seed(SEED)
    sides, instances = (1, 1, 2, 3, 4), []
    for draw in range(5):
        stages = [ChainStage(kernel, a, b, _block(b, positions, source)) for a, b in itertools.pairwise(sides)]
        with torch.no_grad():
            scales = Chain(stages).double().trajectory(torch.randn(32, 1, 1, generator=source, dtype=torch.float64))
        spreads = [float((t.amax(dim=-2) - t.amin(dim=-2)).max()) for t in scales]
        conclusions = tuple(at_most(f"side {s}: max − min", x, 1e-12) for s, x in zip(sides[1:], spreads, strict=True))
        instances.append(Instance(f"weights {draw + 1}, {kernel}", conclusions))
    return Evidence(tuple(instances), seed=SEED)


def _floor(epsilon: str = "0.49") -> Evidence:
    """The best constant misses a checkerboard P of 0 and 1 by 1/2 in max norm and rms(P − mean P) in rms."""
    instances = []
    for side in (2, 3, 4):
        cells = [F((i + j) % 2) for i in range(side) for j in range(side)]
        mean = sum(cells, F(0)) / len(cells)
        square = sum(((p - mean) ** 2 for p in cells), F(0)) / len(cells)
        conclusions = (
            at_most("max norm: (max P − min P)/2 <= ε", (max(cells) - min(cells)) / 2, F(epsilon)),
            at_most("rms²: mean (P − mean P)² <= ε²", square, F(epsilon) ** 2),
        )
        instances.append(Instance(f"{side}x{side}", conclusions))
    return Evidence(tuple(instances))


def _train(stage: ChainStage, words: torch.Tensor, wanted: torch.Tensor, steps: int) -> None:
    optimiser, threads = torch.optim.Adam(stage.parameters(), lr=1e-2), torch.get_num_threads()
    torch.set_num_threads(1)  # the same bits on any number of cores
    for _ in range(steps):
        optimiser.zero_grad()
        (stage(words) - wanted).square().mean().backward()
        optimiser.step()
    torch.set_num_threads(threads)


def _largest_error(positions: bool, steps: int) -> Fraction:
    """One block 1 -> 2 trained on f(X) = ΦX + P, P the checkerboard, judged in fractions at the words it is given."""
    source = torch.Generator().manual_seed(SEED)
    stage = ChainStage("bspline", 1, 2, _block(2, positions, source)).double()
    pattern = torch.tensor([[0.0], [1.0], [1.0], [0.0]], dtype=torch.float64)
    words = torch.linspace(-1, 1, WORDS, dtype=torch.float64)[:, None, None]
    _train(stage, words, words + pattern, steps)
    with torch.no_grad():
        outputs = stage(words)[..., 0].tolist()
    return max(
        max(abs(F(a) - F(x) - F(p)) for a, p in zip(row, (0, 1, 1, 0), strict=True))
        for row, x in zip(outputs, words[:, 0, 0].tolist(), strict=True)
    )


def _trained(positions: bool, bound: str = "1/2", steps: int = STEPS) -> Evidence:
    """Whether the trained block's largest error is below a bound."""
    largest = _largest_error(positions, steps)
    what = f"trained {'with' if positions else 'without'} positions, {steps} steps, {WORDS} words"
    numbers = {"sup error": f"{float(largest):.3f}"}
    return Evidence((Instance(what, (below("sup error over the words", largest, F(bound)),)),), numbers, SEED)


def _stays_above(positions: bool, steps: int = STEPS, bound: str = "0.499") -> Evidence:
    """Whether it is above a bound."""
    largest = _largest_error(positions, steps)
    what = f"trained {'with' if positions else 'without'} positions, {steps} steps, {WORDS} words"
    numbers = {"sup error": f"{float(largest):.3f}"}
    return Evidence((Instance(what, (below("bound < sup error over the words", F(bound), largest),)),), numbers, SEED)


DEFINITION_3_6 = Claim(
    id="def-3.6",
    section="3",
    title="VAR transformer: no positions appear",
    printed="TF = N_K∘Attn_K∘Φ_up,K∘…∘N_1∘Attn_1∘Φ_up,1, from a word 1x1",
    source="reconstructed, high confidence",
    wording="high",
    readings=(
        Reading(
            name="constant on every scale",
            kind="reading",
            statement="without positions all tokens of a scale are equal, to 1e-12, whatever the weights",
            arm="constructed",
            norm="max − min over tokens",
            domain="random words, sides 1-1-2-3-4, rows of Φ with equal sums",
            check=partial(_spread, False),
            expected=Verdict.HOLDS,
            because="equal tokens stay equal under attention, feed-forward layers and interpolation.",
            falsehoods=(Plant("with positions", partial(_spread, True)),),
            truths=(Plant("with nearest interpolation", partial(_spread, False, "nearest")),),
        ),
        Reading(
            name="approximates a checkerboard",
            kind="reading",
            statement="some weights, N_i a layer norm or an MLP on tokens, come within 0.49 of X + P, P a checkerboard",
            arm="exact",
            norm="max, rms",
            domain="any word; sides 2, 3, 4",
            check=_floor,
            expected=Verdict.VIOLATED,
            because="a map that is constant on the scale misses P by 1/2 (max norm) or rms(P − mean P).",
            falsehoods=(Plant("within 0.45", partial(_floor, "0.45")),),
            truths=(Plant("within 1/2", partial(_floor, "1/2")),),
        ),
        Reading(
            name="trained without positions",
            kind="reading",
            statement="a block trained without positions stays above 0.499",
            arm="trained",
            norm="max over tokens, sup over the words",
            domain=f"{WORDS} words in [−1, 1]",
            check=partial(_stays_above, False),
            expected=Verdict.HOLDS,
            because="an illustration: the floor 1/2 is of the class, not of training.",
            falsehoods=(Plant("with positions", partial(_stays_above, True)),),
            truths=(Plant("after 50 steps", partial(_stays_above, False, 50)),),
        ),
        Reading(
            name="trained with positions",
            kind="repair",
            statement="with a trained vector per token the floor is gone",
            arm="trained",
            norm="max over tokens, sup over the words",
            domain=f"{WORDS} words in [−1, 1]",
            check=partial(_trained, True, "1/4"),
            expected=Verdict.HOLDS,
            because="positions break the symmetry.",
            falsehoods=(Plant("without positions", partial(_trained, False, "1/4", 50)),),
            truths=(Plant("below 1/2 instead of 1/4", partial(_trained, True)),),
        ),
    ),
)

CLAIMS = (DEFINITION_3_6, LEMMA_5_1)

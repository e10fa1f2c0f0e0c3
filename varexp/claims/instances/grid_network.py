"""A T^{1,1,m} with explicit weights that takes prescribed values on a grid of sequences (Lemma 5.1, constructed)."""

import itertools
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce

from flint import arb, ctx

from varexp.claims.instances.contextual import BITS, Constants, Sequences, Token, attention_ids, ball, vocabulary

Target = Callable[[Sequence[Token]], list[Fraction]]
DIGITS = 60  # of the feed-forward layer's thresholds


def grid_error(
    sequences: Sequences, gammas: tuple[Fraction, Fraction, Fraction], target: Target, missing: int = 0
) -> tuple[arb, int]:
    """sup over the grid and tokens of |τ(X)_k − f(X)_k|, as a ball, and how many neurons it takes.

    Attention of Lemma 4.4 (constants from the data) gives every (token, set) its own ID; a residual feed-forward layer
    x + [−relu(x) + relu(−x)] + b + Σ_j s_j relu(x − z_j), its thresholds z_j the IDs to 60 digits, takes the ID to the
    value. `missing` leaves out the last neurons.
    """
    with ctx.workprec(BITS):
        words = vocabulary(sequences)
        data = Constants(*gammas, len(words), len(sequences[0]), 1)
        scale = data.scale_of([ball(word[0]) for word in words])
        ids = attention_ids(sequences, [[scale]], [[data.alpha()]])
        wanted: dict[Fraction, Fraction] = {}
        for row, found in zip(sequences, ids, strict=True):
            for value, (q,) in zip(target(row), found, strict=True):
                wanted[_rounded(q)] = value
        knots = sorted(wanted)
        slopes = [(wanted[b] - wanted[a]) / (b - a) for a, b in itertools.pairwise(knots)]
        changes = [s - t for s, t in zip(slopes, [Fraction(0), *slopes], strict=False)]
        changes = changes[: len(changes) - missing]

        def feed_forward(x: arb) -> arb:
            total = ball(wanted[knots[0]])
            for change, knot in zip(changes, knots, strict=False):
                total += ball(change) * (x - ball(knot)).max(arb(0))
            return total

        errors = [
            abs(feed_forward(q) - ball(value))
            for row, found in zip(sequences, ids, strict=True)
            for value, (q,) in zip(target(row), found, strict=True)
        ]
        return reduce(arb.max, errors), len(changes) + 2


def _rounded(x: arb) -> Fraction:
    """The ball's middle to DIGITS digits."""
    unit = 10**DIGITS
    return Fraction(int((x * unit).mid().floor().unique_fmpz()), unit)

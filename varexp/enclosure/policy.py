"""The heuristics of the search."""

from dataclasses import dataclass

# of Chebyshev models, by number of parameters: higher orders cost more than they save; 0: parameters are symbols
ORDERS = {1: 7, 2: 5, 3: 3, 4: 2, 5: 0, 6: 0, 7: 0, 8: 0}
# into which a box is cut before the search, likewise
FIRST_CELLS = {1: (48,), 2: (18, 18), 3: (6, 6, 6), 4: (3, 3, 3, 3), **{n: (2,) * n for n in range(5, 9)}}


@dataclass(frozen=True, kw_only=True)
class RefinementPolicy:
    """Which cells the search refines, how it does that, and when it gives up. It affects speed, never soundness.

    Every cell is bounded by the same rigorous rules whatever the policy decides, the cells always cover the box, and a
    cell that is left alone keeps its bounds. A bad policy makes the search slow, or its upper ends large.
    """

    coefficients_per_pass: int = 2**20
    """The largest array of one pass holds about so many coefficients, which bounds the memory."""

    refined_at_once: int = 256
    """Beyond so many open cells a round refines the worse half alone: a better lower end may close the others."""

    near_goal: float = 1.1
    """A cell may count as stalled when its upper bound exceeds the target by at most this factor."""

    stalled_share: float = 0.8
    """A cell stalls if it keeps more than this share of its parent's excess over the target."""

    patience: int = 4
    """A cell that stalled so many times in a row is left as it is: its excess is due to rounding."""

    most_generations: int = 2
    """A state that was inherited so many times is computed again, however small its remainder is."""

    least_growth: float = 4.0
    """A stage multiplies a remainder by this at least: cells that cannot succeed are divided before they are tried."""

    expected_growth: float = 16.0
    """A stage is expected to multiply a remainder by this."""

    slack_share: float = 4.0
    """An inherited remainder is small if, after its expected growth, it takes less than 1/slack_share of the slack."""

    def __post_init__(self) -> None:
        if self.coefficients_per_pass < 1 or self.refined_at_once < 1:
            raise ValueError(f"a policy refines at least one cell at once, got {self}")

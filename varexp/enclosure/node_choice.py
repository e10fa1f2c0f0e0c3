"""How many interpolation nodes are used, and which ellipses are tried. All of it affects speed, never soundness.

A bound of the interpolation error (`aliasing`) holds for every number of nodes and on every ellipse: it is a product of
a factor that belongs to this number and this ellipse, and of a bound of the function on the same ellipse, which is
infinite or nan where the function cannot be bounded. A bad choice therefore gives a large bound or costs time. The
blocks below say how many values are computed at once, which changes no value.
"""

from torch import Tensor

from varexp.enclosure.basis import Ring

NODES = {0: (1,), 1: (10, 12, 16, 20, 26, 32), 2: (6, 8, 10, 12, 16), 3: (4, 6), 4: (4, 5)}  # along every variable
NODES_BEYOND = (2,)  # in more variables
# the number of nodes is the first with which interpolation loses no more than this, relative to the function
NEGLIGIBLE = {1: 1e-9, 2: 1e-6, 3: 1e-4}
NEGLIGIBLE_BEYOND = 1e-3  # in more variables
LOG_RHOS = tuple(0.1 * 1.5**i for i in range(11))  # log ρ of the ellipses that are tried
SOFTMAX_ELLIPSES = [5, 6, 7, 8, 9]  # places in LOG_RHOS of the ellipses on which scores are bounded
BLOCK = 2**16  # values at nodes that are held at once
PICKING_COST = 6  # picking one entry out of many costs as much as evaluating at so many nodes


def node_counts(ring: Ring) -> tuple[int, ...]:
    """The numbers of nodes along every variable that can be chosen, in ascending order."""
    return tuple(sorted({max(count, ring.order + 1) for count in NODES.get(ring.variables, NODES_BEYOND)}))


def first_sufficient(lost: Tensor, variables: int) -> Tensor:
    """The place of the first count whose loss is negligible; the last place if no count is sufficient.

    Args:
        lost: (counts, ...), the interpolation error relative to the function, for ascending counts.
    """
    return (lost > NEGLIGIBLE.get(variables, NEGLIGIBLE_BEYOND)).sum(dim=0).clamp_max_(len(lost) - 1)


def largest_ellipse_within(reached: Tensor, preferred: Tensor) -> Tensor:
    """The place (variables, entries) of the largest ellipse whose image reaches no farther than preferred.

    Args:
        reached: (variables, ellipses, entries), ascending along the ellipses.
        preferred: (entries,).
    """
    return (reached <= preferred).sum(dim=1).sub_(1).clamp_min_(0)


def cheapest_common_count(needed: Tensor, counts: tuple[int, ...]) -> int:
    """The place of the count that is cheapest to use for all entries, before entries that need more are done again."""
    entries = needed.bincount(minlength=len(counts)).tolist()
    costs = [
        count * sum(entries)
        + sum(n * (more + PICKING_COST) for n, more in zip(entries[i + 1 :], counts[i + 1 :], strict=True))
        for i, count in enumerate(counts)
    ]
    return costs.index(min(costs))

"""audit/taylor.py, functions.py, kinks.py: enclosures hold dense samples, and some values that are known by hand."""

import math
import random

import pytest
from claimed import case
from flint import arb, arb_mat

from varexp.audit.functions import exponential, series_of, sine, softmax, tangent
from varexp.audit.kinks import absolute_matrix, smallest_matrix
from varexp.audit.targets import TARGETS
from varexp.audit.taylor import Taylor

N = 7
POINTS = [-1 + i / 32 for i in range(65)]


@pytest.fixture(autouse=True)
def _orders():
    with series_of(N):
        yield


def drawn(rows, columns, seed, size=1.0, rest=1e-3):
    """A random matrix whose orders fall off, with balls."""
    source = random.Random(seed)

    def matrix(scale):
        return arb_mat(rows, columns, [arb(source.uniform(-scale, scale)) for _ in range(rows * columns)])

    balls = arb_mat(rows, columns, [arb(0, rest)] * (rows * columns))
    return Taylor([matrix(size * 0.5**k) for k in range(N)], balls)


def values(x, u, shift=0.0):
    """The polynomials at u, each moved inside its ball."""
    found = [[0.0] * x.rest.ncols() for _ in range(x.rest.nrows())]
    for order in reversed(x.orders):
        found = together(found, order, lambda v, c: v * u + float(c))
    return together(found, x.rest, lambda v, ball: v + shift * float(ball.abs_upper()))


def together(lines, matrix, function):
    """A function of the entries of lists and of a matrix."""
    pairs = zip(lines, matrix.tolist(), strict=True)
    return [[function(a, b) for a, b in zip(line, entries, strict=True)] for line, entries in pairs]


def holds(x, u, exact):
    reached = [[float(b.abs_upper()) for b in line] for line in x.rest.tolist()]
    for ours, theirs, widths in zip(values(x, u), exact, reached, strict=True):
        for a, b, width in zip(ours, theirs, widths, strict=True):
            assert abs(a - b) <= width + 1e-13, (u, a, b, width)


def soft(lines):
    powers = [[math.exp(v) for v in line] for line in lines]
    return [[p / sum(line) for p in line] for line in powers]


def each(function):
    return lambda lines: [[function(v) for v in line] for line in lines]


FUNCTIONS = {
    "exp": (exponential, each(math.exp)),
    "sin": (sine, each(math.sin)),
    "tanh": (tangent, each(math.tanh)),
    "softmax": (softmax, soft),
    "abs": (lambda x: absolute_matrix(x, []), each(abs)),
}


@pytest.mark.parametrize("size", [0.1, 1.0, 6.0])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_hold_dense_samples(name, size):
    ours, theirs = FUNCTIONS[name]
    for seed in range(5):
        x = drawn(3, 4, seed, size)
        found = ours(x)
        for u in POINTS:
            for shift in (-1.0, 0.0, 1.0):
                holds(found, u, theirs(values(x, u, shift)))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_tight_where_arguments_vary_little(name):
    found = FUNCTIONS[name][0](drawn(2, 3, 1, size=0.05, rest=0.0))
    if name != "abs":
        assert max(float(b.abs_upper()) for b in found.rest.entries()) < 1e-3


def test_products_hold_dense_samples():
    a, b = drawn(3, 2, 1), drawn(2, 4, 2)
    found = a.product(b)
    for u in POINTS:
        for shift in (-1.0, 0.0, 1.0):
            x, y = values(a, u, shift), values(b, u, shift)
            holds(found, u, [[sum(p * q[j] for p, q in zip(line, y, strict=True)) for j in range(4)] for line in x])


def test_the_smallest_of_several_holds_dense_samples():
    matrices = [drawn(2, 3, seed) for seed in range(4)]
    kinks = []
    found = smallest_matrix(matrices, kinks)
    for u in POINTS:
        lines = [values(x, u) for x in matrices]
        holds(found, u, [[min(line[i][j] for line in lines) for j in range(3)] for i in range(2)])
    assert kinks


def test_values_known_by_hand():
    zero = arb_mat(1, 1)
    line = Taylor([zero, arb_mat([[arb(0.25)]]), *[zero] * (N - 2)], zero)
    shares = exponential(line)
    assert [float(order[0, 0]) for order in shares.orders[:4]] == pytest.approx([1, 1 / 4, 1 / 32, 1 / 384])
    assert float(shares.rest[0, 0].abs_upper()) == pytest.approx(0.25**N / math.factorial(N), rel=0.05)
    kinks = []
    size = absolute_matrix(line, kinks)  # |u|/4 lies in [0, 1/4], the line is level
    assert (float(size.orders[0][0, 0]), float(size.orders[1][0, 0])) == (0.125, 0.0)
    assert float(size.rest[0, 0].abs_upper()) == pytest.approx(0.125)
    assert abs(kinks[0].place) < 1e-9


def test_the_control_a_ball_that_is_too_small_is_seen():
    x = drawn(2, 2, 3, rest=0.0)
    found = exponential(x)
    smaller = Taylor(found.orders, found.rest * arb(0.01))
    with pytest.raises(AssertionError):
        holds(smaller, 1.0, each(math.exp)(values(x, 1.0)))


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_a_whole_map_holds_dense_samples(target):
    found = case(target, sides=(2, 3, 3))
    network, middle, radius = found.network, 1.25, 0.05
    difference, _ = network.difference(arb(middle), arb(radius), 10)
    exact = found.difference([middle + radius * u for u in POINTS])
    for u, lines in zip(POINTS, exact.tolist(), strict=True):
        holds(difference, u, lines)
    widest = max(float(b.abs_upper()) for b in difference.rest.entries())
    assert widest < (1.0 if target in ("fold", "mcshane") else 0.01)

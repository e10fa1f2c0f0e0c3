"""api/sups.py: known sups, a network against a function, refusals, the caller's settings left alone."""

import math
import threading

import pytest
import torch
from tolerances import ROUNDING

import varexp
from varexp.enclosure import UnknownOperationError
from varexp.maps.norms import NORMS


@pytest.mark.parametrize(
    ("f", "box", "norm", "sup"),
    [
        (lambda x: 2 * torch.sin(3 * x), [(0.0, 1.0)], "max", 2.0),
        (lambda x: (x - 0.25).abs().sum(dim=-1), [(-1.0, 1.0), (0.0, 0.5)], "max", 1.5),
        (lambda x: x, [(-1.0, 2.0), (0.0, 3.0)], "rms", math.sqrt(6.5)),
        (lambda x: x, [(-1.0, 2.0), (0.0, 3.0)], "frobenius", math.sqrt(13.0)),
        (lambda x: torch.stack([x, -2 * x], dim=-1), [(0.0, 1.0), (0.0, 1.0), (0.0, 1.0)], "max", 2.0),
        (lambda x: torch.exp(-x.square().sum(dim=-1, keepdim=True)), [(-1.0, 2.0)] * 2, "max", 1.0),
    ],
)
def test_sups_that_are_known(f, box, norm, sup):
    found = varexp.sup_norm(f, box, norm=norm)
    assert found.lower * (1 - ROUNDING) <= sup <= found.upper * (1 + ROUNDING)
    assert found.gap <= 0.01
    at = f(torch.tensor([found.place], dtype=torch.float64)).reshape(1, -1, 1)
    assert float(NORMS[norm](at)) == pytest.approx(found.lower, rel=1e-9)  # it is attained there


def test_a_network_of_ones_own_against_a_function():
    torch.manual_seed(1)
    net = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3)).double()

    def error(x):
        return net(x) - torch.sin(x).sum(dim=-1, keepdim=True)

    found = varexp.sup_norm(error, [(-1.0, 1.0)] * 2)
    x = torch.cartesian_prod(*[torch.linspace(-1, 1, 200, dtype=torch.float64)] * 2)
    dense = float(error(x).square().mean(dim=-1).sqrt().max().detach())
    assert dense <= found.upper * (1 + ROUNDING)
    assert dense >= 0.99 * found.lower
    assert found.gap <= 0.01


def test_a_budget_that_ends_leaves_ends_that_hold():
    found = varexp.sup_norm(lambda x: torch.sin(40 * x) + 0.1 * x, [(0.0, 10.0)], evaluations=50)
    assert found.lower <= 2.0
    assert found.upper >= 1.9
    assert found.evaluations <= 50


@pytest.mark.parametrize(
    ("f", "box", "message"),
    [
        (torch.sin, [], "box is a list of 1 to 8 pairs"),
        (torch.sin, [(0.0, 1.0)] * 9, "box is a list of 1 to 8 pairs"),
        (torch.sin, [(1.0, 0.0)], "pairs .low, high. of finite numbers up to 1e.300, low <= high"),
        (torch.sin, [(0.0, math.inf)], "finite numbers"),
        (lambda x: x.float(), [(0.0, 1.0)], "got torch.float32"),
        (lambda x: x.sum(), [(0.0, 1.0)], r"answers \(\) to points \(3, 1\)"),
        (lambda x: 1.0, [(0.0, 1.0)], "answers a float: expected a tensor"),
    ],
)
def test_bad_input_says_what_was_expected(f, box, message):
    with pytest.raises(ValueError, match=message):
        varexp.sup_norm(f, box)


def test_other_bad_input():
    with pytest.raises(ValueError, match="unknown norm 'l2': choose one of rms, max, frobenius"):
        varexp.sup_norm(torch.sin, [(0.0, 1.0)], norm="l2")
    with pytest.raises(ValueError, match="gap is a finite number above 0"):
        varexp.sup_norm(torch.sin, [(0.0, 1.0)], gap=0.0)
    with pytest.raises(UnknownOperationError, match="asin"):
        varexp.sup_norm(torch.asin, [(0.0, 1.0)])


def test_the_callers_settings_stay_and_do_not_matter():
    plain = varexp.sup_norm(torch.tanh, [(0.0, 1.0)])
    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad():
            other = varexp.sup_norm(torch.tanh, [(0.0, 1.0)])
            assert not torch.is_grad_enabled()
        assert torch.get_default_dtype() is torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert other == plain
    found = []
    thread = threading.Thread(target=lambda: found.append(varexp.sup_norm(torch.tanh, [(0.0, 1.0)])))
    thread.start()
    thread.join()
    assert found == [plain]


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x: x * x.shape[0], "differently in company and alone"),
        (lambda x: x * len(x), "differently in company and alone"),
        (lambda x: x - x.mean(), "differently in company and alone"),
        (lambda x: x + torch.rand_like(x), "differently the second time"),
        (torch.nn.Linear(1, 2), r"by .double\(\); it raised: "),
        (torch.nn.Linear(3, 2).double(), "it raised: mat1 and mat2 shapes"),
        (lambda x: x[..., :0], "holds no numbers"),
    ],
)
def test_what_is_no_function_of_a_point_is_refused(f, message):
    with pytest.raises(ValueError, match=message):
        varexp.sup_norm(f, [(0.5, 1.0)])


@pytest.mark.parametrize(
    "f",
    [
        lambda x: (x.relu() == 0) * 3.0 + x,
        lambda x: (x.relu() != x) * 3.0 + x,
        lambda x: -5 * x if x.relu().sum(dim=-1).max() == 0 else x,
        lambda x: 5 * x if not x.relu() else x,
        lambda x: torch.nn.functional.relu(x, inplace=True) + x,
        lambda x: torch.softmax(x, dim=-1, dtype=torch.float64) if 0.5 in x else x,
    ],
    ids=["eq", "ne", "branch", "truth", "inplace", "in"],
)
def test_maps_that_branch_on_values_or_change_their_argument_are_refused(f):
    with pytest.raises((UnknownOperationError, ValueError)):
        varexp.sup_norm(f, [(-1.0, 1.0)])


def test_an_update_in_place_is_refused_by_name():
    def f(x):
        y = x * 1.0
        z = y
        z += 1.0
        return y

    with pytest.raises(UnknownOperationError, match=r"no '__iadd__': it changes a value in place"):
        varexp.sup_norm(f, [(-1.0, 1.0)])


@pytest.mark.parametrize(("start", "width"), [(1e9, 1e-5), (1e12, 1e-2), (1e15, 64.0)])
def test_lower_ends_are_attained_inside_the_box(start, width):
    """Cells reach beyond the edge by rounding, which a narrow box far out would show."""
    found = varexp.sup_norm(lambda x: x - start, [(start, start + width)], norm="max")
    truth = (start + width) - start
    assert found.lower <= truth <= found.upper
    assert start <= found.place[0] <= start + width


def test_a_function_that_rises_beyond_the_box_is_0_in_it():
    found = varexp.sup_norm(lambda x: torch.relu(1e12 * (x - 1)), [(0.0, 1.0)], norm="max")
    assert found.lower == 0.0 <= found.upper


@pytest.mark.parametrize("exponent", [-300, -200, -170, -160, -158, -140, 140, 154, 155, 160, 300])
@pytest.mark.parametrize("norm", ["rms", "max", "frobenius"])
def test_tiny_and_huge_values_are_enclosed(norm, exponent):
    truth = 10.0**exponent
    found = varexp.sup_norm(lambda x: x * truth, [(0.0, 1.0)], norm=norm)
    assert found.lower <= truth * (1 + ROUNDING)
    assert truth * (1 - ROUNDING) <= found.upper


def test_functions_without_gradients():
    box = [(0.0, 0.5)]
    assert varexp.sup_norm(torch.no_grad()(torch.tanh), box).contains(math.tanh(0.5))
    assert varexp.sup_norm(lambda x: 2 * x.detach(), box).contains(1.0)


def test_a_constant_function_is_enclosed_exactly():
    found = varexp.sup_norm(lambda x: torch.full(x.shape, -3.0, dtype=torch.float64), [(0.0, 1.0)])
    assert found.lower <= 3.0 <= found.upper
    assert found.gap < 1e-9


def test_a_function_that_relies_on_the_default_dtype_is_the_callers():
    torch.set_default_dtype(torch.float64)
    try:
        found = varexp.sup_norm(lambda x: x * torch.tensor(0.1), [(0.0, 1.0)])
    finally:
        torch.set_default_dtype(torch.float32)
    assert found.lower <= 0.1 <= found.upper < 0.1 * (1 + ROUNDING)
    assert not torch.is_inference_mode_enabled()


@pytest.mark.parametrize("coordinates", [4, 5, 6, 8])
def test_boxes_of_many_coordinates(coordinates):
    """sin of a sum is enclosed to 1 % by polynomials; beyond, where coordinates are symbols, roughly."""
    weights = torch.linspace(0.2, 0.5, coordinates, dtype=torch.float64)
    found = varexp.sup_norm(lambda x: torch.sin(x @ weights)[..., None], [(0.0, 1.0)] * coordinates, norm="max")
    total = float(weights.sum())
    truth = math.sin(total) if total < math.pi / 2 else 1.0
    assert found.lower <= truth * (1 + ROUNDING)
    assert truth * (1 - ROUNDING) <= found.upper
    assert found.gap <= (0.01 if coordinates <= 5 else 0.5)


@pytest.mark.parametrize(
    "layer",
    [
        torch.nn.TransformerEncoderLayer(4, 2, 6, batch_first=True),
        torch.nn.MultiheadAttention(4, 2, batch_first=True),
        torch.nn.Sequential(torch.nn.Conv1d(3, 4, 2), torch.nn.SiLU(), torch.nn.AvgPool1d(2)),
        torch.nn.Sequential(torch.nn.LayerNorm(4), torch.nn.Linear(4, 3), torch.nn.ELU(), torch.nn.Softplus()),
        torch.nn.Sequential(torch.nn.BatchNorm1d(3), torch.nn.LeakyReLU(), torch.nn.Hardtanh(), torch.nn.Flatten()),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_a_network_of_the_usual_layers_is_certified_by_one_call(layer):
    torch.manual_seed(0)
    layer = layer.double().eval()
    into = torch.randn(2, 12, dtype=torch.float64)

    def f(x):
        tokens = (x @ into).unflatten(-1, (3, 4))
        return layer(tokens, tokens, tokens)[0] if isinstance(layer, torch.nn.MultiheadAttention) else layer(tokens)

    found = varexp.sup_norm(f, [(-0.5, 0.5), (-0.5, 0.5)], gap=0.05)
    points = torch.rand(4000, 2, dtype=torch.float64) - 0.5
    sampled = float(f(points).detach().flatten(1).square().mean(dim=1).sqrt().max())
    assert sampled <= found.upper
    assert found.lower <= found.upper
    assert found.gap <= 0.05


def test_the_cells_of_the_cover_lie_over_the_box_and_no_point_of_one_exceeds_its_bound():
    def f(x):
        return torch.sin(3 * x[..., :1]) * x[..., 1:]

    box = [(-1.0, 1.0), (0.0, 2.0)]
    cover = varexp.sup_norm(f, box, norm="max", gap=0.1).cover
    area = float((2 * cover.radius).prod(dim=1).sum())
    assert area == pytest.approx(4.0, rel=1e-12)
    low, high = cover.middle - cover.radius, cover.middle + cover.radius
    assert low.min(dim=0).values.tolist() == pytest.approx([-1.0, 0.0])
    assert high.max(dim=0).values.tolist() == pytest.approx([1.0, 2.0])
    source = torch.Generator().manual_seed(0)
    shares = torch.rand(len(low), 50, 2, dtype=torch.float64, generator=source)
    values = f(low[:, None] + shares * (high - low)[:, None])[..., 0].abs()
    assert bool((values <= cover.upper).all())
    assert not bool((values <= 0.5 * cover.upper).all())  # the control

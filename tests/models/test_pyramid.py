"""models/pyramid.py: Definitions 3.3 to 3.6 and Remark 3.5, what the newest scale sees, the block-causal mask."""

import pytest
import torch
from tolerances import ROUNDING

from varexp.maps.interpolation import image_matrix, resize_matrix
from varexp.maps.patterns import generator
from varexp.models.block import BlockConfig
from varexp.models.chain import Chain
from varexp.models.pyramid import PyramidBlock, PyramidStage, block_causal, merged_interpolation

SIDES = (1, 1, 2, 3)


def pyramid(causal=False, sides=SIDES, kernel="keys"):
    stages = []
    for i in range(2, len(sides) + 1):
        tokens = [side**2 for side in sides[1:i]]
        block = PyramidBlock(BlockConfig(width=8, hidden=8, head_size=8), tokens, 2, generator("test", i), causal)
        block.set_scales(torch.randn(4, sum(tokens), 2), torch.randn(4, sum(tokens), 2) * torch.arange(1, 3))
        stages.append(PyramidStage(kernel, sides[:i], block))
    return Chain(stages).double().requires_grad_(False)


def test_interpolation_takes_every_scale_to_the_next():
    """Y_1 = X_init (Def 3.3), Y_i = φ_up,i(X_{i-1}) (Def 3.4), merged along space (Rem 3.5)."""
    matrix = merged_interpolation("keys", SIDES)
    assert matrix.shape == (1 + 4 + 9, 1 + 1 + 4)
    maps = [torch.randn(side**2, 2, dtype=torch.float64) for side in SIDES[:-1]]
    first, second, third = (matrix @ torch.cat(maps)).split([1, 4, 9])
    torch.testing.assert_close(first, maps[0], atol=0, rtol=ROUNDING)
    torch.testing.assert_close(second, image_matrix(resize_matrix("keys", 1, 2)) @ maps[1])
    torch.testing.assert_close(third, image_matrix(resize_matrix("keys", 2, 3)) @ maps[2])


def test_the_mask_by_hand():
    expected = [[1, 0, 0], [1, 1, 1], [1, 1, 1]]
    assert block_causal([1, 2]).tolist() == [[bool(x) for x in row] for row in expected]


@pytest.mark.parametrize("causal", [False, True])
def test_the_newest_scale_is_the_last_rows_of_all(causal):
    """It attends to everything, with and without the mask."""
    model = pyramid(causal)
    u = torch.randn(5, 14, 2, dtype=torch.float64)
    block = model.stages[-1].block
    torch.testing.assert_close(block.newest(u), block(u)[:, -9:], atol=ROUNDING, rtol=ROUNDING)


@pytest.mark.parametrize("causal", [False, True])
def test_finer_scales_reach_coarser_ones_only_without_the_mask(causal):
    block = pyramid(causal).stages[-1].block
    u = torch.randn(3, 14, 2, dtype=torch.float64)
    changed = torch.cat([u[:, :5], torch.randn(3, 9, 2, dtype=torch.float64)], dim=1)
    same = torch.equal(block(u)[:, :5], block(changed)[:, :5])
    assert same == causal


def test_every_coarser_scale_matters_and_nothing_else_is_remembered():
    model = pyramid()
    x = torch.randn(6, 1, 2, dtype=torch.float64)
    ts = model.trajectory(x)
    assert [t.shape[1] for t in ts] == [1, 4, 9]
    state = torch.cat([x, *ts[:2]], dim=1)
    stage = model.stages[2]
    torch.testing.assert_close(stage(state), torch.cat([state, ts[2]], dim=1))
    assert torch.equal(stage.previous_scale(state), ts[1])
    for place in range(6):  # t_0, t_1 and the four tokens of t_2
        nudged = state.clone()
        nudged[:, place] += 1
        assert float((stage.answer(stage.interpolate(nudged)) - ts[2]).abs().max()) > 1e-3
    assert torch.equal(model.prefix(2)(x), ts[1])
    assert torch.equal(model(x), ts[2])


def test_each_scale_has_its_own_two_numbers():
    block = pyramid().stages[-1].block
    aims = torch.cat([torch.full((2, 1, 2), 3.0), torch.full((2, 4, 2), -5.0), torch.full((2, 9, 2), 7.0)], dim=1)
    block.set_scales(2 * aims, aims)
    assert block.output_scale[:, 0].tolist() == [3.0] + [5.0] * 4 + [7.0] * 9
    assert block.input_scale[:, 0].tolist() == [6.0] + [10.0] * 4 + [14.0] * 9

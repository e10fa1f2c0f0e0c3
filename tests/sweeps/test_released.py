"""sweeps/released.py: which rows are released, and what a file of theirs holds."""

import pytest
from small import problem, trained

from varexp.files import StoreError
from varexp.sweeps.execute import weights
from varexp.sweeps.released import Limits, release, target_tensors

ROW = {"model": "chain", "domain": "curve-2", "depth": 2, "width": 16, "sides": "2-3-4", "seed": 0, "certified": True,
       "target_seed": 0}  # fmt: skip


def test_the_limits():
    assert Limits().hold(ROW)
    others = [
        {"model": "pyramid"}, {"domain": "disc-2"}, {"depth": 7}, {"width": 65}, {"sides": "2-3-7"}, {"seed": 1},
        {"target_seed": 1},
        {"certified": False},
    ]  # fmt: skip
    for other in others:
        assert not Limits().hold(ROW | other), other


def test_weights_are_as_deep_as_a_row():
    model = trained().model
    assert {name.split(".")[1] for name in weights(model, 1)} == {"0"}
    assert weights(model, len(model.stages)).keys() == model.state_dict().keys()


@pytest.mark.parametrize(
    ("target", "names"),
    [("filter", {"tokens"}), ("mcshane", {"places", "values"}), ("mix", {"inner", "outer", "pattern"})],
)
def test_a_target_is_released_with_all_it_draws(target, names):
    found = {name.removeprefix("target.0.") for name in target_tensors(problem(target).target) if ".0." in name}
    assert found == names | {"scale_map"}


def test_a_table_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"no table .*depth.csv: varexp sweep experiment=depth makes it"):
        release(tmp_path, ["depth"], Limits())

"""measurement/contract: right targets pass, wrong ones are refused by what they do, before anything is trained."""

from dataclasses import dataclass

import pytest
import torch

from varexp.enclosure import UnknownOperationError
from varexp.enclosure.rounding import FlushToZeroError
from varexp.errors import SoundnessError
from varexp.maps.constants import Constant
from varexp.maps.domains import Curve, parse_domain
from varexp.maps.norms import find_norm
from varexp.maps.targets import FEATURE_MAPS, Target, TargetStage, build_target
from varexp.maps.targets.base import FeatureMap
from varexp.measurement.contract import require_target

RMS = find_norm("rms")


@dataclass(frozen=True, kw_only=True)
class Written(FeatureMap):
    """A target of a test: its forward line and its constant."""

    name = "written"
    line: object = None
    declared: object = None

    def __call__(self, x):
        return self.line(x)

    def constant(self, norm, before):
        return Constant(0.0, norm.operator_norm(before).upper * 3, "upper") if self.declared is None else self.declared


def stage(line, declared=None):
    return Target((TargetStage(2, 2, Written(K=1.0, stage=1, side=2, channels=2, line=line, declared=declared)),))


def in_place(x):
    y = x.clone()
    y[..., 0] = 0.0
    return y


def branching(x):
    return torch.tanh(x) if x.sum() > 0 else x


RIGHT = {
    "tanh": lambda x: torch.tanh(x),
    "division": lambda x: x / (1 + x.square()),
    "roll": lambda x: x.roll(1, dims=-2),
    "silu": torch.nn.functional.silu,
}
STEEPER = "is declared as 3.0 .* stretches by"
WRONG = {
    "one channel": (lambda x: torch.tanh(x)[..., :1], ValueError, r"answers \(3, 4, 1\) .* expected \(3, 4, 2\)"),
    "one token": (lambda x: torch.tanh(x)[..., :1, :], ValueError, r"answers \(3, 1, 2\) .* expected \(3, 4, 2\)"),
    "no tokens": (lambda x: x.mean(dim=-2), ValueError, r"expected \(3, 4, 2\)"),
    "three channels": (lambda x: torch.cat([x, x[..., :1]], dim=-1), ValueError, r"answers \(3, 4, 3\)"),
    "float32": (lambda x: torch.tanh(x.float()), ValueError, "torch.float32 .* expected"),
    "flat": (lambda x: torch.tanh(x.reshape(4, 2)), ValueError, "raises RuntimeError .* any leading axes"),
    "one leading axis": (lambda x: torch.tanh(x.reshape(-1, 4, 2)), ValueError, "two leading axes"),
    "none": (lambda x: None, (TypeError, ValueError), "answers a NoneType|TypeCheckError"),
    "nan": (lambda x: torch.tanh(x) / 0.0, ValueError, "answers nan or inf"),
    "root": (lambda x: (x - 2).sqrt(), ValueError, "answers nan or inf"),
    "raises": (lambda x: x.no_such_thing, ValueError, "raises AttributeError"),
    "the mean of a batch": (lambda x: x - x.mean(0), ValueError, "in company and alone"),
    "chance": (lambda x: x + torch.randn_like(x), ValueError, "the second time"),
    "numpy": (
        lambda x: torch.as_tensor(x.numpy() * 2),
        UnknownOperationError,
        "stage 1 of the target written: .*numpy",
    ),
    "item": (lambda x: x * min(1.0, float(x.abs().max()) + 9), UnknownOperationError, "stage 1 of the target written"),
    "in place": (in_place, UnknownOperationError, "changes a value in place"),
    "a method in place": (lambda x: (2 * x).tanh_(), UnknownOperationError, "changes a value in place"),
    "no words": (lambda x: torch.ones(x.shape, dtype=torch.float64), ValueError, "made of the words"),
    "no gradient": (lambda x: torch.tanh(x.detach()), ValueError, "has no gradient"),
    "another as enclosures": (lambda x: x.tanh() if type(x) is torch.Tensor else x.sin(), ValueError, "otherwise as"),
    "steeper than declared": (lambda x: 3.2 * x, SoundnessError, STEEPER),
    "steep in the small": (
        lambda x: x + 1e-5 * torch.sin(1e6 * x),
        SoundnessError,
        STEEPER,
    ),
    "steep in the middle": (
        lambda x: x + 1e-3 * torch.sin(1e4 * x),
        SoundnessError,
        STEEPER,
    ),
    "a branch": (branching, (UnknownOperationError, ValueError), "written"),
}


@pytest.mark.parametrize("name", FEATURE_MAPS)
def test_every_registered_target_passes(name):
    norms = FEATURE_MAPS[name].known_norms or ("rms",)
    try:
        target = build_target(name, (1, 1, 2, 3), K=2.1)
    except (TypeError, ValueError):
        pytest.skip("this target is made from data")
    require_target(target, parse_domain("curve-1", 2), find_norm(norms[0]))


@pytest.mark.parametrize("name", RIGHT)
def test_right_lines_pass(name):
    require_target(stage(RIGHT[name]), Curve(2), RMS)


@pytest.mark.parametrize("name", WRONG)
def test_wrong_lines_are_refused_by_what_they_do(name):
    line, kind, message = WRONG[name]
    with pytest.raises(kind, match=message):
        require_target(stage(line), Curve(2), RMS)


@pytest.mark.parametrize("declared", [2.0, (0.0, 1.0), True])
def test_a_constant_of_another_type_is_refused(declared):
    with pytest.raises(ValueError, match=f"the constant of target written is a {type(declared).__name__}"):
        require_target(stage(torch.tanh, declared), Curve(2), RMS)


def test_flushing_to_zero_is_refused():
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor cannot flush")
    try:
        with pytest.raises(FlushToZeroError):
            require_target(stage(torch.tanh), Curve(2), RMS)
    finally:
        torch.set_flush_denormal(False)
    require_target(stage(torch.tanh), Curve(2), RMS)


def raising(error):
    def line(x):
        raise error

    return line


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            raising(ValueError("boom")),
            r"stage 1 of the target written raises ValueError \(boom\).*a target takes token maps",
        ),
        (lambda x: x * float(x.abs().amax(dim=(-2, -1))), "one number for all words|only one element"),
        (lambda x: x if float(x[0].sum()) > 0 else -x, "write no `if` on values|in company and alone"),
    ],
)
def test_what_a_users_code_does_is_named_with_what_to_write(line, says):
    with pytest.raises((ValueError, TypeError), match=says):
        require_target(stage(line), Curve(2), RMS)

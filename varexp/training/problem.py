"""A learning problem, and the model trained on it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from varexp.maps.domains import Domain
from varexp.maps.targets import Target

Notify = Callable[[int], None]  # called with a number of finished model-steps


def silent(steps: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Problem:
    """The target of one model, its domain of words, its interpolation kernel and its seed."""

    target: Target
    domain: Domain
    kernel: str
    seed: int


Model = TypeVar("Model")


@dataclass
class Trained(Generic[Model]):
    """A model in float64, the one that is judged, and how its training went, stage by stage.

    `train_rms[i]` is the rms error on the training words over the rms of the aims; `curves[i]` the same on batches
    while training. `diverged_at` is the first depth whose model is not finite or no better than zero.
    """

    model: Model
    train_rms: list[float] = field(default_factory=list)
    curves: list[list[float]] = field(default_factory=list)

    @property
    def diverged_at(self) -> int | None:
        finite = [rms < 1 for rms in self.train_rms]  # false for nan
        return finite.index(False) + 1 if False in finite else None

    def record(self, train_rms: float, curve: list[float]) -> None:
        """Add a stage."""
        self.train_rms.append(train_rms)
        self.curves.append(curve)

"""How a model is trained: the settings, and the registry of objectives."""

import math
from dataclasses import dataclass
from typing import Any

from varexp.errors import bad_value
from varexp.registry import Registry
from varexp.settings import setting

OBJECTIVES: Registry[Any] = Registry("training")  # of objectives.base.Objective, which takes recipes
FEWEST_STEPS = 11  # the rise of the one-cycle schedule, a tenth of them, takes at least one


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Settings of training. ValueError for an objective that does not exist, or a number out of range."""

    training: str = setting("stagewise", "what each block is asked to imitate (objective)", config=None)
    steps: int = setting(1200, "training steps of each stage", config=1000)
    batch: int = setting(8, "words in one training step")
    learning_rate: float = setting(0.06, "peak rate of Adam; by default from objective and width", config=None)

    def __post_init__(self) -> None:
        OBJECTIVES[self.training]  # ValueError if there is no such objective
        if self.steps < FEWEST_STEPS:
            raise bad_value("steps", self.steps, f"a whole number from {FEWEST_STEPS} up")
        if self.batch < 1:
            raise bad_value("batch", self.batch, "a whole number from 1 up")
        if not 0 < self.learning_rate < math.inf:
            raise bad_value("learning_rate", self.learning_rate, "a finite number above 0, or null for the default")

    @property
    def objective(self) -> Any:
        """The `Objective` that `training` names."""
        return OBJECTIVES[self.training]

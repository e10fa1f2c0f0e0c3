"""Training objectives. One file an objective; a new file here registers itself."""

from varexp.registry import import_all
from varexp.training.objectives.base import NewStage, Objective, StageObjective, register
from varexp.training.recipe import OBJECTIVES

import_all(__path__, __name__)

__all__ = ["OBJECTIVES", "NewStage", "Objective", "StageObjective", "register"]

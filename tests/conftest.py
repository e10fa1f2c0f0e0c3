"""Shapes in signatures are enforced while tests run; torch uses one thread, as the sweeps do."""
# ruff: noqa: E402

import os

os.environ.setdefault("WANDB_MODE", "disabled")

from jaxtyping import install_import_hook

ROOMS = ("theory", "enclosure", "maps", "models", "training", "measurement", "families", "dynamics")

install_import_hook([f"varexp.{room}" for room in ROOMS], "typecheck.checker")

import pytest
import torch
from hypothesis import settings

settings.register_profile("default", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("default")


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)
    torch.manual_seed(0)

"""Shapes in signatures are enforced while tests run; torch uses one thread, as the sweeps do."""
# ruff: noqa: E402

import os
import shutil

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


@pytest.fixture(scope="session")
def browser():
    """A real Chromium without a screen."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("needs Chromium")
    from playwright.sync_api import sync_playwright

    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]
    with sync_playwright() as library:
        made = library.chromium.launch(executable_path=path, args=quiet)
        yield made
        made.close()

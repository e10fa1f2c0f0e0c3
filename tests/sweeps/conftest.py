"""A config as Hydra would compose it, small enough for a second."""

import pytest
from planned import Config


@pytest.fixture
def config(tmp_path):
    return Config(
        target="affine",
        K=1.5,
        width=4,
        steps=20,
        depth=2,
        sides="2-3-4",
        ascent_steps=1,
        scale="test",
        results=str(tmp_path / "results"),
    )

"""Every model that these tests make is checked against its invariants."""

import pytest

from varexp.enclosure.invariants import checked


@pytest.fixture(autouse=True)
def _checked():
    with checked():
        yield

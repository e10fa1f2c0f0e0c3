"""The audit's arithmetic in the tests is as exact as in an audit."""

import pytest
from flint import ctx

from varexp.audit.verdict import PRECISION


@pytest.fixture(autouse=True)
def _precision():
    with ctx.workprec(PRECISION):
        yield

"""extensions.py: what is registered from outside is part of the version; figures and what is inside are not."""

import textwrap

import pytest

from varexp.extensions import extension_sources
from varexp.maps.domains import DOMAINS, Curve
from varexp.maps.targets import FEATURE_MAPS
from varexp.report.figures import FIGURES
from varexp.sweeps.records import code_version

TARGET = """
    import torch
    from dataclasses import dataclass
    from varexp.maps.targets import PatternedMap, register
    {imports}

    @register("edited")
    @dataclass(frozen=True, kw_only=True)
    class Edited(PatternedMap):
        gain = {gain}

        def __call__(self, x):
            return self.K * torch.{function}(x)

        def constant(self, norm, before):
            return norm.operator_norm(before) * self.K
"""


def version_of(source, name, file=None):
    """The version while a source is registered: run as a notebook's cell, or as the file it stands in."""
    scope = {"__name__": "outside"} if file is None else {"__name__": "outside", "__file__": str(file)}
    exec(compile(textwrap.dedent(source), str(file or "<cell>"), "exec"), scope)
    try:
        return code_version()
    finally:
        FEATURE_MAPS.remove(name)


def source(gain=0.5, function="tanh", imports=""):
    return TARGET.format(gain=gain, function=function, imports=imports)


def test_code_of_a_notebook_is_told_apart():
    plain = version_of(source(), "edited")
    assert version_of(source(), "edited") == plain
    assert version_of(source(gain=0.25), "edited") != plain
    assert version_of(source(function="sin"), "edited") != plain
    assert code_version() != plain


@pytest.mark.parametrize("package", [False, True])
def test_a_file_beside_the_registering_one_counts(tmp_path, package):
    file, helper = tmp_path / "mine.py", tmp_path / "helper.py"
    file.write_text(textwrap.dedent(source()))
    helper.write_text("GAIN = 1.0\n")
    if package:
        (tmp_path / "__init__.py").write_text("")
    plain = version_of(source(), "edited", file)
    assert version_of(source(), "edited", file) == plain
    helper.write_text("GAIN = 0.1\n")
    assert version_of(source(), "edited", file) != plain


def test_a_figure_from_outside_changes_no_version():
    before = code_version()
    FIGURES.register("mine", lambda table: {})
    try:
        assert code_version() == before
        assert list(extension_sources()) == []
    finally:
        FIGURES.remove("mine")


def test_another_class_of_the_same_name_is_another_domain():
    from varexp.families import DomainSettings
    from varexp.maps.domains.base import register

    class Half(Curve):
        def spread(self, count, offset):
            return super().spread(count, offset) / 2

    register("arc")(Curve)
    Curve.kind = "curve"
    first = DomainSettings(domain="arc-2").build()
    DOMAINS.remove("arc")
    register("arc")(Half)
    second = DomainSettings(domain="arc-2").build()
    DOMAINS.remove("arc")
    assert type(first) is Curve
    assert type(second) is Half

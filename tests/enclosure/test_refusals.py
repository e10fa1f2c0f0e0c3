"""The words of refusals: what was asked for, and what to write instead. What is refused is in test_protocol.py."""

import pytest

from varexp.enclosure.refusals import UnknownOperationError, in_place, refusal, refuse_attributes


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("add_", "out of place"),
        ("__iadd__", "out of place"),
        ("__setitem__", "out of place"),
        ("data", "out of place"),
        ("__lt__", "branches on values"),
        ("__bool__", "branches on values"),
        ("__int__", "branches on values"),
        ("max", "use amax"),
        ("sort", "operations that have one"),
        ("__invert__", "operations that have one"),
    ],
)
def test_each_refusal_has_its_reason(name, words):
    message = str(refusal(name))
    assert words in message
    assert name in message


def test_refusals_are_no_type_errors():
    """Python takes a TypeError of an operator for an invitation to try another one."""
    assert not issubclass(UnknownOperationError, TypeError)
    assert isinstance(in_place("add_"), UnknownOperationError)


def test_a_class_keeps_what_it_defines():
    class Kind:
        def sin(self):
            return 1

    refuse_attributes(Kind)
    assert Kind().sin() == 1
    with pytest.raises(UnknownOperationError, match="cos"):
        Kind().cos()
    with pytest.raises(UnknownOperationError, match="grad"):
        _ = Kind().grad

"""A model that breaks an invariant is refused, while checking is on."""

import runpy

import pytest
import torch
from random_models import new_symbols, random_model

from varexp.enclosure import invariants
from varexp.enclosure.basis import ring
from varexp.enclosure.invariants import checked
from varexp.enclosure.model import ChebyshevModel


def parts(**changed):
    """The arguments of a model of two variables, order 2 and two symbols, some of them changed."""
    x = random_model(1, 2, 2, new_symbols(2), 0.3)
    names = ("ring", "polynomial", "generators", "remainder", "magnitude", "symbols")
    return {name: getattr(x, name) for name in names} | changed


WHOLE = parts()
VIOLATIONS = {
    "two coefficients in a ring of six": ({"polynomial": WHOLE["polynomial"][:2]}, "polynomial"),
    "the ring of another order": ({"ring": ring(2, 3)}, "polynomial"),
    "symbols without generators": ({"generators": WHOLE["generators"][:0]}, "generators"),
    "generators without symbols": ({"symbols": ()}, "generators"),
    "generators of other cells": ({"generators": WHOLE["generators"][:, :1]}, "generators"),
    "a magnitude of another shape": ({"magnitude": WHOLE["magnitude"][0]}, "magnitude"),
    "a remainder of another shape": ({"remainder": WHOLE["remainder"][..., :2]}, "remainder"),
    "a negative remainder": ({"remainder": WHOLE["remainder"] - 1}, "remainder is at least 0"),
    "a negative magnitude": ({"magnitude": -WHOLE["magnitude"]}, "magnitude is at least 0"),
}


def test_a_model_as_it_should_be_is_accepted():
    assert ChebyshevModel(**WHOLE).symbols == WHOLE["symbols"]


@pytest.mark.parametrize("name", VIOLATIONS)
def test_every_violation_is_refused_and_only_while_checking_is_on(name):
    changed, message = VIOLATIONS[name]
    with pytest.raises(ValueError, match=message):
        ChebyshevModel(**parts(**changed))
    with checked(False):
        ChebyshevModel(**parts(**changed))


@pytest.mark.parametrize("name", ["polynomial", "generators", "remainder", "magnitude"])
def test_float32_is_refused(name):
    with pytest.raises(TypeError, match=f"{name} is a float64 tensor, got torch.float32"):
        ChebyshevModel(**parts(**{name: WHOLE[name].float()}))


@pytest.mark.parametrize("unknown", [torch.inf, torch.nan])
def test_what_could_not_be_bounded_is_legitimate(unknown):
    remainder = torch.full_like(WHOLE["remainder"], unknown)
    assert not ChebyshevModel(**parts(remainder=remainder, magnitude=remainder)).remainder.isfinite().any()


def test_checking_is_off_by_default_and_can_be_asked_for(monkeypatch):
    assert invariants.is_checking()  # by conftest.py
    monkeypatch.delenv("VAREXP_CHECK", raising=False)
    assert not runpy.run_path(invariants.__file__)["is_checking"]()
    monkeypatch.setenv("VAREXP_CHECK", "1")
    assert runpy.run_path(invariants.__file__)["is_checking"]()


def test_the_switch_is_put_back_after_an_error():
    def fail():
        with checked(False):
            assert not invariants.is_checking()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert invariants.is_checking()

"""Whatever torch has is enclosed and checked, or refused by name: there is no third state."""

import inspect
import warnings
from pathlib import Path

import pytest
import torch
from random_models import escapes, new_symbols, random_model
from torch import overrides
from torch_cases import KNOWN, NAMED

from varexp import enclosure
from varexp.enclosure import Enclosure, UnknownOperationError, coverage
from varexp.enclosure.protocol import TABLE

X = Enclosure.of(random_model(1, 1, 1, (), 0.1))
FUNCTIONS = coverage.functions()
REFUSED = [name for name, function in FUNCTIONS.items() if not coverage.is_enclosed(function)]
ENCLOSED = sorted({name.rpartition(".")[2] for name in FUNCTIONS if name not in REFUSED})
ANSWERED = [name for name in coverage.attributes() if coverage.is_answered(name)]


def test_torch_lists_what_it_has():
    assert len(FUNCTIONS) > 1200
    assert len(coverage.attributes()) > 600
    assert {"torch.sin", "torch.Tensor.add_", "torch.nn.functional.conv2d"} <= set(FUNCTIONS)


def test_every_rule_is_used_by_a_case(monkeypatch):
    """Recorded where rules are looked up, and where they are methods; layers are answered where cells come second."""
    rules, used = {answer.__name__: answer for answer in TABLE.values()}, set()

    def recorded(name, answer):
        def record(*args, **kwargs):
            used.add(name)
            return answer(*args, **kwargs)

        return record

    for function, answer in [*TABLE.items()]:
        monkeypatch.setitem(TABLE, function, recorded(answer.__name__, answer))
    for name, answer in rules.items():
        if vars(Enclosure).get(name) is answer:
            monkeypatch.setattr(Enclosure, name, recorded(name, answer))
    for _, number, case in NAMED:
        case(Enclosure.of(random_model(number, 1, 1, (), 0.1)))
    legacy = {"__div__", "__rdiv__"}  # names of Python 2, which torch hands on as another
    assert sorted(set(rules) - used - legacy) == []


@pytest.mark.parametrize("name", ANSWERED)
def test_every_attribute_that_is_answered_has_a_case(name):
    assert name in KNOWN


def test_every_case_is_about_something_that_is_enclosed():
    assert {*ENCLOSED, *ANSWERED} >= KNOWN


@pytest.mark.parametrize(("name", "number", "case"), NAMED, ids=[f"{name}-{i}" for name, i, _ in NAMED])
@pytest.mark.parametrize(("variables", "order", "symbols", "width"), [(1, 3, 0, 0.3), (2, 2, 3, 0.1), (1, 5, 2, 1e-6)])
def test_what_is_enclosed_contains_what_torch_gives(name, number, case, variables, order, symbols, width):
    model = random_model(number + 5, variables, order, new_symbols(symbols), width)
    assert escapes(case, model) == 0


@pytest.mark.parametrize(("name", "number", "case"), NAMED, ids=[f"{name}-{i}" for name, i, _ in NAMED])
def test_what_is_enclosed_has_the_shape_that_torch_gives(name, number, case):
    model = random_model(number, 1, 1, (), 0.1)
    found = case(Enclosure.of(model))
    assert tuple(found.shape) == tuple(case(model.polynomial[0]).shape)
    assert bool(found.model().uncertainty().isfinite().all())


def called(function, arguments):
    """What a function gives; NotImplemented leaves the answer to the other operand, which refuses it as well."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = function(*arguments)
    if answer is NotImplemented:
        raise TypeError
    return answer


@pytest.mark.parametrize("name", REFUSED)
def test_every_other_function_is_refused_by_name(name):
    """By the protocol, and when it is called; torch itself may refuse the arguments first."""
    function = FUNCTIONS[name]
    with pytest.raises(UnknownOperationError, match=function.__name__.strip("_")[:8]):
        Enclosure.__torch_function__(function, (Enclosure,), (X,))
    override = overrides.get_testing_overrides().get(function)
    parameters = [] if override is None else inspect.signature(override).parameters.values()
    needed = [p for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    with pytest.raises((UnknownOperationError, TypeError, RuntimeError, ValueError)):
        called(function, [X] * max(len(needed), 1))


@pytest.mark.parametrize("name", [name for name in coverage.attributes() if not coverage.is_answered(name)])
def test_every_other_attribute_is_refused_by_name(name):
    with pytest.raises(UnknownOperationError, match=name.strip("_")):
        getattr(X, name)()


def test_what_is_committed_is_what_torch_lists():
    committed = Path(enclosure.__file__).with_name("OPERATIONS.md").read_text(encoding="utf-8")
    pinned = f"of torch {torch.__version__.split('+')[0]}." in committed
    assert not pinned or committed == coverage.report()


def test_the_control_a_function_without_a_case_is_noticed():
    assert "sort" not in KNOWN
    assert "torch.sort" in REFUSED

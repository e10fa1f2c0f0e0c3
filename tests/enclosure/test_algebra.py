"""ALGEBRA.md names every rule, and every test that it names exists."""

import ast
import inspect
import re
from pathlib import Path

import pytest

from varexp import enclosure
from varexp.enclosure import functions, kinks, powers, products, softmax
from varexp.enclosure.model import ChebyshevModel
from varexp.enclosure.protocol import TABLE

HERE = Path(__file__).parent
ALGEBRA = (Path(enclosure.__file__).parent / "ALGEBRA.md").read_text(encoding="utf-8")
NAMED_TESTS = re.findall(r"((?:operations/)?test_\w+\.py)::(\w+)", ALGEBRA)
MODULES = sorted(path.stem for path in Path(enclosure.__file__).parent.glob("*.py") if path.stem != "__init__")


def is_named(rule):
    """Whether a rule stands in code quotes, alone or after its module."""
    return re.search(rf"`([\w.]+\.)?{re.escape(rule)}`", ALGEBRA) is not None


def public_functions(module):
    return [name for name, f in inspect.getmembers(module, inspect.isfunction) if f.__module__ == module.__name__]


def model_rules():
    """Methods that make a model or a bound of one."""
    return [name for name in vars(ChebyshevModel) if name[0] != "_" and callable(getattr(ChebyshevModel, name))]


PRODUCTS = [name for name in public_functions(products) if name[0] != "_"]


@pytest.mark.parametrize("name", sorted({function.__name__ for function in TABLE.values()}))
def test_every_torch_operation_is_named(name):
    assert is_named(name)


ELEMENTARY = [name for module in (functions, kinks, powers) for name in public_functions(module) if name[0] != "_"]


@pytest.mark.parametrize("name", [name for name in ELEMENTARY if name not in ("power_function", "range_of")])
def test_every_elementary_function_is_named(name):
    assert is_named(name)


@pytest.mark.parametrize("name", [*PRODUCTS, *model_rules()])
def test_every_product_and_every_rule_of_a_model_is_named(name):
    assert is_named(name)


def test_a_rule_that_does_not_exist_is_not_named():
    assert not is_named("cumprod")
    assert not is_named("made_up_rule")


@pytest.mark.parametrize(("file", "test"), sorted(set(NAMED_TESTS)))
def test_every_test_that_is_named_exists(file, test):
    defined = {node.name for node in ast.parse((HERE / file).read_text(encoding="utf-8")).body if hasattr(node, "name")}
    assert test in defined
    assert "test_made_up" not in defined


def test_every_row_of_a_table_of_rules_names_a_test():
    rows = [line for line in ALGEBRA.splitlines() if line.startswith("|") and line.count(" | ") == 4]
    rules = [row for row in rows if not row.startswith(("| rule |", "|---"))]
    assert len(rules) >= 40
    assert [row for row in rules if "::" not in row] == []


def test_what_is_named_with_its_module_exists():
    for dotted in re.findall(r"`((?:\w+\.)+\w+)`", ALGEBRA):
        module, *path = dotted.split(".")
        if module in MODULES and path != ["py"]:
            found = __import__(f"varexp.enclosure.{module}", fromlist=[module])
            found = ChebyshevModel if module == "model" and hasattr(ChebyshevModel, path[0]) else found
            for part in path:
                assert hasattr(found, part), dotted
                found = getattr(found, part)


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_a_test_file_of_its_name(module):
    assert (HERE / f"test_{module}.py").exists()


def test_the_equations_of_softmax_are_there():
    for number in range(1, 10):
        assert f"({number})" in (softmax.__doc__ or "")

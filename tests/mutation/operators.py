"""The mutants: small changes of the source that could make a certified bound too small.

Made by cosmic-ray's operators:

* a comparison becomes its negation, or gains or loses its boundary case; `and` and `or`, `&` and `|`, True and False
  are exchanged; `not`, `~` and a unary minus are removed;
* a binary + becomes − and the reverse, * becomes / and the reverse.

Made by operators of our own, for what tensor code consists of:

* SwapExtremes: maximum and minimum, amax and amin, max and min, clamp_min and clamp_max are exchanged;
* RemoveCall: a call in a chain is removed, so that x.add_(e) becomes x, and x.abs() becomes x;
* DropSummand: a summand is left out, so that a + b becomes a, and b; torch.add(a, b) becomes a;
* SignedAssignment: += becomes −=, *= becomes /=, &= becomes |=, and the reverse;
* ShrinkNumber, GrowNumber: a real constant is 5 % smaller or larger. A real constant is a float, or an int that
  multiplies or divides. One between 1 and 1.1 is an allowance upwards, and is only made smaller.

Not made, since no bound becomes too small by more than tests can see (`context.py` decides):

* changes of an allowance for rounding by a factor: the count in gamma(...), a multiple of UNIT, the factor 1 + γ with
  which a bound is rounded up, TINY and SMALLEST, which matter below 1e-290 alone, numbers below 1e-6 or above 1e6. That
  a whole term such as gamma(n)·magnitude is left out *is* a mutant;
* docstrings, annotations, decorators, imports, texts of errors, `raise` statements, `__str__`;
* arithmetic on shapes and axes, which changes which exception is raised and no value: arguments of `reshape` and its
  kind, `dim=`, `strict=`, signs and numbers of places in subscripts.
"""

from collections.abc import Iterator
from typing import Any

from cosmic_ray.operators import binary_operator_replacement as binary
from cosmic_ray.operators import boolean_replacer as boolean
from cosmic_ray.operators import comparison_operator_replacement as comparison
from cosmic_ray.operators import unary_operator_replacement as unary
from cosmic_ray.operators.operator import Operator
from parso.python.tree import Name

from .context import arguments, is_allowance, is_factor_for_rounding, is_negligible

COMPARISONS = "Lt_LtE Lt_GtE LtE_Lt LtE_Gt Gt_GtE Gt_LtE GtE_Gt GtE_Lt Eq_NotEq NotEq_Eq Is_IsNot IsNot_Is"
BINARY = "Add_Sub Sub_Add Mul_Div Div_Mul BitAnd_BitOr BitOr_BitAnd"
UNARY = "Delete_USub Delete_Not Delete_Invert"
EXTREMES = {"maximum": "minimum", "amax": "amin", "max": "min", "fmax": "fmin", "clamp_min": "clamp_max"}
EXTREMES |= {"clamp_min_": "clamp_max_"}
EXTREMES |= {other: name for name, other in EXTREMES.items()}
REMOVED = "add_ sub_ addcmul_ mul_ div_ abs abs_ clamp clamp_ clamp_min clamp_min_ clamp_max clamp_max_ nan_to_num"
REMOVED_CALLS = {*REMOVED.split(), "nan_to_num_"}
ASSIGNMENTS = {"+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=", "&=": "|=", "|=": "&="}
STEP = 0.05  # by which numbers are changed


class Rewrite(Operator):
    """An operator given by the texts that it puts in the place of a node."""

    def rewrites(self, node: Any) -> Iterator[str]:
        raise NotImplementedError

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        for _ in self.rewrites(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        text = list(self.rewrites(node))[index]
        return Name(text, node.start_pos, node.get_first_leaf().prefix)  # one leaf, which is not walked into

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()


def _text(nodes: list[Any]) -> str:
    return "".join(node.get_code(include_prefix=i > 0) for i, node in enumerate(nodes))


class SwapExtremes(Rewrite):
    """max(a, b) -> min(a, b), and its kind, where the name is called."""

    def rewrites(self, node: Any) -> Iterator[str]:
        if node.type == "name" and node.value in EXTREMES:
            called = (node.parent if node.parent.type == "trailer" else node).get_next_sibling()
            if called is not None and called.type == "trailer" and called.children[0].value == "(":
                yield EXTREMES[node.value]


class RemoveCall(Rewrite):
    """x.add_(e) -> x, for the methods in REMOVED_CALLS; torch.nan_to_num(x, ...) -> x."""

    def rewrites(self, node: Any) -> Iterator[str]:
        if node.type not in ("atom_expr", "power"):
            return
        for i in range(1, len(node.children) - 1):
            name, call = node.children[i], node.children[i + 1]
            if name.type != "trailer" or call.type != "trailer" or call.children[0].value != "(":
                continue
            if name.children[-1].value not in REMOVED_CALLS if name.children[0].value == "." else True:
                continue
            given = arguments(call)
            if _text(node.children[:i]) in ("torch", "math"):
                yield _text([given[0], *node.children[i + 2 :]])
            elif not (given and all(is_allowance(x) or is_factor_for_rounding(x) for x in given)):
                yield _text([*node.children[:i], *node.children[i + 2 :]])


class DropSummand(Rewrite):
    """a + b -> a, a + b -> b, a - b -> a; torch.add(a, b) -> a."""

    def rewrites(self, node: Any) -> Iterator[str]:
        if node.type == "arith_expr" and not is_factor_for_rounding(node):
            parts = node.children
            for i in range(0, len(parts), 2):
                if is_allowance(parts[i]) or (i == 0 and parts[1].value == "-"):
                    continue
                yield _text(parts[2:] if i == 0 else [*parts[: i - 1], *parts[i + 1 :]])
        elif node.type == "atom_expr" and _text(node.children[:2]) in ("torch.add", "torch.addcmul"):
            yield _text([arguments(node.children[2])[0], *node.children[3:]])


class SignedAssignment(Rewrite):
    """x += e -> x -= e, and its kind."""

    def rewrites(self, node: Any) -> Iterator[str]:
        if node.type == "operator" and node.value in ASSIGNMENTS:
            yield ASSIGNMENTS[node.value]


class ShrinkNumber(Rewrite):
    """2.0 -> 1.9."""

    factor = 1 - STEP

    def rewrites(self, node: Any) -> Iterator[str]:
        if node.type != "number" or is_negligible(node):
            return
        beside = (node.get_previous_sibling(), node.get_next_sibling())
        if node.value.isdigit() and not any(getattr(x, "value", "") in ("*", "/") for x in beside):
            return
        value = float(node.value)
        if value != 0 and not (self.factor > 1 and 1 < value < 1.1):
            yield repr(value * self.factor)


class GrowNumber(ShrinkNumber):
    """2.0 -> 2.1."""

    factor = 1 + STEP


def _named(module: Any, kind: str, names: str) -> dict[str, Operator]:
    return {name: getattr(module, f"Replace{kind}Operator_{name}")() for name in names.split()}


OPERATORS: dict[str, Operator] = {
    **_named(comparison, "Comparison", COMPARISONS),
    **_named(binary, "Binary", BINARY),
    **_named(unary, "Unary", UNARY),
    "And_Or": boolean.ReplaceAndWithOr(),
    "Or_And": boolean.ReplaceOrWithAnd(),
    "True_False": boolean.ReplaceTrueWithFalse(),
    "False_True": boolean.ReplaceFalseWithTrue(),
    **{c.__name__: c() for c in (SwapExtremes, RemoveCall, DropSummand, SignedAssignment, ShrinkNumber, GrowNumber)},
}

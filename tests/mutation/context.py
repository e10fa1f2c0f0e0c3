"""Where no mutants are made: what a place in the source is part of, read off its syntax tree."""

import re
from typing import Any

ROUNDING = {"UNIT", "TINY", "SMALLEST", "gamma", "tiny_where", "underflow_of_squares", "inner", "vanishing"}
FACTORS = {"up", "down"}  # names of factors 1 ± γ
UNDERFLOW = {"TINY", "SMALLEST", "tiny_where", "underflow_of_squares", "vanishing"}
COUNTING = {"gamma", "roundings"}  # their arguments are numbers of roundings
SHAPING = set(
    "reshape view flatten unflatten expand expand_as movedim transpose permute new_zeros new_empty new_ones zeros "
    "empty ones eye repeat_interleave topk split unsqueeze squeeze tile broadcast_to cartesian_prod lru_cache".split()
)
KEYWORDS = {"dim", "keepdim", "strict", "dtype", "maxsize", "frozen", "eq", "repr", "init"}
TEXTS = {"__str__", "__repr__", "_text"}
EXPRESSIONS = ("term", "arith_expr", "atom", "factor")


def arguments(call: Any) -> list[Any]:
    """The arguments of a call, given its parentheses."""
    inside = call.children[1:-1]
    parts = inside[0].children if inside and inside[0].type == "arglist" else inside
    return [part for part in parts if getattr(part, "value", "") != ","]


def _code(node: Any) -> str:
    return str(node.get_code(include_prefix=False))


def _names(code: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", re.sub(r"\d+\.?\d*e-?\d+", "0", code)))


def _without_counts(text: str) -> str:
    """The text, each gamma(...) put as UNIT."""
    while (start := text.find("gamma(")) >= 0:
        depth, end = 1, start + len("gamma(")
        while depth and end < len(text):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        text = f"{text[:start]}UNIT{text[end:]}"
    return text


def is_allowance(node: Any) -> bool:
    """Whether a node is an allowance and nothing else: numbers times UNIT or γ, or whatever underflow loses."""
    names = _names(_without_counts(_code(node)))
    return bool(names & UNDERFLOW) or (bool(names) and names <= {"UNIT", "alpha", "value"})


def is_factor_for_rounding(node: Any) -> bool:
    """Whether a node is 1 ± an allowance, in parentheses or not, or a name for such a factor."""
    while node.type == "atom" and len(node.children) == 3:
        node = node.children[1]
    if node.type == "name":
        return node.value in FACTORS
    if node.type != "arith_expr":
        return False
    first, *rest = node.children[::2]
    return _code(first) in ("1", "1.0") and all(_is_rounding(part) for part in rest)


def _is_rounding(node: Any) -> bool:
    return bool(_names(_code(node)) & ROUNDING) or (node.type == "number" and float(node.value) < 1e-6)


def is_negligible(number: Any) -> bool:
    """Whether a number is part of an allowance, a place, a power, or too small or too large to be a constant."""
    if not number.value.replace("e-", "").replace(".", "").replace("e", "").isdigit():
        return True
    value, parent = abs(float(number.value)), number.parent
    if (value and not 1e-6 < value < 1e6) or parent.type == "power" or parent.parent.type == "power":
        return True
    if parent.type == "comparison" and {"==", "!="} & {_code(child) for child in parent.children}:
        return True
    while parent.type in EXPRESSIONS:
        parent = parent.parent
    return parent.type in ("subscript", "subscriptlist") or (
        parent.type == "trailer" and parent.children[0].value == "["
    )


def _calls(node: Any, names: set[str]) -> bool:
    """Whether a node is the parentheses of a call of one of these names."""
    if node.type != "trailer" or node.children[0].value != "(":
        return False
    before = node.get_previous_sibling()
    return before.get_last_leaf().value in names


def _is_annotation(node: Any) -> bool:
    parent = node.parent
    if parent.type == "annassign":
        return node is parent.children[1]
    if parent.type == "tfpdef":
        return node is parent.children[2]
    before = node.get_previous_sibling()
    return parent.type == "funcdef" and getattr(before, "value", "") == "->"


def function_of(leaf: Any) -> str:
    """The qualified name of the innermost function or class around a place; empty at the top of a module."""
    names, node = [], leaf.parent
    while node is not None:
        if node.type in ("funcdef", "classdef"):
            names.append(node.name.value)
        node = node.parent
    return ".".join(reversed(names))


def _counts_roundings(statement: Any) -> bool:
    """Whether a statement gives a value to a name that its function uses as a number of roundings."""
    target = _code(statement.children[0])
    function = statement
    while function.parent is not None and function.type != "funcdef":
        function = function.parent
    return any(
        re.search(rf"\b{re.escape(target)}\b", call)
        for call in re.findall(r"(?:gamma|roundings)\(([^()]*)\)", function.get_code())
    )


def _is_sign_of_place(node: Any) -> bool:
    """Whether a node is the negative number of an axis or a place."""
    if node.type != "factor" or not _code(node.children[1]).isdigit():
        return False
    return node.parent.type in ("trailer", "arglist", "subscript", "subscriptlist", "atom", "testlist_comp")


def _is_part_of_allowance(node: Any) -> bool:
    """Whether a node is a factor of an allowance or within one, or joins an allowance to something else."""
    parent = node.parent
    if node.type == "operator" and parent.type == "arith_expr" and _is_rounding(node.get_next_sibling()):
        return True  # DropSummand leaves the whole term out
    while parent is not None and parent.type in EXPRESSIONS:
        if is_factor_for_rounding(parent):
            return True
        if parent.type == "term" and any(is_allowance(x) or is_factor_for_rounding(x) for x in _beside(parent, node)):
            return True
        node, parent = parent, parent.parent
    return False


def _beside(term: Any, node: Any) -> list[Any]:
    """The factors beside an operator of a product, or all factors."""
    if node.type == "operator":
        return [node.get_previous_sibling(), node.get_next_sibling()]
    return [factor for factor in term.children[::2] if not is_factor_for_rounding(factor)]


def _is_edge_of_threshold(node: Any, operator: str) -> bool:
    """Whether a comparison with a constant in capitals, a threshold of ours, would gain or lose its boundary case."""
    edges = ("Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt")
    return operator in edges and any(re.fullmatch(r"[A-Z][A-Z_0-9]+", _code(child)) for child in node.children[::2])


def is_mutated(node: Any, operator: str = "") -> bool:
    """Whether an operator is applied to a node."""
    if _is_sign_of_place(node) or _is_part_of_allowance(node) or _is_edge_of_threshold(node, operator):
        return False
    while node.parent is not None:
        if node.type in ("raise_stmt", "decorator", "import_from", "import_name", "fstring", "string", "assert_stmt"):
            return False
        if node.type == "argument" and _code(node.children[0]) in KEYWORDS:
            return False
        if _is_annotation(node) or _calls(node, SHAPING | COUNTING):
            return False
        if node.type == "funcdef" and node.name.value in TEXTS:
            return False
        if node.type == "expr_stmt" and _counts_roundings(node):
            return False
        node = node.parent
    return True

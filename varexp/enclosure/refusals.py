"""What is refused, by name and with what to write instead."""

from collections.abc import Callable
from itertools import takewhile
from typing import Any

from torch import Tensor


class UnknownOperationError(NotImplementedError):
    """The enclosure arithmetic has no rule for an operation.

    It is no TypeError, which Python and torch take for an invitation to try another operator.
    """


class CellCount(int):
    """The number of cells: how many values an enclosure stands for at once, and nothing that a value may depend on.

    It can be handed to reshape, expand and the like, to keep the first axis, and compared with ==.
    """

    def _refuse(self, *_: Any) -> Any:
        raise UnknownOperationError(
            "the size of an enclosure's first axis counts cells, and a value that depends on it cannot be enclosed: "
            "use x.shape[0] only to keep the first axis, as in x.reshape(x.shape[0], -1)"
        )


for _name in (
    "add sub mul floordiv truediv mod divmod pow lshift rshift and or xor radd rsub rmul rfloordiv rtruediv rmod "
    "rdivmod rpow lt le gt ge neg pos abs invert bool int float round"
).split():
    setattr(CellCount, f"__{_name}__", CellCount._refuse)


# of Python's own methods: what says nothing about a value
HARMLESS = {
    f"__{name}__"
    for name in (
        "annotations array_priority class torch_dispatch delattr dict dir doc format getattribute getstate hash init "
        "init_subclass module new reduce reduce_ex repr setattr setstate sizeof str subclasshook torch_function weakref"
    ).split()
}
_BRANCHES = set("eq ne lt le gt ge bool nonzero float int long complex index contains".split())
_OPERATORS = set("add sub mul matmul truediv floordiv mod pow lshift rshift and or xor div".split())
_OUT_OF_PLACE = {
    "__setitem__": "as x * mask + y * (1 - mask) with a constant mask, or by torch.cat of its parts",
    "inplace=": "by leaving inplace=True out",
    "out=": "as y = torch.exp(x), without out=",
}
_ALTERNATIVES = {
    "__iter__": "x[..., i] or unbind along an axis other than the first, which counts cells",
    "max": "amax(dim=(-2, -1), keepdim=True), and keep it a tensor: a number taken out of it is one for all points",
    "min": "amin(dim=(-2, -1), keepdim=True), and keep it a tensor: a number taken out of it is one for all points",
    "norm": "torch.linalg.vector_norm(x, dim=...)",
    "T": "mT or transpose(-1, -2)",
    "__len__": "x.shape[0]",
    "item": "a function of tensors throughout",
    "numpy": "a function of tensors throughout",
    "nan_to_num": "an expression that is never nan",
}


def refusal(name: str) -> UnknownOperationError:
    """The error for an operation that has no rule, with what to write instead."""
    bare = name.strip("_")
    if name.startswith("__i") and bare.removeprefix("i") in _OPERATORS:
        return in_place(name)
    if name.endswith("_") and not name.endswith("__"):
        return in_place(name)
    if name == "__setitem__" or name == "__delitem__" or name == "data":
        return in_place(name)
    if name.startswith("__") and bare in _BRANCHES:
        return UnknownOperationError(
            f"an enclosure has no {name}: it stands for many values, and a map that branches on values cannot be "
            "enclosed; write it with maximum, minimum, clamp, relu or abs, or with where and a constant mask"
        )
    hint = f"use {_ALTERNATIVES[name]}" if name in _ALTERNATIVES else "write the map with operations that have one"
    return UnknownOperationError(
        f"no enclosure is known for the operation {name!r}: {hint} (varexp/enclosure/OPERATIONS.md lists them)"
    )


def in_place(name: str) -> UnknownOperationError:
    """The error for what changes a value in place."""
    usual = "such as x = x + 1 for x += 1, or x = x.tanh() for x.tanh_()"
    hint = next((text for key, text in _OUT_OF_PLACE.items() if key in name), usual)
    return UnknownOperationError(
        f"an enclosure has no {name!r}: it changes a value in place, under every name that the value has; write it out "
        f"of place, {hint}"
    )


def refuse_attributes(kind: type) -> None:
    """Let a class refuse by name every method and attribute of a tensor that it does not define itself."""
    own = {name for base in takewhile(lambda base: base is not Tensor, kind.__mro__) for name in vars(base)}
    for name in dir(Tensor):
        private = name.startswith("_") and not name.startswith("__")
        if not private and name not in HARMLESS | own:
            setattr(kind, name, _refuser(name) if callable(getattr(Tensor, name)) else property(_refuser(name)))


def _refuser(name: str) -> Callable[..., Any]:
    def refused(self: Any, *_: Any, **__: Any) -> Any:
        raise refusal(name)

    return refused

"""What is computed once: tensors of an object, and answers of a function to arguments of the same content."""

import copy
import functools
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import torch
from torch import Tensor, nn


class cached_tensor:  # noqa: N801  # used like functools.cached_property
    """A property whose tensor is computed at its first use and kept.

    Objects of equal settings are shared, so that a change in place would reach every later number. torch counts such
    changes, and a tensor that was changed is computed anew. Works on frozen dataclasses.
    """

    def __init__(self, compute: Callable[[Any], Tensor | None]) -> None:
        self.compute, self.__doc__ = compute, compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = f"_cached_{name}"

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        kept = instance.__dict__.get(self.name)
        if kept is None or kept.changed:
            kept = instance.__dict__[self.name] = _Kept(self.compute(instance))
        return kept.tensor


class _Kept:
    """A tensor and how often it had been changed when it was made."""

    def __init__(self, tensor: Tensor | None) -> None:
        self.tensor, self.version = tensor, _version(tensor)

    @property
    def changed(self) -> bool:
        return _version(self.tensor) != self.version

    def __deepcopy__(self, memo: dict[int, Any]) -> "_Kept | None":
        """A copy counts its changes from 0; of a tensor that was changed there is none."""
        return None if self.changed else _Kept(copy.deepcopy(self.tensor, memo))


def _version(tensor: Tensor | None) -> int:
    """How often torch changed a tensor in place; tensors of inference mode do not count."""
    return 0 if tensor is None or tensor.is_inference() else tensor._version


DERIVED = ("_cached_", "_constants")  # attributes that are computed from the others


def remembered_by_content(most: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a function remember its answers to the last `most` arguments, told apart by `content_key`.

    Equality would not do: a class decides what its == looks at, and may leave data out.
    """

    def remember(f: Callable[..., Any]) -> Callable[..., Any]:
        known: OrderedDict[Hashable, Any] = OrderedDict()

        @functools.wraps(f)
        def answer(*arguments: Any) -> Any:
            key = content_key(arguments)
            if key not in known:
                known[key] = f(*arguments)
                if len(known) > most:
                    known.popitem(last=False)
            known.move_to_end(key)
            return known[key]

        answer.cache_clear = known.clear  # type: ignore[attr-defined]
        return answer

    return remember


def content_key(x: Any, inside: tuple[int, ...] = ()) -> Hashable:
    """A key that two values share only if all their data are the same, tensors entry by entry.

    Functions and objects without attributes are the same if they are one object, which the key keeps alive.
    """
    if x is None or isinstance(x, bool | int | str | bytes | torch.dtype):
        return type(x).__name__, x
    if isinstance(x, float):
        return "float", x.hex()
    if isinstance(x, Tensor):
        value = x.detach().contiguous()
        data = value.view(torch.uint8).numpy().tobytes() if value.dim() else repr(value.item()).encode()
        return "tensor", tuple(x.shape), str(x.dtype), hashlib.sha256(data).digest()
    if id(x) in inside:
        return "itself", inside.index(id(x))
    inside = (*inside, id(x))
    if isinstance(x, tuple | list):
        return type(x).__name__, tuple(content_key(part, inside) for part in x)
    if isinstance(x, Mapping):
        return "mapping", tuple((str(k), content_key(v, inside)) for k, v in sorted(x.items(), key=lambda i: str(i[0])))
    if callable(x) and not isinstance(x, nn.Module) and not hasattr(type(x), "__dataclass_fields__"):
        return _Same(x)
    attributes = getattr(x, "__dict__", None)
    if attributes is None:
        return _Same(x)
    kept = {name: v for name, v in attributes.items() if not name.startswith(DERIVED)}
    return type(x), content_key(kept, inside)


class _Same:
    """One object, kept alive."""

    def __init__(self, x: Any) -> None:
        self.x = x

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.x is self.x

    def __hash__(self) -> int:
        return id(self.x)

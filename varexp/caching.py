"""Tensors that are computed once for an object, and once more if somebody changed them in place."""

import copy
from collections.abc import Callable
from typing import Any

from torch import Tensor


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

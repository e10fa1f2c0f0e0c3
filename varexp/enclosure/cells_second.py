"""An enclosure whose axis of cells is the second: what nn.MultiheadAttention(batch_first=True) makes of its input."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from varexp.enclosure.protocol import Enclosure, StandIn
from varexp.enclosure.refusals import CellCount, UnknownOperationError, refusal, refuse_attributes

ANSWERS: dict[Any, Callable[..., Any]] = {}  # torch function -> rule


class CellsSecond(StandIn):
    """An enclosure (cells, tokens, columns) as (tokens, cells, columns). It can be turned back or attended to."""

    enclosure: Enclosure

    @staticmethod
    def __new__(cls, enclosure: Enclosure) -> "CellsSecond":
        tokens, columns = enclosure.logical
        self = Tensor._make_wrapper_subclass(cls, (tokens, enclosure.cells, columns), dtype=torch.float64)
        self.enclosure = enclosure
        return self

    def __init__(self, enclosure: Enclosure) -> None:
        pass

    @property
    def shape(self) -> torch.Size:  # type: ignore[override]
        tokens, columns = self.enclosure.logical
        return torch.Size((tokens, CellCount(self.enclosure.cells), columns))

    def transpose(self, dim0: int, dim1: int) -> Enclosure:
        """The enclosure with its cells first again; no other exchange."""
        if {dim0 % 3, dim1 % 3} != {0, 1}:
            raise UnknownOperationError(
                "a value whose cells come second can be transposed back, (0, 1), and nothing else"
            )
        return self.enclosure

    @classmethod
    def __torch_function__(
        cls, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func in (torch.transpose, Tensor.transpose) and isinstance(args[0], CellsSecond):
            return args[0].transpose(*args[1:], **(kwargs or {}))
        if func not in ANSWERS:
            name = getattr(func, "__name__", str(func))
            raise UnknownOperationError(f"{refusal(name)}; here cells come second: transpose back first")
        return ANSWERS[func](*args, **(kwargs or {}))

    def __repr__(self) -> str:  # type: ignore[override]
        return f"CellsSecond({self.enclosure!r})"


refuse_attributes(CellsSecond)

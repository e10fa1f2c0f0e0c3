"""How far rounding can move what a function computes: stochastic arithmetic (Vignes 1993).

The function is evaluated again with every operand and every result of every operation moved by a unit in the last
place, up or down at random, or left. Subnormal numbers are moved by the smallest number there is.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

REPEATS = 8
EXPLAINED = 16  # times the change that was seen: a larger difference is no rounding
LAST_PLACE, SMALLEST = 2.0**-52, 2.0**-1074


def rounding_noise(f: Callable[[Tensor], Tensor], points: Tensor, found: Tensor) -> Tensor:
    """The largest change of f's answers at points that was seen, entry by entry; `found` is f(points)."""
    with _Jitter():
        moved = torch.stack([f(points) for _ in range(REPEATS)])
    changed = (moved - found).abs().amax(dim=0).nan_to_num(nan=0.0, posinf=0.0)
    return changed + LAST_PLACE * found.abs().nan_to_num(0.0, 0.0, 0.0)


class _Jitter(TorchDispatchMode):
    """Every operation on float64, moved; what only views or changes its operands is left alone."""

    def __init__(self) -> None:
        super().__init__()
        self.source = torch.Generator().manual_seed(0)

    def __torch_dispatch__(
        self, func: Any, types: Sequence[Any], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        schema = func._schema
        aliases = any(a.alias_info is not None for a in (*schema.arguments, *schema.returns))
        if aliases or not schema.returns:
            return func(*args, **(kwargs or {}))
        args, kwargs = tree_map(self._moved, args), tree_map(self._moved, dict(kwargs or {}))
        return tree_map(self._moved, func(*args, **kwargs))

    def _moved(self, x: Any) -> Any:
        if not isinstance(x, Tensor) or x.dtype is not torch.float64:
            return x
        steps = torch.randint(-1, 2, x.shape, generator=self.source).to(torch.float64)
        return x * (1 + LAST_PLACE * steps) + SMALLEST * steps

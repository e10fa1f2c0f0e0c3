"""The invariants of a Chebyshev model, and the switch that has them checked.

Checking is off by default, since it costs time on every operation. It is on where the environment variable
VAREXP_CHECK is 1 when this module is imported, and inside `checked()`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

_enabled = os.environ.get("VAREXP_CHECK", "0") == "1"


def is_checking() -> bool:
    """Whether models are checked when they are made."""
    return _enabled


@contextmanager
def checked(enabled: bool = True) -> Iterator[None]:
    """Switch checking on or off until the context ends."""
    global _enabled
    before, _enabled = _enabled, enabled
    try:
        yield
    finally:
        _enabled = before


def check_model(model: Any) -> None:
    """Raise an error if a `ChebyshevModel` breaks an invariant.

    Raises:
        TypeError: a tensor is not float64.
        ValueError: sizes do not fit each other, or a remainder or magnitude is negative. nan and inf are legitimate
            there: they stand for what could not be bounded.
    """
    tensors = {name: getattr(model, name) for name in ("polynomial", "generators", "remainder", "magnitude")}
    for name, tensor in tensors.items():
        if tensor.dtype != torch.float64:
            raise TypeError(f"a model's {name} is a float64 tensor, got {tensor.dtype}")
    shape = tuple(model.remainder.shape)
    expected = {
        "polynomial": (len(model.ring), *shape),
        "generators": (len(model.symbols), *shape),
        "magnitude": shape,
    }
    for name, sizes in expected.items():
        if tuple(tensors[name].shape) != sizes:
            raise ValueError(
                f"a model with a remainder of shape {shape}, {len(model.ring)} coefficients and "
                f"{len(model.symbols)} symbols has a {name} of shape {sizes}, got {tuple(tensors[name].shape)}"
            )
    for name in ("remainder", "magnitude"):
        if bool((tensors[name] < 0).any()):
            raise ValueError(f"a model's {name} is at least 0, got {float(tensors[name].nan_to_num(0.0).min())}")

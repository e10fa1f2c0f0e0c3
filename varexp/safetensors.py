"""Tensors in the safetensors format: 8 bytes with the length of a JSON header, the header, then the numbers."""

import hashlib
import json
from collections.abc import Collection, Mapping

import numpy as np
import torch
from torch import Tensor

DTYPES = {torch.float32: ("F32", "<f4"), torch.float64: ("F64", "<f8")}
BY_CODE = dict(DTYPES.values())
ALIGNMENT = 8  # of the first number, in bytes


def packed(tensors: Mapping[str, Tensor], keep: Collection[str] = ()) -> bytes:
    """Tensors as the bytes of a file, in float32 where that is exact, except for the names in `keep`."""
    header, parts, place = {}, [], 0
    for name, tensor in sorted(tensors.items()):
        stored = tensor.detach().cpu() if name in keep else shortest(tensor.detach().cpu())
        code, kind = DTYPES[stored.dtype]
        part = stored.contiguous().numpy().astype(kind).tobytes()
        ends = [place, place + len(part)]
        header[name] = {"dtype": code, "shape": list(stored.shape), "data_offsets": ends}
        parts.append(part)
        place = ends[1]
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return len(text).to_bytes(8, "little") + text + b"".join(parts)


def shortest(tensor: Tensor) -> Tensor:
    """The same numbers in float32 if it has all of them, else in float64."""
    short = tensor.float()
    return short if torch.equal(short.double(), tensor.double()) else tensor.double()


def unpacked(data: bytes) -> dict[str, Tensor]:
    """The tensors in the bytes of a file."""
    start = 8 + int.from_bytes(data[:8], "little")
    found = {}
    for name, entry in json.loads(data[8:start]).items():
        if name != "__metadata__":
            low, high = entry["data_offsets"]
            numbers = np.frombuffer(data[start + low : start + high], BY_CODE[entry["dtype"]])
            found[name] = torch.from_numpy(numbers.copy()).reshape(entry["shape"])
    return found


def sha256(data: bytes) -> str:
    """The hash that names a file."""
    return hashlib.sha256(data).hexdigest()

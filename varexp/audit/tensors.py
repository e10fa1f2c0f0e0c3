"""Reads safetensors files: 8 bytes with the length of a JSON header, the header, then the numbers, little-endian."""

import hashlib
import json
import struct
from math import prod
from pathlib import Path
from typing import NamedTuple

from flint import arb, arb_mat

CODES = {"F32": ("f", 4), "F64": ("d", 8)}


class DamagedError(ValueError):
    """A file is not what its description says."""


class Tensor(NamedTuple):
    """The shape and the numbers of a tensor, row by row. Floats are dyadic numbers, which balls hold exactly."""

    shape: tuple[int, ...]
    numbers: tuple[float, ...]

    def matrix(self) -> arb_mat:
        """As a matrix; a vector is one row, a number one entry."""
        rows, columns = (1, 1, *self.shape)[-2:]
        return arb_mat(rows, columns, [arb(x) for x in self.numbers])

    def slices(self) -> list["Tensor"]:
        """The parts along the first axis."""
        size = prod(self.shape[1:])
        starts = range(0, len(self.numbers), size)
        return [Tensor(self.shape[1:], self.numbers[start : start + size]) for start in starts]


Tensors = dict[str, Tensor]


def read_tensors(path: Path, sha256: str) -> Tensors:
    """The tensors of a file by their names. DamagedError if its hash or its form is another one."""
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise DamagedError(f"{path.name} does not have the sha256 of its description")
    return parse(data, path.name)


def parse(data: bytes, name: str) -> Tensors:
    """The tensors in the bytes of a file."""
    if len(data) < 8 or (start := 8 + struct.unpack("<Q", data[:8])[0]) > len(data):
        raise DamagedError(f"{name} ends within its header")
    found = {}
    for key, entry in json.loads(data[8:start]).items():
        if key != "__metadata__":
            found[key] = _tensor(data[start:], entry, f"{name}: {key}")
    return found


def _tensor(data: bytes, entry: dict, name: str) -> Tensor:
    if entry["dtype"] not in CODES:
        raise DamagedError(f"{name} is of type {entry['dtype']}: expected {' or '.join(CODES)}")
    code, size = CODES[entry["dtype"]]
    low, high = entry["data_offsets"]
    count = prod(entry["shape"])
    if high - low != count * size or not 0 <= low <= high <= len(data):
        raise DamagedError(f"{name} has {high - low} bytes for the shape {entry['shape']}")
    return Tensor(tuple(entry["shape"]), struct.unpack(f"<{count}{code}", data[low:high]))

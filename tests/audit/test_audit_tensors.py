"""audit/tensors.py and safetensors.py, which know nothing of each other: what one writes the other reads."""

import hashlib
import json
import struct

import pytest
import torch

from varexp.audit.tensors import DamagedError, parse, read_tensors
from varexp.safetensors import packed, sha256, shortest, unpacked

TENSORS = {
    "short": torch.tensor([[0.5, -0.25], [3.0, 1e-30]], dtype=torch.float32),
    "long": torch.tensor([0.1, 1 / 3, -2e300], dtype=torch.float64),
    "number": torch.tensor(0.75, dtype=torch.float64),
}


def test_both_readers_give_what_was_written():
    data = packed(TENSORS)
    ours, theirs = parse(data, "file"), unpacked(data)
    for name, tensor in TENSORS.items():
        assert torch.equal(theirs[name].double(), tensor.double())
        assert ours[name].shape == tuple(tensor.shape)
        assert list(ours[name].numbers) == tensor.double().flatten().tolist()


def test_a_file_made_by_hand():
    """From the description of the format: a length, a JSON header with blanks, the numbers."""
    header = b'{"__metadata__":{"a":"b"},"x":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}   '
    data = struct.pack("<Q", len(header)) + header + struct.pack("<2f", 1.5, -2.0)
    assert parse(data, "file")["x"].numbers == (1.5, -2.0)
    assert unpacked(data)["x"].tolist() == [[1.5, -2.0]]


def test_numbers_are_short_only_where_that_is_exact():
    assert shortest(TENSORS["long"].clone()).dtype == torch.float64
    assert shortest(TENSORS["number"]).dtype == torch.float32
    assert shortest(torch.tensor([float("nan")], dtype=torch.float64)).dtype == torch.float64
    kept = json.loads(packed(TENSORS, keep=["number"])[8:].split(b"}}")[0] + b"}}")
    assert {name: entry["dtype"] for name, entry in kept.items()} == {"short": "F32", "long": "F64", "number": "F64"}


def test_the_numbers_are_aligned_and_the_bytes_do_not_depend_on_order():
    data = packed(TENSORS)
    assert int.from_bytes(data[:8], "little") % 8 == 0
    assert data == packed(dict(reversed(TENSORS.items())))
    assert sha256(data) == hashlib.sha256(data).hexdigest()


def test_a_damaged_file_is_refused(tmp_path):
    data = packed(TENSORS)
    path = tmp_path / "x.safetensors"
    path.write_bytes(data)
    assert read_tensors(path, sha256(data)).keys() == TENSORS.keys()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(DamagedError, match=r"x\.safetensors does not have the sha256"):
        read_tensors(path, sha256(data))
    with pytest.raises(DamagedError, match="ends within its header"):
        parse(data[:20], "file")
    with pytest.raises(DamagedError, match="bytes for the shape"):
        parse(data[:-1], "file")


def test_a_matrix_has_its_rows_in_order():
    tensor = parse(packed({"x": torch.arange(6.0).reshape(3, 2)}), "file")["x"]
    assert [[float(entry) for entry in line] for line in tensor.matrix().tolist()] == [[0, 1], [2, 3], [4, 5]]
    assert [part.numbers for part in tensor.slices()] == [(0, 1), (2, 3), (4, 5)]
    assert parse(packed({"x": torch.tensor(2.0)}), "file")["x"].matrix()[0, 0] == 2

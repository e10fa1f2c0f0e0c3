"""sweeps/records.py: whole files or none; what is not exactly the record of its key is set aside and named."""

import json
import os
import random
import subprocess
import sys

import pytest
import torch

import varexp
from varexp.files import StoreError
from varexp.safetensors import packed, sha256
from varexp.sweeps.cells import SCHEMA, key_of
from varexp.sweeps.records import Store, checksum, code_version


def stored(tmp_path, seed=0, **more):
    """A store with one record in it, and the record."""
    store = Store(tmp_path)
    file = packed({"weight": torch.full((2,), 0.1, dtype=torch.float64)})
    cell = {"model": "chain", "seed": seed, "K": 2.1}
    row = {"error_lower": 0.1 + 0.2, "error_upper": 0.5, "verdict": "HOLDS", "certified": True, "sampler": None}
    record = {"schema": SCHEMA, "key": key_of(cell), "version": "1+a", "cell": cell, "row": row | more, "stages": [row]}
    record["weights"] = sha256(file)
    store.write_all([record], {sha256(file): file})
    return store, record


def test_round_trip_and_no_leftovers(tmp_path):
    store, record = stored(tmp_path)
    store.check_writable()
    assert store.read(record["key"]) == record
    assert store.read("missing") is None
    assert store.weights_of(record)["weight"].tolist() == [0.1, 0.1]
    assert [p.name for p in store.folder.iterdir()] == [f"{record['key']}.json"]
    assert store.set_aside == []


def test_a_checksum_by_hand():
    text = b'{"a":[1,2.5,null],"b":true}'
    assert checksum({"b": True, "a": [1, 2.5, None], "sha256": "whatever"}) == sha256(text)


def test_every_flipped_bit_is_noticed_or_changes_nothing(tmp_path):
    store, record = stored(tmp_path)
    path = store.path(record["key"])
    good = path.read_bytes()
    noticed = 0
    for place in range(len(good)):
        path.write_bytes(good[:place] + bytes([good[place] ^ (1 << (place % 8))]) + good[place + 1 :])
        found = store.read(record["key"])
        assert found in (None, record), place
        noticed += found is None
    assert noticed >= 0.99 * len(good)
    assert len(list(store.damaged.iterdir())) == len(store.set_aside) == noticed
    assert str(path) in store.set_aside[0]
    assert "moved to" in store.set_aside[0]


def test_altered_values_are_noticed(tmp_path):
    """Two hundred alterations of single values, of every part of a record."""
    source = random.Random(0)
    store, record = stored(tmp_path)
    path = store.path(record["key"])
    whole = json.loads(path.read_text())

    def altered(value):
        if isinstance(value, dict):
            name = source.choice(sorted(value))
            return {**value, name: altered(value[name])}
        if isinstance(value, list):
            return [altered(value[0]), *value[1:]]
        if isinstance(value, bool) or value is None:
            return source.choice(["x", 0.0, not value])
        return value * 1.000001 if isinstance(value, float) else f"{value}x" if isinstance(value, str) else value + 1

    for _ in range(200):
        changed = altered(whole)
        path.write_text(json.dumps(changed))
        assert store.read(record["key"]) is None, changed
    path.write_text(json.dumps(dict(reversed(whole.items()))))  # the control: another order of the same content
    assert store.read(record["key"]) == record


@pytest.mark.parametrize("text", ["3", "[1]", "null", "", '{"key": "a', '{"schema": NaN}', "\x00"])
def test_what_is_no_record_is_set_aside(tmp_path, text):
    store, record = stored(tmp_path)
    store.path(record["key"]).write_text(text)
    assert store.read(record["key"]) is None
    assert (store.damaged / f"{record['key']}.json").read_text() == text


def test_whole_records_of_something_else_are_set_aside(tmp_path):
    store, record = stored(tmp_path)
    _, other = stored(tmp_path, seed=1)
    path = store.path(record["key"])

    def whole(content):
        path.write_text(json.dumps({**content, "sha256": checksum(content)}))

    wrong = {
        "it is the record of": other,
        "its schema is": {**record, "schema": SCHEMA - 1},
        "it is the record": {**record, "cell": other["cell"]},
        "cannot be read": {**record, "weights": "0" * 64},
    }
    for fault, content in wrong.items():
        whole(content)
        assert store.read(record["key"]) is None
        assert fault in store.set_aside[-1]
    whole(record)
    assert store.read(record["key"]) == record


def test_weights_that_are_damaged_or_gone_cost_their_record(tmp_path):
    for damage in (lambda path: path.unlink(), lambda path: path.write_bytes(path.read_bytes()[:-1] + b"\x00")):
        store, record = stored(tmp_path)
        damage(store.weights_path(record["weights"]))
        assert store.read(record["key"]) is None
        assert "weights" in store.set_aside[-1]


def test_nan_is_refused(tmp_path):
    with pytest.raises(ValueError, match="JSON compliant"):
        stored(tmp_path, error_mean=float("nan"))
    assert list(Store(tmp_path).folder.glob("*.json")) == []


def test_an_unwritable_folder_is_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"cannot write .*Not a directory.*results=DIR") as caught:
        Store(tmp_path / "file").check_writable()
    assert "\n" not in str(caught.value)


FULL = """
import resource, signal, sys
from pathlib import Path
from varexp.files import StoreError
from varexp.sweeps.records import Store
store = Store(Path(sys.argv[1]))
store.write({"key": "first"})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    store.write({"key": "second", "long": "x" * 1000})
except StoreError as error:
    print(error)
print(sorted(p.name for p in store.folder.iterdir()))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX resource limits")
@pytest.mark.parametrize("size", [0, 100, 1000])
def test_a_folder_that_is_full_loses_no_finished_record(tmp_path, size):
    """The limit on file sizes stands in for a full disk: the write breaks off at the start or in the middle."""
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path), str(size)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    message, files = done.stdout.splitlines()
    assert message.startswith("cannot write")
    assert "Finished records are kept" in message
    assert files == "['first.json']"


def test_version_names_the_code_and_torch(monkeypatch):
    package, _, digest = code_version().partition("+")
    assert package == varexp.__version__
    assert len(digest) == 12
    monkeypatch.setattr(torch, "__version__", "1.0")
    assert code_version() != f"{package}+{digest}"

"""sweeps/records.py: whole files or none, damaged ones count as missing, full and unwritable folders say so."""

import os
import subprocess
import sys

import pytest

import varexp
from varexp.files import StoreError, write_atomically
from varexp.sweeps.records import Store, code_version


def test_round_trip_and_no_leftovers(tmp_path):
    store = Store(tmp_path)
    store.check_writable()
    record = {"key": "abc", "value": 0.1 + 0.2, "none": None}
    store.write(record)
    assert store.read("abc") == record
    assert store.read("missing") is None
    assert [p.name for p in store.folder.iterdir()] == ["abc.json"]


def test_a_damaged_record_counts_as_missing(tmp_path):
    store = Store(tmp_path)
    store.write({"key": "abc"})
    store.path("abc").write_text('{"key": "a')
    assert store.read("abc") is None


def test_nan_is_refused(tmp_path):
    with pytest.raises(ValueError, match="JSON compliant"):
        Store(tmp_path).write({"key": "abc", "value": float("nan")})
    assert Store(tmp_path).read("abc") is None


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
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    store.write({"key": "second", "long": "x" * 1000})
except StoreError as error:
    print(error)
print(sorted(p.name for p in store.folder.iterdir()))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX resource limits")
def test_a_folder_that_is_full_loses_no_finished_record(tmp_path):
    """The limit on file sizes stands in for a full disk: the write breaks off in the middle."""
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True)
    message, files = done.stdout.splitlines()
    assert message.startswith("cannot write")
    assert "Finished records are kept" in message
    assert files == "['first.json']"


def test_replacing_is_atomic(tmp_path):
    path = tmp_path / "table.csv"
    write_atomically(path, "one\n")
    write_atomically(path, "two\n")
    assert path.read_text() == "two\n"
    assert list(tmp_path.iterdir()) == [path]


def test_version_names_the_code():
    package, _, digest = code_version().partition("+")
    assert package == varexp.__version__
    assert len(digest) == 12

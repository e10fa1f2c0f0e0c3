"""files.py: files that are there whole or not at all, with the permissions of new files; locks and probes."""

import multiprocessing
import os
import stat

import pytest

from varexp.files import ABANDONED, StoreError, atomic, locked, require_writable, write_atomically


def test_replacing_is_atomic(tmp_path):
    path = tmp_path / "table.csv"
    write_atomically(path, "one\n")
    write_atomically(path, b"two\n")
    assert path.read_text() == "two\n"
    assert list(tmp_path.iterdir()) == [path]


def _write_half(path, error):
    with atomic(path) as temporary:
        temporary.write_text("half of the n")
        raise error


def test_what_breaks_off_leaves_the_old_file(tmp_path):
    path = tmp_path / "figure.svg"
    write_atomically(path, "old")
    with pytest.raises(ZeroDivisionError):
        _write_half(path, ZeroDivisionError())
    with pytest.raises(StoreError, match="cannot write"):
        _write_half(path, OSError("the disk is full"))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_the_umask_is_respected(tmp_path, mask, mode):
    before = os.umask(mask)
    try:
        write_atomically(tmp_path / "a", "x")
    finally:
        assert os.umask(before) == mask  # and left as it was
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode


def four_times_at_once(work, root):
    """Four processes that do the same a hundred times; all of them end well."""
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=work, args=(root, 100)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4


def _probe(root, count):
    for _ in range(count):
        require_writable(root)


def test_probes_of_several_processes_do_not_meet(tmp_path):
    four_times_at_once(_probe, tmp_path)
    assert list(tmp_path.iterdir()) == []


def _add_one(root, count):
    for _ in range(count):
        with locked(root):
            path = root / "number"
            path.write_text(str(int(path.read_text()) + 1))


def test_a_lock_lets_one_in_at_a_time(tmp_path):
    (tmp_path / "number").write_text("0")
    four_times_at_once(_add_one, tmp_path)
    assert (tmp_path / "number").read_text() == "400"


def test_a_lock_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot write"), locked(tmp_path / "file"):
        pass


@pytest.mark.parametrize("name", [".writing-1-ab.json", ".probe-1-ab"])
def test_what_a_killed_process_left_half_written_is_deleted_once_it_is_old(tmp_path, name):
    left, young, kept = tmp_path / name, tmp_path / f"{name}.young", tmp_path / "table.csv"
    for path in (left, young, kept):
        path.write_text("half")
    for path in (left, kept):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - ABANDONED - 10))
    require_writable(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([young, kept])

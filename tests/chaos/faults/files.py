"""Records and weights that are not what they were."""

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

from varexp.sweeps.records import Store

from ..checks import Reference, Tally, content, finish
from .base import kind, plain_folder

SWEEPS = 5  # that run over a change; every other change is only read
Change = tuple[Path, bytes]  # a file of the store, and what is written there


def changed(folder: Path, reference: Reference, make: Callable[[Store, str], Sequence[Change]], tally: Tally) -> Tally:
    """Change files, each by itself: what is read is the record as it was, or nothing.

    Args:
        make: from a store and the key of a record to the changes.
    """
    results = folder / "results"
    with plain_folder(results):
        finish(results, reference, tally)
        store = Store(results)
        changes = make(store, min(reference.records))
        runs = {round(i * (len(changes) - 1) / SWEEPS) for i in range(1, SWEEPS + 1)}
        for place, (path, data) in enumerate(changes):
            kept = {file: file.read_bytes() for folder in (store.folder, store.weights) for file in folder.iterdir()}
            path.write_bytes(data)
            tally.faults += 1
            if place in runs:
                finish(results, reference, tally)
                continue
            for key, known in reference.records.items():
                found = store.read(key)
                if found is None:
                    continue
                if content(found) != known or path.stem == found["weights"]:
                    tally.wrong("changed", f"{path.name} was believed")
            for file, before in kept.items():
                file.write_bytes(before)
        finish(results, reference, tally)
    return tally


@kind("a byte of a record flipped")
def flipped_bytes(folder: Path, reference: Reference, count: int, source: random.Random) -> Tally:
    """A random bit in each of `count` bytes of a record; in all of its bytes where count is as large."""

    def make(store: Store, key: str) -> list[Change]:
        data = store.path(key).read_bytes()
        places = sorted(source.sample(range(len(data)), min(count, len(data))))
        return [(store.path(key), flipped(data, i, source)) for i in places]

    return changed(folder, reference, make, Tally())


@kind("a value in a record altered")
def altered_values(folder: Path, reference: Reference, count: int, source: random.Random) -> Tally:
    """JSON that is as good as before, with one value that is not."""

    def make(store: Store, key: str) -> list[Change]:
        text = store.path(key).read_text()
        return [(store.path(key), json.dumps(altered(json.loads(text), source)).encode()) for _ in range(count)]

    return changed(folder, reference, make, Tally())


@kind("a byte of weights flipped")
def flipped_weights(folder: Path, reference: Reference, count: int, source: random.Random) -> Tally:
    """A random bit in one of the files of weights."""

    def make(store: Store, key: str) -> list[Change]:
        files = source.choices(sorted(store.weights.iterdir()), k=count)
        return [(path, flipped(path.read_bytes(), None, source)) for path in files]

    return changed(folder, reference, make, Tally())


def flipped(data: bytes, place: int | None, source: random.Random) -> bytes:
    """The bytes with one bit changed, in a random place if none is given."""
    found = bytearray(data)
    found[source.randrange(len(data)) if place is None else place] ^= 1 << source.randrange(8)
    return bytes(found)


def altered(record, source: random.Random):
    """The record with one value changed, anywhere in it."""
    place = record
    while True:
        name = source.choice(list(place) if isinstance(place, dict) else range(len(place)))
        value = place[name]
        if isinstance(value, dict | list) and value:
            place = value
            continue
        if isinstance(value, bool) or value is None or isinstance(value, dict | list):
            place[name] = source.choice([1, "HOLDS", not value])
        elif isinstance(value, int | float):
            place[name] = source.choice([value + 1, -value - 1, value * 0.99 + 1e-9, None])
        else:
            place[name] = source.choice([value + "x", "", None])
        return record

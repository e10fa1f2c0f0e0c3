"""Claims: several sweeps on one folder of results share the work instead of doing it twice.

A claim is a lock on a file, which the system lets go when its process ends, whatever ends it. Where a file system has
no locks, every claim is granted: work is done twice then, and comes out the same.
"""

import contextlib
from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock, Timeout

try:
    import resource
except ImportError:  # not a Unix
    resource = None  # type: ignore[assignment]

from varexp.sweeps.plan import Batch, TrainedTogether


def allow_open_files() -> None:
    """Let this process hold as many files open as the system allows: a claim is one, and sweeps have thousands."""
    if resource is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Claims:
    """The models that this process works on, by the keys of their deepest cells."""

    def __init__(self, folder: Path) -> None:
        allow_open_files()
        self.folder = folder
        self.held: dict[str, FileLock] = {}

    def take(self, key: str) -> bool:
        """Whether the model is this process's to work on from here on."""
        if key in self.held:
            return True
        lock = FileLock(self.folder / key, blocking=False)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout:
            return False
        except (OSError, NotImplementedError):  # no locks here
            return True
        self.held[key] = lock
        return True

    def drop(self, keys: Iterable[str]) -> None:
        """Let models go."""
        for key in keys:
            lock = self.held.pop(key, None)
            if lock is not None:
                with contextlib.suppress(OSError):
                    (self.folder / key).unlink(missing_ok=True)
                lock.release()

    def split(self, batch: Batch) -> tuple[Batch | None, list[TrainedTogether]]:
        """The part of a batch that is this process's to work on, and the models that another one works on."""
        mine = [model for model in batch.models if self.take(model.deepest.key)]
        others = [model for model in batch.models if model.deepest.key not in self.held and model not in mine]
        return Batch(tuple(mine)) if mine else None, others

    def close(self) -> None:
        """Let everything go."""
        self.drop(list(self.held))

"""Sweeps as processes to be disturbed."""

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from varexp.commands import main

SMALL = ["axes.width=[4,8]", "axes.seed=[0,1]", "axes.depth=[1]", "steps=30", "gap=0.5"]
TARGET = "axes.target=[affine]"
MARK = "VAREXP_CHAOS"
PATIENCE_S = 300


@dataclass
class Process:
    """A sweep in a process group of its own, forked from this process, which has imported everything."""

    pid: int
    mark: str
    output: Path
    status: int | None = None

    def over(self) -> bool:
        """Whether it has ended."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status is not None

    def wait(self) -> int:
        """Its exit status, below 0 for a signal."""
        deadline = time.monotonic() + PATIENCE_S
        while not self.over():
            if time.monotonic() > deadline:
                raise TimeoutError(f"a sweep has not ended after {PATIENCE_S} s: {self.text()[-2000:]}")
            time.sleep(0.02)
        assert self.status is not None
        return self.status

    def text(self) -> str:
        """What it has printed."""
        return self.output.read_text(errors="replace")

    def others(self) -> dict[int, str]:
        """The processes alive that it has started, and those that they have: command lines by process number."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if f"{MARK}={self.mark}\0".encode() not in (folder / "environ").read_bytes() + b"\0":
                    continue
                if (folder / "stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX":
                    found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
        return found


def start(results: Path, arguments: Sequence[str] = (), before: Callable[[], None] = lambda: None) -> Process:
    """Begin a sweep as its command would. `before` is called in its process."""
    mark = f"{os.getpid()}-{time.monotonic_ns()}"
    results.parent.mkdir(parents=True, exist_ok=True)
    output = results.parent / f"{results.name}-{mark}.log"
    words = [*SMALL, TARGET, "engine.workers=1", *arguments, f"results={results}"]
    pid = os.fork()
    if pid == 0:
        status = 70
        try:
            os.setsid()
            os.environ[MARK] = mark  # by which the processes that it starts are found
            target = os.open(output, os.O_WRONLY | os.O_CREAT)
            for number in (1, 2):
                os.dup2(target, number)
            for number in (signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            sys.argv = ["varexp", "sweep", *words]
            before()
            status = main(["sweep", *words])
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except KeyboardInterrupt:
            status = 130
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    return Process(pid, mark, output)

"""Tests of changed modules, in forked children; nothing is written to disk.

A process that has torch and pytest in memory, but nothing of varexp, forks one server for each set of tests. It imports
varexp as it is, collects the tests, and forks a child for each mutant, whose functions get the changed code. A child
stops at the first failure. Where a mutant survives that the imports of the server may have missed (`patching`), it is
run once more, in a child that imports everything afresh.
"""

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from _pytest.main import pytest_runtestloop

from .children import Job, Outcome, Report, run_all
from .patching import hand_source, replace_code

ROOT = Path(__file__).parents[2]
PLUGINS = ("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:randomly")
IMPORTED = ("-W", "ignore::pytest.PytestAssertRewriteWarning")  # hypothesis is in memory already
OPTIONS = ("-x", "-q", "-o", "addopts=--strict-markers", *PLUGINS, *IMPORTED)
PREPARED = "torch numpy scipy flint hypothesis jaxtyping beartype pandas"  # imported before children are made
LONGEST = 900.0  # seconds of the tests of the code as it is


def prepare() -> None:
    """Import what all children need."""
    for name in PREPARED.split():
        __import__(name)
    sys.modules["torch"].set_num_threads(1)
    loaded = [name for name in sys.modules if name.partition(".")[0] == "varexp"]
    assert not loaded, f"children must import varexp themselves, but the parent has {loaded}"


def outcomes_of(tests: Sequence[str], jobs: Sequence[Job], processes: int) -> Iterator[Outcome]:
    """The outcomes of jobs that share these tests; the first is that of the code as it is."""
    read, write = os.pipe()
    server = os.fork()
    if not server:
        try:
            os.close(read)
            _serve(tests, jobs, processes, write)
        finally:
            os._exit(0)
    os.close(write)
    again = []
    with os.fdopen(read) as lines:
        for line in lines:
            number, verdict, failing, seconds = json.loads(line)
            job = Job(tuple(tests), LONGEST) if number < 0 else jobs[number]
            if verdict == "unsure":
                again.append(replace(job, tests=tuple(tests), timeout=5 * seconds + 60))
            else:
                yield Outcome(job, verdict, failing, seconds)
    os.waitpid(server, 0)
    yield from run_all(again, processes, run_afresh)


class _FirstFailure:
    """A plugin of pytest that remembers which test, or which file at import, failed first."""

    def __init__(self) -> None:
        self.name = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """One counterexample is enough: hypothesis does not look for a smaller one."""
        settings, phase = sys.modules["hypothesis"].settings, sys.modules["hypothesis"].Phase
        settings.register_profile("first", settings(), phases=(phase.explicit, phase.generate))
        settings.load_profile("first")

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed and not self.name:
            self.name = report.nodeid

    pytest_collectreport = pytest_runtest_logreport


class _Server(_FirstFailure):
    """In the place of pytest's loop over the tests: a child for each job."""

    def __init__(self, jobs: Sequence[Job], processes: int, write: int) -> None:
        super().__init__()
        self.jobs, self.processes, self.write = jobs, processes, write
        self.called: dict[str, set[tuple[str, int]]] = {}

    def record(self, frame: Any, event: str, _: Any) -> None:
        """What is called while tests are collected, by file."""
        if event == "call":
            code = frame.f_code
            self.called.setdefault(code.co_filename, set()).add((code.co_qualname, code.co_firstlineno))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Any) -> bool:
        sys.setprofile(None)

        def work(job: Job) -> Report:
            complete = True
            if job.module:
                __import__(job.module)
                path = Path(str(sys.modules[job.module].__file__))
                old = path.read_text(encoding="utf-8")
                complete = replace_code(job.module, old, job.source, self.called.get(str(path), set()))
            with contextlib.suppress(session.Failed):
                pytest_runtestloop(session)
            return ("failed", self.name) if self.name else ("passed" if complete else "unsure", "")

        for as_it_is in run_all([Job((), LONGEST)], 1, work):
            self.tell(-1, as_it_is)
        limit = 5 * as_it_is.seconds + 10
        numbered = (replace(job, timeout=limit, label=number) for number, job in enumerate(self.jobs))
        for outcome in run_all(numbered if as_it_is.verdict == "passed" else (), self.processes, work):
            self.tell(outcome.job.label, outcome)
        return True

    def tell(self, number: int, outcome: Outcome) -> None:
        """Hand an outcome to the parent."""
        line = json.dumps([number, outcome.verdict, outcome.failing, outcome.seconds]) + "\n"
        os.write(self.write, line.encode())


def _serve(tests: Sequence[str], jobs: Sequence[Job], processes: int, write: int) -> None:
    server = _Server(jobs, processes, write)
    _be_silent()
    sys.setprofile(server.record)
    pytest.main([*OPTIONS, *tests], plugins=[server])
    sys.setprofile(None)
    if server.name:  # tests that cannot be collected
        server.tell(-1, Outcome(Job((), LONGEST), "failed", server.name, 0.0))


def run_afresh(job: Job) -> Report:
    """In a child: the tests of a job, varexp imported with the changed source."""
    _be_silent()
    if job.module:
        hand_source(job.module, job.source)
    failure = _FirstFailure()
    status = pytest.main([*OPTIONS, *job.tests], plugins=[failure])
    return "passed" if status == pytest.ExitCode.OK else "failed", failure.name


def _be_silent() -> None:
    os.chdir(ROOT)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)

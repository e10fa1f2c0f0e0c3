"""engine=slurm: every batch is a job of a SLURM cluster, by submitit. The sweep itself runs where jobs are submitted.

A job is handed the folder of its batch (see `job`) and writes into the store, which must lie on a file system that all
machines share; nothing that a job pickles is ever read. A job that is preempted goes back to the queue and takes up
what is not recorded. Jobs that a killed sweep has left behind are cancelled when the next sweep on the store begins.
"""

import math
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from filelock import FileLock, Timeout

from varexp.errors import bad_value, unknown_name
from varexp.sweeps.config import EngineSettings, SweepConfig
from varexp.sweeps.engines.base import Ended, Engine, Event, Pool, register
from varexp.sweeps.engines.job import Progress, run_batch, write_batch
from varexp.sweeps.execute import Outcome
from varexp.sweeps.plan import Batch
from varexp.sweeps.records import Store
from varexp.training.problem import Notify

JOBS = 64  # at a time, unless `workers` says otherwise
POLL_S = 1.0
ASKED_S = 20  # the longest time between two questions to SLURM
SETTLED_S = 10.0  # how long a job's end must be known before it counts: files and requeues may come later
LOOKS = 3  # at the queue, that a job may be missing from before it counts as lost
SUBMISSIONS, RESUBMIT_S = 5, 10.0  # how often sbatch is tried where the controller does not answer
DAY_S = 86_400
OPTIONS = (  # of sbatch; what runs code or says where output goes is not among them
    "mem mem-per-cpu cpus-per-task qos constraint exclude nodelist reservation licenses gres nice tmp exclusive "
    "comment begin deadline hint prefer wckey time-min"
).split()
NOT_STARTED = "launch failed requeued held"
LOST = "BOOT_FAIL CANCELLED COMPLETED DEADLINE FAILED NODE_FAIL OUT_OF_MEMORY TIMEOUT PREEMPTED".split()


class EngineError(RuntimeError):
    """SLURM refused a job."""


@register("slurm")
class Slurm(Engine):
    """`workers` jobs at a time, 64 by default."""

    takes = frozenset({"workers", "time_limit", "partition", "account", "options"})

    def check(self, settings: EngineSettings) -> None:
        for field in ("partition", "account"):
            value = getattr(settings, field)
            if value is not None and not re.fullmatch(r"[\w.,-]+", value):
                raise bad_value(f"engine.{field}", value, "null or a name that SLURM knows")
        for name, value in settings.options.items():
            if name not in OPTIONS:
                raise unknown_name("key in engine.options", name, OPTIONS)
            if not isinstance(value, bool | int | str) or not re.fullmatch(r"[\w.,:&|()\[\]*=+/@ -]*", str(value)):
                raise bad_value(f"engine.options.{name}", value, "true, a whole number or a word that sbatch takes")
        try:
            import submitit  # noqa: F401
        except ImportError as error:
            raise ValueError("engine=slurm needs submitit: pip install 'varexp[slurm]'") from error
        missing = [name for name in ("sbatch", "srun", "sacct", "scancel") if shutil.which(name) is None]
        if missing:
            commands = " and ".join(missing)
            raise ValueError(f"engine=slurm needs SLURM: {commands} cannot be found here; engine=local runs anywhere")

    def workers(self, settings: EngineSettings) -> int:
        return settings.workers or JOBS

    def pool(self, config: SweepConfig, store: Store, notify: Notify, batches: int) -> AbstractContextManager[Pool]:
        return Jobs(config.engine, self.workers(config.engine), store, notify)


class Requeued:
    """What a job runs. submitit calls `checkpoint` when the job is preempted, and puts the job back into the queue."""

    def __call__(self, folder: str) -> None:
        handler = signal.getsignal(signal.SIGUSR2)

        def pass_on(number: int, frame: FrameType | None) -> None:
            try:
                if callable(handler):
                    handler(number, frame)
            except Exception as error:  # the end of this job, and no failure of the cell that happens to run
                raise SystemExit(str(error)) from error

        signal.signal(signal.SIGUSR2, pass_on)
        run_batch(Path(folder))

    def checkpoint(self, folder: str) -> Any:
        """The same again."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(Requeued(), folder)


@dataclass
class Job:
    """A batch in the queue or on a machine of the cluster."""

    batch: Batch
    folder: Path
    number: str = ""  # SLURM's, such as 123_4
    heard: int = 0  # how many keys of its progress have been told
    ended_at: float | None = None  # when SLURM was first heard to say that it has ended
    missed: int = 0  # looks at the queue in a row that did not find it


class Jobs(Pool):
    """Arrays of jobs, one array for all batches that are given at once."""

    isolated = True

    def __init__(self, settings: EngineSettings, workers: int, store: Store, notify: Notify) -> None:
        from submitit.slurm.slurm import SlurmExecutor, SlurmInfoWatcher

        self.store, self.notify = store, notify
        self.root = store.folder.parent / "jobs"
        self.folder = self.root / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.urandom(3).hex()}"
        self.given, self.looked_at = 0, time.monotonic()
        self.waiting: list[Job] = []
        self.submitted: list[Job] = []
        self.watcher = SlurmInfoWatcher(delay_s=ASKED_S)
        limit = DAY_S if settings.time_limit is None else settings.time_limit
        self.executor = SlurmExecutor(folder=self.folder / "submitit", max_num_timeout=0)
        self.executor.update_parameters(
            job_name="varexp",
            time=math.ceil(limit / 60),
            signal_delay_s=int(min(90, limit / 4)),
            cpus_per_task=1,
            array_parallelism=workers,
            stderr_to_stdout=True,
            additional_parameters={"requeue": True, **settings.options},
            **{name: value for name in ("partition", "account") if (value := getattr(settings, name)) is not None},
        )

    def __enter__(self) -> "Jobs":
        self.folder.mkdir(parents=True)
        self.lock = FileLock(self.folder / ".owner")
        self.lock.acquire()
        cancel_orphans(self.root)
        return self

    def __exit__(self, *_: object) -> None:
        cancel([job.number for job in self.submitted])
        self.lock.release()

    @property
    def has_room(self) -> bool:
        return True  # SLURM has a queue

    @property
    def is_busy(self) -> bool:
        return bool(self.waiting or self.submitted)

    def give(self, batch: Batch) -> None:
        self.given += 1
        self.waiting.append(Job(batch, self.folder / f"{self.given:04d}"))

    def events(self) -> Iterator[Event]:
        if self.waiting:
            self._submit()
        time.sleep(POLL_S)
        for job in list(self.submitted):
            yield from self._heard(job)
        if time.monotonic() - self.looked_at > ASKED_S:
            yield from self._look()

    def _submit(self) -> None:
        for job in self.waiting:
            write_batch(job.batch, job.folder, self.store)
        for attempt in range(1, SUBMISSIONS + 1):
            try:
                found = self.executor.map_array(Requeued(), [str(job.folder) for job in self.waiting])
                break
            except Exception as error:  # submitit's, of sbatch
                reason = _reason(error)
                if attempt == SUBMISSIONS or "controller" not in reason:
                    raise EngineError(f"SLURM took no job: {reason}") from error
                time.sleep(RESUBMIT_S)
        for job, submitted in zip(self.waiting, found, strict=True):
            job.number = submitted.job_id
            self.watcher.register_job(job.number)
        (self.folder / "numbers").write_text("\n".join(job.number for job in (*self.submitted, *self.waiting)))
        self.submitted += self.waiting
        self.waiting = []

    def _look(self) -> Iterator[Event]:
        """What sacct does not tell: jobs that are held since a node could not start them, or that SLURM has lost."""
        self.looked_at = time.monotonic()
        waiting = queue()
        if waiting is None:
            return
        for job in list(self.submitted):
            job.missed = 0 if job.number in waiting else job.missed + 1
            if waiting.get(job.number) == NOT_STARTED:
                yield self._lost(job, f"SLURM job {job.number} was held: {NOT_STARTED}")
            elif job.missed == LOOKS:
                yield self._lost(job, f"SLURM job {job.number} is no longer in the queue and has not said how it ended")

    def _lost(self, job: Job, reason: str) -> Event:
        self.submitted.remove(job)
        cancel([job.number])  # a copy may run again
        return job.batch, Ended(f"{reason}; its output is in {self.folder}")

    def _heard(self, job: Job) -> Iterator[Event]:
        progress = Progress.read(job.folder)
        news = _news(job, progress, self.store)
        if news is not None:
            self.notify(sum(m.cost for m in job.batch.models if m.deepest.key in progress.done[job.heard :]))
            job.heard = len(progress.done)
            yield job.batch, news
        if progress.ended:
            self.submitted.remove(job)
            yield job.batch, Ended()
            return
        state = self.watcher.get_state(job.number).split(" ")[0].upper()  # CANCELLED by 0
        if state not in LOST:
            job.ended_at = None
        elif job.ended_at is None:
            job.ended_at = time.monotonic()
        elif time.monotonic() - job.ended_at > SETTLED_S:
            yield self._lost(job, f"SLURM job {job.number} ended as {state}")


def _news(job: Job, progress: Progress, store: Store) -> Outcome | None:
    """What a job has told that was not known before."""
    keys = progress.done[job.heard :]
    records = [record for key in keys if (record := store.read(key)) is not None]
    failures = {key: reason for key, (reason, _) in progress.failures.items()} if progress.ended else {}
    if not records and not failures:
        return None
    tracebacks = {key: text for key, (_, text) in progress.failures.items()}
    return Outcome(records=records, failures=failures, tracebacks=tracebacks, stored=True)


def queue() -> dict[str, str] | None:
    """Why each of the user's jobs is where it is, by number; None where SLURM does not answer."""
    try:
        command = ["squeue", "--noheader", "--array", "--me", "--format=%i|%r"]
        shown = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return {number: why for number, _, why in (line.partition("|") for line in shown.splitlines())}


def cancel(numbers: Sequence[str]) -> None:
    """End jobs, those in the queue and those that run."""
    if numbers:
        with suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(["scancel", *numbers], check=False, capture_output=True, timeout=60)


def cancel_orphans(root: Path) -> None:
    """End the jobs of sweeps that are gone."""
    for numbers in root.glob("*/numbers"):
        lock = FileLock(numbers.parent / ".owner", blocking=False)
        with suppress(OSError, Timeout):
            lock.acquire()
            cancel(numbers.read_text().split())
            numbers.unlink()
            lock.release()


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if "error" in line.lower()] or lines or [type(error).__name__]
    return told[0]

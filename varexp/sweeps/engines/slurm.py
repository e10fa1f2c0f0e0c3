"""engine=slurm: every batch is a job of a SLURM cluster, by submitit. The sweep itself runs where jobs are submitted.

A job is handed the folder of its batch (see `job`) and writes into the store, which must lie on a file system that all
machines share; nothing that a job pickles is ever read. A job that is preempted goes back to the queue and takes up
what is not recorded. Jobs that a killed sweep has left behind are cancelled when the next sweep on the store begins.
"""

import math
import os
import re
import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from varexp.errors import bad_value, unknown_name
from varexp.sweeps.config import EngineSettings, SweepConfig
from varexp.sweeps.engines.base import Ended, Engine, Event, Pool, register
from varexp.sweeps.engines.job import Progress, write_batch
from varexp.sweeps.engines.slurm_commands import cancel, cancel_all, cancel_orphans, disown, name_of, owned, queue
from varexp.sweeps.engines.slurm_job import Requeued
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
# until submitit has said what the signal of preemption does, it does nothing: else a job that starts dies by it
PYTHON = f"""sh -c 'trap "" USR2; exec "$0" "$@"' {shlex.quote(sys.executable)}"""
LIMIT_S = 14_400.0  # of a job, unless `time_limit` says otherwise
OPTIONS = (  # of sbatch; what runs code or says where output goes is not among them
    "mem mem-per-cpu qos constraint exclude nodelist reservation licenses gres nice tmp exclusive "
    "comment begin deadline hint prefer wckey time-min"
).split()
NOT_STARTED = (  # reasons of a wait that has no end
    "launch failed requeued held",
    "BadConstraints",
    "PartitionConfig",
    "PartitionNodeLimit",
    "PartitionTimeLimit",
    "AssocMaxWallDurationPerJobLimit",
    "QOSMaxWallDurationPerJobLimit",
)
LARGEST_ARRAY = 1000  # jobs: clusters allow 1001 unless they say otherwise
LOST = "BOOT_FAIL CANCELLED COMPLETED DEADLINE FAILED NODE_FAIL OUT_OF_MEMORY TIMEOUT PREEMPTED".split()


class EngineError(RuntimeError):
    """SLURM refused a job."""


@register("slurm")
class Slurm(Engine):
    """`workers` jobs at a time, 64 by default."""

    takes = frozenset({"workers", "time_limit", "partition", "account", "options"})

    def check(self, settings: EngineSettings) -> None:
        for name, value in (("partition", settings.partition), ("account", settings.account)):
            if value is not None and not re.fullmatch(r"[\w.,-]+", value):
                raise bad_value(f"engine.{name}", value, "null or a name that SLURM knows")
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


@dataclass
class Job:
    """A batch in the queue or on a machine of the cluster."""

    batch: Batch
    folder: Path
    number: str = ""  # SLURM's, such as 123_4
    told: set[str] = field(default_factory=set)  # keys whose records or failures have been told
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
        limit = settings.time_limit or LIMIT_S
        self.executor = SlurmExecutor(folder=self.folder / "submitit", max_num_timeout=0, python=PYTHON)
        self.executor.update_parameters(
            job_name=name_of(self.folder),
            time=math.ceil(limit / 60),
            signal_delay_s=int(min(90, limit / 4)),
            cpus_per_task=1,
            array_parallelism=workers,
            stderr_to_stdout=True,
            additional_parameters={"requeue": True, **settings.options},
            **{name: value for name in ("partition", "account") if (value := getattr(settings, name)) is not None},
        )

    def __enter__(self) -> "Jobs":
        cancel_orphans(self.root)
        self.lock = owned(self.folder)
        return self

    def __exit__(self, kind: object = None, *_: object) -> None:
        if kind is not None or self.is_busy:
            cancel_all(self.folder)  # by name: one may have been accepted whose number has not been told yet
        disown(self.folder, self.lock)

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
        while self.waiting:
            self._submit()
        time.sleep(POLL_S)
        for job in list(self.submitted):
            yield from self._heard(job)
        if time.monotonic() - self.looked_at > ASKED_S:
            yield from self._look()

    def _submit(self) -> None:
        batch, self.waiting = self.waiting[:LARGEST_ARRAY], self.waiting[LARGEST_ARRAY:]
        for job in batch:
            write_batch(job.batch, job.folder, self.store)
        for attempt in range(1, SUBMISSIONS + 1):
            try:
                found = self.executor.map_array(Requeued(), [str(job.folder) for job in batch])
                break
            except Exception as error:  # submitit's, of sbatch
                reason = _reason(error)
                if attempt == SUBMISSIONS or "controller" not in reason:
                    raise EngineError(f"SLURM took no job: {reason}") from error
                time.sleep(RESUBMIT_S)
        for job, submitted in zip(batch, found, strict=True):
            job.number = submitted.job_id
            self.watcher.register_job(job.number)
        self.submitted += batch

    def _look(self) -> Iterator[Event]:
        """What sacct does not tell: jobs that are held since a node could not start them, or that SLURM has lost."""
        self.looked_at = time.monotonic()
        waiting = queue()
        if waiting is None:
            return
        for job in list(self.submitted):
            job.missed = 0 if job.number in waiting else job.missed + 1
            if (why := waiting.get(job.number)) in NOT_STARTED:
                yield self._lost(job, f"SLURM would never start job {job.number}: {why}")
            elif job.missed == LOOKS:
                yield self._lost(job, f"SLURM job {job.number} is no longer in the queue and has not said how it ended")

    def _lost(self, job: Job, reason: str) -> Event:
        self.submitted.remove(job)
        cancel(job.number)  # a copy may run again
        return job.batch, Ended(f"{reason}; its output is in {self.folder}")

    def _heard(self, job: Job) -> Iterator[Event]:
        try:
            progress = Progress.read(job.folder)
        except OSError:  # of a file system between machines: look again
            return
        news = _news(job, progress, self.store)
        if news is not None:
            keys = {*(record["key"] for record in news.records), *news.failures}
            self.notify(sum(m.cost for m in job.batch.models if m.deepest.key in keys))
            job.told |= keys
            yield job.batch, news
        if progress.ended:
            if job.told.issuperset(progress.done) or self._has_settled(job):
                self.submitted.remove(job)
                yield job.batch, Ended()
            return
        state = self.watcher.get_state(job.number).split(" ")[0].upper()  # CANCELLED by 0
        if state not in LOST:
            job.ended_at = None
        elif self._has_settled(job):
            yield self._lost(job, f"SLURM job {job.number} ended as {state}")

    def _has_settled(self, job: Job) -> bool:
        """Whether its end has been known for so long that its files must be here."""
        job.ended_at = job.ended_at or time.monotonic()
        return time.monotonic() - job.ended_at > SETTLED_S


def _news(job: Job, progress: Progress, store: Store) -> Outcome | None:
    """What a job has told that was not known before: records that can be read, and at its end the failures."""
    keys = [key for key in dict.fromkeys(progress.done) if key not in job.told]
    records = [record for key in keys if (record := store.read(key)) is not None]
    new = {key: texts for key, texts in progress.failures.items() if progress.ended and key not in job.told}
    if not records and not new:
        return None
    reasons, tracebacks = ({key: texts[i] for key, texts in new.items()} for i in (0, 1))
    return Outcome(records=records, failures=reasons, tracebacks=tracebacks, stored=True)


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if "error" in line.lower()] or lines or [type(error).__name__]
    return told[0]

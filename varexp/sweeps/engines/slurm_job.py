"""What a job of SLURM runs, by submitit."""

import signal
from pathlib import Path
from types import FrameType
from typing import Any

from varexp.sweeps.engines.job import run_batch


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
        # a job that is done has nothing to go on with; when Python ends it gives back every handler but this one,
        # and then the signal would kill
        signal.signal(signal.SIGUSR2, signal.SIG_IGN)

    def checkpoint(self, folder: str) -> Any:
        """The same again."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(Requeued(), folder)

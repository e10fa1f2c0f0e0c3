"""Mirrors of sweeps: what a mirror is, W&B as one, and the dashboard that W&B shows its runs on."""

import os
from collections.abc import Callable
from pathlib import Path

from varexp.sweeps.config import SweepConfig
from varexp.sweeps.tracking.mirror import Apart, Tracker

__all__ = ["Apart", "Tracker", "check_tracking", "tracker"]

BACKENDS = ("none", "wandb")
MODES = ("offline", "online")
TRUE = ("1", "true", "yes", "on")


def check_tracking(config: SweepConfig) -> None:
    """Raise ValueError for a backend or a mode that does not exist."""
    if config.tracking.backend not in BACKENDS or config.tracking.mode not in MODES:
        raise ValueError(
            f"tracking is backend {' or '.join(BACKENDS)} and mode {' or '.join(MODES)}, got backend="
            f"{config.tracking.backend!r}, mode={config.tracking.mode!r}"
        )


def tracker(
    config: SweepConfig, name: str, results: Path, warn: Callable[[str], None] = print, whole: bool = True
) -> Tracker:
    """The mirror that a config asks for.

    The variables WANDB_MODE and WANDB_DISABLED are respected: they count before the config.

    Args:
        config: says which backend, and in which mode.
        name: of the sweep; runs of its chains are grouped by it.
        results: the folder whose runs/wandb receives what W&B writes.
        warn: takes a line where the mirror fails.
        whole: whether the sweep has a run of its own beside those of its chains.
    """
    mode = os.environ.get("WANDB_MODE") or config.tracking.mode
    off = mode == "disabled" or os.environ.get("WANDB_DISABLED", "").lower() in TRUE
    if config.tracking.backend == "none" or off:
        return Tracker()

    def make() -> Tracker:
        from varexp.sweeps.tracking.wandb_runs import ChainRuns, SweepRuns

        return (SweepRuns if whole else ChainRuns)(config, name, results, mode)

    return Apart(make, warn, library="wandb")

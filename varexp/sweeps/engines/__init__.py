"""Engines: where the batches of a sweep run. One file an engine; a new file here registers itself."""

from varexp.registry import import_all
from varexp.sweeps.engines.base import ENGINES, Ended, Engine, Event, Pool, register
from varexp.sweeps.engines.dispatch import engine_of, run_batches

import_all(__path__, __name__)

__all__ = ["ENGINES", "Ended", "Engine", "Event", "Pool", "engine_of", "register", "run_batches"]

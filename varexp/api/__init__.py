"""The public functions, one file each. They leave torch's settings and signal handlers of the caller as they were."""

from varexp.api.certified import certify
from varexp.api.models import load_model
from varexp.api.runs import Run, Sweep, load_table, run, sweep
from varexp.api.sups import SupNorm, sup_norm
from varexp.api.verified import verify

__all__ = ["Run", "SupNorm", "Sweep", "certify", "load_model", "load_table", "run", "sup_norm", "sweep", "verify"]

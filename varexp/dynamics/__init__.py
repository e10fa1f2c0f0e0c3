"""Vector fields of the literature, networks trained on them, and their errors by the public call `varexp.sup_norm`.

The room uses nothing else of the package's arithmetic, as a reader who certifies a network of his own would.
"""

from varexp.dynamics import table
from varexp.dynamics.experiment import Experiment, Run
from varexp.dynamics.fields import FIELDS, Field

__all__ = ["FIELDS", "Experiment", "Field", "Run", "table"]

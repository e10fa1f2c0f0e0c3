"""Arrange the panels of a W&B project: varexp dashboard [push=ENTITY] [project=NAME].

Without push= it prints the workspace as JSON and asks nobody; with push=ENTITY, your user or team on W&B, it saves the
workspace there. Needs the extra `dashboard`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from varexp.commands._options import option, parsed
from varexp.sweeps.config import Tracking
from varexp.sweeps.tracking.dashboard import push, serialised


@dataclass
class DashboardOptions:
    """Whose project."""

    push: str | None = option(None, "the W&B user or team that receives the workspace; by default nobody does")
    project: str = option(Tracking().project, "the W&B project")


def run(arguments: Sequence[str]) -> int:
    """Print the workspace, or save it."""
    options = parsed(DashboardOptions, arguments, __doc__ or "")
    if options is None:
        return 0
    if options.push is None:
        print(serialised("ENTITY", options.project), end="")
    else:
        print(f"saved {push(options.push, options.project)}")
    return 0

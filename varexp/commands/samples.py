"""Train the models whose samples are shown, and the decoder, and draw them: varexp samples [steps=N] [results=DIR]."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from varexp.commands._options import option, parsed
from varexp.report.figures import draw
from varexp.sweeps.config import default_results
from varexp.sweeps.samples import make_samples


@dataclass
class SampleOptions:
    """How long models are trained, and where tables and figures go."""

    steps: int = option(2000, "training steps of each model")
    results: str | None = option(None, "folder that receives tables/ and figures/; by default results/")


def run(arguments: Sequence[str]) -> int:
    """Train, write both tables, draw the figures."""
    options = parsed(SampleOptions, arguments, __doc__ or "")
    if options is None:
        return 0
    folder = default_results() if options.results is None else Path(options.results).expanduser()
    for path in [*make_samples(folder, options.steps), *draw("samples", folder)]:
        print(f"wrote {path}")
    return 0

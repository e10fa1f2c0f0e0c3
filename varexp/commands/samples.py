"""Train the models whose samples are shown, and the decoder, and draw them: varexp samples [steps=N] [results=DIR]."""

from collections.abc import Sequence
from dataclasses import dataclass

from varexp.commands._options import option, parsed, results_of
from varexp.report.figures import draw
from varexp.sweeps.dictionary import describe
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
    folder = results_of(options.results)
    for path in [*make_samples(folder, options.steps), describe(folder), *draw("samples", folder)]:
        print(f"wrote {path}")
    return 0

"""Tables for a paper, in LaTeX with booktabs: results/latex, written from the tables by `varexp findings`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from varexp.files import write_atomically
from varexp.report.findings._finding import Table
from varexp.report.findings.depth import TARGETS
from varexp.report.findings.kernel import FORCED, STAGEWISE, ranking
from varexp.report.statistics import Estimate, estimate

OBJECTIVES = ("stagewise", "teacher_forcing", "corrective")
BOUNDS = {"pointwise": "bound_pointwise", "telescoped": "bound_telescoped_upper", "printed": "bound_printed_upper"}


def tabular(head: Sequence[str], rows: Mapping[str, Sequence[str]]) -> str:
    """A tabular environment: the first column is text, the others are centred."""
    lines = [" & ".join([name, *cells]) + r" \\" for name, cells in rows.items()]
    body = "\n".join(lines)
    columns = "l" + "c" * (len(head) - 1)
    return (
        f"\\begin{{tabular}}{{{columns}}}\n\\toprule\n{' & '.join(head)} \\\\\n\\midrule\n{body}\n"
        "\\bottomrule\n\\end{tabular}\n"
    )


def number(found: Estimate) -> str:
    """A mean with its interval, in mathematics."""
    return f"${found.value:.2g}\\;[{found.low:.2g},\\,{found.high:.2g}]$"


def depth(results: Path) -> str:
    """Error over the best constant's by objective, and over each bound, at the greatest depth, kernel keys."""
    table = Table("depth", results)
    deepest = int(table.all.depth.max())
    rows = {}
    for target in TARGETS:
        here = f"target == '{target}' and kernel == 'keys' and depth == {deepest}"
        plain = table.rows(f"{here} and training == 'stagewise'")
        shares = [table.mean(f"{here} and training == '{name}'", "relative") for name in OBJECTIVES]
        used = [estimate(plain.assign(used=plain.error_lower / plain[bound]), "used") for bound in BOUNDS.values()]
        rows[target] = [number(found) for found in (*shares, *used)]
    heads = [name.replace("_", " ") for name in (*OBJECTIVES, *BOUNDS)]
    return f"% error at n = {deepest}: over the best constant's (three), over bounds, stagewise (three)\n" + tabular(
        ["target", *heads], rows
    )


def kernel(results: Path) -> str:
    """ε_1 and errors by kernel, for `sine`."""
    table = Table("kernel", results)
    sine = table.rows("target == 'sine'")
    rows = {}
    for name in ranking(sine.query(STAGEWISE), "eps_interpolation_lower"):
        own = sine[sine.kernel == name]
        plain, forced = own.query(STAGEWISE), own.query(FORCED)
        some = (plain.eps_interpolation_lower > 0).all()
        size = number(estimate(plain, "eps_interpolation_lower")) if some else "$0$"
        errors = [number(estimate(part, "error_lower")) for part in (plain, forced)]
        rows[name.replace("_", r"\_")] = [size, *errors]
    return "% sine: eps_1 and certified sup errors\n" + tabular(
        ["kernel", r"$\varepsilon_1$", "stagewise", "teacher forcing"], rows
    )


LATEX = {"depth": depth, "kernel": kernel}


def write_latex(results: Path) -> list[Path]:
    """Write all tables to results/latex."""
    written = []
    for name, made in LATEX.items():
        path = results / "latex" / f"{name}.tex"
        write_atomically(path, made(results))
        written.append(path)
    return written

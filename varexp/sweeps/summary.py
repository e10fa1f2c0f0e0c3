"""The end of a run in words: a sweep on one screen, a single row as a short table. Lines are plain, for any pipe."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from varexp.families import FAMILIES
from varexp.sweeps.records import Record, Store
from varexp.sweeps.watching import called, duration
from varexp.theory.verdicts import Verdict

Row = dict[str, Any]
SUPS = {
    "error": "error",
    "error_constant": "error of the best constant",
    "eps_interpolation": "ε₁, of the interpolation",
    "eps_block": "ε₂, of the blocks",
    "bound_telescoped": "telescoped bound, Lemma 5.3",
    "bound_printed": "printed bound, Theorem 5.6",
    "bound_keff": "the same with max(2, K₂)",
}
VERDICTS = {
    "verdict": "Theorem 5.6, with its hypothesis K₂ > 2",
    "verdict_formula": "its formula K₂ⁿ·max(K₁ε₁ + ε₂), without the hypothesis",
    "verdict_repaired": "the telescoped bound, which is a theorem",
}


def of_row(record: Record, store: Store) -> list[str]:
    """The row of one model: its error, bounds and verdicts, and where its record and weights are."""
    row = record["row"]
    lines = [f"{called(row)}, {row['norm']} norm", ""]
    if row["diverged"]:
        lines += ["the model diverged: it is not finite, or no better than zero", ""]
    shown = [(text, row.get(f"{name}_lower"), row.get(f"{name}_upper")) for name, text in SUPS.items()]
    shown = [entry for entry in shown if entry[1] is not None]
    if shown:
        lines.append(f"{'':29s}{'at least':>12s}{'at most':>12s}")
    for text, lower, upper in shown:
        lines.append(f"{text:29s}{lower:12.6g}{'unknown' if upper is None else f'{upper:.6g}':>12s}")
    if shown:
        lines.append("")
    if FAMILIES[row["model"]].random and not row["diverged"]:
        lines.append("what the model makes is random, so that no upper end and no verdict is claimed")
    lines += [f"{row[name]:19s} {text}" for name, text in VERDICTS.items() if row[name] is not None]
    if row["vacuous"]:
        lines.append("the printed bound is vacuous: above the error of the best constant prediction")
    lines += [f"record   {store.path(row['key'])}", f"weights  {store.weights_path(record['weights'])}"]
    return lines


def of_sweep(
    name: str, parts: Mapping[str, Sequence[Row]], failed: int, seconds: float, written: Iterable[Path], mirror: str
) -> list[str]:
    """A finished sweep.

    Args:
        name: of the sweep.
        parts: the rows of each experiment.
        failed: how many cells have no row.
        seconds: that the sweep took.
        written: tables and figures.
        mirror: how to look at what a mirror has, a line; empty for none.
    """
    rows = list({row["key"]: row for part in parts.values() for row in part}.values())
    lines = [f"{name}: {len(rows)} rows, {failed} failed, {duration(seconds)}"]
    if rows:
        lines += _counts(parts) + _extremes(rows)
    folders: dict[Path, list[str]] = {}
    for path in written:
        folders.setdefault(path.parent, []).append(path.name)
    for folder, names in folders.items():
        stems = list(dict.fromkeys(name.partition(".")[0] for name in names))
        endings = sorted({name.partition(".")[2] for name in names})
        lines.append(f"{folder.name:9s} {folder}: {', '.join(stems)} ({', '.join(endings)})")
    return [*lines, *([f"W&B       {mirror}"] if mirror else [])]


def _counts(parts: Mapping[str, Sequence[Row]]) -> list[str]:
    """Verdicts and certified rows by experiment, as columns."""
    verdicts = [str(verdict) for verdict in Verdict]
    heads = ["", "rows", "certified", "widest gap", *verdicts, "none", "vacuous"]
    table = []
    for name, rows in parts.items():
        counts = Counter(row["verdict"] or "none" for row in rows)
        gaps = [row["error_gap"] for row in rows if row["error_gap"] is not None]
        entry = [name, len(rows), sum(row["certified"] for row in rows), f"{max(gaps):.2%}" if gaps else ""]
        table.append([*entry, *(counts[v] for v in (*verdicts, "none")), sum(row["vacuous"] is True for row in rows)])
    kept = [i for i, head in enumerate(heads) if i < 4 or any(entry[i] for entry in table)]
    widths = [max(len(str(entry[i])) for entry in (heads, *table)) for i in kept]
    return [
        "  ".join(f"{entry[i]!s:>{w}}" if i else f"{entry[i]!s:{w}}" for i, w in zip(kept, widths, strict=True))
        for entry in (heads, *table)
    ]


def _extremes(rows: Sequence[Row]) -> list[str]:
    """The rows that a reader looks at first: the widest interval, the slowest, the worst error."""

    def largest(text: str, values: Sequence[tuple[float, Row]], show: str) -> list[str]:
        if not values:
            return []
        value, row = max(values, key=lambda pair: pair[0])
        return [f"{text} {show.format(value)}: {called(row)}, key {row['key']}"]

    gaps = [(row["error_gap"], row) for row in rows if row["error_gap"] is not None]
    shares = [
        (row["error_lower"] / row["error_constant_upper"], row)
        for row in rows
        if row["error_lower"] is not None and row["error_constant_upper"]
    ]
    return [
        *largest("widest gap", gaps, "{:.2%}"),
        *largest("slowest   ", [(row["wall_s"], row) for row in rows], "{:.3g} s"),
        *largest("worst     ", shares, "{:.3g} of the best constant's error"),
    ]

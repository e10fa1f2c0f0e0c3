"""What needs no training: interpolation, image operations, contextual mappings."""

from pathlib import Path

import pandas as pd

from varexp.report.findings._finding import Finding, Section
from varexp.report.tables import load_table

REFUSED = {"no": "has no constant by a theorem", "jump": "jumps as it is computed"}
ARMS = {"trained": "that are searched for", "data": "with the smallest scores of the proof", "ks": "of the proof"}


def sections(results: Path) -> list[Section]:
    """Interpolation; image operations; contextual mappings."""
    return [
        _interpolation(load_table("interpolation", results)),
        _transformations(load_table("transformations", results)),
        _contextual(load_table("contextual", results)),
    ]


def _interpolation(table: pd.DataFrame) -> Section:
    largest, findings = table["size"].max(), []
    slopes: dict[tuple[str, str], float] = {}
    for images in dict.fromkeys(table.images):
        said = []
        for kernel in dict.fromkeys(table.kernel):
            here = table[(table.images == images) & (table.kernel == kernel) & (table["size"] == largest)]
            whole, inner = (here[here.part == part].iloc[0] for part in ("whole", "inner"))
            if not whole.eps_interpolation_lower > 0:
                said.append(f"{kernel} at most {whole.eps_interpolation_upper:.1g}")
                continue
            slopes[images, kernel] = whole.order
            exact = "" if pd.isna(inner.order_exact) else f" ({inner.order:.2f} inside, exactly {inner.order_exact:g})"
            said.append(f"{kernel} {whole.eps_interpolation_lower:.2g}, slope {whole.order:.2f}{exact}")
        query = f"images == '{images}' and size == {largest}"
        findings.append(
            Finding(f"Images {images}, {largest} pixels doubled: {'; '.join(said)}.", "interpolation", query)
        )
    return Section(
        "Interpolation",
        f"On smooth images ε₁ of `keys` falls with slope {slopes['sampled', 'keys']:.2f} in the resolution if pixels "
        f"are values, {slopes['averaged', 'keys']:.2f} if they are means; of `bspline` and `nearest`, in the "
        f"class of Definition 3.1, with {slopes['sampled', 'bspline']:.2f} and {slopes['sampled', 'nearest']:.2f}.",
        "How fast does ε₁ fall with resolution on smooth images, and is it the order that theory gives?",
        ["interpolation"],
        findings,
        "ε₁ can be made small by resolution alone where images are smooth, at the order of the kernel away from "
        "borders; values in [0, 1] (Definition 3.1) allow order 2 at most.",
    )


def _transformations(table: pd.DataFrame) -> Section:
    findings = []
    for norm in dict.fromkeys(table.norm):
        here = table[table.norm == norm]
        known = here[(here.lipschitz == "yes") & here.constant_upper.notna()]
        closed = known[known.constant_upper <= known.constant_lower * 1.01]
        said = ", ".join(f"{r.operation} {r.constant_upper:.3g}" for r in closed.itertuples())
        findings.append(
            Finding(
                f"Known to 1 % in {norm} norm, images of {here.side.iloc[0]}x{here.side.iloc[0]}: {said}.",
                "transformations",
                f"norm == '{norm}'",
            )
        )
        open_ended = here[(here.lipschitz == "yes") & here.constant_upper.isna()]
        said = ", ".join(f"{r.operation} at least {r.constant_lower:.3g}" for r in open_ended.itertuples())
        findings.append(
            Finding(
                f"With a constant that is not worked out, in {norm} norm: {said}.",
                "transformations",
                f"norm == '{norm}'",
            )
        )
        wide = known[known.constant_upper > known.constant_lower * 1.01]
        if len(wide):
            said = ", ".join(f"{r.operation} {r.constant_lower:.3g} to {r.constant_upper:g}" for r in wide.itertuples())
            findings.append(
                Finding(f"Between two ends in {norm} norm: {said}.", "transformations", f"norm == '{norm}'")
            )
    none = table[table.lipschitz.isin(("no", "jump")) & (table.norm == "rms")]
    for row in none.itertuples():
        findings.append(
            Finding(
                f"{row.operation} {REFUSED[str(row.lipschitz)]}: a pair at distance "
                f"{row.distance_of_pair:.1g} with ratio {row.ratio_of_pair:.1g}, times {row.growth_of_ratio:.2f} a "
                f"halving ({row.because}).",
                "transformations",
                f"operation == {row.operation!r} and norm == 'rms'",
            )
        )
    every = table.operation.nunique()
    return Section(
        "Image operations",
        f"Of {every} operations on images {int((none.lipschitz == 'no').sum())} have no Lipschitz constant by a "
        f"theorem, and {int((none.lipschitz == 'jump').sum())} jump as libraries compute them: "
        f"{', '.join(none.operation[none.lipschitz == 'jump'])}.",
        "Which image-to-image maps in use are Lipschitz, so that the theorem speaks of them?",
        ["transformations"],
        findings,
        "Resizing, blurring, medians and gamma 2 are in its scope. For what divides by a spread, thresholds or "
        "rounds its hypothesis fails; at a jump of size J no continuous model comes closer than J/2.",
    )


def _contextual(table: pd.DataFrame) -> Section:
    findings = []
    for arm, name in ARMS.items():
        rows = table[table.arm == arm]
        seen = rows.dropna(subset="log10_separation")
        lost = int((rows.separation_float32 == 0).sum())
        ends = dict.fromkeys(f"1e{end:.1f}" for end in (seen.log10_separation.max(), seen.log10_separation.min()))
        below = len(rows) - len(seen)
        findings.append(
            Finding(
                f"Weights {name}: separations {' to '.join(ends)}{f', {below} below 1e-2400' if below else ''}; ids "
                f"coincide in float32 in {lost} of {len(rows)} settings.",
                "contextual",
                f"arm == '{arm}'",
            )
        )
    printed = table.log10_delta_printed
    findings.append(
        Finding(
            f"δ as Lemma 4.4 prints it: 1e{printed.max():.0f} to 1e{printed.min():.0f}.", "contextual", "arm == 'ks'"
        )
    )
    proof, found = table[table.arm == "ks"], table[table.arm == "trained"]
    return Section(
        "Contextual mappings",
        f"With the weights of Lemma 4.4's proof ids coincide in float32 in "
        f"{int((proof.separation_float32 == 0).sum())} of {len(proof)} settings; with weights that are searched for in "
        f"{int((found.separation_float32 == 0).sum())} of {len(found)}.",
        "How far does one attention layer keep tokens in different contexts apart (Definition 4.3)?",
        ["contextual"],
        findings,
        "The lemma's mapping exists over the reals. That a network in floats tells contexts apart is another "
        "statement, which other weights make true in float32 for these vocabularies.",
    )

"""Claims of definitions: one reading each, that the package computes what is printed, entry by entry."""

from collections.abc import Collection
from fractions import Fraction
from functools import partial

import torch
from torch import Tensor, nn

from varexp.claims.claim import Claim, Plant, Reading
from varexp.claims.evidence import Comparison, Evidence, at_most, evidence
from varexp.claims.instances import formulas
from varexp.claims.instances.contextual import ball
from varexp.maps.layers import attention
from varexp.theory.verdicts import Verdict

SIZE = 2  # channels, where nothing else is said
FEW_BITS = "numbers with few bits, drawn once"
CLOSE = Fraction(1, 10**11)  # what float64 may lose in a layer of a few tokens
LEAST = Fraction(1, 2**40)  # differences are rounded up to it: what is below differs from processor to processor


def exact(x: Tensor) -> formulas.Matrix:
    """A matrix of float64 numbers, each exactly what it is."""
    return [[ball(Fraction(entry)) for entry in row] for row in x.tolist()]


def drawn(*shape: int, seed: int = 0) -> Tensor:
    """Random float64 numbers with few bits."""
    source = torch.Generator().manual_seed(seed)
    return torch.randint(-32, 33, shape, generator=source).double() / 16


def fill(module: nn.Module, identities: Collection[str], zeros: Collection[str]) -> None:
    """Give a module of the package weights with few bits, but for those that are to be identities or 0, by name."""
    with torch.no_grad():
        for number, (name, weight) in enumerate(module.named_parameters(), start=1):
            if name in zeros:
                weight.zero_()
            else:
                weight.copy_(torch.eye(len(weight)) if name in identities else drawn(*weight.shape, seed=number))


def close(what: str, made: Tensor, formula: formulas.Matrix) -> Comparison:
    """Whether no entry of what the package made is further than CLOSE from the formula's."""
    off = ball(LEAST)
    for row, wanted in zip(exact(made), formula, strict=True):
        for entry, value in zip(row, wanted, strict=True):
            off = off.max(abs(entry - value))
    return at_most(f"{what}: largest |package − formula|, or 2⁻⁴⁰ where it is less", off, CLOSE)


def attention_as_printed(scaled: bool = False, tokens: int = 4) -> Evidence:
    """The package's attention with its defaults, or with scores over √d, against B.2 and B.3."""
    x, query, key, value = (drawn(n, SIZE, seed=i) for i, n in enumerate((tokens, SIZE, SIZE, SIZE)))
    made = attention(x, query, key, value, scaled=scaled)
    formula = formulas.attention(*map(exact, (x, query, key, value)))
    return evidence(f"{tokens} tokens of {SIZE} channels", close("Attn(X)", made, formula))


def reading(
    statement: str, check: partial[Evidence], falsehood: Plant, truth: Plant, free: str, domain: str
) -> Reading:
    """The reading `as implemented`; `free` says why it holds, or which freedom the paper leaves."""
    return Reading(
        name="as implemented",
        kind="implementation",
        statement=statement,
        arm="exact",
        norm="largest entry",
        domain=domain,
        check=check,
        expected=Verdict.HOLDS,
        because=free,
        falsehoods=(falsehood,),
        truths=(truth,),
    )


def claim(id: str, section: str, title: str, printed: str, wording: str, only: Reading) -> Claim:
    """A claim with that one reading, of words that are reconstructed."""
    source = f"reconstructed, {wording} confidence"
    return Claim(id=id, section=section, title=title, printed=printed, source=source, wording=wording, readings=(only,))

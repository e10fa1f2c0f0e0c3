"""Claims of definitions: one reading each, that the package computes what is printed."""

from functools import partial

from varexp.claims.claim import Claim, Plant, Reading
from varexp.claims.evidence import Evidence
from varexp.theory.verdicts import Verdict

FEW_BITS = "numbers with few bits, drawn once"


def reading(
    statement: str, check: partial[Evidence], falsehood: Plant, truth: Plant, free: str, domain: str
) -> Reading:
    return Reading(
        name="as implemented",
        kind="printed",
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
    source = f"reconstructed, {wording} confidence"
    return Claim(id=id, section=section, title=title, printed=printed, source=source, wording=wording, readings=(only,))

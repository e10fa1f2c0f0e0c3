"""`verify`: the claims of the paper, one by one, with verdicts."""

from typing import Any

from varexp.claims import CLAIMS
from varexp.claims.ledger import check, chosen, complaints


def verify(claim: str | None = None, section: str | None = None) -> dict[str, Any]:
    """Check claims of the paper in exact arithmetic, each with its planted truths and falsehoods.

    Args:
        claim: one claim by its id, such as `thm-5.6`; by default all.
        section: the claims of one section of the paper.

    Returns:
        The ledger: `counts`, and `claims` with readings, verdicts and the numbers that decide them, as in
        results/ledger.json; `complaints` lists what is not as expected.

    Raises:
        ValueError: a claim or section that does not exist.

    Examples:
        >>> import varexp
        >>> ledger = varexp.verify("rem-3.7")
        >>> ledger["claims"][0]["id"], ledger["complaints"]
        ('rem-3.7', [])

    Reference:
        arXiv 2502.06167, item by item.
    """
    ledger = check(chosen(CLAIMS, claim, section))
    return {**ledger, "complaints": complaints(ledger)}

"""What float64 arithmetic loses: the unit roundoff, the factor of n roundings, and an allowance for underflow."""

UNIT = 2.0**-53  # unit roundoff u of float64
TINY = 1e-290  # more than underflow loses in one operation, and less than whatever matters


def gamma(count: int) -> float:
    """γ_n = n·u/(1 − n·u), rounded up: it bounds the relative error of n roundings (Higham 2002, Lemma 3.1)."""
    return count * UNIT / (1 - count * UNIT) * (1 + 4 * UNIT)

# %% [markdown]
# # Break the theorem by hand
#
# Theorem 5.6 asks for K₂ > 2. Is that needed? Take n stages on numbers, each off by the same amount, and add up.

# %%
from fractions import Fraction

import matplotlib.pyplot as plt
import pandas as pd

import varexp


def error(K, n, eps=Fraction(1)):
    """The error of n affine stages y -> K·y + eps beside y -> K·y, from y = 0: every mistake points the same way."""
    made = Fraction(0)
    for _ in range(n):
        made = K * made + eps
    return made


def formula(K, n, eps=Fraction(1)):
    """K₂ⁿ·max(K₁ε₁ + ε₂), as Theorem 5.6 prints it, with ε₁ = 0."""
    return K**n * eps


constants = [Fraction(k, 4) for k in range(2, 13)]
ratio = pd.DataFrame({n: [float(error(K, n) / formula(K, n)) for K in constants] for n in (1, 2, 3, 6, 12)})
ratio.index = pd.Index([float(K) for K in constants], name="K₂")
ratio.round(3)

# %% [markdown]
# Above 1 the formula is exceeded. With K₂ = 2 the ratio is 1 − 2⁻ⁿ, below 1 and close to it; below 2 it is exceeded as soon
# as n is large enough: the sum K^(n−1) + … + 1 is (Kⁿ − 1)/(K − 1), which is at most Kⁿ exactly where K >= 2 (for all n).

# %%
fig, axes = plt.subplots(figsize=(5, 3))
for n in ratio:
    axes.plot(ratio.index, ratio[n], marker=".", label=f"n = {n}")
axes.axhline(1, color="black", linewidth=0.8)
axes.set(xlabel="K₂", ylabel="error / formula", yscale="log")
axes.legend(fontsize=8)

# %% [markdown]
# The exact comparison, with fractions: no rounding decides.

# %%
for K in (Fraction(3, 2), Fraction(199, 100), Fraction(2), Fraction(21, 10)):
    broken = next((n for n in range(1, 200) if error(K, n) > formula(K, n)), None)
    print(f"K₂ = {float(K)}: " + ("never exceeded up to n = 199" if broken is None else f"exceeded from n = {broken}"))

# %% [markdown]
# `bound_keff` repairs the formula by max(2, K₂). What the ledger says of the theorem, reading by reading:

# %%
ledger = varexp.verify("thm-5.6")
rows = [reading for claim in ledger["claims"] for reading in claim["readings"]]
pd.DataFrame(rows)[["label", "name", "verdict", "statement"]]

# %% [markdown]
# ## Trained chains
#
# Do chains that are trained come near? The table `lipschitz` has K from .5 to 4: how many rows exceed the formula.

# %%
table = varexp.load_table("lipschitz")
table.groupby(["K", "verdict_formula"]).size().unstack(fill_value=0)

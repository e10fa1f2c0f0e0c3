# %% [markdown]
# # Reading the results
#
# Everything here comes from `results/tables`: one row a model and depth in `depth`, one row a stage in `depth_stages`.
# Nothing is trained.

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import varexp
from varexp.theory import printed, split, telescoped

depth = varexp.load_table("depth")
stages = varexp.load_table("depth_stages")
print(depth.attrs["about"])
depth.groupby(["domain", "target", "K", "training", "kernel"]).size().unstack()

# %% [markdown]
# ## What a column means
#
# Every table says it of its own columns: the meaning, the unit, the item of the paper, and when a column is empty.

# %%
names = ["error_lower", "error_upper", "bound_telescoped_lower", "verdict_repaired", "vacuous"]
pd.DataFrame([depth.attrs["columns"][name] for name in names]).set_index("name")[["unit", "item", "meaning"]]

# %% [markdown]
# ## One row, and its bounds again
#
# The bounds are functions of the stage table: $\sum_j (\prod_{i>j} L_i)(K_{1,j}\varepsilon_{1,j}+\varepsilon_{2,j})$ and
# $(\max_i L_i)^n \max_j(K_{1,j}\varepsilon_{1,j}+\varepsilon_{2,j})$. Their `_lower` columns take the attained
# $\varepsilon$'s.

# %%
row = depth[(depth.target == "sine") & (depth.K == 2.1) & (depth.kernel == "keys") & (depth.depth == 4)].iloc[0]
own = stages[stages.key == row.key].sort_values("stage")
local = split(own.lipschitz_feature, own.eps_interpolation_lower, own.eps_block_lower)
again = telescoped(list(own.lipschitz), local), printed(list(own.lipschitz), local)
assert np.allclose(again, (row.bound_telescoped_lower, row.bound_printed_lower), rtol=1e-12)
own

# %% [markdown]
# ## How much of the bound is used
#
# Error over bound by depth: 1 would be a bound that is attained.

# %%
sound = depth[~depth.diverged]
used = (sound.error_lower / sound.bound_telescoped_lower).rename("error / telescoped bound")
used.groupby([sound.target, sound.kernel, sound.training, sound.depth]).median().unstack().round(3)

# %% [markdown]
# ## Which bounds say something
#
# A bound above the error of the best constant prediction is vacuous. `vacuous` is `True` where that is shown, empty where
# the ends known so far cannot decide it.

# %%
met = depth[depth.lipschitz > 2]
shown = met.vacuous.map(lambda value: "vacuous" if str(value) == "True" else "not shown vacuous")
pd.crosstab([met.target, met.kernel, met.training], [shown, met.depth])

# %%
fig, ax = plt.subplots(figsize=(5, 3))
chosen = sound[(sound.target == "fold") & (sound.training == "stagewise")]
for kernel, part in chosen.groupby("kernel"):
    mean = part.groupby("depth")[["error_lower", "bound_telescoped_lower"]].mean()
    (line,) = ax.plot(mean.index, mean.error_lower, marker=".", label=f"{kernel}: error")
    ax.plot(mean.index, mean.bound_telescoped_lower, "--", color=line.get_color(), label=f"{kernel}: telescoped bound")
ax.set(yscale="log", xlabel="blocks n", ylabel="rms norm", title="fold, K = 2.1")
ax.legend(fontsize=8)

# %% [markdown]
# # The theorem in ten minutes
#
# A visual autoregressive model (VAR) makes an image scale by scale. A *word* `t_0` is a small token map; block i enlarges
# the map before it by an interpolation Φ_i, and applies one attention and one feed-forward layer τ_i:
# `t_i = τ_i(Φ_i t_{i-1})` (Definition 3.8). The map that is to be approximated has the same form, with maps g_i on scales
# and f_i on features (Assumption 5.2). Theorem 5.6 says how errors of the blocks add up.
#
# Here one small chain is trained, looked at block by block, and its error is *proved*.

# %%
import tempfile

import matplotlib.pyplot as plt
import torch

import varexp
from varexp.maps.domains import Curve
from varexp.maps.targets import build_target

folder = tempfile.mkdtemp()
run = varexp.run(target="sine", K=2.1, depth=3, domain="curve-1", kernel="keys", steps=300, results=folder)
run

# %% [markdown]
# Each line is an interval. The lower end of `error` is attained at a word, the upper end is a theorem about the trained
# network. `bound_printed` is the right side of Theorem 5.6, `bound_telescoped` the sharper sum of Lemma 5.3.
#
# ## From word to image, block by block
#
# The words of this run lie on a closed curve. One word is a single token; the sides of the maps are in the row.

# %%
sides = tuple(int(side) for side in run.row["sides"].split("-"))
model = varexp.load_model(run.row["key"], folder)
target = build_target("sine", sides, K=2.1)
domain = Curve(1)
word = domain.points(torch.tensor([[1.0]], dtype=torch.float64))


def picture(axes, tokens, title):
    """The first channel of a token map as an image."""
    side = round(tokens.shape[-2] ** 0.5)
    axes.imshow(tokens[0, :, 0].reshape(side, side), cmap="gray", vmin=-2, vmax=2)
    axes.set_title(title, fontsize=8)
    axes.set_axis_off()


fig, rows = plt.subplots(4, len(sides) - 1, figsize=(6, 7))
state, truth = word, target.trajectory(word)
for i, stage in enumerate(model.stages):
    shown = stage.interpolate(state)
    state = stage.answer(shown)
    picture(rows[0, i], shown, f"Φ_{i + 1} t_{i}")
    picture(rows[1, i], state, f"t_{i + 1}, made by τ_{i + 1}")
    picture(rows[2, i], truth[i], f"the target at stage {i + 1}")
    picture(rows[3, i], state - truth[i], "difference")

# %% [markdown]
# ## Where the error comes from
#
# Lemma 5.3 splits the error of a stage: what the interpolation misses, ε₁, stretched by the constant K₁ of f_i, and what
# the block misses, ε₂. The stage table has both, as certified sups.

# %%
run.stages[["stage", "side_out", "lipschitz", "eps_interpolation_upper", "eps_block_upper", "local_error_upper"]].round(
    4
)

# %% [markdown]
# A later stage stretches what earlier ones did wrong by its own constant. Adding all up gives the telescoped bound; taking
# the largest of everything, n times, and K₂ⁿ in front gives the printed one.

# %%
run.plot()

# %% [markdown]
# ## The cells that prove the bound
#
# The error is a function of the word's place on the curve. It is run on polynomials with remainders, over cells that lie
# side by side. No point of a cell exceeds the cell's bound: the largest bound is the upper end.


# %%
def off_by(u):
    """What the model is off by, at places u of the curve."""
    words = domain.points(domain.chart(u))
    return model(words) - target(words)


box = list(zip(*domain.box, strict=True))
found = varexp.sup_norm(off_by, box)
places = torch.linspace(*box[0], 1000, dtype=torch.float64)[:, None]
error = off_by(places).square().mean(dim=(-2, -1)).sqrt()

fig, axes = plt.subplots(figsize=(7, 3))
axes.plot(places, error, color="black", linewidth=1, label="error at a word")
cover = found.cover
for middle, radius, upper in zip(cover.middle[:, 0], cover.radius[:, 0], cover.upper[:, 0], strict=True):
    axes.plot([middle - radius, middle + radius], [upper, upper], color="#D55E00", linewidth=2)
axes.plot([], [], color="#D55E00", linewidth=2, label=f"bound of a cell ({len(cover.upper)} cells)")
axes.axhline(found.upper, color="#D55E00", linewidth=0.6)
axes.set(xlabel="place on the curve", ylabel="error, rms norm")
axes.legend(fontsize=8)
found

# %% [markdown]
# Cells far below the maximum have loose bounds: they were not refined, since they cannot hold the sup.

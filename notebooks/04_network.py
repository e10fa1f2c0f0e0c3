# %% [markdown]
# # Certify your own network against your own function
#
# Nothing of the paper is needed. `varexp.sup_norm` takes a function of plain torch and a box of up to eight coordinates.

# %%
import time

import matplotlib.pyplot as plt
import torch

import varexp

torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Linear(2, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1)).double()
data = 2 * torch.rand(512, 2, dtype=torch.float64) - 1


def function(x):
    """What the network is to be: x_0·x_1."""
    return x[..., :1] * x[..., 1:]


optimiser = torch.optim.Adam(net.parameters(), lr=0.02)
for _ in range(500):
    loss = (net(data) - function(data)).square().mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def off_by(x):
    return net(x) - function(x)


# %%
square = [(-1.0, 1.0), (-1.0, 1.0)]
started = time.perf_counter()
found = varexp.sup_norm(off_by, square, norm="max")
print(f"sup |net - f| over the square is between {found.lower:.6f} and {found.upper:.6f}")
print(f"attained at {found.place}; {found.evaluations} cells in {time.perf_counter() - started:.2f} s")

# %% [markdown]
# A sample can only give a lower end. Here is what the largest of some points says, beside the certificate.

# %%
for count in (10, 100, 1000, 10_000):
    points = 2 * torch.rand(count, 2, dtype=torch.float64) - 1
    print(f"{count:6d} points: {float(off_by(points).detach().abs().max()):.6f}")

# %% [markdown]
# ## The cells
#
# Each cell of the cover has a bound that none of its points exceeds. The search begins with a grid, and cuts those cells
# alone that could still hold a larger error than the one attained; here the grid was enough.

# %%
fig, axes = plt.subplots(figsize=(5, 4))
grid = torch.linspace(-1, 1, 200, dtype=torch.float64)
error = off_by(torch.cartesian_prod(grid, grid)).abs().reshape(200, 200).T.detach()
shown = axes.pcolormesh(grid, grid, error, cmap="Greys", rasterized=True)
for middle, radius in zip(found.cover.middle.tolist(), found.cover.radius.tolist(), strict=True):
    corner = [m - r for m, r in zip(middle, radius, strict=True)]
    axes.add_patch(plt.Rectangle(corner, 2 * radius[0], 2 * radius[1], fill=False, linewidth=0.5, edgecolor="#D55E00"))
axes.plot(*found.place, marker="x", color="#0072B2")
axes.set(xlabel="x_0", ylabel="x_1", title="|net - f|, the cells that prove its sup, and where it is attained")
axes.title.set_fontsize(9)
fig.colorbar(shown)

# %% [markdown]
# ## What is refused
#
# An operation without a rule is refused by name, before any work. So is a function that is none of each point alone.

# %%
for wrong in (lambda x: torch.special.bessel_j0(x), lambda x: x - x.mean(dim=0)):
    try:
        varexp.sup_norm(wrong, square)
    except Exception as error:
        print(f"{type(error).__name__}: {error}\n")

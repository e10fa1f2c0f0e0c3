"""From a fresh environment to a certified network of one's own, without a word of the paper.

python -m venv env && env/bin/pip install varexp-*.whl && env/bin/python stranger.py
"""

import time

import torch

import varexp

torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Linear(2, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1)).double()
data = 2 * torch.rand(512, 2, dtype=torch.float64) - 1


def function(x: torch.Tensor) -> torch.Tensor:
    """What the network is to be: x_0·x_1."""
    return x[..., :1] * x[..., 1:]


optimiser = torch.optim.Adam(net.parameters(), lr=0.02)
for _ in range(500):
    loss = (net(data) - function(data)).square().mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()

started = time.perf_counter()
found = varexp.sup_norm(lambda x: net(x) - function(x), [(-1.0, 1.0), (-1.0, 1.0)], norm="max")
print(f"sup |net − f| over the square is between {found.lower:.6f} and {found.upper:.6f}")
print(f"attained at {found.place}; {found.evaluations} cells in {time.perf_counter() - started:.2f} s")

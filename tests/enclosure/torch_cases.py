"""At least one use of every function of torch that has a rule, in plain torch: values have the shape (cells, 3, 5).

A key names the functions that its cases use, one or several.
"""

import math

import torch
from layer_cases import LAYERS
from torch import nn
from torch.nn import functional as F  # noqa: N812

SOURCE = torch.Generator().manual_seed(7)


def draw(*sizes):
    return torch.randn(*sizes, dtype=torch.float64, generator=SOURCE)


W, U, B, V = draw(5, 6), draw(4, 3), draw(3, 6), draw(5)
ROWS, C = draw(3, 5), draw(3, 5).abs() + 0.5
MASK = ROWS > 0
PLACES = torch.tensor([2, 0, 1])


def image(x):
    return x.unflatten(1, (1, 3))  # one channel


def plain(x):
    return x.clone()


CASES = {
    # sums and products
    "add": [lambda x: torch.add(x, ROWS, alpha=0.5), lambda x: x + x],
    "__add__": [lambda x: x + 1, lambda x: x[..., 0] + 1.5, lambda x: x[..., 0] + x[..., 1]],
    "__radd__": [lambda x: ROWS + x],
    "sub": [lambda x: torch.sub(x, x * x, alpha=0.5)],
    "subtract": [lambda x: x.subtract(2.0)],
    "__sub__": [lambda x: x - ROWS],
    "rsub": [lambda x: torch.rsub(x, 2.0)],
    "__rsub__": [lambda x: 2.0 - x],
    ("neg", "negative"): [lambda x: x.neg(), torch.negative],
    "__neg__": [lambda x: -x],
    ("positive", "__pos__"): [lambda x: +x, torch.positive],
    ("mul", "multiply"): [lambda x: torch.mul(x, x), lambda x: x.multiply(ROWS)],
    "__mul__": [lambda x: x * 3, lambda x: x[..., 0] * 2.5, lambda x: x[..., 0] * ROWS[:, 0]],
    "__rmul__": [lambda x: ROWS * x],
    ("div", "divide", "true_divide"): [
        lambda x: torch.div(x, C),
        lambda x: x.divide(3.0),
        lambda x: x.true_divide(1e305),
    ],
    ("__truediv__", "__div__"): [lambda x: x / C, lambda x: x / (5 + x)],
    ("__rtruediv__", "__rdiv__"): [lambda x: 2.0 / (x + 9), lambda x: C / (x + 9)],
    "matmul": [lambda x: torch.matmul(x, W), lambda x: torch.matmul(x, x.mT), lambda x: x @ V, lambda x: V[:3] @ x],
    "bmm": [lambda x: torch.bmm(x, x.mT)],
    ("mm", "spmm"): [lambda x: torch.mm(x[:, 0], W)],
    "__matmul__": [lambda x: x @ W + B, lambda x: x[:, 0] @ W, lambda x: image(x) @ draw_once(1, 5, 2)],
    "__rmatmul__": [lambda x: U @ x],
    "linear": [lambda x: F.linear(x, W.mT, B[0]), lambda x: F.linear(x, V)],
    "addmm": [lambda x: torch.addmm(W[0], x[:, 0], W, beta=0.5, alpha=2)],
    "addcmul": [lambda x: torch.addcmul(x, x, ROWS, value=0.5)],
    "lerp": [lambda x: torch.lerp(x, ROWS.expand_as(x) if type(x) is torch.Tensor else x * 0 + ROWS, 0.3)],
    "einsum": [
        lambda x: torch.einsum("ntc,cd->ntd", x, W),
        lambda x: torch.einsum("nic,njc->nij", x, x),
        lambda x: torch.einsum("...c,cd->...d", x, W),
        lambda x: torch.einsum("ntc,nsc,nsd->ntd", x, x, x),
        lambda x: torch.einsum("ntc,t->nc", x, V[:3]),
        lambda x: torch.einsum("ut,ntc->nuc", U, x),
        lambda x: torch.einsum("ntc->nct", x),
    ],
    # elementary functions
    "sin": [torch.sin],
    "cos": [torch.cos],
    "exp": [torch.exp],
    "log": [lambda x: torch.log(5 + x)],
    "log1p": [lambda x: torch.log1p(4 + x)],
    ("log2", "log10"): [lambda x: (5 + x).log2(), lambda x: (5 + x).log10()],
    ("exp2", "expm1"): [torch.exp2, torch.expm1],
    ("erf", "erfc"): [torch.erf, torch.special.erfc],
    "tanh": [torch.tanh],
    ("atan", "arctan"): [torch.atan, lambda x: x.arctan()],
    ("sinh", "cosh"): [torch.sinh, torch.cosh],
    ("sigmoid", "expit"): [torch.sigmoid, torch.special.expit, F.sigmoid],
    ("sqrt", "rsqrt"): [lambda x: torch.sqrt(5 + x), lambda x: torch.rsqrt(5 + x), lambda x: x.abs().sqrt()],
    "reciprocal": [lambda x: (5 + x).reciprocal()],
    "square": [torch.square],
    ("pow", "__pow__"): [
        lambda x: x**3,
        lambda x: (x + 9) ** 1.5,
        lambda x: (9 + x) ** -2,
        lambda x: x.square() ** (1 / 3),
    ],
    "__rpow__": [lambda x: 3**x, lambda x: torch.pow(0.5, x)],
    # kinks
    ("relu", "relu6"): [torch.relu, F.relu6, lambda x: F.relu(x, inplace=False)],
    ("abs", "absolute", "__abs__"): [torch.abs, lambda x: abs(x), torch.absolute],
    ("minimum", "fmin"): [lambda x: torch.minimum(x, x.sin()), lambda x: torch.fmin(x, ROWS)],
    ("maximum", "fmax"): [lambda x: torch.maximum(ROWS, x), lambda x: torch.fmax(x, x.cos())],
    ("clamp", "clip"): [lambda x: x.clamp(-0.5, 0.5), lambda x: torch.clip(x, min=ROWS), lambda x: x.clamp(max=0.2)],
    ("clamp_min", "clamp_max"): [lambda x: x.clamp_min(0.1), lambda x: x.clamp_max(0.1)],
    ("amin", "amax"): [lambda x: x.amin(dim=-2), lambda x: x.amax((1, 2), keepdim=True)],
    # reductions
    "sum": [lambda x: x.sum(dim=-1), lambda x: x.sum((1, 2), keepdim=True) + x, lambda x: torch.sum(x, axis=1)],
    "mean": [lambda x: x.mean(dim=(-2, -1), keepdim=True) + x, lambda x: x.mean(1)],
    "prod": [lambda x: x.prod(dim=1)],
    "var": [lambda x: x.var(dim=-1), lambda x: torch.var(x, (1, 2), correction=0)],
    "vector_norm": [
        lambda x: torch.linalg.vector_norm(x, dim=-1),
        lambda x: torch.linalg.vector_norm(x, 1, dim=(1, 2)),
        lambda x: torch.linalg.vector_norm(x, math.inf, -1),
    ],
    "normalize": [lambda x: F.normalize(x + 3, dim=-1)],
    "cumsum": [lambda x: x.cumsum(1), lambda x: image(x).cumsum(1), lambda x: torch.cumsum(x, dim=-1)],
    # axes
    ("transpose", "swapaxes", "swapdims"): [
        lambda x: x.transpose(1, 2),
        lambda x: x.swapaxes(-1, 1),
        lambda x: x.swapdims(1, 1),
    ],
    "unflatten": [lambda x: x.unflatten(-1, (5, -1)).transpose(1, 2), lambda x: x.unflatten(1, (3, 1))],
    "flatten": [lambda x: x.flatten(1), lambda x: nn.Flatten()(x)],
    "unsqueeze": [lambda x: x.unsqueeze(1), lambda x: x.unsqueeze(-1)],
    "squeeze": [lambda x: x[:, :1].squeeze(1), lambda x: x.squeeze(1)],
    ("reshape", "view"): [
        lambda x: x.reshape(x.shape[0], 5, 3),
        lambda x: x.reshape(-1, 15),
        lambda x: x.view(x.size(0), -1),
    ],
    ("reshape_as", "view_as"): [lambda x: x.mT.reshape_as(x), lambda x: x.view_as(x.mT.contiguous())],
    ("expand", "broadcast_to", "expand_as"): [
        lambda x: x[:, :1].expand(-1, 3, 5),
        lambda x: x[:, :1].expand_as(x),
        lambda x: x[:, :1].broadcast_to(x.shape),
    ],
    ("repeat", "tile"): [lambda x: x.repeat(1, 2, 1), lambda x: torch.tile(x, (1, 1, 2))],
    "repeat_interleave": [lambda x: x.repeat_interleave(2, dim=-1)],
    "permute": [lambda x: x.permute(0, 2, 1)],
    ("movedim", "moveaxis"): [lambda x: x.movedim(1, 2), lambda x: x.moveaxis(-1, 1)],
    "flip": [lambda x: x.flip(1), lambda x: torch.flip(x, (-1, -2))],
    "roll": [lambda x: x.roll(1, dims=-1), lambda x: torch.roll(x, (1, 2), (1, 2))],
    "mT": [lambda x: x.mT],
    # selecting and joining
    "__getitem__": [
        lambda x: x[:, 1:, ::2],
        lambda x: x[..., None, [0, 2]],
        lambda x: x[:, 0],
        lambda x: x[:, MASK],
        lambda x: x[:, PLACES],
    ],
    ("select", "narrow"): [lambda x: x.select(1, 0), lambda x: x.narrow(-1, 1, 3)],
    "index_select": [lambda x: x.index_select(1, PLACES)],
    "gather": [lambda x: x.gather(2, PLACES.expand(x.shape[0], 3, 3))],
    ("unbind", "chunk", "split"): [
        lambda x: x.unbind(1)[1] + x.chunk(2, 1)[0][:, 1],
        lambda x: torch.cat(x.split([2, 0, 3], -1)[::-1], -1),
    ],
    ("where", "masked_fill"): [
        lambda x: torch.where(MASK, x, x.sin()),
        lambda x: torch.where(MASK, 2.0, x),
        lambda x: x.masked_fill(MASK, 3.0),
        lambda x: x.where(MASK, ROWS),
    ],
    ("tril", "triu"): [torch.tril, lambda x: x.triu(1)],
    ("cat", "concat", "concatenate"): [
        lambda x: torch.cat([x, 2 * x], dim=-1),
        lambda x: torch.cat([x, ROWS.expand(x.shape[0], 3, 5)], 1),
        lambda x: torch.concat([x, x], -2),
        lambda x: torch.concatenate([x, x], -2),
    ],
    "stack": [lambda x: torch.stack([x, x.sin()], dim=-3).sum(dim=-3)],
    "pad": [
        lambda x: F.pad(x, (1, 0, 2, 1)),
        lambda x: F.pad(x, (1, 2), value=0.5),
        lambda x: F.pad(x, (1, 2), mode="circular"),
        lambda x: F.pad(x, (2, 1), mode="reflect"),
    ],
    # constants and copies
    ("zeros_like", "ones_like", "full_like"): [
        lambda x: x + torch.ones_like(x),
        lambda x: x + torch.zeros_like(x),
        lambda x: x * torch.full_like(x, 0.5),
    ],
    ("new_zeros", "new_ones", "new_full", "new_tensor"): [
        lambda x: x + x.new_ones(3, 5),
        lambda x: torch.cat([x, x.new_zeros(x.shape[0], 1, 5)], 1),
        lambda x: x * x.new_full((5,), 2.0),
        lambda x: x + x.new_tensor(1.5),
    ],
    ("clone", "detach", "contiguous", "double", "cpu"): [
        plain,
        lambda x: x.detach(),
        lambda x: x.contiguous().double().cpu(),
    ],
    ("to", "type_as"): [lambda x: x.to(torch.float64), lambda x: x.to("cpu"), lambda x: x.type_as(x)],
    ("is_floating_point", "is_complex"): [lambda x: x if x.is_floating_point() and not torch.is_complex(x) else -x],
    ("shape", "size", "dim", "ndim"): [
        lambda x: x.reshape(x.size(0), x.size(2), x.shape[1]) if x.dim() == x.ndim == 3 else x
    ],
    ("dtype", "device", "layout", "requires_grad", "is_cuda", "is_sparse", "is_quantized", "is_nested", "is_meta"): [
        lambda x: x if x.dtype is torch.float64 and x.device.type == "cpu" and not x.is_cuda else -x
    ],
    "__deepcopy__": [lambda x: __import__("copy").deepcopy(x)],
    **LAYERS,
}


def draw_once(*sizes):
    return torch.randn(*sizes, dtype=torch.float64, generator=torch.Generator().manual_seed(3))


def names(key):
    return (key,) if isinstance(key, str) else key


NAMED = [(name, i, case) for key, cases in CASES.items() for i, case in enumerate(cases) for name in names(key)[:1]]
KNOWN = {name for key in CASES for name in names(key)}

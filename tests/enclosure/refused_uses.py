"""Uses of a tensor that an enclosure would answer otherwise than torch, and refuses: by kind, in plain torch."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

T = torch.zeros(3, 5, dtype=torch.float64)


def set_item(x):
    x[:, 0] = 1.0


def delete_item(x):
    del x[0]


def assign_data(x):
    x.data = T


def assign_into_a_tensor(x):
    values = torch.zeros(3, 5, dtype=torch.float64)
    values[0] = x


def add_to_a_tensor(x):
    values = torch.zeros(4, 3, 5, dtype=torch.float64)
    values += x


IN_PLACE = {
    "+=": lambda x: x.__iadd__(1),
    "-=": lambda x: x.__isub__(1),
    "*=": lambda x: x.__imul__(1),
    "/=": lambda x: x.__itruediv__(1),
    "**=": lambda x: x.__ipow__(2),
    "add_": lambda x: x.add_(1),
    "relu_": lambda x: torch.relu_(x),
    "copy_": lambda x: x.copy_(T),
    "F.relu inplace": lambda x: functional.relu(x, inplace=True),
    "nn.ReLU inplace": nn.ReLU(inplace=True),
    "nn.SiLU inplace": nn.SiLU(inplace=True),
    "nn.Hardtanh inplace": nn.Hardtanh(inplace=True),
    "out=": lambda x: torch.exp(x, out=x),
    "out= of a tensor": lambda x: torch.add(x, 1, out=T),
    "an item": set_item,
    "del": delete_item,
    "data": assign_data,
    "data read": lambda x: x.data.mul_(2),
    "a tensor's item": assign_into_a_tensor,
    "a tensor +=": add_to_a_tensor,
    "a tensor add_": lambda x: T.clone().add_(x),
}
BRANCHES = {
    "==": lambda x: x == 0,
    "!=": lambda x: x != 0,
    "<": lambda x: x < 0,
    "tensor >": lambda x: x < T,
    "tensor ==": lambda x: x == T,
    "torch.eq": lambda x: torch.eq(x, 0),
    "bool": bool,
    "not": lambda x: not x,
    "or": lambda x: x or T,
    "if": lambda x: 1 if x else 2,
    "float": float,
    "int": int,
    "complex": complex,
    "index": lambda x: [1, 2][x],
    "in": lambda x: 1.0 in x,
    "in list": lambda x: x in [1.0],
    "iter": lambda x: list(x),
    "len": len,
    "item": lambda x: x.item(),
    "tolist": lambda x: x.tolist(),
    "numpy": lambda x: x.numpy(),
    "np.asarray": np.asarray,
    "np.sin": np.sin,
    "round": round,
    "isnan": torch.isnan,
    "sign": torch.sign,
    "floor": torch.floor,
    "where of values": lambda x: torch.where(x > 0, x, 0.0),
    "torch.tensor": lambda x: torch.tensor(x),
    "argmax": lambda x: x.argmax(dim=-1),
    "equal": lambda x: torch.equal(x, x),
    "allclose": lambda x: torch.allclose(x, x),
}
MEANT = {
    "float32": lambda x: x.float(),
    "to float32": lambda x: x.to(torch.float32),
    "to of a float32 tensor": lambda x: x.to(torch.zeros(1)),
    "half": lambda x: x.half(),
    "softmax dtype": lambda x: torch.softmax(x, dim=-1, dtype=torch.float32),
    "softmax dtype by place": lambda x: torch.softmax(x, -1, torch.float32),
    "sum dtype": lambda x: x.sum(dim=-1, dtype=torch.float32),
    "float32 weights": lambda x: x @ torch.ones(5, 2),
    "float32 linear": lambda x: nn.Linear(5, 2)(x),
    "complex": lambda x: x * 1j,
    "complex tensor": lambda x: x + torch.ones(5, dtype=torch.complex128),
    "complex operand": lambda x: x / complex(1, 1),
    "unknown keyword": lambda x: torch.sin(x, approximate=True),
    "rounding_mode": lambda x: torch.div(x, 2, rounding_mode="floor"),
    "gelu approximation": lambda x: functional.gelu(x, approximate="sigmoid"),
    "text": lambda x: x * "2",
    "dropout": nn.Dropout(0.5),
    "batch norm in training": nn.BatchNorm1d(3, dtype=torch.float64),
    "rand_like": torch.rand_like,
    "a power that varies": lambda x: x**x,
    "a dimension that varies": lambda x: torch.sum(x, x),
    "a constant where a value is meant": lambda x: torch.clamp(T, max=x),
}
CELLS = {
    "sum()": lambda x: x.sum(),
    "mean()": lambda x: x.mean(),
    "amax()": lambda x: x.amax(),
    "sum(0)": lambda x: x.sum(0),
    "softmax(0)": lambda x: x.softmax(0),
    "softmax(None)": lambda x: functional.softmax(x, dim=None),
    "x[0]": lambda x: x[0],
    "x[...,:,:,:]": lambda x: x[..., :1, :, :],
    "x[None]": lambda x: x[None],
    "x[True]": lambda x: x[True],
    "unsqueeze(0)": lambda x: x.unsqueeze(0),
    "unsqueeze(-4)": lambda x: x.unsqueeze(-4),
    "squeeze()": lambda x: x.squeeze(),
    "flatten()": lambda x: x.flatten(),
    "unflatten(0)": lambda x: x.unflatten(0, (2, 2)),
    "reshape": lambda x: x.reshape(-1, 5),
    "reshape by a number": lambda x: x.reshape(4, 15),
    "reshape other": lambda x: x.reshape(x.shape[0], 7),
    "view(-1)": lambda x: x.view(-1),
    "transpose(0, 2)": lambda x: x.transpose(0, 2),
    "permute": lambda x: x.permute(1, 0, 2),
    "T": lambda x: x.T,
    "expand": lambda x: x.expand(2, -1, -1, -1),
    "repeat": lambda x: x.repeat(2, 1, 1),
    "roll": lambda x: x.roll(1),
    "flip": lambda x: x.flip(0),
    "cat": lambda x: torch.cat([x, x]),
    "stack": lambda x: torch.stack([x, x]),
    "cat of another batch": lambda x: torch.cat([x, torch.ones(1, 3, 5, dtype=torch.float64)], 1),
    "a constant by cell": lambda x: x + torch.arange(4.0)[:, None, None],
    "a constant with more axes": lambda x: x + torch.ones(2, 1, 3, 5),
    "ranks": lambda x: x + x[..., 0],
    "matmul of batches": lambda x: x @ torch.ones(2, 1, 5, 2, dtype=torch.float64),
    "matmul of vectors": lambda x: x[..., 0] @ torch.ones(3, dtype=torch.float64) @ T,
    "x * shape": lambda x: x * x.shape[0],
    "x / size": lambda x: x / x.size(0),
    "shape + 1": lambda x: x.shape[0] + 1,
    "shape > 1": lambda x: x if x.shape[0] > 1 else -x,
    "numel": lambda x: x.numel(),
    "einsum": lambda x: torch.einsum("ntc,ntd->cd", x, x),
    "einsum order": lambda x: torch.einsum("ntc->tnc", x),
    "mha": lambda x: nn.MultiheadAttention(5, 1, dtype=torch.float64).eval()(x, x, x),
    "cumsum": lambda x: x.cumsum(0),
    "norm": lambda x: x.norm(),
    "std": lambda x: x.std(),
    "layer_norm": lambda x: functional.layer_norm(x, (4, 3, 5)),
}
REFUSED = {
    f"{kind}: {name}": f
    for kind, group in (("in place", IN_PLACE), ("branch", BRANCHES), ("meaning", MEANT), ("cells", CELLS))
    for name, f in group.items()
}

"""Cases of activations and layers of networks; `torch_cases` has the others and says what a case is."""

import math

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

SOURCE = torch.Generator().manual_seed(8)


def draw(*sizes):
    return torch.randn(*sizes, dtype=torch.float64, generator=SOURCE)


W, B, V, C = draw(5, 6), draw(3, 6), draw(5), draw(3, 5).abs() + 0.5
CAUSAL = torch.full((3, 3), -math.inf, dtype=torch.float64).triu(1)
K1, K2, K3 = draw(2, 3, 2), draw(4, 1, 2, 3), draw(3, 1, 3)


def image(x):
    return x.unflatten(1, (1, 3))  # one channel


def mha(x, **options):
    torch.manual_seed(1)
    layer = nn.MultiheadAttention(5, 1, batch_first=True, **options).double().eval()
    return layer(x, x, x, need_weights=False)[0]


def heads(x):
    return (x @ W).unflatten(-1, (2, 3)).transpose(1, 2)


def nn_encoder(x):
    torch.manual_seed(2)
    layer = nn.TransformerEncoderLayer(5, 1, 7, batch_first=True, dtype=torch.float64).eval()
    return layer(x)


def nn_causal(x):
    torch.manual_seed(2)
    layer = nn.TransformerEncoderLayer(
        5, 1, 7, batch_first=True, dtype=torch.float64, norm_first=True, activation="gelu"
    ).eval()
    return nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)(x, mask=CAUSAL, is_causal=True)


LAYERS = {
    # activations
    "gelu": [F.gelu, lambda x: F.gelu(x, approximate="tanh")],
    "silu": [F.silu],
    "softplus": [F.softplus, lambda x: F.softplus(25 * x), lambda x: F.softplus(x, beta=2.0, threshold=1.0)],
    ("logsigmoid", "mish", "tanhshrink", "softsign"): [F.logsigmoid, F.mish, F.tanhshrink, F.softsign],
    ("leaky_relu", "rrelu", "prelu"): [
        F.leaky_relu,
        F.rrelu,
        nn.PReLU(dtype=torch.float64),
        lambda x: F.prelu(x, V[:3]),
    ],
    ("elu", "celu", "selu"): [F.elu, lambda x: F.celu(x, 0.5), F.selu],
    "hardtanh": [F.hardtanh, nn.Hardtanh(-0.3, 0.4), F.hardsigmoid, F.hardswish],
    "softshrink": [F.softshrink],
    "glu": [lambda x: F.glu(x[..., :4])],
    ("softmax", "softmin"): [
        lambda x: x.softmax(-1),
        lambda x: F.softmax(x, dim=1, dtype=torch.float64),
        lambda x: F.softmin(x, dim=-1),
    ],
    ("log_softmax", "logsumexp"): [lambda x: x.log_softmax(-1), lambda x: torch.logsumexp(x, (1, 2))],
    # layers
    "scaled_dot_product_attention": [
        lambda x: F.scaled_dot_product_attention(heads(x), heads(x), heads(x)),
        lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True, scale=0.3),
        lambda x: F.scaled_dot_product_attention(x, x, x, attn_mask=CAUSAL + 0.1),
        lambda x: F.scaled_dot_product_attention(x, x, x, attn_mask=torch.ones(3, 3, dtype=torch.bool).tril()),
    ],
    "multi_head_attention_forward": [mha, nn_encoder, nn_causal],
    "conv1d": [
        lambda x: F.conv1d(x, K1, V[:2]),
        lambda x: F.conv1d(x, K1, stride=2, padding=1, dilation=2),
        lambda x: F.conv1d(x, K3, padding="same", groups=3),
    ],
    "conv2d": [
        lambda x: F.conv2d(image(x), K2, V[:4]),
        lambda x: F.conv2d(image(x), K2, padding=(1, 2), stride=(1, 2)),
    ],
    ("avg_pool1d", "avg_pool2d"): [
        lambda x: F.avg_pool1d(x, 2),
        lambda x: F.avg_pool2d(image(x), 2, stride=1, padding=1),
    ],
    ("max_pool1d", "max_pool2d"): [lambda x: F.max_pool1d(x, 2), lambda x: nn.MaxPool2d(2, stride=1)(image(x))],
    "layer_norm": [lambda x: F.layer_norm(x, (5,), V, B[0, :5], eps=0.5), lambda x: F.layer_norm(x, (3, 5), eps=0.5)],
    "rms_norm": [lambda x: F.rms_norm(x, (5,), V, eps=0.5)],
    "group_norm": [lambda x: F.group_norm(x, 3, V[:3], B[:3, 0], eps=0.5)],
    "batch_norm": [lambda x: F.batch_norm(x, B[:3, 0], C[:, 0], V[:3], B[:3, 1])],
    ("dropout", "alpha_dropout", "feature_alpha_dropout", "dropout1d", "dropout2d", "dropout3d"): [
        lambda x: F.dropout(x, 0.5, training=False),
        lambda x: F.alpha_dropout(x, 0.5, training=False),
        lambda x: F.feature_alpha_dropout(x, 0.5, training=False),
        lambda x: F.dropout1d(x, 0.5, training=False),
        lambda x: F.dropout2d(image(x), 0.5, training=False),
        lambda x: F.dropout3d(image(x).unsqueeze(1), 0.5, training=False),
        nn.Dropout(0.3).eval(),
    ],
}

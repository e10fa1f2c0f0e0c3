"""A chain and its target written a second time, in ball arithmetic of 200 bits: the independent oracle."""

from flint import arb, arb_mat


def matrix(tensor):
    return arb_mat([[arb(v) for v in row] for row in tensor.tolist()])


def entrywise(f, x):
    return arb_mat([[f(x[i, j]) for j in range(x.ncols())] for i in range(x.nrows())])


def rows(vector, count):
    return arb_mat([[arb(v) for v in vector.tolist()] for _ in range(count)])


def softmax(x):
    result = []
    for i in range(x.nrows()):
        weights = [x[i, j].exp() for j in range(x.ncols())]
        result.append([w / sum(weights, arb(0)) for w in weights])
    return arb_mat(result)


ACTIVATIONS = {
    "tanh": lambda x: x.tanh(),
    "relu": lambda x: x if x > 0 else (arb(0) if x < 0 else arb(0).union(x)),
    "gelu": lambda x: x * (1 + (x / arb(2).sqrt()).erf()) / 2,
}


def block(b, u):
    """τ of float64 weights, in exact arithmetic."""
    n, config = u.nrows(), b.config
    z = (u * arb(float(1 / b.input_scale))) * matrix(b.embed.T) + rows(b.embed_bias, n) + matrix(b.positions)
    scale = arb(1 / config.head_size**0.5)
    scores = (z * matrix(b.query) * scale) * (z * matrix(b.key)).transpose()
    z = z + softmax(scores) * (z * matrix(b.value)) * matrix(b.output)
    hidden = entrywise(ACTIVATIONS[config.activation], z * matrix(b.ffn_into.T) + rows(b.ffn_into_bias, n))
    z = z + hidden * matrix(b.ffn_out.T) + rows(b.ffn_out_bias, n)
    return (z * matrix(b.readout.T) + rows(b.readout_bias, n)) * arb(float(b.output_scale))


def feature_map(f, x):
    """The registered targets that the tests of enclosures train on."""
    K, pattern, inner = arb(f.K), matrix(f.pattern), matrix(f.inner)
    if f.name == "sine":
        return entrywise(lambda v: v.sin(), (x * inner) * K + pattern) * matrix(f.outer)
    if f.name == "fold":
        return entrywise(abs, x + pattern) * inner * K
    assert f.name == "mix"
    n = x.nrows()
    means = [sum((x[i, j] for i in range(n)), arb(0)) / n for j in range(x.ncols())]
    reflected = arb_mat([[x[i, j] - 2 * means[j] for j in range(x.ncols())] for i in range(n)])
    return entrywise(lambda v: v.sin(), (reflected * inner) * K + pattern) * matrix(f.outer)


def rms(x):
    entries = [x[i, j] for i in range(x.nrows()) for j in range(x.ncols())]
    mean = sum((v * v for v in entries), arb(0)) / len(entries)
    return arb(0).union(arb(mean.abs_upper()).sqrt()) if mean.contains(0) else mean.sqrt()


def word(domain, theta):
    """A point of a curve, its angle an exact number."""
    first, second = (matrix(b) for b in domain.basis)
    return first * arb(theta).cos() + second * arb(theta).sin()


def run(chain, target, domain, theta):
    """Per stage: t, y, and the norms of what certify encloses, in its order."""
    t = y = word(domain, theta)
    result = []
    for stage, goal in zip(chain.stages, target.stages, strict=True):
        g, phi, f = matrix(goal.scale_map), matrix(stage.interpolation), goal.feature_map
        u = phi * t
        aim, through, missed = feature_map(f, u), feature_map(f, g * t), g * t - u
        t, y = block(stage.block, u), feature_map(f, g * y)
        result.append((t, y, (rms(missed), rms(aim - t), rms(through - t), rms(t - y))))
    return result

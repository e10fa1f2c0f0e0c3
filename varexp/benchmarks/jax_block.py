"""The block of Def 3.8 and its training in JAX, with optax: vmap over models, one compiled scan over steps."""

import math
import os
from collections.abc import Callable, Sequence
from typing import Any

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import jax  # type: ignore[import-not-found,unused-ignore]
import jax.numpy as jnp  # type: ignore[import-not-found,unused-ignore]
import numpy as np
import optax  # type: ignore[import-not-found,import-untyped,unused-ignore]
import torch
from torch import Tensor

from varexp.models.block import Block
from varexp.training.adam import BETAS, one_cycle


def forward(p: dict[str, Any], x: Any) -> Any:
    """Block.forward of the default configuration, on (batch, tokens, channels)."""
    z = (x / p["input_scale"]) @ p["embed"].T + p["embed_bias"] + p["positions"]
    scores = (z @ p["query"]) @ jnp.swapaxes(z @ p["key"], -1, -2) / math.sqrt(p["query"].shape[1])
    z = z + jax.nn.softmax(scores) @ (z @ p["value"]) @ p["output"]
    hidden = jnp.tanh(z @ p["ffn_into"].T + p["ffn_into_bias"])
    z = z + hidden @ p["ffn_out"].T + p["ffn_out_bias"]
    return (z @ p["readout"].T + p["readout_bias"]) * p["output_scale"]


def prepared(
    blocks: Sequence[Block], batches: Sequence[tuple[Tensor, Tensor]], learning_rate: float
) -> Callable[[], Tensor]:
    """The training as a function that is compiled already; it returns the losses (models) of the last step."""
    fixed = ("input_scale", "output_scale")
    states = [{name: value.detach().numpy() for name, value in block.state_dict().items()} for block in blocks]
    stacked = {name: jnp.asarray(np.stack([state[name] for state in states])) for name in states[0]}
    scales = {name: stacked.pop(name) for name in fixed}
    xs, ys = (jnp.asarray(np.stack([pair[i].numpy() for pair in batches])) for i in (0, 1))
    rates = jnp.asarray(one_cycle(learning_rate, len(batches)))
    optimiser = optax.chain(
        optax.clip_by_global_norm(1.0), optax.adam(lambda step: rates[step], b1=BETAS[0], b2=BETAS[1])
    )

    def loss_of(p: dict[str, Any], scale: dict[str, Any], x: Any, y: Any) -> Any:
        return jnp.mean((forward({**p, **scale}, x) - y) ** 2)

    def step(p: Any, state: Any, scale: Any, x: Any, y: Any) -> Any:
        loss, gradient = jax.value_and_grad(loss_of)(p, scale, x, y)
        updates, state = optimiser.update(gradient, state)
        return optax.apply_updates(p, updates), state, loss

    @jax.jit
    def train(p: Any, xs: Any, ys: Any) -> Any:
        def body(carry: Any, batch: Any) -> Any:
            p, state = carry
            p, state, loss = jax.vmap(step)(p, state, scales, *batch)
            return (p, state), loss

        return jax.lax.scan(body, (p, jax.vmap(optimiser.init)(p)), (xs, ys))[1][-1]

    train(stacked, xs, ys).block_until_ready()
    return lambda: torch.from_numpy(np.array(train(stacked, xs, ys)))

"""Chains with random weights beside their targets, as rows and tensors of the audit and as plain torch."""

from itertools import pairwise
from typing import NamedTuple

import torch

from varexp.audit.network import Network, build
from varexp.audit.tensors import Tensors, parse
from varexp.maps.domains import Domain, parse_domain
from varexp.maps.norms import find_norm
from varexp.maps.targets import Target, build_target
from varexp.models.block import Block, BlockConfig
from varexp.models.chain import Chain, ChainStage
from varexp.safetensors import packed
from varexp.sweeps.released import target_tensors

K = 1.5


class Case(NamedTuple):
    """A row with its tensors, and what they were made from."""

    row: dict
    tensors: Tensors
    chain: Chain
    target: Target
    domain: Domain

    @property
    def network(self) -> Network:
        """The audit's own map."""
        return build(self.row, self.tensors)

    def norms(self, theta) -> torch.Tensor:
        """The norm of model less target at angles, in plain torch."""
        return find_norm(self.row["norm"])(self.difference(theta))

    @torch.no_grad()
    def difference(self, theta) -> torch.Tensor:
        """Model less target at angles, in plain torch."""
        x = self.domain.points(torch.as_tensor(theta, dtype=torch.float64).reshape(-1, 1))
        return self.chain(x) - self.target(x)


def case(target="sine", kernel="keys", sides=(2, 3), norm="rms", options=None, **switches) -> Case:
    """A chain whose weights are drawn: nothing is trained."""
    config = BlockConfig(**{"width": 6, "hidden": 8, "head_size": 6, **switches})
    domain, made = parse_domain(f"curve-{sides[0]}"), build_target(target, sides, K, options=options)
    source = torch.Generator().manual_seed(7)
    pairs = list(pairwise(sides))
    stages = [ChainStage(kernel, a, b, Block(config, b * b, 2, source)) for a, b in pairs]
    for stage in stages:
        stage.block.set_scales(torch.full((1, 1, 1), 0.7), torch.full((1, 1, 1), 1.3))
        for bias in (p for name, p in stage.block.named_parameters() if name.endswith("bias")):
            bias.data = torch.randn(bias.shape, generator=source) / 4
    chain = Chain(stages).double()
    data = packed(chain.state_dict() | target_tensors(made) | {"domain.basis": domain.basis})
    fields = "activation heads head_size scaled attention_residual ffn_residual".split()
    row = {"key": "0", "target": target, "K": K, "kernel": kernel, "depth": len(pairs), "sides": list(sides)}
    row |= {"norm": norm, **{name: getattr(config, name) for name in fields}}
    return Case(row, parse(data, "case"), chain, made, domain)


def claimed(found: Case, low=0.999, high=1.01, points=4096) -> Case:
    """The case with an interval around the largest norm of many samples."""
    largest = float(found.norms(torch.arange(points) * (2 * torch.pi / points)).max())
    return found._replace(row=found.row | {"error_lower": low * largest, "error_upper": high * largest})

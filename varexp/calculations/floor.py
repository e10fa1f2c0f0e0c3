"""floor: how far targets are from uniform images, which are all that blocks without positions make of a word."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from varexp.calculations.base import Calculation, Row, register
from varexp.errors import bad_value
from varexp.families import FAMILIES, DomainSettings, TargetSettings
from varexp.maps.norms import find_norm
from varexp.measurement.constant import constant_prediction
from varexp.measurement.uniform import uniform_distance


@register("floor")
@dataclass(frozen=True)
class Floor(Calculation):
    """Targets, their constant K, their draws, depths: a row for each."""

    target: list[str] = field(default_factory=lambda: ["sine"])
    K: float = 2.1
    target_seed: list[int] = field(default_factory=lambda: [0])
    depth: list[int] = field(default_factory=lambda: [1])
    domain: str = "curve-1"
    norm: str = "rms"

    def rows(self) -> Iterator[Row]:
        norm, domain = find_norm(self.norm), DomainSettings(domain=self.domain).build()
        sides = FAMILIES["chain"].default_sides(domain.side)
        if domain.side != 1:
            raise bad_value("domain", self.domain, "words of one token, such as curve-1: from others there is no floor")
        for depth in self.depth:
            if not 1 <= depth < len(sides):
                raise bad_value("depth", depth, f"a whole number from 1 to {len(sides) - 1}")
        for name in self.target:
            for seed in self.target_seed:
                whole = TargetSettings(target=name, K=self.K, target_seed=seed).build(sides, domain.channels)
                for depth in self.depth:
                    target = whole.prefix(depth)
                    floor, constant = uniform_distance(target, domain, norm), constant_prediction(target, domain, norm)
                    yield {
                        "target": name,
                        "K": self.K,
                        "target_seed": seed,
                        "domain": self.domain,
                        "norm": self.norm,
                        "depth": depth,
                        "floor_lower": floor.lower,
                        "floor_upper": floor.upper,
                        "error_constant_lower": constant.lower,
                        "error_constant_upper": constant.upper,
                    }

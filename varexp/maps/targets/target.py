"""f_word2img = f_n∘g_n∘…∘f_1∘g_1 (Assumption 5.2): scale maps g_i and feature maps f_i along a ladder of sides."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

from jaxtyping import Float
from torch import Tensor

from varexp.caching import cached_tensor
from varexp.maps.constants import Constant
from varexp.maps.interpolation import image_matrix, resample
from varexp.maps.norms import TokenNorm
from varexp.maps.scale_maps import SCALE_MAPS, scale_matrix
from varexp.maps.targets.base import FEATURE_MAPS, FeatureMap
from varexp.maps.targets.recall import Recall, closest

OF_A_STAGE = {"K", "stage", "side", "channels", "seed"}  # fields of a feature map that are no options


@dataclass(frozen=True)
class TargetStage:
    """F_i = f_i∘g_i, from token maps (side_in², channels) to (side_out², channels)."""

    side_in: int
    side_out: int
    feature_map: FeatureMap
    scale_name: str = "dct"  # of g_i, among SCALE_MAPS

    @cached_tensor
    def scale_map(self) -> Float[Tensor, "tokens_out tokens_in"]:
        """g_i as a matrix on tokens."""
        return image_matrix(scale_matrix(self.scale_name, self.side_in, self.side_out, self.feature_map.seed))

    def scale(self, x: Float[Any, "... tokens_in channels"]) -> Float[Any, "... tokens_out channels"]:
        """g_i x."""
        return resample(x, self.scale_map)

    def __call__(self, x: Float[Any, "... tokens_in channels"]) -> Float[Any, "... tokens_out channels_out"]:
        return self.feature_map(self.scale(x))

    def lipschitz(self, norm: str | TokenNorm) -> Constant:
        """L_i = Lip(f_i∘g_i), the constant that propagates (the paper's K_2)."""
        return self._computed_once(("propagates", norm), lambda: self.feature_map.lipschitz(norm, self.scale_map))

    def lipschitz_feature(self, norm: str | TokenNorm) -> Constant:
        """K_{1,i} = Lip(f_i)."""
        return self._computed_once(("feature", norm), lambda: self.feature_map.lipschitz(norm))

    def _computed_once(self, name: Hashable, compute: Callable[[], Constant]) -> Constant:
        """A constant, remembered: it takes a singular value decomposition, and every row asks for it many times."""
        known = self.__dict__.setdefault("_constants", {})
        if name not in known:
            known[name] = compute()
        return known[name]


@dataclass(frozen=True)
class Target:
    """The map that a chain is to approximate, stage by stage."""

    stages: tuple[TargetStage, ...]

    @property
    def sides(self) -> tuple[int, ...]:
        """The ladder of sides: that of the word, and that after every stage."""
        return (self.stages[0].side_in, *(stage.side_out for stage in self.stages))

    def prefix(self, depth: int) -> "Target":
        """The first `depth` stages."""
        return Target(self.stages[:depth])

    def trajectory(self, x: Float[Any, "... tokens channels"]) -> list[Any]:
        """y_1, …, y_n with y_i = F_i(y_{i-1}), y_0 = x."""
        ys = []
        for stage in self.stages:
            x = stage(x)
            ys.append(x)
        return ys

    def __call__(self, x: Float[Any, "... tokens channels"]) -> Float[Any, "... tokens_out channels_out"]:
        return self.trajectory(x)[-1]


def check_options(name: str, options: Mapping[str, Any]) -> None:
    """Refuse an unknown target, or an option that it does not have."""
    FEATURE_MAPS[name]  # ValueError if there is no such target
    allowed = sorted(target_options(name))
    unknown = sorted(set(options) - set(allowed))
    if unknown:
        hint = "; its draw is the setting target_seed" if "seed" in unknown else ""
        raise ValueError(
            f"target {name} has no option {', '.join(unknown)}: it has {', '.join(allowed) or 'none'}{hint}"
        )


def target_options(name: str) -> dict[str, Any]:
    """The options of a target that are not columns, with their defaults."""
    return {field.name: field.default for field in fields(FEATURE_MAPS[name]) if field.name not in OF_A_STAGE}


def build_target(
    name: str,
    sides: Sequence[int],
    K: float,
    channels: int = 2,
    options: Mapping[str, Any] | None = None,
    *,
    seed: int = 0,
    scale_map: str = "dct",
) -> Target:
    """The registered target `name` on a ladder of sides (one more than stages); `seed` names the draw.

    Raises ValueError for a target, an option or a scale map that does not exist.
    """
    options = options or {}
    check_options(name, options)
    SCALE_MAPS[scale_map]  # ValueError if there is no such map
    made = [
        FEATURE_MAPS[name](K=K, stage=i, side=side, channels=channels, seed=seed, **options)
        for i, side in enumerate(sides[1:], start=1)
    ]
    return Target(tuple(TargetStage(a, b, f, scale_map) for (a, b), f in zip(pairwise(sides), made, strict=True)))


def recalling_target(
    words: Float[Tensor, "items tokens channels"], scales: Sequence[Tensor], sharpness: float = 12.0
) -> Target:
    """A target that takes word k near to scales[0][k], that near to scales[1][k] and so on, with known constants.

    `scales[i]` is (items, tokens_i, channels). f_i stores scale i at the places where g_i takes the scale before it; β
    is such that at a place the closest other item has the weight exp(−sharpness/2). ValueError if two items coincide.
    """
    stages, before = [], words
    for number, values in enumerate(scales, start=1):
        side_in, side_out = (round(maps.shape[-2] ** 0.5) for maps in (before, values))
        places = resample(before, image_matrix(scale_matrix("dct", side_in, side_out)))
        beta, channels = sharpness / closest(places) ** 2, values.shape[-1]
        recall = Recall(K=beta, stage=number, side=side_out, channels=channels, places=places, values=values)
        stages.append(TargetStage(side_in, side_out, recall))
        before = values
    return Target(tuple(stages))

"""A cell: everything that determines a run, and nothing else. Its key names its record on any machine."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from varexp.evidence.certify import ORDER
from varexp.evidence.enclosure import Goal
from varexp.evidence.generation import FlowConfig
from varexp.evidence.measure import Measurement
from varexp.evidence.train import Problem, Training
from varexp.maps.domain import Domain
from varexp.maps.interpolation import check_kernel
from varexp.maps.norms import check_norm
from varexp.maps.targets import Target, build_target, check_options
from varexp.models.block import BlockConfig
from varexp.models.flow import SAMPLERS
from varexp.models.flowar import factor

SCHEMA = 3  # raised when the meaning of a cell or the form of a record changes
MODELS = ("chain", "pyramid", "flowar")
NETWORKS = ("practice", "printed")  # of FlowAR's flow matching: residual AdaLN, or C.12 as it stands
OF_SAMPLING = ("sampler", "sampler_steps")  # fields that say how a trained model is used, not how it is trained


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One row of results. `sides` has depth + 1 entries. Building one validates it; ValueError says what is wrong."""

    model: str
    target: str
    target_options: tuple[tuple[str, Any], ...]
    domain: str
    kernel: str
    depth: int
    width: int
    hidden: int
    heads: int
    head_size: int
    activation: str
    positions: bool
    scaled: bool
    attention_residual: bool
    ffn_residual: bool
    training: str
    steps: int
    batch: int
    learning_rate: float
    norm: str
    channels: int
    sides: tuple[int, ...]
    seed: int
    K: float
    starts: int
    ascent_steps: int
    block_causal: bool | None = None  # of a pyramid: whether a scale attends to itself and coarser ones only
    network: str | None = None  # of FlowAR, like the three that follow
    epsilon: float | None = None  # of its layer norms
    sampler: str | None = None
    sampler_steps: int | None = None  # of a sampler that integrates
    gap: float | None  # relative gap to which sups are enclosed; None: lower ends alone
    evaluations: int  # of cells, for one stage, after which an enclosure is left as it is

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            raise ValueError(f"unknown model {self.model!r}: choose one of {', '.join(MODELS)}")
        check_kernel(self.kernel)
        check_options(self.target, dict(self.target_options))
        if self.depth < 1 or len(self.sides) != self.depth + 1:
            raise ValueError(f"depth {self.depth} needs {self.depth + 1} sides, got {list(self.sides)}")
        if self.sides[0] != self.domain_object().side:
            raise ValueError(
                f"domain {self.domain} starts at side {self.domain_object().side}, but sides start at {self.sides[0]}"
            )
        self._check_model()
        self.block(), self.recipe(), self.goal(), Measurement(starts=self.starts, ascent_steps=self.ascent_steps)
        if self.gap is not None and self.domain_object().parameters not in ORDER:
            raise ValueError(
                f"sups are enclosed over at most {max(ORDER)} parameters; {self.domain} has "
                f"{self.domain_object().parameters}: use gap=null"
            )
        _declared_norm(self.target, self.K, self.channels, self.target_options, self.norm)

    def _check_model(self) -> None:
        if self.model != "chain" and self.training != "teacher_forcing":
            raise ValueError(f"a {self.model} is trained by teacher_forcing, got training={self.training}")
        if self.model != "flowar":
            return
        factor(self.sides)
        FlowConfig(epsilon=0.0 if self.epsilon is None else self.epsilon)
        if self.network not in NETWORKS:
            raise ValueError(f"unknown network {self.network!r}: choose one of {', '.join(NETWORKS)}")
        if self.sampler not in SAMPLERS:
            raise ValueError(f"unknown sampler {self.sampler!r}: choose one of {', '.join(SAMPLERS)}")
        if self.sampler_steps is not None and self.sampler_steps < 1:
            raise ValueError(f"a sampler takes sampler_steps from 1 up, got {self.sampler_steps}")

    @property
    def key(self) -> str:
        """Hash of the content and the schema version."""
        return _digest({"schema": SCHEMA, **self.content()})

    @property
    def chain(self) -> str:
        """What cells share that are depths of one trained chain."""
        content = self.content()
        if not self.by_depth:
            del content["depth"], content["sides"]
        for name in OF_SAMPLING:
            del content[name]
        return _digest(content)

    @property
    def by_depth(self) -> bool:
        """Whether each depth is a model of its own: trained as a whole, or to scales that the depth decides (C.5)."""
        return self.training == "end_to_end" or self.model == "flowar"

    def content(self) -> dict[str, Any]:
        """The fields as plain values, ready for JSON."""
        return {**dataclasses.asdict(self), "target_options": dict(self.target_options), "sides": list(self.sides)}

    def domain_object(self) -> Domain:
        return Domain.parse(self.domain, self.channels)

    def target_object(self) -> Target:
        return _target(self.target, self.sides, self.K, self.channels, self.target_options)

    def problem(self) -> Problem:
        return Problem(self.target_object(), self.domain_object(), self.kernel, self.seed, self.block_causal)

    def block(self) -> BlockConfig:
        names = {field.name for field in dataclasses.fields(BlockConfig)}
        return BlockConfig(**{name: getattr(self, name) for name in names})

    def flow(self) -> FlowConfig:
        """Of FlowAR, what it has beside its blocks."""
        assert self.epsilon is not None
        return FlowConfig(residual=self.network == "practice", epsilon=self.epsilon)

    def recipe(self) -> Training:
        return Training(mode=self.training, steps=self.steps, batch=self.batch, learning_rate=self.learning_rate)

    def measurement(self) -> Measurement:
        """What will be enclosed needs no ascent: the search finds where sups are."""
        return Measurement(starts=self.starts if self.gap is None else 0, ascent_steps=self.ascent_steps)

    def goal(self) -> Goal | None:
        """When an enclosure is good enough; None: not asked for."""
        return None if self.gap is None else Goal(gap=self.gap, evaluations=self.evaluations)

    def measured_with(self) -> tuple[Any, ...]:
        """What chains must share to be measured together."""
        return (
            self.target,
            self.target_options,
            self.K,
            self.domain,
            self.channels,
            self.sides,
            self.norm,
            self.measurement(),
        )

    def trained_with(self) -> tuple[Any, ...]:
        """What chains must share to be trained as one ensemble."""
        return (
            self.model,
            self.sides,
            self.channels,
            self.block(),
            self.recipe(),
            self.domain_object().kind,
            self.block_causal,
            self.network,
            self.epsilon,
        )


@lru_cache(maxsize=512)
def _target(name: str, sides: tuple[int, ...], K: float, channels: int, options: tuple[tuple[str, Any], ...]) -> Target:
    return build_target(name, sides, K, channels, dict(options))


@lru_cache(maxsize=512)
def _declared_norm(name: str, K: float, channels: int, options: tuple[tuple[str, Any], ...], norm: str) -> None:
    stage = build_target(name, (1, 1), K, channels, dict(options)).stages[0]
    stage.lipschitz(check_norm(norm))


def _digest(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]

"""The schema of configs: what can be an axis is a flat scalar named like its column. Unknown keys do not compose."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, OmegaConf

from varexp.evidence.certify import ORDER
from varexp.evidence.generation import flow_learning_rate
from varexp.evidence.train import default_learning_rate
from varexp.maps.domain import Domain
from varexp.models.flow import INTEGRATORS
from varexp.sweep.cells import Cell

REPOSITORY = Path(__file__).parents[2]


@dataclass
class Axes:
    """One optional list of values per axis; None leaves the scalar of the config alone."""

    model: list[str] | None = None
    target: list[str] | None = None
    K: list[float] | None = None
    domain: list[str] | None = None
    kernel: list[str] | None = None
    block_causal: list[bool] | None = None
    network: list[str] | None = None
    sampler: list[str] | None = None
    sampler_steps: list[int] | None = None
    training: list[str] | None = None
    norm: list[str] | None = None
    channels: list[int] | None = None
    positions: list[bool] | None = None
    activation: list[str] | None = None
    heads: list[int] | None = None
    head_size: list[int] | None = None
    width: list[int] | None = None
    hidden: list[int] | None = None
    steps: list[int] | None = None
    seed: list[int] | None = None
    sides: list[str] | None = None
    depth: list[int] | None = None


@dataclass
class Tracking:
    """Where a sweep is mirrored. backend: none or wandb; mode: offline or online."""

    backend: str = "none"
    mode: str = "offline"
    project: str = "varexp"


@dataclass
class Engine:
    """Where batches run: local processes of one thread each. workers: 0 takes one per core."""

    name: str = "local"
    workers: int = 0


@dataclass
class Experiment:
    """Products of axes that make one table; null leaves one out."""

    grids: dict[str, Axes | None] = field(default_factory=dict)


@dataclass
class Config:
    """One run, or with `experiments` a sweep."""

    model: str = "chain"
    target: str = "sine"
    target_options: dict[str, Any] = field(default_factory=dict)
    K: float = 2.1
    domain: str = "curve"  # kind, or kind-side
    kernel: str = "keys"
    depth: int = 3
    sides: str | None = None  # ladder of sides such as 2-3-4-5, default by domain
    width: int = 16
    hidden: int | None = None  # default twice the width
    heads: int = 1
    head_size: int | None = None  # default width/heads
    activation: str = "tanh"
    positions: bool = True
    scaled: bool = True
    attention_residual: bool = True
    ffn_residual: bool = True
    training: str | None = None  # default stagewise for a chain, teacher_forcing for the others
    block_causal: bool = False  # pyramid: whether a scale attends to itself and coarser ones only
    network: str = "practice"  # flowar: practice (residual AdaLN) or printed (C.12)
    epsilon: float = 1e-6  # flowar: of its layer norms; 0 as printed
    sampler: str = "repaired"  # flowar: literal (D.1), repaired, euler, heun
    sampler_steps: int = 8  # flowar: of euler and heun
    steps: int = 1000
    batch: int = 8
    learning_rate: float | None = None  # default by width and training
    norm: str = "rms"
    channels: int = 2
    seed: int = 0
    starts: int = 4
    ascent_steps: int = 12
    gap: float | None = 0.01  # relative gap to which sups are enclosed on curves and discs; null: lower ends alone
    evaluations: int = 20_000  # of cells, for one stage, after which an enclosure on a curve is left as it is
    evaluations_disc: int = 6_000  # the same on a disc
    seeds_disc: int | None = 1  # discs are enclosed for seeds below it; null: for all
    experiments: dict[str, Experiment] = field(default_factory=dict)  # what a sweep runs, by name of its table
    axes: Axes = field(default_factory=Axes)  # replaces an axis in every grid of every experiment
    scale: str = MISSING
    engine: Engine = field(default_factory=Engine)
    tracking: Tracking = field(default_factory=Tracking)
    results: str = MISSING  # receives runs/, tables/, figures/
    overwrite: bool = False  # let a smaller sweep replace a larger table
    stale: str = "rerun"  # records made by other code: rerun or keep


def register() -> None:
    """Make the schema and the repository's path known to Hydra."""
    ConfigStore.instance().store(name="schema", node=Config)
    OmegaConf.register_new_resolver("repository", lambda: str(REPOSITORY), replace=True)


def default_ladder(side: int, model: str) -> tuple[int, ...]:
    """Seven sides. From 1 the rungs of a word-to-image chain (Def 3.3 counts a first block at 1x1), else one by one.

    Five that double for the other models: a = 2 of C.6.
    """
    if model != "chain":
        return tuple(side * 2**i for i in range(5))
    return (1, 1, 2, 3, 4, 5, 6) if side == 1 else tuple(range(side, side + 7))


def parse_sides(text: str) -> tuple[int, ...]:
    """`2-3-4-5` as whole numbers. ValueError for anything else."""
    parts = text.split("-")
    if len(parts) < 2 or not all(part.isdigit() and int(part) > 0 for part in parts):
        raise ValueError(f"sides are whole numbers joined by dashes, such as 2-3-4-5; got {text!r}")
    return tuple(int(part) for part in parts)


def resolve(config: Config) -> Cell:
    """The cell of a config, derived values filled in. ValueError if something does not exist or does not fit."""
    given = parse_sides(config.sides) if config.sides else None
    kind, _, side = config.domain.partition("-")
    if side and not side.isdigit():
        raise ValueError(f"a domain is a kind or kind-side, such as curve, curve-2 or ball-4; got {config.domain!r}")
    start = int(side) if side else (given[0] if given else 2 if config.model == "chain" else 1)
    ladder = given or default_ladder(start, config.model)
    training = config.training or ("stagewise" if config.model == "chain" else "teacher_forcing")
    if not 1 <= config.depth < len(ladder):
        raise ValueError(
            f"depth {config.depth} does not fit the ladder of sides {'-'.join(map(str, ladder))}: choose a depth from "
            f"1 to {len(ladder) - 1}, or give a longer sides="
        )
    if config.heads < 1 or (config.head_size is None and config.width % config.heads):
        raise ValueError(f"{config.heads} heads do not divide width {config.width}: give head_size=")
    within = config.seeds_disc is None or config.seed < config.seeds_disc
    enclosed = Domain(kind, start, config.channels).parameters in ORDER and (kind != "disc" or within)
    random = config.model == "flowar"  # what it makes of a word is: nothing to enclose
    shared = {f.name for f in dataclasses.fields(Cell)} & {f.name for f in dataclasses.fields(Config)}
    values = {name: getattr(config, name) for name in shared}
    values.update(
        domain=f"{kind}-{start}",
        sides=ladder[: config.depth + 1],
        target_options=tuple(sorted(config.target_options.items())),
        hidden=2 * config.width if config.hidden is None else config.hidden,
        head_size=config.width // config.heads if config.head_size is None else config.head_size,
        training=training,
        block_causal=config.block_causal if config.model == "pyramid" else None,
        network=config.network if random else None,
        epsilon=config.epsilon if random else None,
        sampler=config.sampler if random else None,
        sampler_steps=config.sampler_steps if random and config.sampler in INTEGRATORS else None,
        gap=config.gap if enclosed and not random else None,
        evaluations=config.evaluations if kind == "curve" else config.evaluations_disc,
        learning_rate=config.learning_rate or _learning_rate(config.model, training, config.width),
    )
    return Cell(**values)


def _learning_rate(model: str, training: str, width: int) -> float:
    return flow_learning_rate(width) if model == "flowar" else default_learning_rate(training, width)

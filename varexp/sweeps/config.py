"""Configs: flat scalars that resolve to a cell, lists of values for axes, and the settings of the sweep itself.

The scalars and the axes are derived from the settings of targets, domains, families, recipes and measurements, so that
a setting is declared once and is a key of configs, an axis and a column. A family that an extension registers brings
its settings with it. Unknown keys do not compose.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, make_dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, OmegaConf

from varexp.enclosure.policy import ORDERS
from varexp.errors import bad_value
from varexp.families import FAMILIES, DomainSettings, TargetSettings
from varexp.maps.domains import DOMAINS
from varexp.measurement.measure import Measurement
from varexp.settings import Declared, declared, own_fields
from varexp.sweeps.cells import Cell
from varexp.training.recipe import OBJECTIVES, Recipe

ROOT = Path(str(files("varexp"))).parent
CHECKOUT = (ROOT / "configs").is_dir() and (ROOT / "pyproject.toml").is_file()
CONFIGS = ROOT / "configs" if CHECKOUT else ROOT / "varexp" / "configs"  # a wheel carries them inside the package


def default_results() -> Path:
    """results/ at the root of a checkout, whatever the working directory; without a checkout, in that directory."""
    return ROOT / "results" if CHECKOUT else Path.cwd() / "results"


EVALUATIONS = 20_000  # the default of `evaluations` for domains of one parameter
ROUGH_EVALUATIONS = 1_500  # of domains of more, for seeds from `seeds_disc` on: an upper end, which may be rough

# ---- the settings of a sweep, beside those of its cells -------------------------------------------------------------


@dataclass
class Tracking:
    """Where a sweep is mirrored. backend: none or wandb; mode: offline or online."""

    backend: str = "none"
    mode: str = "offline"
    project: str = "varexp"


@dataclass
class EngineSettings:
    """Where batches run, and on how many workers of one thread each.

    name: local, slurm, or an engine that an extension registers.
    workers: how many batches run at a time; 0: one per core (local), 64 (slurm).
    time_limit: seconds after which a batch counts as hanging and is ended; null: never (local), 14400 (slurm).
    partition, account: of SLURM; null: the user's default.
    options: further options of SLURM's sbatch by name, such as {mem: 4G, qos: long}.
    """

    name: str = "local"
    workers: int = 0
    time_limit: float | None = None
    partition: str | None = None
    account: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


@dataclass
class SweepConfig:
    """What every config has beside the settings of a cell; `schema` adds these, `experiments` and `axes`."""

    evaluations_disc: int = 6_000  # the default of `evaluations` for domains of more than one parameter
    seeds_disc: int | None = 1  # below it, `evaluations_disc` cells; others get a rough end; null: all
    scale: str = MISSING
    engine: EngineSettings = field(default_factory=EngineSettings)
    tracking: Tracking = field(default_factory=Tracking)
    results: str = MISSING  # receives runs/, tables/, figures/
    overwrite: bool = False  # let a smaller sweep replace a larger table
    stale: str = "rerun"  # records made by other code: rerun or keep
    on_error: str = "continue"  # when a cell fails: continue with the others, or stop
    retries: int = 1  # how often a batch whose process died is run again before it is split into chains


OF_A_CELL = (  # settings that belong to no part of a cell
    Declared("model", str, "chain", "the family of models: chain, pyramid or flowar"),
    Declared("kernel", str, "keys", "interpolation kernel of Φ_i"),
    Declared("seed", int, 0, "seed of weights and batches"),
    Declared("sides", str | None, None, "sides of the token maps, such as 2-3-4-5; by default from the family", True),
    Declared("depth", int, 3, "number of blocks n"),
)


def settings() -> dict[str, Declared]:
    """Every setting by its name, in the order of axes: the last varies fastest in a sweep."""
    model, kernel, seed, sides, depth = OF_A_CELL
    families = [part for family in FAMILIES.values() for part in (family.architecture, family.usage)]
    found = {model.name: model}
    shared: tuple[type, ...] = (TargetSettings, DomainSettings)
    for group in shared:
        found |= {s.name: s for s in declared(group)}
    found[kernel.name] = kernel
    for group in (*families, Recipe, Measurement):
        for s in declared(group):
            if found.setdefault(s.name, s) != s:
                raise ValueError(f"setting {s.name!r} of {group.__name__} is declared in another way elsewhere")
    return found | {s.name: s for s in (seed, sides, depth)}


class Schema(NamedTuple):
    """The dataclasses that a config is made of."""

    config: Any
    axes: Any  # one optional list of values for every setting
    experiment: Any  # products of axes that make one table; None leaves a grid out


def schema() -> Schema:
    """The dataclasses of configs, made of the settings of all families that are registered now."""
    return _schema(tuple(settings().values()))


@lru_cache(maxsize=16)
def _schema(found: tuple[Declared, ...]) -> Schema:
    axes = make_dataclass("Axes", [(s.name, list[_type(s)] | None, None) for s in found])  # type: ignore[misc]
    grids = dict[str, axes | None]  # type: ignore[valid-type]
    experiment = make_dataclass("Experiment", [("grids", grids, field(default_factory=dict))])
    scalars = [(s.name, _type(s), _default(s.default)) for s in found]
    own = [
        ("experiments", dict[str, experiment], field(default_factory=dict)),  # type: ignore[valid-type]  # what a sweep runs
        ("axes", axes, field(default_factory=axes)),  # replaces an axis in every grid of every experiment
    ]
    return Schema(make_dataclass("Config", [*scalars, *own], bases=(SweepConfig,)), axes, experiment)


def _type(s: Declared) -> Any:
    return dict[str, Any] if isinstance(s.default, dict) else s.type


def _default(value: Any) -> Any:
    return field(default_factory=dict) if isinstance(value, dict) else value


def register() -> None:
    """Make the schema and the default folder of results known to Hydra."""
    ConfigStore.instance().store(name="schema", node=schema().config)
    OmegaConf.register_new_resolver("default_results", lambda: str(default_results()), replace=True)


# ---- from a config to a cell --------------------------------------------------------------------------------------


def parse_sides(text: str) -> tuple[int, ...]:
    """`2-3-4-5` as whole numbers. ValueError for anything else."""
    parts = text.split("-")
    if len(parts) < 2 or not all(part.isascii() and part.isdigit() and int(part) > 0 for part in parts):
        raise bad_value("sides", text, "two or more whole numbers from 1 up joined by dashes, such as 2-3-4-5")
    return tuple(int(part) for part in parts)


def resolve(config: SweepConfig) -> Cell:
    """The cell of a config, derived values filled in. ValueError if something does not exist or does not fit."""
    values = {name: getattr(config, name) for name in settings()}
    values["target_options"] = tuple(values["target_options"].items())
    family = FAMILIES[values["model"]]
    given = None if values["sides"] is None else parse_sides(values["sides"])
    domain = DomainSettings(domain=_domain(values["domain"], given, family.default_side), channels=values["channels"])
    words = domain.build()
    sides = _cut(given or family.default_sides(words.side), values["depth"])
    architecture = family.architecture(**own_fields(family.architecture, values))
    if values["training"] is None:
        values["training"] = family.default_objective
    if values["learning_rate"] is None:
        rate = family.default_learning_rate(OBJECTIVES[values["training"]], architecture.width)
        values["learning_rate"] = rate
    if values["evaluations"] is None:
        few = config.seeds_disc is None or values["seed"] < config.seeds_disc
        several = config.evaluations_disc if few else ROUGH_EVALUATIONS
        values["evaluations"] = EVALUATIONS if words.parameters == 1 else several
    if family.random or words.parameters not in ORDERS:
        values["gap"] = None
    if family.random:  # no sup is sought
        values["starts"] = values["ascent_steps"] = None
    return Cell(
        model=values["model"],
        architecture=architecture,
        usage=family.usage(**own_fields(family.usage, values)),
        target=TargetSettings(**own_fields(TargetSettings, values)),
        domain=domain,
        sides=sides,
        kernel=values["kernel"],
        seed=values["seed"],
        recipe=Recipe(**own_fields(Recipe, values)),
        measurement=Measurement(**own_fields(Measurement, values)),
    )


def _domain(text: str, sides: Sequence[int] | None, default_side: int) -> str:
    """`kind-side`, the side filled in from the ladder of sides or the family."""
    kind, dash, side = text.partition("-")
    if dash and not (side.isascii() and side.isdigit()):
        raise bad_value("domain", text, "a kind or kind-side, such as curve, curve-2 or ball-4")
    DOMAINS[kind]  # ValueError if there is no such kind
    return f"{kind}-{side or (sides[0] if sides else default_side)}"


def _cut(ladder: tuple[int, ...], depth: int) -> tuple[int, ...]:
    if not 1 <= depth < len(ladder):
        raise ValueError(
            f"depth {depth} does not fit the ladder of sides {'-'.join(map(str, ladder))}: choose a depth from 1 to "
            f"{len(ladder) - 1}, or give a longer sides="
        )
    return ladder[: depth + 1]

"""What an engine is: a pool that is given batches, and says what came of their models."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import ClassVar

from varexp.registry import Registry, registrar
from varexp.sweeps.config import EngineSettings, SweepConfig
from varexp.sweeps.execute import Outcome
from varexp.sweeps.plan import Batch
from varexp.sweeps.records import Store
from varexp.training.problem import Notify


@dataclass(frozen=True)
class Ended:
    """A batch has ended: as it should, or by the death of the process or job that ran it."""

    death: str | None = None  # how, in words


Event = tuple[Batch, Outcome | Ended]  # an outcome is that of some of the batch's models


class Pool(ABC):
    """Batches that run. At the end of its context none is left.

    Attributes:
        isolated: batches have machines or memory of their own, so that one cannot be the cause of another's death.
    """

    isolated: ClassVar[bool] = False

    def __enter__(self) -> "Pool":
        return self

    @abstractmethod
    def __exit__(self, *_: object) -> None: ...

    @property
    @abstractmethod
    def has_room(self) -> bool:
        """Whether another batch can be given now."""

    @property
    @abstractmethod
    def is_busy(self) -> bool:
        """Whether a batch has been given that has not ended."""

    @abstractmethod
    def give(self, batch: Batch) -> None:
        """Let a batch run."""

    @abstractmethod
    def events(self) -> Iterator[Event]:
        """What has happened since the last call, after waiting for a moment."""


class Engine(ABC):
    """A kind of place for batches, by the name that `engine.name` calls it by."""

    name: ClassVar[str]
    takes: ClassVar[frozenset[str]] = frozenset({"workers"})  # the settings that mean something to it

    def check(self, settings: EngineSettings) -> None:  # noqa: B027  # most engines run everywhere
        """Raise ValueError if it cannot run here, or with these settings."""

    @abstractmethod
    def workers(self, settings: EngineSettings) -> int:
        """How many batches run at a time."""

    @abstractmethod
    def pool(self, config: SweepConfig, store: Store, notify: Notify, batches: int) -> AbstractContextManager[Pool]:
        """A pool for that many batches. `notify` hears of model-steps."""


ENGINES: Registry[Engine] = Registry("engine")
register = registrar(ENGINES, instance=True)

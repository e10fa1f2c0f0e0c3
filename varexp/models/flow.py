"""Flow matching (C.11) and ways to go from noise to a sample along a velocity field.

D.1 asks for one evaluation of the network at F^t = tY + (1−t)F^0, which needs the unknown Y unless t = 0, and takes the
velocity that C.13 trains the network to be for the sample itself: `literal`. A perfect network then returns Y − F^0.
`repaired` adds the noise back; `euler` and `heun` follow the field from t = 0 to t = 1, as practice does.

A network may be asked for Y instead. The velocity at F^t is then (Y − F^t)/(1 − t), which the network need not learn
itself: it has no bound as t goes to 1.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from varexp.errors import bad_value, unknown_name
from varexp.settings import setting


class Field(NamedTuple):
    """A flow by what a network answers at a point and a time in [0, 1]: the velocity there, or the sample."""

    answer: Callable[[Tensor, float], Tensor]
    of_samples: bool = False

    def velocity(self, x: Float[Tensor, "..."], time: float) -> Float[Tensor, "..."]:
        """The velocity at a time, which is below 1 where samples are answered."""
        answer = self.answer(x, time)
        return (answer - x) / (1 - time) if self.of_samples else answer


def path(
    sample: Float[Tensor, "..."], noise: Float[Tensor, "..."], time: float | Float[Tensor, "..."]
) -> Float[Tensor, "..."]:
    """C.11: F^t = tY + (1−t)F^0, whose derivative in t is `velocity`."""
    return time * sample + (1 - time) * noise


def velocity(sample: Float[Tensor, "..."], noise: Float[Tensor, "..."]) -> Float[Tensor, "..."]:
    """C.11: V = Y − F^0."""
    return sample - noise


def literal(field: Field, noise: Float[Tensor, "..."], steps: int) -> Float[Tensor, "..."]:
    """D.1 as printed, the answer at t = 0, the only time at which it can be evaluated. `steps` is not used."""
    return field.answer(noise, 0.0)


def repaired(field: Field, noise: Float[Tensor, "..."], steps: int) -> Float[Tensor, "..."]:
    """F^0 plus the velocity at t = 0: Y if the field is V. `steps` is not used."""
    return noise + field.velocity(noise, 0.0)


def euler(field: Field, noise: Float[Tensor, "..."], steps: int) -> Float[Tensor, "..."]:
    """Euler's method with equal steps: one evaluation each, order 1."""
    x = noise
    for step in range(steps):
        x = x + field.velocity(x, step / steps) / steps
    return x


def heun(field: Field, noise: Float[Tensor, "..."], steps: int) -> Float[Tensor, "..."]:
    """Heun's method with equal steps: two evaluations each, order 2.

    The last step is Euler's where samples are answered, since their velocity has no value at t = 1.
    """
    x = noise
    for step in range(steps):
        slope = field.velocity(x, step / steps)
        ahead = x + slope / steps
        if field.of_samples and step == steps - 1:
            return ahead
        x = x + (slope + field.velocity(ahead, (step + 1) / steps)) / (2 * steps)
    return x


SAMPLERS: dict[str, Callable[[Field, Tensor, int], Tensor]] = {
    "literal": literal,
    "repaired": repaired,
    "euler": euler,
    "heun": heun,
}
INTEGRATORS = ("euler", "heun")  # the samplers whose number of steps matters


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How a trained FlowAR is used: its sampler, and how many steps one that integrates takes."""

    sampler: str = setting("repaired", "how FlowAR samples: literal (D.1), repaired, euler or heun")
    sampler_steps: int | None = setting(None, "steps of the samplers euler and heun", config=8)

    def __post_init__(self) -> None:
        if self.sampler not in SAMPLERS:
            raise unknown_name("sampler", self.sampler, SAMPLERS)
        if self.sampler not in INTEGRATORS:
            object.__setattr__(self, "sampler_steps", None)  # one evaluation all the same
        elif self.sampler_steps is None or self.sampler_steps < 1:
            raise bad_value("sampler_steps", self.sampler_steps, "a whole number from 1 up")

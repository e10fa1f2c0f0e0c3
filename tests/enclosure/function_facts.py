"""What is known of the elementary functions: their rules, and every function of arb or acb with its derivative."""

from flint import arb

from varexp.enclosure.functions import ATAN, COS, ERF, EXP, GELU, SIN, SOFTPLUS, TANH
from varexp.enclosure.powers import INVERSE, LOG, power_function


def density(x):
    return (-x * x / 2).exp() / (2 * arb.pi()).sqrt()


def cumulative(x):
    return (1 + (x / arb(2).sqrt()).erf()) / 2


FACTS = {  # what is enclosed, its derivative, and every function of arb or acb
    "sin": (SIN, lambda z: z.sin(), lambda z: z.cos()),
    "cos": (COS, lambda z: z.cos(), lambda z: -z.sin()),
    "tanh": (TANH, lambda z: z.tanh(), lambda z: 1 - z.tanh() ** 2),
    "gelu": (GELU, lambda z: z * cumulative(z), lambda z: cumulative(z) + z * density(z)),
    "exp": (EXP, lambda z: z.exp(), lambda z: z.exp()),
    "erf": (ERF, lambda z: z.erf(), lambda z: (-z * z).exp() * 2 / arb.pi().sqrt()),
    "atan": (ATAN, lambda z: z.atan(), lambda z: 1 / (1 + z * z)),
    "log": (LOG, lambda z: z.log(), lambda z: 1 / z),
    "softplus": (SOFTPLUS, lambda z: (1 + z.exp()).log(), lambda z: 1 / (1 + (-z).exp())),
    "reciprocal": (INVERSE, lambda z: 1 / z, lambda z: -1 / z**2),
    "rsqrt": (power_function(-0.5), lambda z: 1 / z.sqrt(), lambda z: -1 / (2 * z * z.sqrt())),
    "three_halves": (power_function(1.5), lambda z: z * z.sqrt(), lambda z: 3 * z.sqrt() / 2),
}
POSITIVE = ("log", "reciprocal", "rsqrt", "three_halves")
STRIPS = {"atan": 0.9}  # |Im z| that a bound holds for, where it is less than 1.5

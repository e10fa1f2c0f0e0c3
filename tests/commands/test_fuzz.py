"""Overrides at random, valid, nearly valid and hostile: a command begins its work, or says in one line what is wrong.

VAREXP_FUZZ sets how many are tried; 2000 take about eight minutes of a core.
"""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from varexp.commands import main
from varexp.families import FAMILIES
from varexp.maps.domains import DOMAINS
from varexp.maps.interpolation import KERNELS
from varexp.maps.norms import NORMS
from varexp.maps.targets import FEATURE_MAPS
from varexp.sweeps.config import SweepConfig
from varexp.sweeps.config import settings as declared
from varexp.training.recipe import OBJECTIVES

EXAMPLES = int(os.environ.get("VAREXP_FUZZ", "100"))


class BegunError(BaseException):
    """All checks are done, and the work would begin now."""


def begin(*arguments, **keywords):
    raise BegunError


NAMES = [*FAMILIES, *DOMAINS, *KERNELS, *NORMS, *FEATURE_MAPS, *OBJECTIVES, "local", "slurm", "wandb", "none", "stop"]
GROUPS = ["experiment", "scale", "engine", "tracking"]
NESTED = ["engine.workers", "engine.time_limit", "engine.partition", "engine.options.mem", "tracking.mode"]
REGISTERED = {
    f"{key}={name}"
    for key, registry in {
        "model": FAMILIES,
        "domain": DOMAINS,
        "kernel": KERNELS,
        "norm": NORMS,
        "target": FEATURE_MAPS,
        "training": OBJECTIVES,
    }.items()
    for name in registry
}
KEYS = [*declared(), *SweepConfig.__dataclass_fields__, *GROUPS, *NESTED]
HOSTILE = [
    "",
    "null",
    "~",
    "~/x",
    "nan",
    "inf",
    "-1",
    "0",
    "1e400",
    "9" * 400,
    "0.5",
    "true",
    "[]",
    "[1,[2]]",
    "{}",
    "{a:{b:1}}",
    "{_target_:os.system}",
    "${oc.env:HOME}",
    "${seed}",
    "${hydra:runtime.cwd}",
    "${nothing:1}",
    "$(touch x)",
    "`id`",
    "../../x",
    "/proc/self/mem",
    "'",
    '"',
    "\\",
    "a b",
    "a=b=c",
    "a\nb",
    "\x00",
    "\x1b[31m",
    "<script>",
    "häuser",
    "模型",
    "\u202e",
    "1-2-3",
    "2-3-4-5-6-7-8-9",
    "curve-0",
    "curve-99999999",
    "ball-x",
    "range(1,3)",
    "choice(1,2)",
    "!!python/object:os.system",
]

words = st.one_of(
    st.sampled_from(NAMES),
    st.sampled_from(HOSTILE),
    st.integers(-3, 40).map(str),
    st.floats(allow_nan=True).map(repr),
    st.text(max_size=12),
    st.sampled_from(NAMES).map(lambda name: name[:-1]),
    st.lists(st.sampled_from([*NAMES, "1", "2", "x"]), max_size=3).map(lambda found: f"[{','.join(found)}]"),
)
others = ["hydra.run.dir", "hydra/launcher", "_target_", "experiments.x.grids.a.depth", "target_options.seed"]
wrong = [st.sampled_from(KEYS).map(lambda key: key[:-1]), st.sampled_from(others), st.text(max_size=8)]
of_keys = [st.sampled_from(KEYS)] * 9 + [st.sampled_from(KEYS).map(lambda key: f"axes.{key}")] * 3 + wrong
keys = st.integers(0, len(of_keys) - 1).flatmap(of_keys.__getitem__)
plain = st.builds("{}={}".format, keys, words)
registered = st.sampled_from(sorted(REGISTERED))
prefixed = st.builds("{}{}={}".format, st.sampled_from(["+", "++", "~"]), keys, words)
kinds = [plain] * 6 + [registered] * 6 + [prefixed, words]
overrides = st.integers(0, len(kinds) - 1).flatmap(kinds.__getitem__)


@pytest.mark.slow
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(command=st.sampled_from(["sweep", "train"]), found=st.lists(overrides, min_size=1, max_size=4))
def test_a_command_begins_or_says_in_one_line_what_is_wrong(command, found, tmp_path_factory):
    found = [word for word in found if not word.startswith("-")]  # Hydra's own flags
    folder = tmp_path_factory.mktemp("fuzz")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("HOME", str(folder))
        patch.setattr("varexp.sweeps.run.tracker", begin)
        patch.setattr("varexp.sweeps.run.execute", begin)
        error = Captured()
        patch.setattr("sys.stderr", error)
        patch.setattr("sys.stdout", Captured())
        try:
            status = main(
                [command, "scale=smoke", *found, *([] if any("results" in w for w in found) else ["results=r"])]
            )
        except BegunError:
            return
        finally:
            assert not (folder / "x").is_file()  # of a shell that was made to run touch
    assert status in (0, 1, 2), error.text
    lines = error.text.strip("\n").split("\n")
    assert len(lines) == 1, error.text
    assert lines[0].startswith("error: ") or (status == 0 and not lines[0]), error.text
    assert lines[0].isprintable()
    assert len(lines[0]) < 3000


class Captured:
    """A stream that keeps its text."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def flush(self):
        pass

    def isatty(self):
        return False

    encoding = "utf-8"

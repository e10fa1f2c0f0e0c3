"""The locks: they pin what pyproject.toml asks for, and every file that is installed but torch's has its hash."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OF_TORCH = re.compile(r"(torch|triton|(cuda|nvidia)-[a-z0-9-]+)$")
EXTRA = [text for group in ("dev", "slurm") for text in PROJECT["optional-dependencies"][group]]
ASKED = {
    "requirements-run.lock": PROJECT["dependencies"],
    "requirements-dev.lock": [*PROJECT["dependencies"], *EXTRA],
}


def pins(name):
    """Version by package and marker, and hashes by package, of a lock."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    found = [line.split("--hash=") for line in text.splitlines() if line and not line.startswith("#")]
    return {first.strip(): [part.strip() for part in hashes] for first, *hashes in found}


@pytest.mark.parametrize("name", ASKED)
def test_hashed_locks_pin_all_that_is_asked_for_and_what_that_needs(name):
    every, hashed = pins("requirements.lock"), pins(name)
    assert set(hashed) <= set(every)
    versions = {}
    for pin in every:
        requirement = Requirement(pin)
        versions.setdefault(requirement.name, []).append(requirement)
    named = {Requirement(pin).name for pin in hashed}
    for text in ASKED[name]:
        asked = Requirement(text)
        assert asked.name in named or OF_TORCH.match(asked.name)
        for pin in versions[asked.name]:
            (exact,) = pin.specifier
            assert exact.operator == "=="
            assert asked.specifier.contains(exact.version), text
    if name == "requirements-dev.lock":
        assert all(OF_TORCH.match(Requirement(pin).name) for pin in set(every) - set(hashed))


@pytest.mark.parametrize("name", ASKED)
def test_every_pin_has_hashes_of_its_files(name):
    for pin, hashes in pins(name).items():
        assert hashes, pin
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes), pin

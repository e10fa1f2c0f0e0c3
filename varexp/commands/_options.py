"""Settings of a command that needs no composed config: `key=value` into a dataclass, with types checked."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from omegaconf import OmegaConf

from varexp.errors import bad_value, unknown_name
from varexp.sweeps.config import default_results

Options = TypeVar("Options")
HELP = ("--help", "-h")


def parsed(options: type[Options], arguments: Sequence[str], doc: str) -> Options | None:
    """The options that `key=value` arguments give. None after --help, which prints `doc` and the options.

    Raises:
        ValueError: an argument that is not `key=value`, or a key that does not exist.
        omegaconf.errors.ValidationError: a value of another type.
    """
    fields = {field.name: field for field in dataclasses.fields(options)}  # type: ignore[arg-type]
    if set(HELP) & set(arguments):
        print(doc.strip())
        for field in fields.values():
            print(f"  {field.name}={_default(field)}".ljust(28), field.metadata.get("doc", ""))
        return None
    for argument in arguments:
        key, equals, _ = argument.partition("=")
        if not equals:
            raise ValueError(f"expected key=value with a key of {', '.join(fields)}; got {argument!r}")
        if key not in fields:
            raise unknown_name("key", key, fields)
    given = OmegaConf.from_dotlist(list(arguments))
    for name in map(str, given):
        if isinstance(given[name], str | int) and "list" in str(fields[name].type):
            given[name] = [given[name]]
    return OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(options), given))  # type: ignore[return-value]


def _default(field: Any) -> Any:
    value = field.default_factory() if field.default is dataclasses.MISSING else field.default
    return "" if value in (None, []) else value


def results_of(given: str | None) -> Path:
    """The folder of results that a command is given, or the default one; a leading ~ is the home folder."""
    return default_results() if given is None else Path(given).expanduser()


def option(default: Any, doc: str) -> Any:
    """A field of options: its default and a sentence about it. A list is empty by default."""
    if default == []:
        return dataclasses.field(default_factory=list, metadata={"doc": doc})
    return dataclasses.field(default=default, metadata={"doc": doc})


def flag(name: str, arguments: Sequence[str]) -> tuple[bool, list[str]]:
    """Whether `name=true` is among arguments, and the others. ValueError for a value that is neither true nor false."""
    own = [word for word in arguments if word.partition("=")[0] == name]
    values = {"true": True, "false": False}
    for word in own:
        if word.partition("=")[2].lower() not in values:
            raise bad_value(name, word.partition("=")[2], "true or false")
    others = [word for word in arguments if word not in own]
    return (values[own[-1].partition("=")[2].lower()] if own else False), others

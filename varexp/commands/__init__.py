"""The command line: `varexp COMMAND key=value ...`. One file a command; a new file here registers itself.

Every command takes `key=value` and `--help`. Bad input ends with status 2, a failed run with status 1, and the last
line on standard error begins with `error:`.
"""

import io
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pkgutil import iter_modules

from varexp.errors import unknown_name

NAMES = tuple(module.name for module in iter_modules(__path__) if module.name[0] != "_")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Returns the exit status: 0, 1 for a failure, 2 for bad input, 130 for an interruption.

    Args:
        arguments: the command and its settings, by default those of the process.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what a pipe's encoding lacks is escaped
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in ("--help", "-h", "help"):
        print(usage())
        return 0 if given else 2
    name, rest = given[0], given[1:]
    try:
        from varexp.commands._guard import guarded
    except KeyboardInterrupt:  # nothing has begun
        print("interrupted", file=sys.stderr)
        return 130
    if name not in NAMES:
        return guarded(lambda: _refuse(name))
    return guarded(lambda: command(name)(rest))


def command(name: str) -> Callable[[Sequence[str]], int]:
    """The function that runs a command."""
    return import_module(f"{__name__}.{name}").run


def usage() -> str:
    """The commands, a line each."""
    lines = ["usage: varexp COMMAND [key=value ...]; varexp COMMAND --help says more", ""]
    for name in NAMES:
        doc = import_module(f"{__name__}.{name}").__doc__ or ""
        lines.append(f"  {name:10s} {doc.splitlines()[0]}")
    return "\n".join(lines)


def _refuse(name: str) -> int:
    raise unknown_name("command", name, NAMES)

"""Errors of a command as one clear line on standard error, with an exit status."""

import os
import sys
from collections.abc import Callable

from hydra.errors import HydraException, OverrideParseException
from omegaconf.errors import OmegaConfBaseException

from varexp.extensions import load_extensions
from varexp.files import StoreError
from varexp.sweeps.failures import SweepFailedError
from varexp.sweeps.signals import EndedBySignalError

SHOWN = 100  # letters of a word that cannot be read


def guarded(command: Callable[[], int]) -> int:
    """Run a command; its status, or that of its error after one line about it."""
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # errors reach us instead of being printed with a traceback
    try:
        load_extensions()
        return command()
    except KeyboardInterrupt:
        print("interrupted: finished records are kept; the same command goes on from them", file=sys.stderr)
        return 130
    except EndedBySignalError as ended:
        print(f"{ended.name}: finished records are kept; the same command goes on from them", file=sys.stderr)
        return ended.status
    except OverrideParseException as error:
        word = error.override if len(error.override) <= SHOWN else error.override[:SHOWN] + "..."
        hint = (
            """; a value with signs of Hydra's grammar is quoted twice, such as key='"a, b"'""" if "=" in word else ""
        )
        return _told(f"{word!r} cannot be read: expected key=value{hint}", 2)
    except (HydraException, OmegaConfBaseException) as error:
        return _told("; ".join(line.strip() for line in str(error.__cause__ or error).splitlines()), 2)
    except (StoreError, SweepFailedError, ImportError) as error:
        return _told(str(error), 1)
    except ValueError as error:
        return _told(str(error), 2)
    except (RuntimeError, MemoryError) as error:  # such as torch's, where sizes cannot be had
        return _told((str(error) or type(error).__name__).splitlines()[0], 1)
    except BrokenPipeError:  # whoever read has gone; Python's own complaint at the end would follow
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if error.filename is None:
            return _told(str(error), 1)
        return _told(f"{error.strerror or error}: {error.filename}; choose another folder with results=DIR", 1)


def _told(message: str, status: int) -> int:
    """Print an error. What a terminal would not print as a letter is escaped, but for the ends of lines."""
    shown = "".join(letter if letter.isprintable() or letter == "\n" else ascii(letter)[1:-1] for letter in message)
    print(f"error: {shown}", file=sys.stderr)
    return status

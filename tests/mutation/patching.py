"""A changed source in the place of a module: handed to the import, or put into functions that exist already.

Functions that exist get the code of the changed source, so that tests need not be collected again for every mutant.
What a module or a class computes when it is imported stays as it was: `replace_code` says when that may matter.
"""

import functools
import gc
import sys
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from types import CodeType, FunctionType
from typing import Any

OPTIMIZED = 1  # the flag of the code of a function, which a class or a module lacks


def hand_source(module: str, source: str) -> None:
    """From now on, this module is made from this source when it is imported; type checks of the tests are kept."""
    get_code = SourceFileLoader.get_code

    def changed(self: Any, fullname: str) -> CodeType | None:
        if fullname == module:
            code: CodeType = self.source_to_code(source.encode(), self.get_filename(fullname))
            return code
        return get_code(self, fullname)

    SourceFileLoader.get_code = changed  # type: ignore[method-assign]


def replace_code(module: str, old: str, new: str, called: set[tuple[str, int]]) -> bool:
    """Give the functions of a module that has been imported the code of its changed source.

    Args:
        called: names and first lines of functions of the module that were called already.

    Returns:
        Whether everything is as if the changed source had been imported: no function that differs was called before,
        and nothing outside of functions differs.
    """
    loaded = sys.modules[module]
    path = loaded.__file__
    before, after = (loaded.__loader__.source_to_code(text.encode(), path) for text in (old, new))  # type: ignore
    pairs = dict(_functions_that_differ(before, after))
    complete = None not in pairs and not {(name, line) for name, line in filter(None, pairs)} & called
    for function in [x for x in gc.get_objects() if type(x) is FunctionType and x.__code__.co_filename == path]:
        code = pairs.get((function.__code__.co_qualname, function.__code__.co_firstlineno))
        if code is not None and code.co_freevars == function.__code__.co_freevars:
            function.__code__ = code
        elif code is not None:
            complete = False
    for remembered in [x for x in gc.get_objects() if type(x) is functools._lru_cache_wrapper]:
        remembered.cache_clear()
    return complete


def _functions_that_differ(old: CodeType, new: CodeType) -> Iterator[tuple[tuple[str, int] | None, CodeType]]:
    """Name, first line, and new code of functions that differ; None for a difference outside of functions."""
    if old.co_flags & OPTIMIZED:
        if old != new:
            yield (old.co_qualname, old.co_firstlineno), new
    elif _plain(old) != _plain(new):
        yield None, new
    yield from _within(old, new)


def _within(old: CodeType, new: CodeType) -> Iterator[tuple[tuple[str, int] | None, CodeType]]:
    inner = [[x for x in code.co_consts if isinstance(x, CodeType)] for code in (old, new)]
    for before, after in zip(*inner, strict=False):
        yield from _functions_that_differ(before, after)


def _plain(code: CodeType) -> tuple[Any, ...]:
    """The code of a module or a class without that of its functions."""
    constants = [repr(x) for x in code.co_consts if not isinstance(x, CodeType)]
    return code.co_code, code.co_names, constants, sum(isinstance(x, CodeType) for x in code.co_consts)

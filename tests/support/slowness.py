"""Which tests are slow by nature: those that start a process, or serve a simulated cluster and wait for it.

Comes in: a collected test. Goes out: whether its own code, that of its fixtures, or that of the tests' own functions
and classes that these call leads to such a thing. It is read from the code, so that nobody has to mark what is plain;
what takes long for another reason is marked ``slow`` by hand. It must never run anything.
"""

from __future__ import annotations

import multiprocessing
import os
import pty
import subprocess
import types
from collections.abc import Iterator
from typing import Any

import pytest

from agentops.sandbox.cluster import Sandbox

_STARTERS = ("fork", "forkpty", "posix_spawn")
_SLOW_THINGS = (Sandbox, subprocess, multiprocessing, pty, *(getattr(os, name) for name in _STARTERS))
_SLOW_WORDS = ("--sandbox", "sandbox")
"""As words of a command line or names of arguments they start a sandbox; in any other text they mean nothing."""
_OURS = ("tests.", "agentops_test_", "conftest")


class Slowness:
    """Judges tests; what was found out of one function holds for all tests that lead to it."""

    def __init__(self) -> None:
        self._known: dict[types.CodeType, bool] = {}

    def is_slow(self, item: pytest.Item) -> bool:
        """Return whether a test is slow by nature."""
        if not isinstance(item, pytest.Function):
            return False
        arguments = item.callspec.params.values() if hasattr(item, "callspec") else ()
        return any(_says_so(one) for one in arguments) or any(map(self._leads_there, _functions(item)))

    def _leads_there(self, function: types.FunctionType) -> bool:
        code = function.__code__
        if code not in self._known:
            self._known[code] = False  # while it is being looked at: functions may call one another
            self._known[code] = any(self._is_slow_thing(one) for one in _mentioned(code, function.__globals__))
        return self._known[code]

    def _is_slow_thing(self, thing: Any) -> bool:
        if isinstance(thing, str | tuple):
            return _says_so(thing)
        if any(thing is one for one in _SLOW_THINGS):
            return True
        if not str(getattr(thing, "__module__", "")).startswith(_OURS):
            return False
        if isinstance(thing, types.FunctionType):
            return self._leads_there(thing)
        if isinstance(thing, type):
            methods = [one.fget if isinstance(one, property) else one for one in vars(thing).values()]
            return any(self._leads_there(one) for one in methods if isinstance(one, types.FunctionType))
        return False


def _says_so(value: Any) -> bool:
    """Return whether a constant is a word that starts a sandbox, or the name of an argument that does."""
    if isinstance(value, str):
        return value == "--sandbox" or value.startswith("--sandbox=")
    return isinstance(value, tuple) and any(one in _SLOW_WORDS or _says_so(one) for one in value)


def _functions(item: pytest.Function) -> Iterator[types.FunctionType]:
    """Yield the test's own function and those of its fixtures; of fixtures of one name those that are used."""
    if isinstance(item.function, types.FunctionType):
        yield item.function
    for name in item.fixturenames:
        for one in reversed(item._fixtureinfo.name2fixturedefs.get(name, ())):
            if isinstance(one.func, types.FunctionType):
                yield one.func
            if name not in one.argnames:
                break


def _mentioned(code: types.CodeType, names: dict[str, Any]) -> Iterator[Any]:
    """Yield what a function's code refers to: globals by its names, and its constants; nested functions included."""
    for name in code.co_names:
        if name in names:
            yield names[name]
        elif name in _STARTERS:
            yield getattr(os, name)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _mentioned(constant, names)
        else:
            yield constant

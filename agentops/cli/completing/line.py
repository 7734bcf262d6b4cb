"""Reads an unfinished command line: which word is being written, and what may stand there.

Comes in: the table of the command tree (``table.json``, from ``scripts/generate.py``), and the words up to the cursor.
Goes out: the kinds of names that fit, the part of the word that is settled (``--sandbox=``), and what the line says
already. Pure; it imports nothing of weight, for it runs at each TAB.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


class Slot:
    """What may stand where the cursor is. No dataclass: that import alone would take a third of the time of a TAB.

    Arguments:
        kinds: kinds of names, or ``files`` and ``folders``.
        names: names that are known from the table alone, each with its help.
        begun: the part of the value that is written.
        settled: what stands before it in the same word.
        said: values of options by name without dashes; a bare flag has an empty one.
        arguments: the arguments before.
    """

    __slots__ = ("arguments", "begun", "kinds", "names", "said", "settled")

    def __init__(
        self,
        *,
        kinds: tuple[str, ...] = (),
        names: Mapping[str, str] | None = None,
        begun: str = "",
        settled: str = "",
        said: Mapping[str, str] | None = None,
        arguments: tuple[str, ...] = (),
    ) -> None:
        self.kinds = kinds
        self.names = names or {}
        self.begun = begun
        self.settled = settled
        self.said = said or {}
        self.arguments = arguments


def slot_at(table: Mapping[str, Any], words: Sequence[str]) -> Slot:
    """Return what may stand in place of the last of ``words``; those before it are finished."""
    if len(words) > 1 and words[0] == "help":
        words = words[1:]
    line = _Line(table)
    for word in words[:-1]:
        line.read(word)
    return line.slot(words[-1] if words else "")


class _Line:
    """The words up to the cursor, read one by one."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._table = table
        self._command: Mapping[str, Any] = table["commands"][""]
        self._path = ""
        self._said: dict[str, str] = {}
        self._arguments: list[str] = []
        self._waiting: Mapping[str, Any] | None = None
        self._only_arguments = False
        self._is_unknown = False

    def read(self, word: str) -> None:
        """Take in a finished word."""
        option, self._waiting = self._waiting, None
        if option is not None and self._takes(option, word):
            self._said[_key(option)] = word
        elif word == "--" and not self._only_arguments:
            self._only_arguments = True
        elif word.startswith("-") and len(word) > 1 and not self._only_arguments:
            self._read_option(word)
        elif word in (children := self._command["commands"]):
            self._path = f"{self._path} {word}".strip()
            self._command = self._table["commands"][self._path]
        elif children:
            self._is_unknown = True
        else:
            self._arguments.append(word)

    def _takes(self, option: Mapping[str, Any], word: str) -> bool:
        """Return whether ``word`` is the option's value; --sandbox may stand alone, or before a scenario's name."""
        return not option["bare"] or word in self._table["names"]["scenarios"]

    def _read_option(self, word: str) -> None:
        name, equals, value = word.partition("=")
        option = self._option(name)
        if option is None:
            return
        self._said[_key(option)] = value
        if option["kinds"] and not equals:
            self._waiting = option

    def _option(self, name: str) -> Mapping[str, Any] | None:
        # The shared options may stand before the command.
        among = (*self._command["options"], *(self._table["shared"] if not self._path else ()))
        return next((one for one in among if name in one["names"]), None)

    def slot(self, word: str) -> Slot:
        """Return what may stand where ``word`` is being written."""
        if self._is_unknown:
            return Slot()
        if self._waiting is not None:
            found = self._values(self._waiting["kinds"], word, "")
            return found if not self._waiting["bare"] or word in found.names else self._with_bare(found, word)
        if word.startswith("-") and not self._only_arguments:
            name, equals, value = word.partition("=")
            option = self._option(name) if equals else None
            if option is not None:
                return self._values(option["kinds"], value, f"{name}=")
            return Slot(names={} if equals else self._free_options(short=word == "-"), begun=word)
        return self._argument(word)

    def _with_bare(self, found: Slot, word: str) -> Slot:
        """Return the slot behind an option that may stand alone: its value, or what would stand there without it."""
        self._waiting = None
        other = self.slot(word)
        return Slot(
            kinds=(*found.kinds, *other.kinds),
            names={**found.names, **other.names},
            begun=other.begun,
            said=self._said,
            arguments=tuple(self._arguments),
        )

    def _argument(self, word: str) -> Slot:
        if children := self._command["commands"]:
            return Slot(names=children, begun=word)
        arguments = self._command["arguments"]
        place = len(self._arguments)
        if place < len(arguments):
            return self._values(arguments[place]["kinds"], word, "")
        if arguments and arguments[-1]["many"]:
            return self._values(arguments[-1]["kinds"], word, "")
        return Slot(names=self._free_options(short=False), begun=word)

    def _free_options(self, *, short: bool) -> dict[str, str]:
        """Return the options that are not on the line yet, and those that may be repeated."""
        return {
            name: option["help"]
            for option in self._command["options"]
            if option["many"] or _key(option) not in self._said
            for name in option["names"]
            if short or name.startswith("--")
        }

    def _values(self, kinds: Sequence[str], word: str, settled: str) -> Slot:
        names: dict[str, str] = {}
        for kind in kinds:
            names |= self._table["names"].get(kind, {})
        return Slot(
            kinds=tuple(kind for kind in kinds if kind not in self._table["names"]),
            names=names,
            begun=word,
            settled=settled,
            said=self._said,
            arguments=tuple(self._arguments),
        )


def _key(option: Mapping[str, Any]) -> str:
    name: str = option["names"][0]
    return name.lstrip("-")

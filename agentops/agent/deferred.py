"""``tool_search`` and ``tool_read``: how a model gets at tools whose declarations it is not handed.

Servers that a person connected bring hundreds of tools, half a megabyte of declarations; the first request has a
budget. So their declarations stay here: a few that share words with the incident are named in one line each, the others
are found by a search, and one tool calls those that read. What a server says of its own tools is untrusted: it stands
in a search's result only, which is fenced like any other reading. Nothing here changes anything.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agentops.agent.draft_tools import DRAFT
from agentops.agent.signature import signature
from agentops.core.errors import ToolInputError
from agentops.core.evidence import Reading
from agentops.core.jsonable import to_json
from agentops.core.suggestions import LOOSE, closest
from agentops.core.text import clip, one_line, plural
from agentops.core.tool import Effect, ToolCall, ToolSpec

TOOL_SEARCH = "tool_search"
TOOL_READ = "tool_read"
SELECTED = 8
"""How many tools are named in the first request."""
MOST_FOUND = 8
_LINE_CHARS = 180
_SELECTED_CHARS = 1_200
_SERVERS_CHARS = 160
_SCHEMA_CHARS = 1_500
_SAID_CHARS = 400
_WORD = re.compile(r"[a-z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# How much a word of a query weighs in a tool's name, in what we say of it, and in what its server says.
_WEIGHTS = (4.0, 2.0, 1.0)
# Words of every alert and every tool tell nothing.
_DULL_WORDS = (
    "a an and are at be by for from get in is it list my no not of on or our show that the to was we what when which "
    "why with"
)
_DULL = frozenset(_DULL_WORDS.split())

_SEARCH_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"words": {"type": "string", "minLength": 1, "maxLength": 300}},
    "required": ["words"],
    "additionalProperties": False,
}
_READ_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"tool": {"type": "string", "minLength": 1}, "arguments": {"type": "object"}},
    "required": ["tool"],
    "additionalProperties": False,
}


class Deferred:
    """The tools of one run that are found and not handed over.

    Arguments:
        reads: the deferred read tools' declarations.
        changes: those of the deferred change tools that may be drafted.
        about: the words of the incident or the request; what shares some with them is named from the start.
    """

    def __init__(self, reads: Sequence[ToolSpec], changes: Sequence[ToolSpec], about: str) -> None:
        self._specs = {spec.name: spec for spec in (*reads, *changes)}
        self._index = _Index(tuple(self._specs.values()))
        self.specs = tuple(self._declared(about)) if self._specs else ()

    def unwrapped(self, call: ToolCall) -> ToolCall:
        """Return the call that a ``tool_read`` makes, under that tool's own name; any other call as it is.

        Raises:
            ToolInputError: there is no such tool, or it changes something.
        """
        if call.name != TOOL_READ or not self._specs:
            return call
        named, given = call.arguments.get("tool"), call.arguments.get("arguments", {})
        if not isinstance(named, str) or not isinstance(given, Mapping | None):
            raise ToolInputError(f"{TOOL_READ} takes `tool`, a name, and `arguments`, an object")
        spec = self._specs.get(named)
        if spec is None:
            near = closest(named, self._specs, count=3, cutoff=LOOSE)
            known = f"Did you mean {' or '.join(near)}?" if near else f"Find it: {TOOL_SEARCH}."
            raise ToolInputError(f"there is no further tool {one_line(named, 80)!r}. {known}")
        if spec.effect is not Effect.READ:
            raise ToolInputError(
                f"{named} changes something, so it is not called: {DRAFT} drafts it, where that is offered"
            )
        return ToolCall(id=call.id, name=named, arguments=given or {})

    def form(self, name: str) -> str:
        """Return the schema of a deferred tool's arguments, for the answer to a wrong call; empty for other tools."""
        spec = self._specs.get(name)
        return f" The JSON Schema of its `arguments`: {_schema(spec)}" if spec is not None else ""

    def search(self, words: str) -> Reading:
        """Return the tools that fit some words best."""
        found = self._index.best(words, MOST_FOUND)
        shown = "\n\n".join("\n".join(_told(spec)) for spec in found)
        return Reading(
            body=shown or "(no tool fits these words)",
            summary=f"{plural(len(found), 'tool')} of {len(self._specs)} for {one_line(words, 60)!r}",
            footer="" if found else "Other words may find one: what it lists, the system it belongs to.",
        )

    def _declared(self, about: str) -> Iterator[ToolSpec]:
        servers = sorted({name.partition("__")[0] for name in self._specs})
        yield ToolSpec(
            name=TOOL_SEARCH,
            description=(
                f"Find further tools by words: {len(self._specs)} of {plural(len(servers), 'connected server')} "
                f"({one_line(', '.join(servers), _SERVERS_CHARS)})."
            ),
            schema=_SEARCH_SCHEMA,
        )
        likely = list(self._likely(about))
        named = (
            "\n".join(["Those that may matter here (?: may be left out; no type: text):", *likely]) if likely else ""
        )
        yield ToolSpec(
            name=TOOL_READ,
            description=f"Call a further tool that reads. {named}".rstrip(),
            schema=_READ_SCHEMA,
        )

    def _likely(self, about: str) -> Iterator[str]:
        room = _SELECTED_CHARS
        for spec in self._index.best(about, SELECTED * 2):
            if spec.effect is not Effect.READ:
                continue
            line = one_line(f"{spec.name} {signature(spec.schema)}: {spec.description}", _LINE_CHARS)
            room -= len(line) + 1
            if room < 0:
                return
            yield line


@dataclass(frozen=True, slots=True)
class ToolSearch:
    """The read tool ``tool_search``."""

    deferred: Deferred

    @property
    def spec(self) -> ToolSpec:
        """Its declaration."""
        return self.deferred.specs[0]

    def read(self, arguments: Mapping[str, Any]) -> Reading:
        """Return the tools that fit the words best."""
        return self.deferred.search(str(arguments["words"]))


class _Index:
    """Finds declarations by words: each counts by how few tools have it, and by where it stands."""

    def __init__(self, specs: Sequence[ToolSpec]) -> None:
        self._specs = specs
        self._words = [_words_of(spec) for spec in specs]
        self._lengths = [len(tuple(_tokens(spec.name))) for spec in specs]
        self._known = Counter(word for words in self._words for word in words)

    def best(self, query: str, most: int) -> list[ToolSpec]:
        """Return the declarations that fit best, the best first; of equals those with the shortest names first.

        ``list_incidents`` is what is meant by "incidents" sooner than ``get_alert_from_incident``.
        """
        wanted = set(_tokens(query)) - _DULL
        scores = [sum(words[word] * self._weight(word) for word in wanted & words.keys()) for words in self._words]
        order = sorted((-score, self._lengths[index], index) for index, score in enumerate(scores) if score > 0)
        return [self._specs[index] for _, _, index in order[:most]]

    def _weight(self, word: str) -> float:
        return math.log(1 + len(self._specs) / self._known[word])


def _words_of(spec: ToolSpec) -> dict[str, float]:
    found: dict[str, float] = {}
    texts = (
        spec.name,
        f"{spec.description} {' '.join(spec.schema.get('properties', {}))}",
        clip(spec.foreign, _SAID_CHARS),
    )
    for text, weight in zip(texts, _WEIGHTS, strict=True):
        for word in _tokens(text):
            found[word] = max(found.get(word, 0.0), weight)
    return found


def _tokens(text: str) -> Iterator[str]:
    for word in _WORD.findall(_CAMEL.sub(" ", text[:20_000]).lower()):
        if len(word) > 1:
            yield word.removesuffix("s") if len(word) > 3 else word


def _told(spec: ToolSpec) -> Iterator[str]:
    if spec.effect is Effect.READ:
        yield f"{spec.name} (reads; call it with {TOOL_READ}): {spec.description}"
    else:
        where = f", target {spec.target}" if spec.target else ""
        yield f"{spec.name} (changes, risk {spec.risk.value}; draft it with {DRAFT}{where}): {spec.description}"
    yield f"arguments: {_schema(spec)}"
    if spec.foreign:
        yield one_line(spec.foreign, _SAID_CHARS)


def _schema(spec: ToolSpec) -> str:
    return clip(json.dumps(to_json(spec.schema), separators=(",", ":"), ensure_ascii=False), _SCHEMA_CHARS)

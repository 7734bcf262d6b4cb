"""``ForeignTool`` and ``ForeignResult``: what a server says of a tool, and what a call gave. Both are untrusted.

Nothing here believes a word of it: an annotation is a hint that may only make agentops stricter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agentops.core.digest import digest


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignTool:
    """One entry of ``tools/list``, decoded and nothing more; ``annotations`` by their names on the wire."""

    name: str
    title: str = ""
    description: str = ""
    input_schema: Mapping[str, Any] = field(default_factory=dict)
    output_schema: Mapping[str, Any] | None = None
    annotations: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fields(self) -> Mapping[str, Any]:
        """What a pin covers, by name."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "inputSchema": self.input_schema,
            "outputSchema": self.output_schema,
            "annotations": self.annotations,
        }

    @property
    def fingerprint(self) -> str:
        """The digest over ``fields``; the order of keys is no difference."""
        return digest(self.fields)

    @property
    def says_it_changes(self) -> bool:
        """Whether its own hints call it a change; they are believed in that alone."""
        return self.annotations.get("readOnlyHint") is False or self.annotations.get("destructiveHint") is True

    @property
    def schema(self) -> str:
        """The digest of its input schema alone: what a classification is of."""
        return digest(self.input_schema)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One piece of a result. ``kind``: ``text``, ``image``, ``audio``, ``resource``, ``link`` or ``unknown``.

    ``text`` is what can be read of it; of bytes there is ``mime``, ``size`` in bytes and ``sha256``, never the bytes.
    """

    kind: str
    text: str = ""
    mime: str = ""
    uri: str = ""
    size: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignResult:
    """What a call gave. ``is_error``: the server says that it failed. ``cut``: bytes that the cap left out."""

    parts: tuple[Part, ...] = ()
    structured: Mapping[str, Any] | None = None
    is_error: bool = False
    cut: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """What a server says of itself when it is first spoken to: its own name and version, and the protocol's date."""

    name: str = ""
    version: str = ""
    protocol: str = ""
    instructions: str = ""

"""``Reading`` and ``Evidence``: what a read tool returns, and what is kept and cited.

A tool returns a ``Reading``. One place (``agent/toolbox.py``) turns it into ``Evidence``: redacted, stored by digest,
cut to an excerpt, audited. No tool stores or shows anything by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from agentops.core.resource import ResourceRef

ALERT_EXPRESSION = "alert_expression"
"""The tool that the values of an alert's own expression are kept under; the first part of the body is a chart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one read brought back, before redaction: untrusted text, whole.

    Arguments:
        body: the full text (YAML, a table, log lines); may be megabytes.
        summary: one line that says what this is, with counts: ``3 of 41 pods in shop not ready``.
        footer: what was left out by the tool itself (filters, paging, server limits); empty when nothing was.
        resources: what was looked at.
    """

    body: str
    summary: str
    footer: str = ""
    resources: tuple[ResourceRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A reading that was redacted, stored and numbered; ``id`` (``E1``, ``E2`` ...) is what findings cite.

    ``digest`` names the stored redacted body. ``excerpt`` is at most the run's cap; ``truncated`` says it is not all.
    """

    id: str
    tool: str
    arguments: Mapping[str, Any]
    observed_at: datetime
    digest: str
    summary: str
    excerpt: str
    size_bytes: int
    truncated: bool = False
    footer: str = ""
    resources: tuple[ResourceRef, ...] = ()
    trusted: bool = field(default=False)


class Redactor(Protocol):
    """Removes secrets from text; the same object serves the model, the disk and the screen."""

    def text(self, text: str) -> str:
        """Return ``text`` with every recognised secret replaced by a marker that names its kind."""
        ...

    def value(self, value: Any) -> Any:
        """Return a JSON value with secrets replaced, keys included in the judgement (``password: ...``)."""
        ...


class EvidenceStore(Protocol):
    """Where evidence lives for one incident."""

    def add(self, reading: Reading, *, tool: str, arguments: Mapping[str, Any], excerpt_chars: int) -> Evidence:
        """Store the reading's (already redacted) body by digest, number it, and return it.

        Raises:
            StoreError: it could not be written.
        """
        ...

    def body(self, evidence_id: str) -> str:
        """Return the whole stored body.

        Raises:
            NotFound: no evidence of that id.
        """
        ...

    def all(self) -> tuple[Evidence, ...]:
        """Return all evidence of the incident in order of its number."""
        ...

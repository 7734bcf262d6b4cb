"""``Classification``: what a person has found out about one tool of one server. What has none is the worst.

Reviewed classifications ship as data (``reviewed/``), keyed by who the server is and by its tool's schema; a person's
own settings may add to them. A server's annotations never make a classification milder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from agentops.core.alert import Severity
from agentops.core.risk import Risk
from agentops.core.tool import Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """Another tool of the same server, and its arguments: literals, or ``{argument}`` of the call it belongs to.

    ``fields`` are what of its answer counts, as paths (``spec.replicas``); empty means all of it.
    """

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemRule:
    """When a row of a swept read's answer is a problem. It explains nothing by itself: it is a symptom.

    Arguments:
        rows: the path of the list of rows in the answer (``response``); empty where the answer is the list.
        when: fields by their paths, and the values of which each must have one.
        condition: CamelCase.
        name: what is unwell: ``incident {id}``; placeholders are fields of the row.
        summary: one sentence, with placeholders.
        facts: the fields that are quoted.
    """

    rows: str
    when: Mapping[str, tuple[Any, ...]]
    condition: str
    name: str
    summary: str
    severity: Severity = Severity.WARNING
    facts: tuple[str, ...] = ()


RULE_KEYS = tuple(one.name for one in fields(ProblemRule))
"""What a file may say of a rule."""
CONDITION = re.compile(r"[A-Z][A-Za-z0-9]{2,60}")
"""What a rule's condition may be called: CamelCase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """What one tool does.

    Arguments:
        effect, risk: unknown is CHANGE and CRITICAL.
        facets: what policy is told of a call: ``namespace``, ``database``, ``repository``, ``channel`` to the argument
            that holds it.
        inverse: what undoes a call of it; None means that nothing does.
        reads_back: the read that shows whether a call took effect; None means that nothing does.
        sweep: the read belongs into the first look: its arguments, with ``{namespace}``, ``{name}`` and the like of
            what the alert is about; None means that it does not.
        problems: what of a swept read's answer is a problem, for triage.
        cures: a call may be part of a fix; else only a person's own request asks for it.
        forms: of a read, what an argument's text must be for it to be one: ``{"sql": "sql-read"}``; see
            ``reviewed/forms.py``.
        says: what the tool does, in our words; they stand where a model must not be handed the server's.
        schema: the digest of the input schema that was reviewed; another schema is not classified by this.
    """

    effect: Effect = Effect.CHANGE
    risk: Risk = Risk.CRITICAL
    facets: Mapping[str, str] = field(default_factory=dict)
    inverse: ToolUse | None = None
    reads_back: ToolUse | None = None
    sweep: Mapping[str, Any] | None = None
    problems: tuple[ProblemRule, ...] = ()
    cures: bool = False
    forms: Mapping[str, str] = field(default_factory=dict)
    says: str = ""
    schema: str = ""
    why: str = ""


UNCLASSIFIED = Classification(why="nobody has classified it")
"""A change, critical, without a way back."""
SECRET_IN_SCHEMA = Classification(why="its input schema holds what looks like a secret, so nothing said of it counts")
"""A pin keeps no secret, so a call could not be checked against the schema that was classified."""

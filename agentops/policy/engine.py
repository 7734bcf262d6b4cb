"""The Cedar engine behind two small protocols: the only module that imports ``cedarpy``, and only when it is used.

Comes in: policy and schema text, requests as plain data. Goes out: policies as Cedar's own JSON, findings of the
validator, verdicts. What the library raises is wrapped here; a missing library is an error, never an absent check.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from agentops.core.errors import ConfigError
from agentops.core.text import one_line

Json = dict[str, Any]
_NUMBERED = re.compile(r"`(policy\d+)`")


class EngineError(ValueError):
    """The engine does not understand a text; the message is its own."""


@dataclass(frozen=True, slots=True)
class EngineAnswer:
    """What the engine says: ``decision`` is ``Allow``, ``Deny`` or ``NoDecision``, in the engine's own words."""

    decision: str
    reasons: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


class Judge(Protocol):
    """A compiled policy set."""

    def decide(self, request: Json, resource: Json) -> EngineAnswer:
        """Evaluate one request on one resource, both validated against the schema."""
        ...


class Engine(Protocol):
    """What loading a policy needs of a policy engine."""

    def parse(self, text: str) -> Json:
        """Return the policies of ``text`` as Cedar's JSON: ``staticPolicies`` by position, ``templates``.

        Raises:
            EngineError: it is not Cedar.
        """
        ...

    def problems(self, text: str, schema: str) -> Sequence[tuple[str, str]]:
        """Return (position, complaint) for everything in ``text`` that does not fit ``schema``.

        Raises:
            EngineError: the schema itself cannot be read.
        """
        ...

    def compile(self, text: str, ids: Sequence[str], schema: str) -> Judge:
        """Return a judge of the policies of ``text``, whose ``@id`` annotations are ``ids``, in order.

        Raises:
            EngineError: they cannot be compiled.
        """
        ...

    def probe(self, policies: Mapping[str, Mapping[str, Any]], schema: str) -> Judge:
        """Return a judge of policies given as Cedar's JSON, by id. For explanations: it decides nothing.

        Raises:
            EngineError: they cannot be compiled.
        """
        ...

    def schema_text(self, schema: str) -> str:
        """Return a schema in Cedar's own form, for people.

        Raises:
            EngineError: it cannot be read.
        """
        ...


def find_cedar() -> Any:
    """Return the ``cedarpy`` module.

    Raises:
        ConfigError: it is not installed for this platform.
    """
    try:
        import cedarpy
    except ImportError as error:
        raise ConfigError(
            f"the policy engine cannot be loaded: {one_line(str(error))}",
            hint="Install cedarpy for this platform; without it every change is refused.",
            code="no-policy-engine",
        ) from error
    return cedarpy


class Cedar:
    """``Engine`` over cedarpy.

    Arguments:
        find: returns the module; called once, when the engine is first used.
    """

    def __init__(self, find: Callable[[], Any] = find_cedar) -> None:
        self._find = find
        self._module: Any = None
        self._schemas: dict[str, Any] = {}

    def parse(self, text: str) -> Json:
        """See ``Engine``."""
        try:
            found: Json = json.loads(self._cedar().policies_to_json_str(text))
        except (ValueError, TypeError) as error:
            raise EngineError(one_line(str(error), 400)) from error
        return found

    def problems(self, text: str, schema: str) -> Sequence[tuple[str, str]]:
        """See ``Engine``."""
        handle = self._schema(schema)
        return [(error.policy_id, error.error) for error in self._cedar().validate_policies(text, handle).errors]

    def compile(self, text: str, ids: Sequence[str], schema: str) -> Judge:
        """See ``Engine``."""
        cedar, handle = self._cedar(), self._schema(schema)
        try:
            compiled = cedar.PolicySet.from_str(text)
        except (ValueError, TypeError) as error:
            raise EngineError(one_line(str(error), 400)) from error
        if len(compiled) != len(ids):
            raise EngineError(f"{len(ids)} policies were read, {len(compiled)} compiled")
        return _CedarJudge(cedar, compiled, handle, ids)

    def probe(self, policies: Mapping[str, Mapping[str, Any]], schema: str) -> Judge:
        """See ``Engine``."""
        cedar, handle = self._cedar(), self._schema(schema)
        document = {"templates": {}, "templateLinks": [], "staticPolicies": dict(policies)}
        try:
            compiled = cedar.PolicySet.from_json_str(json.dumps(document))
        except (ValueError, TypeError) as error:
            raise EngineError(one_line(str(error), 400)) from error
        return _CedarJudge(cedar, compiled, handle, ())

    def schema_text(self, schema: str) -> str:
        """See ``Engine``."""
        return str(self._schema(schema)).replace("__cedar::", "")

    def _cedar(self) -> Any:
        if self._module is None:
            self._module = self._find()
        return self._module

    def _schema(self, text: str) -> Any:
        """Return the parsed schema; parsing costs more than a hundred decisions."""
        if text not in self._schemas:
            try:
                self._schemas[text] = self._cedar().Schema.from_json_str(text)
            except (ValueError, TypeError) as error:
                raise EngineError(one_line(str(error), 400)) from error
        return self._schemas[text]


class _CedarJudge:
    """``Judge`` over handles that are parsed once; ``ids`` name the policies that Cedar numbers (``policy3``)."""

    def __init__(self, cedar: Any, policies: Any, schema: Any, ids: Sequence[str]) -> None:
        self._cedar = cedar
        self._policies = policies
        self._schema = schema
        self._ids = {f"policy{number}": name for number, name in enumerate(ids)}

    def decide(self, request: Json, resource: Json) -> EngineAnswer:
        """See ``Judge``."""
        answer = self._cedar.is_authorized(request, self._policies, [resource], self._schema)
        told = answer.diagnostics
        # The annotation is read from the answer itself, not from the order of the texts.
        named = told.id_annotations_by_reason
        reasons = tuple(sorted(named.get(reason, reason) for reason in told.reasons))
        return EngineAnswer(
            answer.decision.value, reasons, tuple(_NUMBERED.sub(self._name, text) for text in told.errors)
        )

    def _name(self, found: re.Match[str]) -> str:
        return f"`{self._ids.get(found[1], found[1])}`"

"""The Cedar engine behind two small protocols. The only module that may import ``cedarpy``, and only when it is used.

Comes in: policy and schema text, requests as plain data. Goes out: policies as Cedar's own JSON, findings of the
validator, verdicts. What the library raises is wrapped here; a missing library is an error, never an absent check.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from agentops.core.errors import ConfigError
from agentops.core.text import one_line

Json = dict[str, Any]


class EngineError(ValueError):
    """The engine does not understand a text; the message is its own."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the engine says: ``decision`` is ``Allow``, ``Deny`` or ``NoDecision``, in the engine's own words."""

    decision: str
    reasons: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


class Judge(Protocol):
    """A compiled policy set."""

    def decide(self, request: Json, entities: Sequence[Json]) -> Verdict:
        """Evaluate one request; request and entities are validated against the schema."""
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

    def compile(self, policies: Mapping[str, Json], schema: str) -> Judge:
        """Return a judge of ``policies`` by id.

        Raises:
            EngineError: they cannot be compiled.
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

    def compile(self, policies: Mapping[str, Json], schema: str) -> Judge:
        """See ``Engine``."""
        cedar, handle = self._cedar(), self._schema(schema)
        document = {"templates": {}, "templateLinks": [], "staticPolicies": dict(policies)}
        try:
            compiled = cedar.PolicySet.from_json_str(json.dumps(document))
        except (ValueError, TypeError) as error:
            raise EngineError(one_line(str(error), 400)) from error
        return _CedarJudge(cedar, compiled, handle)

    def _cedar(self) -> Any:
        if self._module is None:
            self._module = self._find()
        return self._module

    def _schema(self, text: str) -> Any:
        """Return the parsed schema; parsing costs more than a hundred decisions."""
        if text not in self._schemas:
            try:
                self._schemas[text] = self._cedar().Schema.from_str(text)
            except (ValueError, TypeError) as error:
                raise EngineError(one_line(str(error), 400)) from error
        return self._schemas[text]


class _CedarJudge:
    """``Judge`` over handles that are parsed once."""

    def __init__(self, cedar: Any, policies: Any, schema: Any) -> None:
        self._cedar = cedar
        self._policies = policies
        self._schema = schema

    def decide(self, request: Json, entities: Sequence[Json]) -> Verdict:
        """See ``Judge``."""
        answer = self._cedar.is_authorized(request, self._policies, list(entities), self._schema)
        told = answer.diagnostics
        return Verdict(answer.decision.value, tuple(sorted(told.reasons)), tuple(map(str, told.errors)))

"""The engine behind its port: missing, failing, contradicting itself; each of them is a no."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from agentops.core.errors import ConfigError
from agentops.core.policy import PolicyRequest, Principal
from agentops.policy import CedarPolicy, UnavailablePolicy, load_policy, policy_or_refusal
from agentops.policy.engine import Cedar, EngineAnswer, EngineError, Judge, find_cedar
from tests.support.policies import TOOLS, layer, limits

Ask = Callable[..., PolicyRequest]


class Odd(Cedar):
    """Cedar, but for its verdicts, its findings, or what it compiles."""

    def __init__(self, verdict: Any = None, *, problems: Any = None, compiles: Any = None) -> None:
        super().__init__()
        self._verdict = verdict
        self._problems = problems
        self._compiles = compiles

    def problems(self, text: str, schema: str) -> Sequence[tuple[str, str]]:
        """Find what the test says."""
        if isinstance(self._problems, Exception):
            raise self._problems
        return self._problems or super().problems(text, schema)

    def compile(self, text: str, ids: Sequence[str], schema: str) -> Judge:
        """Return a judge that says what the test says."""
        if self._compiles is not None:
            raise self._compiles
        return SimpleNamespace(decide=self._decide)

    def _decide(self, request: Any, resource: Any) -> EngineAnswer:
        if isinstance(self._verdict, BaseException):
            raise self._verdict
        assert isinstance(self._verdict, EngineAnswer)
        return self._verdict


def _missing() -> Any:
    raise ConfigError("the policy engine cannot be loaded", code="no-policy-engine")


def _policy(verdict: Any) -> CedarPolicy:
    return load_policy([], tools=TOOLS, settings=limits(), engine=Odd(verdict))


def test_without_the_engine_nothing_is_loaded_and_every_change_is_refused(ask: Ask) -> None:
    """A missing library is an error at load; whoever goes on without a policy gets refusals."""
    policy = policy_or_refusal([], tools=TOOLS, settings=limits(), engine=Cedar(_missing))
    assert isinstance(policy, UnavailablePolicy)
    change, read = policy.decide(ask()), policy.decide(replace(ask(), groups=("read",)))
    assert (policy.error.code, change.allowed, read.allowed) == ("no-policy-engine", False, True)


def test_a_platform_without_a_wheel_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The import's failure becomes an error that says what to do."""
    monkeypatch.setitem(__import__("sys").modules, "cedarpy", None)
    with pytest.raises(ConfigError) as caught:
        find_cedar()
    assert (caught.value.code, "Install cedarpy" in caught.value.hint) == ("no-policy-engine", True)


@pytest.mark.parametrize(
    "error", [ValueError("x"), RuntimeError("x"), TypeError("x"), KeyError("x"), MemoryError("x"), OSError("x")]
)
def test_an_engine_that_raises_is_a_no(error: Exception, ask: Ask) -> None:
    """Whatever it raises: denied, and the ruling says what happened."""
    ruling = _policy(error).decide(ask())
    found = (ruling.allowed, ruling.policies, ruling.errors)
    assert found == (False, (), (f"{type(error).__name__}: {error}",))


def test_what_stops_the_program_is_not_taken_for_an_answer(ask: Ask) -> None:
    """Ctrl-C in the middle of a decision is Ctrl-C."""
    with pytest.raises(KeyboardInterrupt):
        _policy(KeyboardInterrupt()).decide(ask())


@pytest.mark.parametrize(
    ("verdict", "errors"),
    [
        (EngineAnswer("NoDecision"), ("the answer is NoDecision",)),
        (EngineAnswer("NoDecision", errors=("bad request",)), ("bad request",)),
        (EngineAnswer("Allow"), ("the answer is Allow",)),
        (EngineAnswer("Allow", ("change",), ("a forbid failed",)), ("a forbid failed",)),
        (EngineAnswer("Allow", ("nobody-knows",)), ("the answer is Allow",)),
        (EngineAnswer("Allow", ("change", "freeze")), ("the answer is Allow",)),
        (EngineAnswer("Perhaps", ("change",)), ("the answer is Perhaps",)),
    ],
)
def test_only_an_allow_for_known_permits_without_an_error_allows(
    verdict: EngineAnswer, errors: tuple[str, ...], ask: Ask
) -> None:
    """NoDecision, no reasons, an error beside an allow, a reason that is no permit of ours: all of them a no."""
    ruling = _policy(verdict).decide(ask())
    assert (ruling.allowed, ruling.errors) == (False, errors)


def test_an_allow_for_a_known_permit_allows(ask: Ask) -> None:
    """The same seam lets a good answer through, so the tests above test something."""
    assert _policy(EngineAnswer("Allow", ("change",))).decide(ask()).allowed


def test_a_request_without_a_json_form_is_denied(policy: CedarPolicy, ask: Ask) -> None:
    """It cannot be recorded either; the ruling holds no request then."""
    ruling = policy.decide(ask(risk=object()))
    assert (ruling.allowed, ruling.request, bool(ruling.errors)) == (False, {}, True)


def test_a_ruling_names_the_policy_that_gave_it(policy: CedarPolicy, ask: Ask) -> None:
    """Allow, deny and error alike carry the digest."""
    asked = (ask(), ask(frozen=True), ask(affectedPct="x"), ask(who=Principal(kind="robot", name="x")))
    assert {policy.decide(request).policy_digest for request in asked} == {policy.digest}


def test_complaints_about_no_rule_of_ours_are_an_error() -> None:
    """A finding of the validator that cannot be placed is not swallowed."""
    with pytest.raises(ConfigError, match="does not fit its schema"):
        load_policy([], tools=TOOLS, settings=limits(), engine=Odd(problems=[("policy99", "strange")]))


def test_a_schema_that_cannot_be_read_is_an_error() -> None:
    """The engine's trouble with our own schema stops loading."""
    with pytest.raises(ConfigError, match="schema of the policy cannot be read: broken"):
        load_policy([], tools=TOOLS, settings=limits(), engine=Odd(problems=EngineError("broken")))


def test_what_does_not_compile_is_an_error() -> None:
    """Parsed but not compiled is not loaded."""
    with pytest.raises(ConfigError, match="cannot be compiled: broken"):
        load_policy([], tools=TOOLS, settings=limits(), engine=Odd(compiles=EngineError("broken")))


def test_cedar_wraps_what_it_does_not_understand() -> None:
    """Policies, schemas, compiled counts: each failure is an EngineError with the engine's own words."""
    cedar, schema = Cedar(), '{"Ops": {"entityTypes": {}, "actions": {}}}'
    text = '@id("a") permit (principal, action, resource);'
    tries: list[Callable[[], Any]] = [
        lambda: cedar.parse("nonsense"),
        lambda: cedar.problems(text, "nonsense"),
        lambda: cedar.compile("nonsense", (), schema),
        lambda: cedar.compile(text, ("a", "b"), schema),
        lambda: cedar.probe({"a": {"effect": "maybe"}}, schema),
        lambda: cedar.schema_text("nonsense"),
    ]
    failed = 0
    for attempt in tries:
        with pytest.raises(EngineError):
            attempt()
        failed += 1
    assert failed == len(tries)


def test_errors_name_policies_by_their_own_ids(ask: Ask) -> None:
    """Cedar numbers policies; a person reads the names in the file."""
    text = """
        @id("first") forbid (principal, action in Ops::Action::"mutate", resource)
        when { context has objects && context.objects + 9223372036854775807 > 0 };
    """
    ruling = load_policy([layer(text)], tools=TOOLS, settings=limits()).decide(ask())
    said = " ".join(ruling.errors)
    assert ("`first`" in said, "policy7" in said) == (True, False)


def test_the_schema_can_be_read_by_people(policy: CedarPolicy) -> None:
    """Cedar's own form, without its internal names."""
    text = policy.schema_text()
    found = ('action "kubernetes_scale" in' in text, "affectedPct?: Long" in text, "__cedar" in text)
    assert found == (True, True, False)

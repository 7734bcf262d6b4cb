"""``CedarPolicy`` decides by a compiled policy set; ``UnavailablePolicy`` stands in where none could be loaded.

Comes in: one ``PolicyRequest``. Goes out: one ``PolicyDecision``. It allows only what the engine allowed without an
error and for a reason; everything else, an exception in the engine included, is a deny that says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from agentops.core.digest import digest
from agentops.core.errors import AgentopsError
from agentops.core.jsonable import to_json
from agentops.core.plan import Obligation, PolicyDecision
from agentops.core.policy import UNUSABLE, PolicyRequest, Principal
from agentops.core.text import one_line
from agentops.core.tool import ToolSpec
from agentops.policy.encoding import encode, principals_of
from agentops.policy.engine import EngineAnswer, Judge
from agentops.policy.explain import Account, Explainer, sentence
from agentops.policy.layers import PolicyLayer
from agentops.policy.obligations import strictest_demand
from agentops.policy.partial import Known, applies
from agentops.policy.rules import PolicyRule
from agentops.policy.settings import PolicySettings
from agentops.policy.vocabulary import READ, actions_of

Json = dict[str, Any]
_SCALARS = (bool, int, str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Everything that decides: what a digest is over, and what ``policy show`` prints."""

    layers: tuple[PolicyLayer, ...]
    rules: Mapping[str, PolicyRule]
    schema: str
    settings: PolicySettings

    @property
    def digest(self) -> str:
        """``sha256:`` over the texts of all layers, the schema and the settings; not over where files stand."""
        layers = [{"kind": layer.kind.value, "text": layer.text} for layer in self.layers]
        return digest({"layers": layers, "schema": self.schema, "settings": self.settings.document()})

    @property
    def owned(self) -> dict[str, Any]:
        """The facts that only the settings say."""
        limits = self.settings
        return {"maxPods": limits.max_pods, "maxPct": limits.max_percent, "readOnly": limits.read_only}


@dataclass(frozen=True, slots=True)
class _Heard:
    """One principal's request and the engine's answer to it."""

    asked: Json
    entity: Json
    verdict: EngineAnswer
    allowed: bool


class CedarPolicy:
    """Rules on requests; holds compiled handles, so that a decision takes a fraction of a millisecond."""

    def __init__(self, loaded: Loaded, judge: Judge, explainer: Explainer) -> None:
        self.loaded = loaded
        self._judge = judge
        self._explainer = explainer
        self._digest = loaded.digest
        self._owned = loaded.owned
        self._obligations: dict[tuple[str, ...], Obligation] = {}

    @property
    def digest(self) -> str:
        """See ``Policy``."""
        return self._digest

    def decide(self, request: PolicyRequest) -> PolicyDecision:
        """See ``Policy``."""
        try:
            return self._decided(request)
        except Exception as error:  # noqa: BLE001 - the port never raises: what cannot be evaluated is denied
            said = f"{type(error).__name__}: {one_line(str(error), 300)}"
            return denied(request, self._digest, "the policy engine failed, so the answer is no", (said,))

    def could_allow(self, spec: ToolSpec, principal: Principal, facts: Mapping[str, Any]) -> bool:
        """See ``Policy``."""
        (action,) = actions_of([spec])
        given = {**facts, **self._owned}
        return all(self._is_open(Known(principal=who, action=action, facts=given)) for who in principals_of(principal))

    def _is_open(self, known: Known) -> bool:
        """Return whether no forbid applies for certain, and some permit applies or may."""
        found = [(rule.permits, applies(rule.body, known)) for rule in self.loaded.rules.values()]
        return (False, True) not in found and any(permits and holds is not False for permits, holds in found)

    def explain(self, request: PolicyRequest) -> tuple[Account, ...]:
        """Return why the decision on ``request`` is what it is, for each principal that is asked about.

        Raises:
            ValueError: the request cannot be put to the engine.
        """
        heard = [self._hear(request, who) for who in principals_of(request.principal)]
        return tuple(self._explainer.account(one.asked, one.entity, one.verdict) for one in heard)

    def schema_text(self) -> str:
        """Return the schema in Cedar's own form, for people and editors."""
        return self._explainer.schema_text()

    def _decided(self, request: PolicyRequest) -> PolicyDecision:
        heard = [self._hear(request, who) for who in principals_of(request.principal)]
        refused = next((one for one in heard if not one.allowed), None)
        if refused is not None:
            return self._denied(request, refused)
        policies = tuple(dict.fromkeys(name for one in heard for name in one.verdict.reasons))
        obligation = self._obligation(policies)
        return PolicyDecision(
            allowed=True,
            policies=policies,
            why=f"permitted by {', '.join(policies)}; approval: {obligation.approval.value}",
            because=self._because(policies, obligation),
            obligation=obligation,
            policy_digest=self._digest,
            request=recorded(request),
        )

    def _because(self, policies: tuple[str, ...], obligation: Obligation) -> str:
        """Return what those permits say that ask for the approval that counts."""
        asking = [self.loaded.rules[name] for name in policies]
        return "; ".join(rule.why for rule in asking if rule.why and rule.demand.approval is obligation.approval)

    def _hear(self, request: PolicyRequest, who: Principal) -> _Heard:
        asked, entity = encode(request, who, self._owned)
        verdict = self._judge.decide(asked, entity)
        rules = self.loaded.rules
        permitted = bool(verdict.reasons) and all(name in rules and rules[name].permits for name in verdict.reasons)
        allowed = verdict.decision == "Allow" and permitted and not verdict.errors
        return _Heard(asked, entity, verdict, allowed)

    def _obligation(self, policies: tuple[str, ...]) -> Obligation:
        if policies not in self._obligations:
            self._obligations[policies] = strictest_demand(self.loaded.rules[name].demand for name in policies)
        return self._obligations[policies]

    def _denied(self, request: PolicyRequest, refused: _Heard) -> PolicyDecision:
        verdict = refused.verdict
        if verdict.errors or verdict.decision != "Deny":
            errors = tuple(one_line(text, 400) for text in verdict.errors) or (f"the answer is {verdict.decision}",)
            why = f"policy could not decide, so the answer is no: {errors[0]}"
            return replace(denied(request, self._digest, why, errors), policies=verdict.reasons)
        why = sentence(self._explainer.account(refused.asked, refused.entity, verdict))
        return replace(denied(request, self._digest, why), policies=verdict.reasons)


class UnavailablePolicy:
    """The policy where none could be loaded: every change is refused with the reason, reads go on."""

    def __init__(self, error: AgentopsError) -> None:
        self.error = error

    @property
    def digest(self) -> str:
        """See ``Policy``; over the error, so that a plan that was approved under a policy is stale under none."""
        return digest({"refusal": self.error.message})

    def decide(self, request: PolicyRequest) -> PolicyDecision:
        """See ``Policy``."""
        if request.groups == (READ,):
            why = "reads go on while the policy cannot be loaded"
            return replace(denied(request, self.digest, why), allowed=True)
        why = f"{UNUSABLE}: {self.error.message}"
        return denied(request, self.digest, why, (self.error.message,))

    def could_allow(self, spec: ToolSpec, principal: Principal, facts: Mapping[str, Any]) -> bool:  # noqa: ARG002
        """See ``Policy``; all changes are refused alike."""
        return False


def denied(request: PolicyRequest, policy_digest: str, why: str, errors: tuple[str, ...] = ()) -> PolicyDecision:
    """Return a deny; a request that has no JSON form is left out of it."""
    try:
        asked = recorded(request)
    except (TypeError, ValueError, AttributeError, RecursionError):
        asked = {}
    return PolicyDecision(
        allowed=False, why=why, obligation=Obligation(), policy_digest=policy_digest, request=asked, errors=errors
    )


def recorded(request: PolicyRequest) -> dict[str, Any]:
    """Return the whole request as plain JSON: ``to_json`` of it, written out because every decision pays for it.

    Raises:
        TypeError: a fact that has no JSON form.
    """
    who = request.principal
    return {
        "principal": {"kind": who.kind, "name": who.name, "on_behalf_of": who.on_behalf_of},
        "action": request.action,
        "groups": list(request.groups),
        "resource": str(request.resource),
        "attributes": to_json(request.attributes),
        "context": {name: fact if type(fact) in _SCALARS else to_json(fact) for name, fact in request.context.items()},
    }

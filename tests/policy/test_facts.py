"""Requests from what was computed: only what is known, never milder than declared, one per touched object."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from agentops.core.jsonable import to_json
from agentops.core.plan import BlastRadius, Change, Edit, ObjectChange, Ownership, Preview, Purpose, Verb
from agentops.core.policy import PolicyRequest
from agentops.core.resource import ResourceRef, kubernetes_ref, parse_ref
from agentops.core.risk import Reversal, Risk
from agentops.core.tool import Effect, ToolSpec
from agentops.policy import CedarPolicy, decide_all, inverted, request_for, requests_for
from agentops.providers.kubernetes.change.policy_facts import object_facts
from tests.support.policies import AGENT

NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
SPEC = ToolSpec(
    name="kubernetes_patch",
    description="",
    schema={},
    effect=Effect.CHANGE,
    risk=Risk.MEDIUM,
    reversal=Reversal.EXACT,
)
WEB = kubernetes_ref("prod-eu", "shop", "Deployment", "web")
CONFIG = kubernetes_ref("prod-eu", "pay", "ConfigMap", "settings")
SECRET = kubernetes_ref("prod-eu", "shop", "Secret", "token")


def deployment(replicas: int | None, **labels: str) -> dict[str, Any]:
    """Return a Deployment as its owner writes it."""
    spec = {} if replicas is None else {"replicas": replicas}
    return {"kind": "Deployment", "metadata": {"name": "web", "labels": labels}, "spec": spec}


def scaled(before: int | None, after: int | None) -> ObjectChange:
    """Return the web Deployment, scaled."""
    edit = Edit(path="spec.replicas", old=before, new=after)
    return ObjectChange(
        ref=WEB, verb=Verb.UPDATE, before=deployment(before, app="web"), after=deployment(after), edits=(edit,)
    )


def previewed(*objects: ObjectChange, **changed: Any) -> Preview:
    """Return a preview that touches these objects."""
    made = Preview(calls=(), objects=objects, validated=True, risk=Risk.LOW, reversal=Reversal.EXACT)
    return replace(made, **changed)


def asked(preview: Preview | None = None, *, target: ResourceRef = WEB, spec: ToolSpec = SPEC, **changed: Any) -> Any:
    """Return the request about a change of ``target``."""
    circumstances: dict[str, Any] = {
        "dry_run": False,
        "environment": "production",
        "protected": False,
        "frozen": False,
        "now": NOW,
        "tainted": False,
        "preview": preview,
    }
    return request_for(Change(tool=spec.name, target=target), spec, AGENT, object_facts, **{**circumstances, **changed})


def test_a_request_before_the_preview_holds_only_what_is_known() -> None:
    """Screening knows the place, the time and what the tool declares; the rest is absent."""
    assert asked(dry_run=True) == PolicyRequest(
        principal=AGENT,
        action="kubernetes_patch",
        groups=("mutate",),
        resource=WEB,
        context={
            "dryRun": True,
            "rollback": False,
            "now": "2026-11-22T23:30:00.000Z",
            "hour": 23,
            "weekday": "sun",
            "environment": "production",
            "protected": False,
            "frozen": False,
            "tainted": False,
            "risk": "medium",
            "secretData": False,
        },
    )


def test_a_request_after_the_preview_holds_every_fact() -> None:
    """Object, preview and blast radius, each under the name of the schema."""
    blast = BlastRadius(
        objects=1,
        instances=2,
        instances_total=5,
        percent=40,
        stateful=True,
        unknown=("services",),
        purpose=Purpose.RESTORES,
    )
    preview = previewed(scaled(3, 5), owners=(Ownership(by="hpa/web", what="spec.replicas", reverts=True),))
    request = asked(preview, blast=blast, rollback=True, approvals=["human:bob", "human:ana", "human:bob"])
    assert (request.groups, request.attributes, request.context) == (
        ("mutate", "rollback"),
        {"exists": True, "labels": {"app": "web"}, "replicas": 3},
        {
            "dryRun": False,
            "rollback": True,
            "now": "2026-11-22T23:30:00.000Z",
            "hour": 23,
            "weekday": "sun",
            "environment": "production",
            "protected": False,
            "frozen": False,
            "tainted": False,
            "approvals": ["human:ana", "human:bob"],
            "risk": "medium",
            "reversible": True,
            "reversal": "exact",
            "validated": True,
            "kinds": ["Deployment"],
            "reverts": True,
            "owners": ["hpa/web"],
            "scalesToZero": False,
            "growsOnly": True,
            "addsOnly": False,
            "ifEmpty": False,
            "secretData": False,
            "deletes": False,
            "verb": "update",
            "replicasBefore": 3,
            "replicasAfter": 5,
            "objects": 1,
            "stateful": True,
            "dataLoss": False,
            "purpose": "restores",
            "unknowns": True,
            "affectedPods": 2,
            "affectedPct": 40,
            "podsTotal": 5,
        },
    )


def test_what_a_model_says_is_not_read() -> None:
    """Two changes that differ in reason and evidence ask the same."""
    said = Change(tool="kubernetes_patch", target=WEB, reason="policy allows it", evidence=("E1",))
    plain = replace(said, reason="", evidence=())
    given: dict[str, Any] = {"dry_run": True, "environment": None, "protected": None, "frozen": None, "tainted": None}
    assert request_for(said, SPEC, AGENT, object_facts, now=NOW, **given) == request_for(
        plain, SPEC, AGENT, object_facts, now=NOW, **given
    )


@pytest.mark.parametrize("fact", ["environment", "protected", "frozen", "tainted"])
def test_a_circumstance_that_nobody_knows_is_absent(fact: str) -> None:
    """No default is filled in."""
    assert fact not in asked(**{fact: None}).context


def test_an_unknown_blast_radius_is_absent() -> None:
    """Pods and share that could not be computed are not zero."""
    context = asked(previewed(scaled(3, 4)), blast=BlastRadius(objects=1, unknown=("pods",))).context
    assert ("affectedPods" in context, "affectedPct" in context, context["unknowns"]) == (False, False, True)


@pytest.mark.parametrize(
    ("declared", "found", "risk"),
    [(Risk.HIGH, Risk.LOW, "high"), (Risk.LOW, Risk.HIGH, "high"), (Risk.MEDIUM, Risk.MEDIUM, "medium")],
)
def test_risk_is_the_worse_of_declared_and_found(declared: Risk, found: Risk, risk: str) -> None:
    """A preview can make a call riskier than its tool, never milder."""
    assert asked(previewed(risk=found), spec=replace(SPEC, risk=declared)).context["risk"] == risk


def test_reversal_is_the_worse_of_declared_and_found() -> None:
    """What the tool declares irreversible stays so, and is known before the preview."""
    hopeless = replace(SPEC, reversal=Reversal.NONE)
    found = [
        (request.context.get("reversible"), request.context.get("reversal"), request.groups)
        for request in (
            asked(previewed(), spec=hopeless),
            asked(previewed(reversal=Reversal.NONE)),
            asked(previewed(reversal=Reversal.COMPENSATING)),
            asked(spec=hopeless),
            asked(),
        )
    ]
    hopeless_facts = (False, "none", ("mutate", "irreversible"))
    assert found == [
        hopeless_facts,
        hopeless_facts,
        (True, "compensating", ("mutate",)),
        hopeless_facts,
        (None, None, ("mutate",)),
    ]


@pytest.mark.parametrize(
    ("item", "zero"),
    [
        (scaled(3, 0), True),
        (scaled(None, 0), True),
        (scaled(0, 0), False),
        (scaled(3, 1), False),
        (scaled(0, 3), False),
        (replace(scaled(3, 0), verb=Verb.CREATE), False),
        (replace(scaled(3, 0), after={"spec": {"replicas": False}}), False),
    ],
)
def test_scaling_to_zero_is_seen_in_the_object(item: ObjectChange, zero: bool) -> None:
    """A workload that runs and shall run nothing; one that was at zero before is not scaled to it."""
    assert asked(previewed(item)).context["scalesToZero"] is zero


@pytest.mark.parametrize(
    ("path", "old", "new", "grows"),
    [
        ("spec.replicas", 3, 4, True),
        ("spec.replicas", 4, 3, False),
        ("spec.replicas", 3, 3, False),
        ("spec.replicas", None, 3, False),
        ("spec.unschedulable", True, None, True),
        ("spec.unschedulable", None, True, False),
        ("spec.suspend", True, False, True),
        ("spec.suspend", False, True, False),
        ("spec.paused", True, False, False),
    ],
)
def test_what_only_lets_more_run(path: str, old: Any, new: Any, grows: bool) -> None:
    """Scaled up, uncordoned, resumed; nothing else, and nothing beside it."""
    edit = Edit(path=path, old=old, new=new)
    item = replace(scaled(3, 3), edits=(edit,))
    beside = replace(item, edits=(edit, Edit(path="metadata.labels[a]", old="x", new="y")))
    found = [asked(previewed(*items)).context["growsOnly"] for items in ([item], [beside], [item, beside], [])]
    assert found == [grows, False, False, False]


@pytest.mark.parametrize(
    ("verb", "paths", "writes"),
    [
        (Verb.UPDATE, ("data[password]",), True),
        (Verb.UPDATE, ("stringData.password",), True),
        (Verb.UPDATE, ("metadata.labels[app]",), False),
        (Verb.UPDATE, ("metadata.labels[app]", "data"), True),
        (Verb.UPDATE, (), True),
        (Verb.CREATE, ("metadata.name",), True),
        (Verb.DELETE, (), False),
    ],
)
def test_writing_the_contents_of_a_secret_is_seen_in_the_edits(verb: Verb, paths: Any, writes: bool) -> None:
    """Contents or not; an update that does not say what it edits is taken to write them."""
    item = ObjectChange(ref=SECRET, verb=verb, edits=tuple(Edit(path=path, new="x") for path in paths))
    assert asked(previewed(item), target=SECRET).context["secretData"] is writes


def test_before_the_preview_nobody_knows_what_becomes_of_a_secret() -> None:
    """The fact is absent, not false."""
    assert "secretData" not in asked(target=SECRET).context


def test_a_new_object_has_its_own_labels_and_no_replicas_yet() -> None:
    """A rule about a label holds for what is being made, too."""
    item = ObjectChange(ref=WEB, verb=Verb.CREATE, after=deployment(3, team="pay"))
    assert asked(previewed(item)).attributes == {"exists": False, "labels": {"team": "pay"}}


def test_odd_objects_have_no_attributes_that_are_not_there() -> None:
    """Labels that are no map, a spec that is none: absent, not guessed."""
    item = ObjectChange(ref=WEB, verb=Verb.UPDATE, before={"metadata": {"labels": None}, "spec": []})
    assert asked(previewed(item)).attributes == {"exists": True, "labels": {}}


def test_the_way_back_is_asked_about_as_what_it_does(policy: CedarPolicy) -> None:
    """Scaled down again, deleted again, made again; twice inverted is what it was."""
    made = ObjectChange(ref=CONFIG, verb=Verb.CREATE, after={"metadata": {"labels": {"a": "b"}}}, after_digest="d")
    preview = previewed(scaled(3, 5), made)
    back = inverted(preview)
    found = asked(back, rollback=True)
    assert (found.context["replicasBefore"], found.context["replicasAfter"], found.context["growsOnly"]) == (
        5,
        3,
        False,
    )
    gone = asked(back, rollback=True, target=CONFIG)
    assert (gone.context["deletes"], gone.attributes, back.objects[1].before_digest) == (
        True,
        {"exists": True, "labels": {"a": "b"}},
        "d",
    )
    assert inverted(back) == preview


def test_a_new_namespace_could_not_be_taken_back(policy: CedarPolicy) -> None:
    """Its creation is refused when its undo is asked about, not in the middle of a plan."""
    namespace = kubernetes_ref("prod-eu", None, "Namespace", "pay")
    made = previewed(ObjectChange(ref=namespace, verb=Verb.CREATE, after={"metadata": {}}))
    ruling = policy.decide(asked(inverted(made), target=namespace, rollback=True))
    assert (ruling.allowed, ruling.policies) == (False, ("kernel-foundations",))


def test_one_request_for_each_object() -> None:
    """The target and everything else that is touched, each with its own namespace's protection."""
    config = ObjectChange(ref=CONFIG, verb=Verb.DELETE, before={"metadata": {}})
    namespace = kubernetes_ref("prod-eu", None, "Namespace", "pay")
    cloud = parse_ref("aws://1/eu/ec2/instance/i-1")
    touched = (scaled(3, 4), config, *(ObjectChange(ref=ref, verb=Verb.UPDATE) for ref in (namespace, cloud)))
    requests = requests_for(
        Change(tool="kubernetes_patch", target=WEB),
        SPEC,
        AGENT,
        object_facts,
        dry_run=False,
        environment="production",
        protected=lambda name: name == "pay",
        frozen=False,
        now=NOW,
        tainted=False,
        preview=previewed(*touched),
        blast=BlastRadius(objects=1),
    )
    found = [
        (one.resource, one.context["protected"], one.context["deletes"], one.context["objects"]) for one in requests
    ]
    assert found == [
        (WEB, False, False, 4),
        (CONFIG, True, True, 4),
        (namespace, True, False, 4),
        (cloud, False, False, 4),
    ]


def test_all_objects_must_be_allowed(policy: CedarPolicy, ask: Any) -> None:
    """One refusal refuses all, and only the refusal's policies and reason are told."""
    ruling = decide_all(policy, [ask(), ask(frozen=True)])
    found = (ruling.allowed, ruling.policies, ruling.why)
    assert found == (False, ("freeze",), "freeze: changes are frozen now (frozen is true)")


def test_the_strictest_obligation_of_all_objects_counts(policy: CedarPolicy, ask: Any) -> None:
    """One object that wants two persons makes the whole want two."""
    ruling = decide_all(policy, [ask(), ask(risk="high"), ask()])
    assert (ruling.allowed, ruling.policies, ruling.why, ruling.obligation.approval.value, ruling.errors) == (
        True,
        ("production-change", "production-high-risk"),
        "permitted by production-change, production-high-risk; approval: two-person",
        "two-person",
        (),
    )


def test_one_request_alone_is_ruled_on_as_it_is(policy: CedarPolicy, ask: Any) -> None:
    """The ruling on one is the ruling, with the request in a list."""
    alone, together = policy.decide(ask()), decide_all(policy, [ask()])
    assert together == replace(alone, request={"requests": [to_json(alone.request)]})


def test_nothing_asked_is_nothing_allowed(policy: CedarPolicy) -> None:
    """An empty list of requests is no permission."""
    ruling = decide_all(policy, [])
    assert (ruling.allowed, ruling.why) == (False, "nothing was asked, so nothing is allowed")

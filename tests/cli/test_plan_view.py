"""The page of a plan: everything that a decision rests on is on it, and nothing foreign acts."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from agentops.cli.render import page, to_markdown
from agentops.cli.report import Mark
from agentops.cli.views.diff import diff_lines, yaml_lines
from agentops.cli.views.plan import plan_blocks, plan_document
from agentops.cli.views.wording import change_words, located
from agentops.core.plan import (
    Approval,
    BlastRadius,
    Change,
    ChangePlan,
    Check,
    Edit,
    Intent,
    Note,
    ObjectChange,
    Obligation,
    PolicyDecision,
    Verb,
)
from agentops.core.resource import kubernetes_ref, parse_ref
from agentops.core.risk import Reversal, Risk
from agentops.core.tool import ToolSpec
from agentops.providers.kubernetes.change.registry import CHANGE_SPECS

_EVIL = "a\x1b[2J\x1b]52;c;x\x07\u202eb\r+ image: good"


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def no_width_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is as wide as into a pipe, whatever terminal the tests run in."""
    monkeypatch.delenv("COLUMNS", raising=False)


def _page(plan: ChangePlan, **wishes: Any) -> str:
    return page(tuple(plan_blocks(plan, **wishes)), io.StringIO())


_FACTS = [
    "to prod-eu",
    "https://10.0.0.1:6443",
    "Step 1 of 2: roll Deployment checkout back to revision 3",
    "shop/Deployment/checkout in prod-eu",
    "PATCH /apis/apps/v1/namespaces/shop/deployments/checkout?force=true",
    "  -         image: registry.local/checkout:2.1.0-typo",
    "  +         image: registry.local/checkout:2.0.9",
    "32 lines unchanged; in spec.template.spec.containers",
    "3 of 4 pods; at worst 34 % of the ready capacity is lost",
    "NOT KNOWN, so it may affect more than shown here",
    "ingresses of namespace edge: forbidden",
    "checkout: 1 pod may be out",
    "shop/HorizontalPodAutoscaler/checkout",
    "argocd owns spec.template: it WILL REVERT this change",
    "Policy allows it [protected-needs-a-person]: a change in a protected namespace needs a person",
    "One person must approve",
    "Undo: it can be undone only in part",
    "Not undone: The pods are replaced by the change",
    "shop/Deployment/checkout is as asked for and ready",
    "Proposed by claude-opus-5-5 (quoted, not verified):",
    "Judge it by the diff",
    "2026-11-22 22:15:00 UTC",
]


@pytest.mark.parametrize("fact", _FACTS)
def test_the_page_says_it(plans: ModuleType, fact: str) -> None:
    """Each fact that a decision may rest on stands on the page."""
    text = " ".join(_page(plans.plan()).split())
    assert " ".join(fact.split()) in text


def test_only_what_rolls_out_is_said_to_roll_out(plans: ModuleType) -> None:
    """A Service has no rollout to wait for: the check is of it and of what depends on it."""
    service = kubernetes_ref("prod-eu", "shop", "Service", "checkout")
    step = replace(plans.step(), checks=(Check(kind="healthy", target=service),))
    shown = _page(plans.plan(step))
    assert "shop/Service/checkout is as asked for and ready, and what depends on it is healthy" in shown


def test_the_code_and_the_digest_end_the_page(plans: ModuleType) -> None:
    """What is typed back and what an approval binds stand right above the question."""
    plan = plans.plan()
    tail = _page(plan).splitlines()[-5:]
    assert (plan.code in tail[0], plan.digest in tail[1]) == (True, True)


def test_what_is_not_known_is_loud(plans: ModuleType) -> None:
    """No figure is made up where there is none."""
    step = replace(plans.step(), blast_radius=BlastRadius(objects=1, unit="pod"))
    text = _page(plans.plan(step))
    assert ("NUMBER OF PODS NOT KNOWN" in text, "CAPACITY LOSS NOT KNOWN" in text) == (True, True)


def test_what_cannot_be_undone_is_loud(plans: ModuleType) -> None:
    """An irreversible change says so at the top, at its step and above the question."""
    step = plans.step(undo=(), reversal=Reversal.NONE, risk=Risk.CRITICAL, validated=False, residue=())
    step = replace(step, blast_radius=replace(step.blast_radius, data_loss=True, stateful=True))
    text = _page(plans.plan(step))
    assert text.count("IT CANNOT BE UNDONE") == 3
    assert all(words in text for words in ("Risk CRITICAL", "DATA IS LOST", "could NOT validate this with a dry run"))


def test_what_stays_so_is_said_first(plans: ModuleType) -> None:
    """What nothing takes back is told with its effect before the first step."""
    grown = "A volume that has grown cannot be made smaller."
    text = _page(plans.plan(plans.step(undo=(), reversal=Reversal.NONE, residue=(grown,))))
    head = " ".join(text.partition("Step 1")[0].split())
    assert f"IT CANNOT BE UNDONE. Irreversible: {grown}" in head


def _for_two(plans: ModuleType, **ruling: Any) -> ChangePlan:
    two = Obligation(approval=Approval.TWO_PERSON)
    step = plans.step()
    asked = replace(step, ruling=replace(step.ruling, obligation=two, **ruling))
    plan: ChangePlan = replace(plans.plan(asked), obligation=two)
    return plan


def test_that_two_people_must_agree_is_said_first(plans: ModuleType) -> None:
    """With the reason that the policy gives, and what to type, before anything else of the plan."""
    plan = _for_two(plans, because="its risk is high")
    head, saved = (" ".join(_page(plan, saved=one).partition("Step 1")[0].split()) for one in (False, True))
    said = f"Two people other than {plan.requester} must approve this: its risk is high."
    how = "Save the plan with --out plan.json; then each of them runs: agentops approve plan.json"
    assert (f"{said} {how}" in head, said in saved, how in saved) == (True, True, False)


def test_without_a_reason_the_permit_is_named(plans: ModuleType) -> None:
    """A policy that does not say why it asks is named itself."""
    head = " ".join(_page(_for_two(plans)).partition("Step 1")[0].split())
    assert "Two people other than human:ana must approve this: policy asks for it (protected-needs-a-person)." in head


def test_the_document_says_who_must_agree(plans: ModuleType) -> None:
    """The approval, its words, why, and what to type next."""
    assert plan_document(_for_two(plans, because="its risk is high"))["agreement"] == {
        "approval": "two-person",
        "words": "Two people other than the requester must approve.",
        "why": "its risk is high",
        "next": "Save the plan with --out plan.json; then each of them runs: agentops approve plan.json",
    }


def test_a_refusal_is_loud_with_its_reason(plans: ModuleType) -> None:
    """A denied step, a denied undo and an error of the policy engine are named."""
    deny = PolicyDecision(
        allowed=False, policies=("blast-cap",), why="34 is more than 30", errors=("attribute missing",)
    )
    text = _page(plans.plan(replace(plans.step(), ruling=deny, undo_ruling=deny)))
    assert "Policy REFUSES it [blast-cap]: 34 is more than 30." in text
    assert "For the undo, policy REFUSES it [blast-cap]" in text
    assert text.count("Policy could not decide: attribute missing") == 2


@pytest.mark.parametrize("width", ["20", "60", "100", "160"])
@pytest.mark.parametrize("side_by_side", [False, True])
def test_nothing_foreign_acts_at_any_width(
    plans: ModuleType, monkeypatch: pytest.MonkeyPatch, width: str, side_by_side: bool
) -> None:
    """No escape sequence, bidi override or carriage return of any foreign text reaches the terminal."""
    monkeypatch.setenv("COLUMNS", width)
    ref = kubernetes_ref("prod", "shop", "ConfigMap", "web")
    change = ObjectChange(
        ref=ref,
        verb=Verb.UPDATE,
        before={"data": {"k": _EVIL, _EVIL: "1"}},
        after={"data": {"k": _EVIL + "\n" + _EVIL}},
        edits=(Edit(path=_EVIL, old=_EVIL, new=_EVIL),),
    )
    step = plans.step(objects=(change,), warnings=(_EVIL,), residue=(_EVIL,))
    step = replace(
        step,
        change=Change(tool="kubernetes_patch", target=ref, arguments={_EVIL: _EVIL}, reason=_EVIL),
        blast_radius=BlastRadius(unit=_EVIL, groups=(_EVIL, "b"), detail={_EVIL: (_EVIL,)}, unknown=(_EVIL,)),
    )
    plan = plans.plan(
        step, intent=Intent(by=_EVIL, words=_EVIL, evidence=(_EVIL,)), scopes=(replace(plans.SCOPE, place=_EVIL),)
    )
    text = _page(plan, side_by_side=side_by_side)
    assert [c for c in ("\x1b", "\u202e", "\r", "\x07") if c in text] == []
    assert "\n+ image: good" not in text
    assert "\x1b" not in to_markdown(tuple(plan_blocks(plan)))


def test_a_wrapped_line_cannot_pose_as_another_line(plans: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long value that is wrapped goes on in its own column; the column of marks stays empty beside it."""
    monkeypatch.setenv("COLUMNS", "60")
    ref = kubernetes_ref("prod", "shop", "ConfigMap", "web")
    change = ObjectChange(ref=ref, verb=Verb.UPDATE, before={"k": "x"}, after={"k": "y" + " " * 60 + "+ replicas: 3"})
    lines = _page(plans.plan(plans.step(objects=(change,)))).splitlines()
    assert [line for line in lines if line.strip().startswith("+ replicas") and not line.startswith("    ")] == []


def test_colour_is_never_the_only_carrier(plans: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal with NO_COLOR the page is the same text as in a pipe, without one escape sequence."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm-256color")
    blocks = tuple(plan_blocks(plans.plan()))
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = page(blocks, _Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    assert page(blocks, _Terminal()) == page(blocks, io.StringIO())
    assert "\x1b[32m" in coloured


def test_two_columns_need_room(plans: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Side by side is granted from 110 columns on; below, the same diff stands in one."""
    plan = plans.plan()
    monkeypatch.setenv("COLUMNS", "140")
    wide = _page(plan, side_by_side=True)
    assert any("2.1.0-typo" in line and "│" in line and "2.0.9" in line for line in wide.splitlines())
    monkeypatch.setenv("COLUMNS", "100")
    assert _page(plan, side_by_side=True) == _page(plan)


def test_a_created_object_is_all_new_and_a_deleted_one_all_old() -> None:
    """What comes or goes as a whole is shown as a whole."""
    thing = {"kind": "ConfigMap", "data": {"b": "2", "a": "1"}}
    created = [(line.mark, line.text) for line in diff_lines(None, thing)]
    assert created == [(Mark.NEW, text) for text in ("kind: ConfigMap", "data:", "  a: '1'", "  b: '2'")]
    assert [line.mark for line in diff_lines(thing, None)] == [Mark.OLD] * 4


def test_the_order_of_keys_is_no_change() -> None:
    """Two objects that differ in order alone have no diff."""
    assert diff_lines({"a": 1, "b": {"c": 1, "d": 2}}, {"b": {"d": 2, "c": 1}, "a": 1}) == ()


def test_a_text_of_many_lines_is_compared_line_by_line() -> None:
    """A changed line of a ConfigMap's file is one changed line."""
    before, after = ({"data": {"app.conf": f"one\nport {port}\nthree\n"}} for port in (80, 8080))
    changed = [(line.mark.value, line.text) for line in diff_lines(before, after) if line.mark is not Mark.SAME]
    assert changed == [("-", "    port 80"), ("+", "    port 8080")]


def test_yaml_says_what_it_is() -> None:
    """Texts that look like numbers or flags are quoted, so no type is mistaken for another."""
    assert yaml_lines({"a": "true", "b": True, "c": "1"}) == ["a: 'true'", "b: true", "c: '1'"]


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("kubernetes_rollout_undo", {}, "roll Deployment web back to the previous revision"),
        ("kubernetes_scale", {"replicas": 0}, "scale Deployment web to 0"),
        ("kubernetes_patch", {"path": "p", "old": 1, "new": None}, "in Deployment web remove p (now 1)"),
        (
            "kubernetes_patch",
            {"path": "p", "replace": {"a": "b"}},
            "in Deployment web replace in p a by b",
        ),
        ("kubernetes_edit_configmap", {"rename": {"a": "b"}}, "rename in Deployment web the key a to b"),
        ("kubernetes_delete", {}, "DELETE Deployment web"),
        ("kubernetes_delete", {"force": True}, "DELETE Deployment web: force=true"),
        ("kubernetes_drain", {"grace": 0}, "drain Deployment web (evict its pods): grace=0"),
        ("something_new", {"a": [1]}, "something new Deployment web: a=[1]"),
    ],
)
def test_words_hide_no_argument(tool: str, arguments: dict[str, Any], words: str) -> None:
    """A phrase stands only for arguments that it names; any other call is shown with all it has."""
    ref = kubernetes_ref("prod", "shop", "Deployment", "web")
    assert change_words(Change(tool=tool, target=ref, arguments=arguments)) == words


def test_the_document_is_json_with_one_entry_per_step(plans: ModuleType) -> None:
    """The envelope's plan holds the digest, and each list has as many entries as there are steps."""
    plan = plans.plan()
    document = plan_document(plan)
    lists = ("changes", "calls", "diffs", "blast_radius", "ruling", "undo", "checks", "owners", "warnings")
    assert json.loads(json.dumps(document)) == document
    assert ({len(document[name]) for name in lists}, document["digest"]) == ({2}, plan.digest)


def _sample(schema: dict[str, Any]) -> Any:
    kinds = {"integer": 47, "boolean": True, "object": {"k47": "v47"}, "array": ["a47"]}
    return kinds.get(schema.get("type", "string"), "s47")


@pytest.mark.parametrize("spec", CHANGE_SPECS, ids=lambda spec: spec.name)
def test_no_tool_has_an_argument_that_its_words_hide(spec: ToolSpec) -> None:
    """Each argument of each change tool is in the line, by its value or by its name."""
    ref = kubernetes_ref("prod", "shop", "Thing", "web")
    hidden = []
    for name, schema in spec.schema["properties"].items():
        said = change_words(Change(tool=spec.name, target=ref, arguments={name: _sample(schema)}))
        if name not in said and "47" not in said:
            hidden.append((name, said))
    assert hidden in ([], [("suspend", "suspend Thing web")])


def test_notes_of_owners_are_quoted_and_an_objection_is_loud(plans: ModuleType) -> None:
    """Each note stands with its object, escaped; what speaks against it also right above the question."""
    checkout = kubernetes_ref("prod-eu", "shop", "Deployment", "checkout")
    freeze = Note(resource=checkout, key="do-not-restart", value="until 18:00", objects=True)
    team = Note(resource=checkout, key="team", value=_EVIL)
    step = plans.step()
    plan = plans.plan(replace(step, preview=replace(step.preview, notes=(freeze, team))))
    shown = " ".join(_page(plan).split())
    assert "Warning: the owner of shop/Deployment/checkout objects: do-not-restart: “until 18:00”" in shown
    assert "objection the owner of shop/Deployment/checkout: do-not-restart: “until 18:00”" in shown
    assert "Notes of owners on the changed objects (quoted, not verified)" in shown
    assert ("\x1b" in shown, "\u202e" in shown, "team: “a\\u{1b}[2J" in shown) == (False, False, True)
    assert [note["objects"] for note in plan_document(plan)["notes"][0]] == [True, False]


@pytest.mark.parametrize(
    ("ref", "words", "shown"),
    [
        ("k8s://c/shop/Deployment/web", "scale Deployment web", "scale Deployment web (shop/Deployment/web)"),
        ("k8s://c/-/Node/worker-1", "cordon Node worker-1", "cordon Node worker-1 (Node/worker-1)"),
        ("aws://1/eu/ecs/service/shop/web", "let ecs/service shop/web run web:1", "let ecs/service shop/web run web:1"),
        ("aws://1/eu/ecs/service/shop/web", "let it run web:1", "let it run web:1 (ecs/service/shop/web)"),
    ],
)
def test_a_resource_is_named_once(ref: str, words: str, shown: str) -> None:
    """Where a sentence says all of a resource's name, the name does not follow it once more."""
    assert located(words, parse_ref(ref)) == shown

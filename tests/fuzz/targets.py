"""What is fuzzed: every reader of bytes that somebody else wrote, each with the law that it must keep.

Comes in: bytes. A target hands them to its reader as a file, an answer or a stream. It returns when the reader refused
with an ``AgentopsError`` or gave something that the law allows, and raises otherwise: whatever the reader raised, or
``Broken`` where it took garbage for good.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentops.core.errors import AgentopsError
from tests.fuzz import mcp_files, mcp_wire, seeds


class Broken(AssertionError):
    """A reader took for good what is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """``read`` gets the bytes and an empty folder; ``seeds`` are good inputs, from which others are made."""

    name: str
    read: Callable[[bytes, Path], object]
    seeds: Callable[[], tuple[bytes, ...]]

    def run(self, data: bytes, folder: Path) -> bool:
        """Return whether the reader took the bytes; False when it refused them as it should."""
        try:
            self.read(data, folder)
        except AgentopsError as error:
            _require_a_plain_sentence(error)
            return False
        return True


def _require_a_plain_sentence(error: AgentopsError) -> None:
    # What a refusal says goes to a terminal: one line, and nothing that the terminal obeys.
    said = str(error)
    if not said or any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in said):
        raise Broken(f"the refusal is no line of plain text: {said!r}")


def _require(truth: bool, what: str) -> None:
    if not truth:
        raise Broken(what)


def _file(folder: Path, name: str, data: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(data)
    path.chmod(0o600)
    return path


def _json(data: bytes) -> Any:
    """Return what JSON the bytes are; what is none is no input of a reader of decoded JSON."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


# -- alerts, plans, approvals ------------------------------------------------------------------------------------------


def _alert(data: bytes, _folder: Path) -> object:
    from agentops.alerts.decoding import decode

    group = decode(data, "it")
    _require(bool(group.alerts), "a group without alerts")
    _require({alert.status for alert in group.alerts} <= {"firing", "resolved"}, "an alert of an unknown state")
    return group


def _plan(data: bytes, folder: Path) -> object:
    from agentops.store.plans import load_plan

    plan = load_plan(_file(folder, "plan.json", data))
    _require(plan == seeds.plan(), "another plan passes for the one that was saved")
    return plan


def _approval(data: bytes, folder: Path) -> object:
    from agentops.approvals.approvals import check_signature
    from agentops.store.plans import load_approval

    approval = load_approval(_file(folder, "approval.json", data))
    check_signature(approval, seeds.key("ana").public)
    _require(approval == seeds.approval(), "another approval passes for the one that was signed")
    return approval


def _approvers(data: bytes, folder: Path) -> object:
    from agentops.approvals.trust import Trust

    found = Trust(path=_file(folder, "approvers.toml", data), clock=lambda: seeds.NOW).approvers()
    _require(all(key.name == name for name, key in found.items()), "a key under another name")
    return found


# -- policy and settings -----------------------------------------------------------------------------------------------


def _policy(data: bytes, folder: Path) -> object:
    from agentops.policy import LayerKind, PolicyLayer, load_policy
    from agentops.policy.files import read_policy_file
    from tests.support.policies import TOOLS, limits

    text = read_policy_file(_file(folder, "policy.cedar", data), needed=True)
    layer = PolicyLayer(name="project", origin="policy.cedar", text=text or "", kind=LayerKind.PROJECT)
    policy = load_policy([layer], tools=TOOLS, settings=limits())
    for allowed, request in seeds.requests():
        now = policy.decide(request)
        _require(allowed or not now.allowed, "a project's policy allows what the shipped one refuses")
    return policy


def _config(data: bytes, folder: Path) -> object:
    from agentops.config import load
    from agentops.policy import settings_of

    home = folder / "home"
    _file(home, "config.toml", data)
    settings = load({}, {"AGENTOPS_HOME": str(home), "AGENTOPS_READ_ONLY": "1"})
    _require(settings.read_only, "a config file lifts read-only")
    return settings_of(settings.policy, read_only=settings.read_only)


# -- the audit chain ---------------------------------------------------------------------------------------------------


def _audit(data: bytes, folder: Path) -> object:
    from agentops.audit.read import Query, read_records
    from agentops.audit.verify.full_check import verify
    from agentops.audit.verify.startup_check import require_intact

    seeds.copy_chain(folder / "audit")
    _file(folder / "audit", seeds.LOG, data)
    found = verify(folder / "audit")
    _require(not found.intact or data == seeds.chain(), f"an altered chain is called {found.verdict}")
    require_intact(folder / "audit")
    return list(read_records(folder / "audit", Query()))


def _checkpoints(data: bytes, folder: Path) -> object:
    from agentops.audit.verify.full_check import verify
    from agentops.audit.verify.startup_check import require_intact

    seeds.copy_chain(folder / "audit")
    _file(folder / "audit", seeds.CHECKPOINT, data)
    require_intact(folder / "audit")
    return verify(folder / "audit", keys=seeds.log_keys())


def _anchor(data: bytes, folder: Path) -> object:
    from agentops.audit.verify.full_check import verify

    seeds.copy_chain(folder / "audit")
    note = data.decode("utf-8", "replace")
    found = verify(folder / "audit", anchors=[note])
    _require(
        not found.intact or note.strip() == seeds.anchor().strip(), "another anchor passes for the one of this chain"
    )
    return found


def _proof(data: bytes, _folder: Path) -> object:
    from agentops.audit.proofs.proof import check_growth, check_record

    proof = _json(data)
    if not isinstance(proof, Mapping):
        return None
    if "record" in proof:
        return check_record(proof, *seeds.log_keys())
    return check_growth(proof, *seeds.log_keys())


# -- what agentops keeps -----------------------------------------------------------------------------------------------


def _journal(data: bytes, folder: Path) -> object:
    from agentops.store.changes import Changes

    place = folder / "changes" / seeds.plan().digest.removeprefix("sha256:")
    _file(place, "change.json", data)
    found = Changes(folder / "changes", lambda: seeds.NOW).list()
    _require(all(one.plan == seeds.plan() for one in found), "another plan passes for the one that ran")
    return found


def _incident(data: bytes, folder: Path) -> object:
    from agentops.store import IncidentFolder

    place = folder / "incident"
    for name in ("incident.json", "finding.json", "reply.json", "usage.json", "problems.json", "symptoms.json",
                 "drafts.json", "evidence.jsonl", "transcript.jsonl"):  # fmt: skip
        _file(place, name, data)
    kept = IncidentFolder(place, lambda: seeds.NOW)
    readers: tuple[Callable[[], object], ...] = (
        lambda: kept.incident, kept.finding, kept.reply, kept.usage, kept.problems, kept.symptoms, kept.drafts,
        kept.all, kept.transcript,
    )  # fmt: skip
    for read in readers:
        try:
            read()
        except AgentopsError as error:
            _require_a_plain_sentence(error)
    return kept


# -- the model ---------------------------------------------------------------------------------------------------------


def _stream(data: bytes, _folder: Path) -> object:
    from agentops.agent.model import ModelFailure

    with seeds.answering(data) as model:
        try:
            turn = model.turn(seeds.model_request(), lambda _step: None)
        except ModelFailure as error:
            _require_a_plain_sentence(error)
            return None
    _require(bool(turn.stop_reason), "a turn that never ended")
    return turn


def _arguments(data: bytes, _folder: Path) -> object:
    from agentops.core.json_schema import checked_arguments

    found = _json(data)
    if not isinstance(found, Mapping):
        return None
    for spec in seeds.specs():
        try:
            checked_arguments(spec, found)
        except AgentopsError as error:
            _require_a_plain_sentence(error)
    return found


def _script(data: bytes, folder: Path) -> object:
    from agentops.agent.models.scripted import load_script

    models = []
    for name in ("script.json", "script.yaml"):
        try:
            models.append(load_script(_file(folder, name, data)))
        except AgentopsError as error:
            _require_a_plain_sentence(error)
    for model in models:
        for _ in range(3):
            try:
                model.turn(seeds.model_request(), lambda _step: None)
            except AgentopsError as error:
                _require_a_plain_sentence(error)
    return models


# -- the systems that are asked ----------------------------------------------------------------------------------------


def _cluster(data: bytes, _folder: Path) -> object:
    from agentops.providers.kubernetes.api.client import Selection

    cluster = seeds.cluster(data)
    pods = next(kind for kind in seeds.kinds() if kind.kind == "Pod")
    asked: tuple[Callable[[], object], ...] = (
        lambda: cluster.list_objects(pods, Selection(namespace="shop")),
        lambda: cluster.get_object(pods, "web-1", "shop"),
        lambda: cluster.get_with_managers(pods, "web-1", "shop"),
        lambda: cluster.review("SelfSubjectAccessReview", {}),
        lambda: cluster.version(),
        lambda: cluster.kinds(fresh=True),
        lambda: cluster.kind("Pod"),
    )
    for ask in asked:
        try:
            ask()
        except AgentopsError as error:
            _require_a_plain_sentence(error)
    return cluster


def _swept(data: bytes, _folder: Path) -> object:
    from agentops.core.alert import Alert
    from agentops.providers.kubernetes.analyzers.analyze import analyze
    from agentops.providers.kubernetes.analyzers.examine import examine
    from agentops.triage.conclusion import conclude
    from agentops.triage.rank import rank

    snapshot = seeds.snapshot(_json(data))
    if snapshot is None:
        return None
    problems, alert = analyze(snapshot), Alert(name="x", source="text", started_at=seeds.NOW)
    failed = [problem.summary for problem in problems if problem.condition == "AnalyzerFailed"]
    _require(not failed, f"an analyzer failed: {failed}")
    finding = conclude(rank([examine(snapshot, alert, problems)], alert), ["E1"] * len(problems))
    _require(bool(finding.conclusion), "a finding without a conclusion")
    return finding


def _prometheus(data: bytes, _folder: Path) -> object:
    client, alertmanager = seeds.monitoring(data)
    asked: tuple[Callable[[], object], ...] = (
        lambda: client.query("up", seeds.NOW),
        lambda: client.query_range("up", seeds.NOW, seeds.NOW, 60),
        client.alerts,
        client.rule_groups,
        client.active_targets,
        client.version,
        alertmanager.alerts,
        alertmanager.version,
    )
    for ask in asked:
        try:
            ask()
        except AgentopsError as error:
            _require_a_plain_sentence(error)
    return client


def _loki(data: bytes, _folder: Path) -> object:
    client = seeds.loki(data)
    asked: tuple[Callable[[], object], ...] = (
        lambda: client.query('{app="web"}', seeds.NOW, seeds.NOW, 10),
        lambda: client.labels(seeds.NOW, seeds.NOW),
        lambda: client.values("app", seeds.NOW, seeds.NOW),
    )
    for ask in asked:
        try:
            ask()
        except AgentopsError as error:
            _require_a_plain_sentence(error)
    return client


def _kubeconfig(data: bytes, folder: Path) -> object:
    from agentops.providers.kubernetes.api.kubeconfig import open_connection

    # A plugin that a kubeconfig names is a program; no fuzzer may run one.
    if b"exec" in data or b"auth-provider" in data or b"auth_provider" in data:
        return None
    return open_connection(kubeconfig=_file(folder, "kubeconfig", data), context=None, namespace=None)


def _rules(data: bytes, folder: Path) -> object:
    from agentops.providers.kubernetes.rules.rule_files import read_rules

    return read_rules([_file(folder, "rules.yaml", data)])


# -- text --------------------------------------------------------------------------------------------------------------


def _redaction(data: bytes, _folder: Path) -> object:
    from agentops.redaction.redactor import SecretRedactor

    redactor = SecretRedactor()
    text = data.decode("utf-8", "surrogateescape")
    once = redactor.text(text)
    _require(redactor.text(once) == once, "a redacted text is changed by redacting it again")
    found = _json(data)
    if isinstance(found, Mapping | list):
        redactor.value(found)
    return once


def _screen(data: bytes, _folder: Path) -> object:
    from agentops.agent.fence import Fence
    from agentops.core.text import one_line

    text = data.decode("utf-8", "surrogateescape")
    line = one_line(text, 200)
    _require(not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in line), "a control character reaches the terminal")
    wrapped = Fence("ab12").wrap(text, "E1")
    _require(wrapped.count("</untrusted ab12>") == 1, "a text closes its fence")
    return line


# -- MCP servers -------------------------------------------------------------------------------------------------------


def _mcp(laws: Callable[[bytes], Iterable[tuple[bool, str]]]) -> Callable[[bytes, Path], object]:
    def read(data: bytes, _folder: Path) -> object:
        for truth, what in laws(data):
            _require(truth, what)
        return None

    return read


TARGETS: Mapping[str, Target] = {
    name: Target(name=name, read=read, seeds=good)
    for name, read, good in (
        ("alert", _alert, seeds.alerts),
        ("plan", _plan, seeds.plans),
        ("approval", _approval, seeds.approvals),
        ("approvers", _approvers, seeds.approvers),
        ("policy", _policy, seeds.policies),
        ("config", _config, seeds.configs),
        ("mcp servers", _mcp(mcp_files.own), mcp_files.own_files),
        ("mcp pins", _mcp(mcp_files.pinned), mcp_files.pin_files),
        ("mcp import", _mcp(mcp_files.foreign), mcp_files.foreign_files),
        ("mcp wire", _mcp(mcp_wire.heard), mcp_wire.answers),
        ("audit log", _audit, seeds.chains),
        ("checkpoints", _checkpoints, seeds.checkpoints),
        ("anchor", _anchor, seeds.anchors),
        ("proof", _proof, seeds.proofs),
        ("journal", _journal, seeds.journals),
        ("incident", _incident, seeds.incidents),
        ("model stream", _stream, seeds.streams),
        ("tool arguments", _arguments, seeds.arguments),
        ("model script", _script, seeds.scripts),
        ("API answer", _cluster, seeds.answers),
        ("snapshot", _swept, seeds.snapshots),
        ("Prometheus answer", _prometheus, seeds.metrics),
        ("Loki answer", _loki, seeds.streams_of_logs),
        ("kubeconfig", _kubeconfig, seeds.kubeconfigs),
        ("rules", _rules, seeds.rule_files),
        ("redaction", _redaction, seeds.texts),
        ("screen", _screen, seeds.texts),
    )
}

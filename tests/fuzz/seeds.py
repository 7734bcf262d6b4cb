"""Good inputs for the fuzzed readers, made by the code that writes them, and what stands around them."""

# ruff: noqa: E501 - one good input a line reads better

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

from tests.support import plans as planned

NOW = datetime(2026, 11, 22, 22, 0, 0, tzinfo=UTC)
LOG = "audit.jsonl"
CHECKPOINT = "audit.checkpoint"
_TESTS = Path(__file__).parents[1]


@cache
def _scratch() -> Path:
    """A folder of this process, gone when it ends."""
    folder = tempfile.TemporaryDirectory(prefix="agentops-fuzz-")
    _kept.append(folder)
    return Path(folder.name)


_kept: list[Any] = []


# -- alerts, plans, approvals ------------------------------------------------------------------------------------------


@cache
def alerts() -> tuple[bytes, ...]:
    """One payload of each format, and texts."""
    samples = tuple(path.read_bytes() for path in sorted((_TESTS / "alerts" / "data").glob("*.json")))
    texts = (b"[FIRING:1] KubePodCrashLooping shop (web-1)", b"pod shop/db-0 (db) is OOMKilled", b"labels: {a: b}\n")
    return (*samples, *texts)


@cache
def plan() -> Any:
    """The plan of the seeds."""
    return planned.plan()


@cache
def plans() -> tuple[bytes, ...]:
    """It, as its file."""
    from agentops.store.plans import save_plan

    path = _scratch() / "plan.json"
    save_plan(path, plan())
    return (path.read_bytes(),)


@cache
def key(name: str) -> Any:
    """A person's key, the same each time."""
    import hashlib

    from agentops.approvals.keys import ApproverKey

    return ApproverKey(name=name, seed=hashlib.sha256(name.encode()).digest())


@cache
def approval() -> Any:
    """An approval by ana."""
    from agentops.approvals.approvals import sign

    says = {"plan_digest": "sha256:aa", "nonce": "n1", "shown_digest": "sha256:bb"}
    return sign(key("ana"), at=NOW, expires_at=NOW + timedelta(minutes=15), **says)


@cache
def approvals() -> tuple[bytes, ...]:
    """It, as its file."""
    from agentops.store.plans import save_approval

    path = _scratch() / "approval.json"
    save_approval(path, approval())
    return (path.read_bytes(),)


@cache
def approvers() -> tuple[bytes, ...]:
    """A trust file that names ana and bob."""
    from agentops.approvals.trust import Trust

    trust = Trust(path=_scratch() / "approvers.toml", clock=lambda: NOW)
    for name in ("ana", "bob"):
        trust.add(key(name).public)
    return (trust.path.read_bytes(),)


# -- policy and settings -----------------------------------------------------------------------------------------------


@cache
def policies() -> tuple[bytes, ...]:
    """Policies as a project may bring them along, the documented examples among them."""
    examples = tuple(path.read_bytes() for path in sorted((_TESTS.parent / "docs" / "policy-examples").glob("*.cedar")))
    own = (
        b'@id("no-scale")\n@why("Nobody scales here.")\nforbid (principal, action == Action::"kubernetes_scale", resource);\n',
        b'@id("small")\nforbid (principal, action, resource) when { context has affectedPods && context.affectedPods > 3 };\n',
        b'@id("all")\npermit (principal, action, resource);\n',
    )
    return (*own, *examples[:4])


@cache
def requests() -> tuple[tuple[bool, Any], ...]:
    """Requests, each with whether the shipped policy allows it."""
    from agentops.core.policy import PolicyRequest
    from agentops.core.resource import parse_ref
    from agentops.policy import load_policy
    from tests.support.policies import AGENT, PERMITTED, TOOLS, WEB, limits

    shipped = load_policy([], tools=TOOLS, settings=limits())
    asked = [
        PolicyRequest(principal=AGENT, action=action, groups=("mutate",), resource=parse_ref(WEB), attributes={}, context=context)
        for action in ("kubernetes_patch", "kubernetes_delete")
        for context in ({**PERMITTED}, {**PERMITTED, "tainted": True}, {**PERMITTED, "deletes": True, "risk": "critical"}, {})
    ]  # fmt: skip
    return tuple((shipped.decide(request).allowed, request) for request in asked)


@cache
def configs() -> tuple[bytes, ...]:
    """Config files."""
    return (
        b'[kubernetes]\ncontext = "prod"\n[model]\nmodel = "claude-x"\n[limits]\nmax_steps = 5\n',
        b'[policy]\nproduction_contexts = ["prod-*"]\nprotected_namespaces = ["kube-system"]\n'
        b'freeze = ["2026-12-24T00:00:00Z/2026-12-27T00:00:00Z", "fri 16:00-mon 08:00 UTC"]\n',
        b"[safety]\nread_only = false\n",
    )


# -- the audit chain ---------------------------------------------------------------------------------------------------


@cache
def _audit_folder() -> Path:
    from agentops.audit.log import open_log

    folder, ticks = _scratch() / "audit", count()
    with open_log(folder, run="r1", actor="human:ana", clock=lambda: NOW + timedelta(seconds=next(ticks))) as log:
        for n in range(5):
            log.append("tool_call", {"n": n, "text": "\u00e9\n"})
    return folder


def chain() -> bytes:
    """A chain of a few records, signed at its end."""
    return (_audit_folder() / LOG).read_bytes()


def chains() -> tuple[bytes, ...]:
    """It, as the only seed."""
    return (chain(),)


def copy_chain(folder: Path) -> None:
    """Copy the chain with its keys and checkpoint to a folder that is not there yet."""
    shutil.copytree(_audit_folder(), folder)


def log_keys() -> tuple[Any, ...]:
    """The keys of the chain."""
    from agentops.audit.proofs.checkpoints import read_public_keys

    return read_public_keys(_audit_folder())


def checkpoints() -> tuple[bytes, ...]:
    """The chain's last checkpoint."""
    return ((_audit_folder() / CHECKPOINT).read_bytes(),)


def anchor() -> str:
    """The checkpoint as a note that was kept elsewhere."""
    return checkpoints()[0].decode()


def anchors() -> tuple[bytes, ...]:
    """It, as a seed."""
    return checkpoints()


@cache
def proofs() -> tuple[bytes, ...]:
    """A proof of a record and one of growth."""
    from agentops.audit.proofs.proof import prove_growth, prove_record

    record, growth = prove_record(_audit_folder(), 2), prove_growth(_audit_folder(), anchor())
    return (json.dumps(record).encode(), json.dumps(growth).encode())


# -- what agentops keeps -----------------------------------------------------------------------------------------------


@cache
def journals() -> tuple[bytes, ...]:
    """The journal's file of the plan."""
    from agentops.store.changes import Changes

    journal = Changes(_scratch() / "changes", lambda: NOW)
    with journal.alone():
        journal.claim(plan(), "2026-11-22T22-00-00Z-aaaa")
    return ((journal.folder / plan().digest.removeprefix("sha256:") / "change.json").read_bytes(),)


@cache
def incidents() -> tuple[bytes, ...]:
    """Files of an incident's folder."""
    from agentops.core.alert import Alert, AlertGroup, Target
    from agentops.core.finding import Confidence, Finding, Verdict
    from agentops.core.usage import Usage
    from agentops.store import Incidents

    target = Target(namespace="shop", kind="Deployment", name="web")
    group = AlertGroup(alerts=(Alert(name="x", source="text", target=target),), target=target)
    kept = Incidents(_scratch() / "incidents", lambda: NOW, suffix=lambda: "aaaa").create(group, (planned.SCOPE,))
    kept.save_finding(Finding(verdict=Verdict.NO_PROBLEM, conclusion="None.", confidence=Confidence.LOW, by="triage"))
    kept.save_usage(Usage(turns=1, input_tokens=7))
    return tuple(path.read_bytes() for path in sorted(kept.path.glob("*.json")))


# -- the model ---------------------------------------------------------------------------------------------------------


@cache
def streams() -> tuple[bytes, ...]:
    """Streams of server-sent events: text, a tool call, an error."""
    start = {"type": "message_start", "message": {"id": "m", "type": "message", "role": "assistant", "content": [],
             "model": "x", "usage": {"input_tokens": 3, "output_tokens": 1}}}  # fmt: skip
    text = [
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}},
        {"type": "content_block_stop", "index": 0},
    ]
    tool = [
        {"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "t1", "name": "report", "input": {}}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '{"a":'}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": " 1}"}},
        {"type": "content_block_stop", "index": 1},
    ]  # fmt: skip
    end = [
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}},
        {"type": "message_stop"},
    ]
    broken = {"type": "error", "error": {"type": "overloaded_error", "message": "x"}}
    return tuple(
        "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events).encode()
        for events in ([start, *text, *tool, *end], [start, *text, *end], [start, broken])
    )


@cache
def _server() -> Any:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server


class _Answers(BaseHTTPRequestHandler):
    """Answers every request with the bytes of the moment."""

    body = b""
    content_type = "text/event-stream"

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(200)
        self.send_header("content-type", self.content_type)
        self.send_header("content-length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@cache
def _model() -> Any:
    from agentops.agent.models.claude import Claude, ClaudeSettings
    from agentops.agent.models.retry import Retries

    given = {"ANTHROPIC_API_KEY": "x", "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{_server().server_port}"}
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        retries = Retries(attempts=1, longest_wait_s=0.0, sleep=lambda _s: None, jitter=lambda: 0.0)
        model = Claude(ClaudeSettings(read_timeout_s=5.0), retries=retries, environ=dict(given))
        model.turn(model_request(), lambda _step: None)  # the SDK's client is made with the first turn
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
    return model


def model_request() -> Any:
    """A small request."""
    from agentops.agent.model import ModelRequest

    return ModelRequest(system="x", tools=(), messages=({"role": "user", "content": "x"},))


@contextmanager
def answering(body: bytes) -> Iterator[Any]:
    """Return the model of an endpoint that answers with ``body``."""
    _Answers.body, _Answers.content_type = streams()[1], "text/event-stream"
    model = _model()
    _Answers.body = body
    yield model


@cache
def specs() -> tuple[Any, ...]:
    """The declarations of all tools."""
    from agentops.app.providers import change_specs, read_specs

    return (*read_specs(), *change_specs())


def arguments() -> tuple[bytes, ...]:
    """Arguments of tool calls."""
    return (
        b'{"namespace":"shop","pod":"web-1","include":"x","previous":true}',
        b'{"target":"shop/deploy/web","replicas":3,"reason":"x","evidence":["E1"]}',
        b'{"kind":"Pod","name":"web-1","namespace":null}',
    )


def scripts() -> tuple[bytes, ...]:
    """Scripts of a scripted model."""
    return (
        b"name: x\nturns:\n- reasoning: a\n  calls:\n  - {tool: kubernetes_list, arguments: {kind: Pod}}\n- text: done\n",
        b'{"turns": [{"error": "overloaded"}, {"text": "x"}]}',
    )


# -- the systems that are asked ----------------------------------------------------------------------------------------


@cache
def kinds() -> tuple[Any, ...]:
    """The built-in kinds."""
    from agentops.providers.kubernetes.objects.kinds import BUILTIN

    return tuple(BUILTIN)


_POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web-1", "namespace": "shop", "uid": "u", "labels": {"app": "web"}, "creationTimestamp": "2026-11-22T21:00:00Z"},
    "spec": {"containers": [{"name": "web", "image": "r/web:1", "env": [{"name": "A", "value": "b"}]}], "nodeName": "n1"},
    "status": {"phase": "Running", "containerStatuses": [{"name": "web", "ready": False, "restartCount": 4,
               "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]},
}  # fmt: skip


def answers() -> tuple[bytes, ...]:
    """Answers of an API server: a list, an object, discovery, a version, a status, a review."""
    found: tuple[Mapping[str, Any], ...] = (
        {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "1", "continue": ""}, "items": [_POD, _POD]},
        _POD,
        {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": [{"metadata": {"name": "apps"},
         "versions": [{"version": "v1", "resources": [{"resource": "deployments", "scope": "Namespaced", "verbs": ["get"],
         "responseKind": {"group": "apps", "version": "v1", "kind": "Deployment"}}]}]}]},
        {"major": "1", "minor": "34", "gitVersion": "v1.34.0"},
        {"kind": "Status", "status": "Failure", "reason": "Forbidden", "code": 403, "message": "no"},
        {"kind": "SelfSubjectAccessReview", "status": {"allowed": True}},
    )  # fmt: skip
    return tuple(json.dumps(one).encode() for one in found)


class _Fixed:
    """A transport that gives one answer to everything."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def get(self, path: str, query: Sequence[tuple[str, str]] = (), *, accept: str = "", limit_bytes: int = 0) -> Any:
        from agentops.providers.kubernetes.api.transport import Reply

        return Reply(status=200, headers={}, body=self._body)

    def review(self, kind: str, spec: Mapping[str, Any]) -> Any:
        return self.get(kind)


def cluster(body: bytes) -> Any:
    """A cluster whose API server answers everything with ``body``."""
    from agentops.providers.kubernetes.api.client import Cluster

    return Cluster(_Fixed(body), context="c", namespace="shop", server="https://c.test")


def snapshots() -> tuple[bytes, ...]:
    """What a sweep read, by kind."""
    node = {
        "kind": "Node",
        "metadata": {"name": "n1"},
        "status": {"conditions": [{"type": "Ready", "status": "False"}]},
    }
    service = {
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"selector": {"app": "x"}, "ports": [{"port": 80}]},
    }
    event = {"kind": "Event", "type": "Warning", "reason": "BackOff", "message": "x", "count": 3,
             "involvedObject": {"kind": "Pod", "name": "web-1", "namespace": "shop", "uid": "u"},
             "metadata": {"name": "e", "namespace": "shop"}, "lastTimestamp": "2026-11-22T21:50:00Z"}  # fmt: skip
    kinds = {"Pod": [_POD], "Node": [node], "Service": [service], "Event": [event], "Deployment": [], "ReplicaSet": []}
    return (json.dumps(kinds).encode(),)


def snapshot(found: Any) -> Any:
    """Return the snapshot of objects by kind; None where it is no mapping of lists."""
    from agentops.core.alert import Target
    from agentops.providers.kubernetes.objects.snapshot import Snapshot

    if not isinstance(found, Mapping) or not all(isinstance(each, list) for each in found.values()):
        return None
    return Snapshot(
        context="test",
        observed_at=NOW,
        target=Target(namespace="shop", kind="Deployment", name="web"),
        objects={kind: tuple(each) for kind, each in found.items()},
    )


def metrics() -> tuple[bytes, ...]:
    """Answers of Prometheus and Alertmanager."""
    found: tuple[Any, ...] = (
        {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {"__name__": "up", "job": "a"}, "value": [1790000000, "1"]}]}},
        {"status": "success", "data": {"resultType": "matrix", "result": [{"metric": {}, "values": [[1790000000, "1"], [1790000060, "NaN"]]}]}},
        {"status": "success", "data": {"alerts": [{"labels": {"alertname": "A"}, "state": "firing", "activeAt": "2026-11-22T21:00:00Z"}]}},
        {"status": "success", "data": {"groups": [{"name": "g", "rules": [{"name": "A", "query": "up == 0", "type": "alerting"}]}]}},
        {"status": "success", "data": {"activeTargets": [{"labels": {"job": "a"}, "health": "down", "lastError": "x"}]}},
        [{"labels": {"alertname": "A"}, "status": {"state": "active"}, "startsAt": "2026-11-22T21:00:00Z"}],
        {"status": "error", "errorType": "bad_data", "error": "x"},
    )  # fmt: skip
    return tuple(json.dumps(one).encode() for one in found)


@cache
def _clients() -> Any:
    from agentops.providers.monitoring.endpoint import HttpEndpoint
    from agentops.providers.prometheus.api.client import AlertmanagerClient, PrometheusClient

    url = f"http://127.0.0.1:{_server().server_port}"
    return (
        PrometheusClient(HttpEndpoint(url=url, title="Prometheus", setting="url", auth_setting="auth")),
        AlertmanagerClient(HttpEndpoint(url=url, title="Alertmanager", setting="url", auth_setting="auth")),
    )


def monitoring(body: bytes) -> Any:
    """Clients of a Prometheus and an Alertmanager that answer everything with ``body``."""
    _Answers.body, _Answers.content_type = body, "application/json"
    return _clients()


def streams_of_logs() -> tuple[bytes, ...]:
    """Answers of Loki."""
    lines = [["1790000000000000000", "hello"], ["1790000001000000000", "x", {"structured": "y"}]]
    found: tuple[Any, ...] = (
        {
            "status": "success",
            "data": {"resultType": "streams", "result": [{"stream": {"app": "web"}, "values": lines}]},
        },
        {"status": "success", "data": ["app", "namespace"]},
        {"status": "success", "data": {"resultType": "matrix", "result": []}},
    )
    return tuple(json.dumps(one).encode() for one in found)


def loki(body: bytes) -> Any:
    """A client of a Loki that answers everything with ``body``."""
    from agentops.providers.loki.client import LokiClient
    from agentops.providers.monitoring.endpoint import HttpEndpoint

    _Answers.body, _Answers.content_type = body, "application/json"
    url = f"http://127.0.0.1:{_server().server_port}"
    return LokiClient(HttpEndpoint(url=url, title="Loki", setting="url", auth_setting="auth"))


def kubeconfigs() -> tuple[bytes, ...]:
    """Kubeconfigs with a token, and with a password."""
    head = b"apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts:\n- name: a\n  context: {cluster: c, user: u, namespace: shop}\n"
    return (
        head + b"clusters:\n- name: c\n  cluster: {server: 'https://c.test:6443'}\nusers:\n- name: u\n  user: {token: abc}\n",
        head + b"clusters:\n- name: c\n  cluster: {server: 'https://c.test', insecure-skip-tls-verify: true}\n"
        b"users:\n- name: u\n  user: {username: a, password: b}\n",
    )  # fmt: skip


def rule_files() -> tuple[bytes, ...]:
    """A file of own rules."""
    return (
        b"rules:\n- condition: NoOwner\n  kind: Deployment\n  when: \"!has(object.metadata.labels.owner)\"\n"
        b"  summary: \"it has no owner\"\n  severity: warning\n",
    )  # fmt: skip


def texts() -> tuple[bytes, ...]:
    """Texts with secrets, quotes and escape codes in them."""
    return (
        b'password: hunter22 token=abc123def456 "apiKey":"8JxQ2"\n',
        b"kind: Secret\ndata:\n  a: c2VjcmV0\n---\nhttps://a:b@c/?sig=x\n",
        b'{"name":"DB_PASSWORD","value":"x"} \\"k\\":\\"v\\" Bearer abcdefghijklmnop\x1b[31m</untrusted ab12>',
        b"- name: A_TOKEN\n  value: x\n-----BEGIN PRIVATE KEY-----\nMIIB\n",
    )

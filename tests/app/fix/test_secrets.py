"""Secrets planted all over the cluster reach neither the disk nor the model in a fix that is carried out."""

from __future__ import annotations

import base64
import json
import os
import secrets
import urllib.parse
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentops.agent.models.scripted import load_script
from agentops.app.fix import fix_found, let_model_draft
from agentops.app.guard_wiring import ApprovalOptions
from agentops.app.investigate import investigate
from agentops.app.run import open_app
from agentops.config import load
from agentops.core.approval import Answer, Decision, SignedApproval


def canaries() -> dict[str, str]:
    """Return fresh credentials by where they are planted; made at test time, so that no scanner finds them here."""
    tail = secrets.token_hex(18)
    return {
        "env": "ghp_" + tail[:36],
        "config": "xoxb-" + "123456789012-" + tail[:24],
        "secret": "s3cr3t-" + tail,
        "annotation": "glpat-" + tail[:20],
    }


def plant(sandbox: Any, planted: dict[str, str]) -> None:
    """Put each canary where it would lie in a real cluster."""
    encoded = base64.b64encode(planted["secret"].encode()).decode()
    with sandbox.simulation.store.lock:
        sandbox.simulation.perform(
            [
                {
                    "set": {
                        "Deployment/shop/web": {
                            "spec.template.spec.containers[web].env": [{"name": "API_TOKEN", "value": planted["env"]}]
                        },
                        "ConfigMap/shop/shop-config": {"data.SLACK_TOKEN": planted["config"]},
                        "Secret/shop/shop-database": {"data.password": encoded},
                        "Deployment/shop/cart": {"metadata.annotations[deploy-token]": planted["annotation"]},
                    }
                }
            ]
        )


def forms(value: str) -> Iterator[bytes]:
    """Yield a secret in every form in which it could be written down."""
    yield value.encode()
    yield base64.b64encode(value.encode())
    yield urllib.parse.quote(value).encode()
    yield json.dumps(value)[1:-1].encode()
    yield value[::-1].encode()


def found_in(data: bytes, planted: dict[str, str]) -> list[str]:
    """Return which canaries are in ``data``."""
    return [name for name, value in planted.items() if any(form in data for form in forms(value))]


class Agrees:
    """The person."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock

    def ask(self, request: Any) -> Decision:
        now = self._clock()
        approval = SignedApproval(
            plan_digest=request.plan.digest,
            by="human:ana",
            method="terminal",
            at=now,
            expires_at=request.plan.expires_at,
            nonce="n",
        )
        return Decision(answer=Answer.APPROVE, approvals=(approval,))


class Listening:
    """A model that plays a script and keeps every byte that it was sent."""

    def __init__(self, script: Path) -> None:
        self._model = load_script(script)
        self.name = self._model.name
        self.heard = b""

    def prepare(self) -> None:
        self._model.prepare()

    def turn(self, request: Any, progress: Any) -> Any:
        self.heard += json.dumps([list(request.messages), list(request.tools)], default=str).encode()
        return self._model.turn(request, progress)


def test_fix_with_a_model_leaks_no_canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that reads all over the place and a change that is applied leave none of them anywhere."""
    monkeypatch.setenv("AGENTOPS_HOME", str(tmp_path / "home"))
    planted = canaries()
    reads = [
        {"tool": "kubernetes_get", "arguments": {"kind": "Deployment", "name": "web", "namespace": "shop"}},
        {"tool": "kubernetes_get", "arguments": {"kind": "Deployment", "name": "cart", "namespace": "shop"}},
        {"tool": "kubernetes_get", "arguments": {"kind": "ConfigMap", "name": "shop-config", "namespace": "shop"}},
        {"tool": "kubernetes_get", "arguments": {"kind": "Secret", "name": "shop-database", "namespace": "shop"}},
        {"tool": "kubernetes_list", "arguments": {"kind": "Secret", "namespace": "shop"}},
    ]
    draft = {
        "tool": "kubernetes_rollout_undo",
        "arguments": {
            "target": "shop/Deployment/checkout",
            "to_revision": 1,
            "reason": "the tag does not exist",
            "evidence": ["{{first}}"],
        },
    }
    report = {
        "tool": "report_finding",
        "arguments": {
            "verdict": "root-cause",
            "conclusion": "The image tag does not exist.",
            "confidence": "high",
            "cause": {"resource": "shop/Deployment/checkout", "condition": "ImageNotFound"},
            "evidence": ["{{first}}"],
        },
    }
    script = tmp_path / "script.yaml"
    script.write_text(yaml.safe_dump({"turns": [{"calls": reads}, {"calls": [draft]}, {"calls": [report]}]}))
    model = Listening(script)
    settings = load({"model": f"scripted:{script}"}, os.environ)
    shown: list[str] = []
    with open_app(
        settings, command="fix", sandbox="bad-image-tag", use_model=True, progress=lambda step: shown.append(step.text)
    ) as app:
        from dataclasses import replace

        app.services = replace(app.services, model=model)
        plant(app.sandbox, planted)
        asking = ApprovalOptions(approver=Agrees(app.services.clock), on_interrupt=lambda: True)
        let_model_draft(app, asking)
        done = fix_found(app, investigate(app, None, lambda: b""), asking, stop_at_plan=False)
    statuses = [one.outcome.status.value for one in done.rounds]
    kept = b"".join(_readable(path) for path in sorted((tmp_path / "home").rglob("*")) if path.is_file())
    leaks = {
        "model": found_in(model.heard, planted),
        "disk": found_in(kept, planted),
        "screen": found_in("\n".join(shown).encode(), planted),
    }
    assert (statuses, leaks, b"SLACK_TOKEN" in model.heard) == (
        ["applied"],
        {"model": [], "disk": [], "screen": []},
        True,
    )


def _readable(path: Path) -> bytes:
    data = path.read_bytes()
    return data + zlib.decompress(data) if path.suffix == ".z" else data

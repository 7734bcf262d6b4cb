"""A model endpoint that cannot be trusted: a run says what it did, in bounded memory, and its key goes nowhere else."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from agentops.agent.model import EndlessAnswer, ModelFailure, ModelRequest
from agentops.agent.models.claude import Claude, ClaudeSettings
from agentops.agent.models.retry import Retries
from agentops.core.progress import no_progress
from tests.support.measured_run import measured

ENDLESS = (
    "endless-text", "endless-thinking", "endless-tool", "endless-blocks", "huge-event", "endless-error", "gzip-bomb",
)  # fmt: skip
SLOW = ("pings", "header-drip")
MEMORY_MIB = 400
ASKED = ModelRequest(system="", tools=(), messages=({"role": "user", "content": [{"type": "text", "text": "Hello"}]},))


@pytest.fixture
def pointed(home: Path, monkeypatch: pytest.MonkeyPatch, hostile_model: ModuleType) -> Iterator[Any]:
    """Serve a mode and point the environment at it: ``pointed("pings")``."""
    opened: list[Any] = []

    def point(mode: str, elsewhere: str = "") -> Any:
        model = hostile_model.HostileModel(mode, elsewhere)
        opened.append(model)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", model.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-canary-000000000000")
        return model.__enter__()

    yield point
    for model in opened:
        model.__exit__()


def _claude(seconds: float) -> Claude:
    settings = ClaudeSettings(turn_timeout_s=seconds)
    retries = Retries(attempts=2, longest_wait_s=0.1, sleep=lambda _s: None, jitter=lambda: 0.0)
    return Claude(settings, retries=retries, environ=os.environ)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ENDLESS)
def test_an_endless_answer_is_cut_off(pointed: Any, mode: str) -> None:
    """The error names the endpoint and the bound; it is not asked again."""
    model = pointed(mode)
    with pytest.raises(EndlessAnswer) as caught:
        _claude(60).turn(ASKED, no_progress)
    assert caught.value.message == f"{model.url} sent more than 8 MiB in one turn; its answer was thrown away"
    assert (caught.value.code, len(model.requests)) == ("model-endless-answer", 1)


@pytest.mark.slow
@pytest.mark.parametrize("mode", SLOW)
def test_an_answer_that_only_keeps_the_line_open_is_cut_off(pointed: Any, mode: str) -> None:
    """Pings and a head that comes byte by byte keep every socket's own time-out from running out."""
    model = pointed(mode)
    with pytest.raises(EndlessAnswer) as caught:
        _claude(1).turn(ASKED, no_progress)
    assert caught.value.message == f"{model.url} did not end its answer within 1 s; its answer was thrown away"


@pytest.mark.slow
def test_pings_alone_are_no_answer(pointed: Any) -> None:
    """Where nothing but pings came for as long as silence may last, it is silence."""
    model = pointed("pings")
    retries = Retries(attempts=1, longest_wait_s=0.1, sleep=lambda _s: None, jitter=lambda: 0.0)
    with pytest.raises(EndlessAnswer) as caught:
        Claude(ClaudeSettings(read_timeout_s=0.5), retries=retries, environ=os.environ).turn(ASKED, no_progress)
    assert caught.value.message.startswith(f"{model.url} sent nothing of an answer for 0 s")


@pytest.mark.slow
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(pointed: Any, hostile_model: ModuleType, code: int) -> None:
    """Neither the key nor the conversation reaches another address."""
    with hostile_model.HostileModel("endless-text") as other:
        model = pointed(f"redirect-{code}", other.url)
        with pytest.raises(ModelFailure) as caught:
            _claude(60).turn(ASKED, no_progress)
        assert caught.value.message.startswith(f"{model.url} answers with a redirect (status {code}), which is not")
        assert other.requests == []


@pytest.mark.slow
@pytest.mark.parametrize("provider", ["bedrock", "vertex"])
def test_the_clouds_are_asked_in_the_same_bounds(
    pointed: Any, hostile_model: ModuleType, monkeypatch: pytest.MonkeyPatch, provider: str
) -> None:
    """Their clients get the same transport: no redirect, and its hooks."""
    from agentops.agent.models import claude as claude_file

    if provider == "vertex":
        pytest.importorskip("google.auth")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    settings = ClaudeSettings(provider=provider, region="eu-central-1", project="p")
    bounds = claude_file.TurnBounds(size_bytes=1, turn_s=1, idle_s=1)
    http = claude_file._client(settings, bounds)._client
    assert (http.follow_redirects, http.event_hooks) == (False, dict(bounds.hooks()))


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["endless-text", "huge-event", "pings", "redirect-307"])
def test_a_run_ends_with_what_the_endpoint_did(pointed: Any, home: Path, tmp_path: Path, mode: str) -> None:
    """Exit 1, the error in the document, the finding of triage, the end of the run on record; and little memory."""
    home.mkdir(mode=0o700)
    (home / "config.toml").write_text("[limits]\nmax_seconds = 5\n")
    model = pointed(mode, "http://127.0.0.1:1")
    words = ("investigate", "--sandbox=bad-image-tag", "--no-input", "-o", "json")
    done = measured(words, tmp_path)
    document = json.loads(done.out)
    code = "model-request-rejected" if mode.startswith("redirect") else "model-endless-answer"
    assert (done.code, document["status"], document["finding"]["by"]) == (1, "degraded", "triage")
    assert [one["code"] for one in document["errors"]] == [code]
    assert model.url in document["errors"][0]["message"]
    assert done.peak_mib < MEMORY_MIB
    records = "".join(file.read_text() for file in sorted((home / "audit").glob("*.jsonl")))
    assert '"run_ended"' in records

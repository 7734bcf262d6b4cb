"""The examples for LangGraph and the OpenAI Agents SDK, run as they stand, each in its own pinned environment."""

from __future__ import annotations

import os
import shlex
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.agents.conftest import AGENTOPS
from tests.agents.conversation import BEFORE, OFFERED, names
from tests.agents.model_server import ModelServer, ToolCall

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(600)]
_EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
_LONGEST_S = 240


def _play(
    python: str,
    example: str,
    incident: Any,
    environ: Mapping[str, str],
    words: Sequence[str],
    meanwhile: Callable[[], None],
    settings: Sequence[str] = (),
) -> tuple[int, str]:
    """Run an example; ``meanwhile`` runs beside it, as the person in another terminal does."""
    options = ["--agentops", shlex.join(AGENTOPS), *words]
    command = [python, str(_EXAMPLES / example / "remediation.py"), incident.target, *options, "--", *incident.place]
    home = str(incident.folder / "home")
    # The frameworks hand on to a server what is safe to hand on, and nothing of ours.
    wrapped = ["/usr/bin/env", f"AGENTOPS_HOME={home}", *settings, *AGENTOPS]
    command[command.index(shlex.join(AGENTOPS))] = shlex.join(wrapped)
    person = threading.Thread(target=meanwhile)
    person.start()
    done = subprocess.run(
        command,
        env={"PATH": os.environ["PATH"], "HOME": str(incident.folder), **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_LONGEST_S,
    )
    person.join(timeout=_LONGEST_S)
    return done.returncode, done.stdout + done.stderr


def _nobody() -> None:
    """Nobody is there."""


def _person(incident: Any, but: str = "") -> Callable[[], None]:
    """Return what approves the plan that waits, as soon as there is one; ``but`` is one that stays as it is."""

    def approve() -> None:
        ends = time.monotonic() + _LONGEST_S
        while time.monotonic() < ends:
            waiting = [one["code"] for one in incident.pending() if one["standing"] == "waiting" and one["code"] != but]
            if waiting:
                incident.approve(waiting[0])
                return
            time.sleep(1)

    return approve


def _check_record(incident: Any, client: str) -> None:
    records = incident.records()
    assert {one["payload"]["client"]["name"] for one in records if one["event"] == "mcp_request"} == {client}
    started = {one["run"]: one["payload"] for one in records if one["event"] == "run_started"}
    intents = [one for one in records if one["event"] == "intent"]
    assert [started[one["run"]]["client"]["name"] for one in intents] == [client]


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
def test_the_graph_of_langgraph(provider: str, program: Callable[[str], str], incident: Any) -> None:
    """Resumed without an approval it is refused; with one it applies, verifies, and ends well."""
    python = program("langgraph/bin/python")
    looks = (*BEFORE[:2], ToolCall("kubernetes_get", {"kind": "Deployment", "name": "checkout", "namespace": "shop"}))
    environ = {}

    def play(words: Sequence[str], meanwhile: Callable[[], None]) -> tuple[int, str, ModelServer]:
        with ModelServer(looks, "The image tag does not exist.") as model:
            environ.update(
                {"ANTHROPIC_API_KEY": "dummy", "ANTHROPIC_BASE_URL": model.url}
                if provider == "anthropic"
                else {"OPENAI_API_KEY": "dummy", "OPENAI_BASE_URL": f"{model.url}/v1"}
            )
            named = ["--model", f"{provider}:claude-sonnet-5" if provider == "anthropic" else "openai:scripted"]
            return (*_play(python, "langgraph", incident, environ, [*named, *words], meanwhile), model)

    code, out, model = play(["--wait", "0"], _nobody)
    assert (code, "Not applied: approval_pending: plan " in out) == (1, True)
    assert "agentops approve " in out
    # The model is not even shown what leads to a change.
    assert names(model) == {"triage", "investigate", "kubernetes_get"}
    assert "ImageNotFound" in incident.problems()
    first = incident.pending()[0]
    code, out, _ = play(["--wait", "120"], _person(incident, first["code"]))
    assert code == 0, out
    assert "Healed by plan " in out
    assert incident.problems() == []
    _check_record(incident, "langgraph")


def test_what_policy_forbids_ends_the_graph(program: Callable[[str], str], incident: Any) -> None:
    """With the reason in words; no plan waits for anybody."""
    python = program("langgraph/bin/python")
    with ModelServer(BEFORE[:2]) as model:
        environ = {"ANTHROPIC_API_KEY": "dummy", "ANTHROPIC_BASE_URL": model.url}
        words = ["--model", "anthropic:claude-sonnet-5", "--wait", "0"]
        code, out = _play(python, "langgraph", incident, environ, words, _nobody, ["AGENTOPS_READ_ONLY=1"])
    assert (code, "No plan: " in out, "read-only" in out.lower() or "read_only" in out) == (1, True, True), out
    assert incident.pending() == []


@pytest.mark.parametrize("api", ["responses", "chat"])
def test_the_agent_of_the_openai_sdk(api: str, program: Callable[[str], str], incident: Any) -> None:
    """All of it in one conversation: refused, forbidden, approved meanwhile, applied once, healed."""
    python = program("openai-agents/bin/python")
    looks, proposes, applies, forbidden = BEFORE[:2], BEFORE[2], BEFORE[3], BEFORE[4]
    script = (*looks, forbidden, proposes, applies, applies, BEFORE[0])
    with ModelServer(script, pauses=[5]) as model:
        environ = {"OPENAI_API_KEY": "dummy", "OPENAI_BASE_URL": f"{model.url}/v1"}
        words = ["--api", api, "--model", "scripted", "--wait", "120"]
        code, out = _play(python, "openai_agents", incident, environ, words, _person(incident))
    assert code == 0, out
    assert names(model) == OFFERED
    _, _, refused, _, early, applied, looked = model.answers
    assert "scale-to-zero" in refused
    assert "approval_pending" in early
    assert '"status":"applied"' in applied.replace(" ", "").replace("\\", "")
    assert "ImageNotFound" not in looked
    assert incident.problems() == []
    _check_record(incident, "openai-agents")

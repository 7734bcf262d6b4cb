"""What an incident costs in tokens: ``fix`` on every scenario of the sandbox with the scripted model that is right.

``python -m tests.benchmarks.tokens [SCENARIO ...]`` prints one line a scenario: how many requests, what stands before
any data, the first one, the sum over all requests and answers. Tokens are an estimate, the bytes of the request's
compact JSON by ``BYTES_A_TOKEN``; the cached prefix is counted in full in every request. No endpoint is asked.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from agentops.agent.finding_review import FindingReview
from agentops.agent.request_prefix import wire_tools
from agentops.app.fix import fix_found, let_model_draft
from agentops.app.guard_wiring import ApprovalOptions
from agentops.app.investigate import investigate
from agentops.app.run import open_app
from agentops.config import load
from tests.app.fix.conftest import Agrees
from tests.app.fix.scripting import RIGHT, turns_of

BYTES_A_TOKEN = 3.75
"""Of JSON and English prose mixed, as these requests are; the ratio that Claude's own counts of them came to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """The tokens of one incident: system and tools, the whole first request, all requests and answers together.

    ``at_once`` is that total of a model that reports in the turn in which it drafts.
    """

    scenario: str
    requests: int
    prefix: int
    first: int
    total: int
    at_once: int = 0


def measure(scenario: str, *, together: bool = False) -> Spent:
    """Run ``fix`` on a scenario and count what the model was sent and what it said; ``together``: see ``turns_of``."""
    entry = RIGHT[scenario]
    with tempfile.TemporaryDirectory() as home:
        script = Path(home) / "turns.yaml"
        turns = turns_of(entry, entry.get("plans", []), together=together)
        script.write_text(yaml.safe_dump({"turns": turns}), encoding="utf-8")
        settings = load({"model": f"scripted:{script}"}, {**os.environ, "AGENTOPS_HOME": home})
        with open_app(settings, command="fix", sandbox=scenario, use_model=True, progress=lambda step: None) as app:
            asking = ApprovalOptions(approver=Agrees(app.services.clock), on_interrupt=lambda: True)
            let_model_draft(app, asking)
            found = investigate(app, None, lambda: b"")
            fix_found(app, found, asking, stop_at_plan=False)
            assert found.conversation is not None, found.model_error
            toolbox, messages = found.conversation.toolbox, found.conversation.folder.transcript()
    review = FindingReview(home=found.conversation.home, by="", drafts=True)
    return _spent(scenario, {"system": review.system, "tools": wire_tools(toolbox, review.ending)}, messages)


def _spent(scenario: str, prefix: Any, messages: Sequence[Any]) -> Spent:
    before = _tokens(prefix)
    answered = [at for at, message in enumerate(messages) if message["role"] == "assistant"]
    sent = [before + sum(map(_tokens, messages[:at])) for at in answered]
    said = sum(_tokens(messages[at]) for at in answered)
    return Spent(scenario=scenario, requests=len(sent), prefix=before, first=sent[0], total=sum(sent) + said)


def _tokens(value: Any) -> int:
    return round(len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()) / BYTES_A_TOKEN)


def main(scenarios: Sequence[str]) -> int:
    """Measure the scenarios that are named, or all, and print a table and the medians."""
    sys.stdout.write("| scenario | requests | before data | first request | sum | sum, drafts and report at once |\n")
    sys.stdout.write("|---|---|---|---|---|---|\n")
    rows = []
    for scenario in scenarios or sorted(RIGHT):
        rows.append(replace(measure(scenario), at_once=measure(scenario, together=True).total))
        sys.stdout.write(_line(rows[-1]) + "\n")
        sys.stdout.flush()
    middle = {name: round(statistics.median(getattr(row, name) for row in rows)) for name in _FIGURES}
    sys.stdout.write(_line(Spent(scenario="median", **middle)) + "\n")
    return 0


_FIGURES = ("requests", "prefix", "first", "total", "at_once")


def _line(row: Spent) -> str:
    return f"| {row.scenario} | {' | '.join(f'{getattr(row, name):,}' for name in _FIGURES)} |"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

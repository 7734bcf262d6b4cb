"""The turns of the scripted models: what a model says that drafts some plans, one after the other, and reports.

Comes in: an entry of ``scripts/right.yaml`` or drafts of ``scripts/wrong.yaml``. Goes out: turns for
``agentops.agent.models.scripted``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.tables import read_yaml

_SCRIPTS = Path(__file__).parent / "scripts"
RIGHT: Mapping[str, Any] = read_yaml(_SCRIPTS / "right.yaml")
WRONG: Mapping[str, Any] = read_yaml(_SCRIPTS / "wrong.yaml")
_REPORTS_AFTER = 3


def turns_of(
    entry: Mapping[str, Any], plans: Sequence[Sequence[Mapping[str, Any]]], *, together: bool = False
) -> list[dict[str, Any]]:
    """Return the turns of a model that drafts the plans one after the other, and reports after each.

    Arguments:
        together: it is sure of its drafts, and reports in the same turn.
    """
    # Where nothing is wrong triage leaves no evidence to cite, and a draft must cite some: every model looks first.
    turns: list[dict[str, Any]] = [{"calls": [{"tool": "kubernetes_list", "arguments": {"kind": "Deployment"}}]}]
    for plan in plans or [[]]:
        drafts = [_draft(one) for one in plan]
        if together:
            turns.append({"calls": [*drafts, *_report(entry)["calls"]]})
        else:
            turns += [{"calls": drafts}] if drafts else []
            turns.append(_report(entry))
    return turns + [_report(entry)] * _REPORTS_AFTER


def _draft(one: Mapping[str, Any]) -> dict[str, Any]:
    words = {"target": one["target"], "reason": "It cures the cause.", "evidence": ["{{first}}"]}
    drafted = {"tool": f"kubernetes_{one['tool']}", **words, "arguments": one.get("arguments", {})}
    return {"tool": "draft_change", "arguments": drafted}


def _report(entry: Mapping[str, Any]) -> dict[str, Any]:
    cause = {"cause": entry["cause"]} if "cause" in entry else {}
    arguments = {
        "verdict": "root-cause" if cause else "recovered",
        "conclusion": entry.get("why", "It is what is cited."),
        "confidence": "high",
        "evidence": ["{{first}}"],
        "ruled_out": [],
        "not_checked": [],
        "next_steps": [],
    }
    return {"calls": [{"tool": "report_finding", "arguments": arguments | cause}]}

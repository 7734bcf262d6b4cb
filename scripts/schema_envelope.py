"""The envelope's schema: every field that any command prints with ``--output json``, once.

A command that prints a new field adds it here; the tests fail until it does.
"""

from __future__ import annotations

from datetime import datetime

from schema_types import CODE, COUNT, DIGEST, TEXT, Definitions, Schema, listed, plain, record

from agentops.app.firing_alerts import FiringAlert
from agentops.core.alert import Alert, Target
from agentops.core.approval import SignedApproval
from agentops.core.audit import AuditRecord
from agentops.core.errors import ExitCode
from agentops.core.evidence import Evidence
from agentops.core.finding import Finding, Problem
from agentops.core.outcome import Receipt, StageRecord, Status
from agentops.core.plan import (
    Approval,
    BlastRadius,
    Call,
    Change,
    Check,
    Intent,
    Note,
    ObjectChange,
    Obligation,
    Ownership,
    PolicyDecision,
)
from agentops.core.request import ReplyVerdict
from agentops.core.risk import Reversal, Risk
from agentops.core.tool import ToolSpec
from agentops.core.usage import Usage
from agentops.store.pending import Decline, PlanEnd, PlanStanding


def finding(known: Definitions) -> Schema:
    known.ref(Finding)
    found = known.found.pop("Finding")
    seen = {"id": TEXT, "tool": TEXT, "summary": TEXT, "digest": DIGEST, "observed_at": plain(datetime)}
    unseen = record({"id": TEXT, "observed": {"const": False}})
    found["properties"]["evidence"] = listed({"anyOf": [record(seen), unseen]})
    return found


def request(known: Definitions) -> Schema:
    """Return the schema of what a person asked for in words, and of the reply to it."""
    seen = {"id": TEXT, "tool": TEXT, "summary": TEXT, "digest": DIGEST, "observed_at": plain(datetime)}
    unseen = record({"id": TEXT, "observed": {"const": False}})
    reply = {
        "verdict": known.ref(ReplyVerdict),
        "text": TEXT,
        "by": TEXT,
        "because": TEXT,
        "evidence": listed({"anyOf": [record(seen), unseen]}),
        "not_checked": listed(TEXT),
        "supported": {"type": "boolean"},
        "warnings": listed(TEXT),
        "outcome": TEXT,
    }
    words = dict.fromkeys(("id", "words", "context", "namespace", "verdict"), TEXT)
    kind = {"kind": {"enum": ["request", "question"]}, "opened_at": plain(datetime)}
    return record(words | kind | {"reply": record(reply)}, optional=("reply",))


def envelope(known: Definitions) -> Schema:
    known.found["FindingOfIncident"] = finding(known)
    known.found["RequestOfPerson"] = request(known)
    head = {
        "schema": {"const": "agentops/v1"},
        "command": TEXT,
        "status": TEXT,
        "exit_code": {"enum": [int(code) for code in ExitCode]},
    }
    parts = _incident_parts(known) | _change_parts(known) | _approver_parts(known) | _other_parts(known)
    return record(head | parts, optional=tuple(parts))


def _incident_parts(known: Definitions) -> dict[str, Schema]:
    incident = {
        "id": TEXT,
        "alert": known.ref(Alert),
        "alerts": COUNT,
        "left_out": listed(record({"alert": TEXT, "reason": TEXT})),
        "notes": listed(TEXT),
        "target": known.ref(Target),
        "context": TEXT,
        "namespace": TEXT,
        "opened_at": plain(datetime),
    }
    usage = known.ref(Usage) and known.found.pop("Usage")
    known.found["Usage"] = usage | {"required": ["turns", "wall_s"]}
    written = ("id", "short_id", "opened_at", "alert", "target", "verdict", "conclusion")
    row = dict.fromkeys((*written, "cause", "condition", "namespace", "kind", "outcome"), TEXT)
    kept = listed(record({"incident": TEXT, "why": TEXT}))
    pruned = record({"incidents": listed(TEXT), "kept": kept, "done": {"type": "boolean"}})
    place = record({"file": TEXT, "line": COUNT, "column": COUNT})
    errors = listed(record({"code": TEXT, "message": TEXT, "hint": TEXT, "place": place}, optional=("place",)))
    return {
        "errors": errors,
        "incident": record(incident, optional=tuple(name for name in incident if name != "id")),
        "finding": {"anyOf": [{"$ref": "#/$defs/FindingOfIncident"}, known.ref(Finding)]},
        "request": {"$ref": "#/$defs/RequestOfPerson"},
        "problems": listed(known.ref(Problem)),
        "evidence": _with_body(known),
        "drafts": listed(known.ref(Change)),
        "usage": {"$ref": "#/$defs/Usage"},
        "model": record({"used": {"type": "boolean"}, "why": TEXT}, optional=("why",)),
        "audit": record({"run": TEXT, "head": TEXT}),
        "context": TEXT,
        "namespaces": listed(TEXT),
        "read": {"type": "object", "additionalProperties": COUNT},
        "not_read": listed(record({"what": TEXT, "reason": TEXT})),
        "observed_at": plain(datetime),
        "baseline": _baseline(),
        "filtered_out": COUNT,
        "incidents": listed(record(row)),
        "pruned": pruned,
        "total": COUNT,
        "alerts": listed(known.ref(FiringAlert)),
        "server": TEXT,
    }


def _baseline() -> Schema:
    """Return what a scan tells of the problems of its baseline."""
    known = record({"resource": TEXT, "condition": TEXT, "severity": TEXT})
    return record({"known": listed(known), "gone": listed(record({"resource": TEXT, "condition": TEXT}))})


def _with_body(known: Definitions) -> Schema:
    """Return ``show --evidence``: one piece of evidence and all that was read."""
    known.ref(Evidence)
    evidence = known.found.pop("Evidence")
    return record(evidence["properties"] | {"body": TEXT})


def _change_parts(known: Definitions) -> dict[str, Schema]:
    known.found["PlanView"] = _plan_view(known)
    known.found["OutcomeView"] = record(
        {
            "status": known.ref(Status),
            "change": TEXT,
            "why": TEXT,
            "verified": {"type": "boolean"},
            "doubts": listed(TEXT),
            "stages": listed(known.ref(StageRecord)),
            "receipts": listed(known.ref(Receipt)),
        }
    )
    short = record({"digest": DIGEST, "code": CODE})
    plan, outcome = {"$ref": "#/$defs/PlanView"}, {"$ref": "#/$defs/OutcomeView"}
    refusal = record({"change": known.ref(Change), "code": TEXT, "message": TEXT})
    after = record({"verdict": TEXT, "conclusion": TEXT, "about": TEXT, "healed": {"type": "boolean"}})
    recovered = {
        "change": TEXT,
        "plan": DIGEST,
        "states": listed(TEXT),
        "words": listed(TEXT),
        "unwell": listed(TEXT),
        "ending": {"anyOf": [known.ref(Status), {"type": "null"}]},
        "kept": {"type": "boolean"},
    }
    change = {
        "id": TEXT,
        "short_id": TEXT,
        "digest": DIGEST,
        "claimed_at": TEXT,
        "context": TEXT,
        "changes": listed(known.ref(Change)),
        "open": {"type": "boolean"},
        "rolls_back": TEXT,
        "rolled_back_by": TEXT,
        "result": {"type": ["object", "null"]},
    }
    return {
        "plan": {"anyOf": [plan, short]},
        "outcome": outcome,
        "earlier": listed(record({"plan": plan, "outcome": outcome})),
        "refusals": listed(refusal),
        "after": after,
        "kept": TEXT,
        "next": listed(TEXT),
        "recovered": listed(record(recovered)),
        "taken_back": listed(TEXT),
        "halted": listed(record({"report": TEXT, "what": {}, "closed": {"type": "boolean"}})),
        "changes": listed(record(change)),
    }


def _plan_view(known: Definitions) -> Schema:
    known.ref(Change)
    worded = known.found["Change"]
    worded = record(worded["properties"] | {"words": TEXT})
    undo = {
        "reversal": known.ref(Reversal),
        "changes": listed(known.ref(Change)),
        "residue": listed(TEXT),
        "ruling": {"anyOf": [known.ref(PolicyDecision), {"type": "null"}]},
    }
    facts = {
        "digest": DIGEST,
        "code": CODE,
        "context": TEXT,
        "cluster": TEXT,
        "requester": TEXT,
        "created_at": plain(datetime),
        "expires_at": plain(datetime),
        "obligation": known.ref(Obligation),
        "agreement": record(dict.fromkeys(("approval", "words", "why", "next"), TEXT)),
        "policy_digest": TEXT,
        "risk": known.ref(Risk),
        "reversal": known.ref(Reversal),
        "tainted": {"type": "boolean"},
        "rolls_back": TEXT,
        "lease": TEXT,
        "intent": known.ref(Intent),
    }
    per_step = {
        "changes": worded,
        "calls": listed(known.ref(Call)),
        "diffs": listed(known.ref(ObjectChange)),
        "blast_radius": known.ref(BlastRadius),
        "ruling": known.ref(PolicyDecision),
        "undo": record(undo),
        "checks": listed(known.ref(Check)),
        "owners": listed(known.ref(Ownership)),
        "notes": listed(known.ref(Note)),
        "warnings": listed(TEXT),
    }
    said = {"description": "A change plan for people and scripts; each list has one entry per step, in order."}
    return said | record(facts | {name: listed(schema) for name, schema in per_step.items()})


def _approver_parts(known: Definitions) -> dict[str, Schema]:
    known.ref(SignedApproval)
    approval = known.found.pop("SignedApproval")
    entry = {"name": TEXT, "id": TEXT, "key": TEXT}
    return {
        "approval": record(approval["properties"] | {"file": TEXT}),
        "approvals_missing": COUNT,
        "public_key": TEXT,
        "pending": listed(_pending(known)),
        "approved": COUNT,
        "refused": COUNT,
        "approvers": listed(record(entry)),
        "approver": record(entry | {"trusted": {"type": "boolean"}}, optional=("trusted",)),
        "file": TEXT,
    }


def _aws_identity() -> Schema:
    """Return what ``access aws --check`` says of an identity; null: IAM could not be asked."""
    words = dict.fromkeys(("account", "region", "identity", "how", "unasked"), TEXT)
    return record(
        {**words, "administrator": {"type": ["boolean", "null"]}, "missing": listed(TEXT), "grave": listed(TEXT)}
    )


def _pending(known: Definitions) -> Schema:
    """Return a plan that another agent asked for."""
    words = dict.fromkeys(("client", "door", "on_behalf_of", "what", "object", "where", "file"), TEXT)
    said = {"anyOf": [known.ref(Decline), {"type": "null"}]}
    ended = {"anyOf": [known.ref(PlanEnd), {"type": "null"}]}
    facts = {
        "code": CODE,
        "digest": DIGEST,
        "standing": known.ref(PlanStanding),
        "simulated": {"type": "boolean"},
        "asked_at": plain(datetime),
        "expires_at": plain(datetime),
        "risk": known.ref(Risk),
        "approval": known.ref(Approval),
        "approvals_missing": COUNT,
        "approved_by": listed(TEXT),
        "declined": said,
        "ended": ended,
    }
    return record(words | facts)


def _mcp_server() -> Schema:
    words = dict.fromkeys(("name", "transport", "identity", "confinement"), TEXT)
    names = {name: listed(TEXT) for name in ("env", "headers", "allowed")}
    rest = {"enabled": {"type": "boolean"}, "trusted": COUNT}
    return record(words | names | rest, optional=("trusted",))


def _mcp_look() -> dict[str, Schema]:
    """Return what a look at a server tells: the server, and each of its tools with its state."""
    server = dict.fromkeys(("name", "identity", "calls_itself", "version", "protocol", "changed"), TEXT)
    words = dict.fromkeys(("name", "called", "why", "effect", "risk", "schema", "description"), TEXT)
    states = ["offered", "not-allowed", "new", "changed", "server-changed", "refused"]
    tool = words | {"state": {"enum": states}, "changed": listed(TEXT), "classified": {"type": "boolean"}}
    return {
        "mcp_server": record(server | {"seconds": {"type": "number"}, "gone": listed(TEXT)}),
        "mcp_tools": listed(record(tool)),
        "trusted": listed(TEXT),
        "allowed": listed(TEXT),
        "mcp_answer": record(
            dict.fromkeys(("server", "tool", "text"), TEXT)
            | {"digest": DIGEST, "is_error": {"type": "boolean"}, "cut_bytes": COUNT, "structured": {}}
        ),
    }


def _mcp_import() -> Schema:
    server = dict.fromkeys(("name", "given", "why"), TEXT) | {"usable": {"type": "boolean"}, "notes": listed(TEXT)}
    source = {"client": TEXT, "file": TEXT, "digest": DIGEST, "seen": {"enum": ["new", "unchanged", "changed"]}}
    return record(source | {"servers": listed(record(server))}, optional=("servers",))


def _other_parts(known: Definitions) -> dict[str, Schema]:
    check = record({"name": TEXT, "state": {"enum": ["ok", "untried", "warn", "bad"]}, "text": TEXT, "hint": TEXT})
    scenario = record({"name": TEXT, "title": TEXT, "difficulty": TEXT})
    thing: Schema = {"type": "object"}
    names = dict.fromkeys(("verb", "group", "resource", "name"), TEXT)
    right = record({**names, "for": listed(TEXT)})
    things = dict.fromkeys(("verification", "anchor", "export", "segments", "proof"), thing)
    return {
        "tools": listed(known.ref(ToolSpec)),
        "servers": listed(_mcp_server()),
        "imports": listed(_mcp_import()),
        **_mcp_look(),
        "client": TEXT,
        "token": TEXT,
        "http": {"type": "boolean"},
        "entry": thing,
        "replaces": {"anyOf": [listed(TEXT), {"type": "null"}]},
        "checks": listed(check),
        "scenarios": listed(scenario),
        "scenario": {"description": "sandbox up: its name; sandbox new: its name and file"},
        "kubeconfig": TEXT,
        "contexts": listed(TEXT),
        "url": TEXT,
        "pid": COUNT,
        "since": TEXT,
        "log": TEXT,
        "alert": {"description": "sandbox up: the scenario's own alert, as it would be sent"},
        "records": listed(known.ref(AuditRecord)),
        "record": known.ref(AuditRecord),
        "keys": listed(TEXT),
        "key": TEXT,
        "fingerprint": TEXT,
        **things,
        "policy": thing,
        "policy_digest": DIGEST,
        "facts": listed(thing),
        "cedar_schema": TEXT,
        "valid": {"type": "boolean"},
        "files": {},
        "tests": {},
        "explanations": listed(thing),
        "rulings": COUNT,
        "differing": listed(thing),
        "other_policy": COUNT,
        "schemas": listed(record({"name": TEXT, "id": TEXT, "title": TEXT})),
        "name": TEXT,
        "json_schema": thing,
        "settings": listed(record({"key": TEXT, "value": {}, "origin": TEXT, "variable": TEXT})),
        "file_exists": {"type": "boolean"},
        "credentials": listed(TEXT),
        "not_followed": listed(TEXT),
        "environment": record(dict.fromkeys(("place", "identity", "environment", "why", "file"), TEXT)),
        "mode": {"enum": ["read", "fix"]},
        "manifests": listed(thing),
        "granted": listed(right),
        "actions": listed(record({"action": TEXT, "for": listed(TEXT)})),
        "identity": _aws_identity(),
        "left_out": listed(right),
        "text": TEXT,
        "shell": TEXT,
        "script": TEXT,
        "version": TEXT,
        "python": TEXT,
        "platform": TEXT,
    }

"""Everything that is printed or written for programs is as the published schemas say; no field is missing."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, ValidationError  # noqa: TID253 - another program's view of it
from typer.main import get_command

import agentops.policy
from agentops.cli.app import build
from agentops.cli.commands.schema import NAMES, load_schema
from agentops.core.approval import SignedApproval
from agentops.store.plans import save_approval

Cli = Callable[..., Any]

# Each runs in a home in which an investigation was made, a change applied, a plan saved and an approver added.
_COMMANDS: tuple[tuple[str, ...], ...] = (
    ("investigate", "--sandbox=bad-image-tag", "--no-model"),
    ("investigate", "--sandbox=stale-alert", "--no-model"),
    ("triage", "--sandbox=bad-image-tag"),
    ("fix", "--sandbox=bad-image-tag", "--no-model", "--dry-run"),
    ("fix", "--sandbox=two-faults", "--no-model", "--dry-run"),
    ("fix", "--sandbox=stale-alert", "--no-model", "--dry-run"),
    ("fix", "--sandbox=unbound-pvc-chain", "--no-model", "--dry-run"),
    ("fix", "--sandbox=bad-image-tag", "--no-model", "--no-input"),
    ("ask", "what runs here?", "--sandbox=bad-image-tag", "--model", "ASK"),
    ("ask", "what runs here?", "--sandbox=bad-image-tag", "--model", "EMPTY"),
    ("do", "scale catalog to 3", "--sandbox=stale-alert", "--model", "DO", "--dry-run"),
    ("do", "scale catalog to 3", "--sandbox=stale-alert", "--model", "DO", "--no-input"),
    ("do", "scale catalog to 3", "--sandbox=stale-alert", "--model", "EMPTY"),
    ("rollback", "nothing", "--sandbox=bad-image-tag"),
    ("recover", "--sandbox=bad-image-tag"),
    ("changes",),
    ("show",),
    ("show", "--evidence", "E1"),
    ("history",),
    ("alerts",),
    ("history", "prune", "--older-than", "1h", "--dry-run"),
    ("approve", "PLAN", "--no-input"),
    ("approvers", "list"),
    ("approvers", "me"),
    ("approvers", "add", "eve+2b21a9c5+AWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVl"),
    ("approvers", "remove", "ana"),
    ("audit", "verify"),
    ("audit", "log"),
    ("audit", "keys"),
    ("audit", "prove", "1"),
    ("audit", "check-proof", "nothing", "--key", "nothing"),
    ("audit", "anchor", "--to", "ANCHOR"),
    ("audit", "export", "--to", "EXPORT"),
    ("audit", "rotate"),
    ("audit", "replay"),
    ("audit", "rotate-key"),
    ("audit", "fingerprint"),
    ("tools", "list"),
    ("approvals",),
    ("mcp", "list"),
    ("mcp", "add", "far", "--url", "https://mcp.example/mcp"),
    ("mcp", "remove", "far"),
    ("mcp", "import"),
    ("mcp", "tools", "git"),
    ("mcp", "trust", "git"),
    ("mcp", "call", "git", "log"),
    ("mcp", "doctor"),
    ("mcp", "login", "git"),
    ("mcp", "logout", "git"),
    ("mcp", "classify", "git", "log"),
    ("mcp", "allow", "git", "log"),
    ("mcp", "import", "MCP"),
    ("mcp", "serve", "--http"),
    ("mcp", "token", "ci-bot"),
    ("mcp", "install", "cursor", "--print"),
    ("access", "aws", "--mode", "read"),
    ("access", "kubernetes", "--mode", "fix", "--namespace", "shop"),
    ("sandbox", "list"),
    ("sandbox", "status"),
    ("sandbox", "down"),
    ("sandbox", "new", "mine", "--folder", "FOLDER"),
    ("doctor",),
    ("schema",),
    ("version",),
    ("config", "show"),
    ("config", "environment"),
    ("init", "--print"),
    ("init",),
    ("completion", "zsh"),
    ("schema", "plan"),
    ("policy", "show"),
    ("policy", "show", "--schema"),
    ("policy", "show", "--facts"),
    ("policy", "validate"),
    ("policy", "init"),
    ("policy", "test"),
    ("policy", "explain"),
    ("no-such-command",),
)
_NOT_RUN = {
    "approvals serve": "serves until Ctrl-C",
    "sandbox up": "serves until Ctrl-C",
}


_ANSWERED = {
    "calls": [
        {
            "tool": "report_answer",
            "arguments": {"verdict": "answered", "text": "Two things.", "evidence": ["E1"], "not_checked": []},
        }
    ]
}


_SCALED = {
    "tool": "kubernetes_scale",
    "target": "Deployment/catalog",
    "arguments": {"replicas": 3},
    "reason": "It is asked for.",
    "evidence": ["E1"],
}
_REPORTED = {"verdict": "planned", "text": "Scales catalog to 3.", "evidence": ["E1"], "not_checked": []}
_PLANNED = (
    {"calls": [{"tool": "draft_change", "arguments": _SCALED}]},
    {"calls": [{"tool": "report_request", "arguments": _REPORTED}]},
)


def _script(path: Path, *turns: dict[str, Any]) -> Path:
    """Write a script of a model that says the same again and again."""
    path.write_text(json.dumps({"turns": [*turns] * 3}), encoding="utf-8")
    return path


def _connect_a_server(home: Path, folder: Path) -> None:
    listed = {"name": "listed", "tools": [{"name": "log", "inputSchema": {"type": "object"}}, {"name": "a b"}]}
    words = [
        str(Path(__file__).with_name("listed_server.py")),
        str(_written(folder / "listed.json", json.dumps(listed))),
    ]
    servers = {"mcpServers": {"git": {"command": sys.executable, "args": words}}}
    _written(home / "mcp.json", json.dumps(servers)).chmod(0o600)


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def _closed(schema: Any) -> Any:
    """Return ``schema`` with additional fields forbidden wherever fields are named."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _closed(value) for key, value in schema.items()}
    named = isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema
    return found | {"additionalProperties": False} if named else found


def _faults(name: str, document: Any) -> list[str]:
    found = Draft202012Validator(_closed(load_schema(name))).iter_errors(document)
    return [f"{error.json_path}: {_deepest(error).message[:300]}" for error in found]


def _deepest(error: ValidationError) -> ValidationError:
    """Return what is wrong in the alternative that fits best."""
    while error.context:
        error = min(error.context, key=lambda inner: (-len(inner.absolute_path), str(inner.validator)))
    return error


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where ``used`` keeps the home that it has made, so that it makes it once."""
    return tmp_path_factory.mktemp("kept") / "home"


@pytest.fixture
def used(cli: Cli, home: Path, kept: Path, tmp_path: Path, plans: ModuleType) -> Callable[[str], str]:
    """Make the home one that was used before; returns what a placeholder of ``_COMMANDS`` stands for."""
    from datetime import UTC, datetime, timedelta

    from agentops.core.publickey import PublicKey
    from agentops.store.plans import save_plan

    if kept.exists():
        shutil.copytree(kept, home)
    else:
        cli("investigate", "--sandbox=bad-image-tag", "--no-model")
        cli("approvers", "add", str(PublicKey(name="ana", raw=b"a" * 32)))
        shutil.copytree(home, kept)
    _connect_a_server(home, tmp_path)
    save_plan(tmp_path / "plan.json", plans.plan(expires_at=datetime.now(UTC) + timedelta(hours=1)))
    places = {
        "PLAN": tmp_path / "plan.json",
        "ASK": f"scripted:{_script(tmp_path / 'ask.json', _ANSWERED)}",
        "DO": f"scripted:{_script(tmp_path / 'do.json', *_PLANNED)}",
        "EMPTY": f"scripted:{_script(tmp_path / 'empty.json', {'text': 'I do not know.'})}",
        "ANCHOR": tmp_path / "anchor",
        "FOLDER": tmp_path,
        "EXPORT": tmp_path / "e",
        "MCP": _written(tmp_path / "mcp.json", '{"mcpServers": {"old": {"type": "sse", "url": "https://h/sse"}}}'),
    }
    return lambda word: str(places.get(word, word))


@pytest.mark.parametrize("words", _COMMANDS, ids=" ".join)
def test_what_a_command_prints_is_as_the_schema_says(
    cli: Cli, used: Callable[[str], str], words: tuple[str, ...]
) -> None:
    """One JSON document, every field of it in the envelope's schema and of the type stated there."""
    done = cli(*map(used, words), "--output", "json")
    assert _faults("envelope", done.document) == []
    if "request" in done.document:
        assert _faults("request", done.document["request"]) == []
    if isinstance(done.document.get("finding"), dict) and done.document["command"] in ("investigate", "show", "fix"):
        assert _faults("finding", done.document["finding"]) == []


def _leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    children = getattr(command, "commands", {})
    if not children:
        yield " ".join(path)
    for name, child in children.items():
        yield from _leaves(child, (*path, name))


def test_no_command_is_left_out_of_the_test_above() -> None:
    """A new command is held against the schema too, or says here why not."""
    tried = {" ".join(words) for words in _COMMANDS}
    missing = [
        leaf for leaf in _leaves(get_command(build())) if not any(f"{one} ".startswith(f"{leaf} ") for one in tried)
    ]
    assert missing == list(_NOT_RUN)


def test_a_fix_that_was_carried_out_is_as_the_schema_says(terminal: ModuleType, home: Path) -> None:
    """The whole way at a terminal: proposed, shown, approved, applied, verified; stdout holds the document alone."""
    said = terminal.at_terminal(
        ["fix", "--sandbox=bad-image-tag", "--no-model", "--output", "json"],
        [("apply it?", "a\r")],
        {"AGENTOPS_HOME": str(home)},
    )
    document = json.loads(said.out)
    assert (said.code, document["outcome"]["status"], _faults("envelope", document)) == (0, "applied", [])


def test_a_saved_plan_is_as_the_schema_says(cli: Cli, tmp_path: Path) -> None:
    """The file of a real plan."""
    cli("fix", "--sandbox=bad-image-tag", "--no-model", "--dry-run", "--out", str(tmp_path / "plan.json"))
    assert _faults("plan", json.loads((tmp_path / "plan.json").read_text("utf-8"))) == []


def test_an_approval_is_as_the_schema_says(tmp_path: Path, plans: ModuleType) -> None:
    """The file of an approval."""
    path = tmp_path / "approval.json"
    says = {"plan_digest": "sha256:00", "by": "human:ana", "method": "key", "nonce": "n"}
    save_approval(path, SignedApproval(**says, at=plans.NOW, expires_at=plans.NOW))
    assert _faults("approval", json.loads(path.read_text("utf-8"))) == []


def test_every_line_of_the_audit_chain_is_as_the_schema_says(cli: Cli, home: Path, used: Callable[[str], str]) -> None:
    """The chain of a used home, line by line."""
    lines = (home / "audit" / "audit.jsonl").read_text("utf-8").splitlines()
    assert [_faults("audit-record", json.loads(line)) for line in lines] == [[]] * len(lines)


def test_the_shipped_policy_tests_are_as_the_schema_says() -> None:
    """The table that ships with the default policy."""
    table = Path(agentops.policy.__file__).parent / "default-tests.yaml"
    assert _faults("policy-test", yaml.safe_load(table.read_text("utf-8"))) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one(cli: Cli, name: str) -> None:
    """What is printed is a valid schema of draft 2020-12, with a versioned id; as text it is the file itself."""
    schema = json.loads(cli("schema", name).out)
    Draft202012Validator.check_schema(schema)
    assert (schema, schema["$id"]) == (load_schema(name), f"urn:agentops:schema:{name}:v1")


def test_a_schema_refuses_what_is_none() -> None:
    """The schemas are not so loose that anything passes."""
    assert [len(_faults(name, {})) > 0 for name in NAMES] == [True] * len(NAMES)


def test_an_unknown_schema_is_a_usage_error(cli: Cli) -> None:
    """The names that there are stand in the hint."""
    done = cli("schema", "nonsense")
    assert (done.code, "envelope, finding, request, plan" in done.err) == (2, True)

"""The table that completion reads at each TAB: the command tree, and which kind of names fits where.

What takes a file is seen from its type. Everything else that takes a value has its kind in ``KINDS``: a kind of
``app/completion.py``, one of ``names`` below, or "" for what nobody can list (a number, a time, words of one's own).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_origin

KINDS: dict[str, str] = {
    # Shared options and those that mean the same everywhere.
    "context": "contexts",
    "namespace": "namespaces",
    "aws_profile": "aws-profiles",
    "aws_region": "",
    "sandbox": "scenarios files-by-path",
    "model": "models",
    "max_steps": "",
    "max_tokens": "",
    "max_usd": "",
    "max_seconds": "",
    "wait": "",
    "older_than": "",
    "limit": "",
    "resume": "incidents",
    "endpoint_url": "",
    "retention_days": "",
    # Of one command.
    "investigate alert": "files",
    "fix what": "incidents files",
    "ask words": "",
    "do words": "",
    "triage target": "",
    "triage least": "severities",
    "triage condition": "conditions",
    "triage every": "",
    "show incident": "incidents runs",
    "show evidence": "evidence",
    "rollback change": "applied-changes",
    "recover change": "open-changes",
    "approve plan": "pending-plans files",
    "approve ttl": "",
    "approvals serve port": "",
    "approvals serve length": "",
    "approvers add key": "",
    "approvers remove name": "approvers",
    "policy validate kind": "policy-kinds",
    "policy explain tool": "tools",
    "policy explain target": "",
    "policy explain principal": "",
    "policy explain on_behalf_of": "",
    "policy explain fact": "facts",
    "policy explain label": "",
    "config environment environment": "environments",
    "audit verify anchor": "files",
    "audit verify key": "",
    "audit log run": "runs",
    "audit log event": "events",
    "audit log actor": "actors",
    "audit log target": "namespaces",
    "audit log fingerprint": "",
    "audit log since": "",
    "audit log until": "",
    "audit anchor to": "files",
    "audit export to": "folders",
    "audit replay run": "runs",
    "audit prove what": "",
    "audit prove growth": "files",
    "audit check-proof key": "files",
    "access aws mode": "access-modes",
    "mcp add name": "",
    "mcp add command": "",
    "mcp add url": "",
    "mcp add env": "",
    "mcp add header": "",
    "mcp add allow": "",
    "mcp add confinement": "confinements",
    "mcp remove name": "mcp-servers",
    "mcp tools server": "mcp-servers",
    "mcp trust server": "mcp-servers",
    "mcp trust tool": "mcp-tools",
    "mcp call server": "mcp-servers",
    "mcp call tool": "mcp-tools",
    "mcp call arg": "",
    "mcp call whole": "",
    "mcp doctor server": "mcp-servers",
    "mcp login server": "mcp-servers",
    "mcp logout server": "mcp-servers",
    "mcp serve listen": "",
    "mcp serve tls_cert": "files",
    "mcp serve tls_key": "files",
    "mcp serve profile": "serve-profiles",
    "mcp serve client": "agent-clients",
    "mcp token name": "agent-clients",
    "mcp allow server": "mcp-servers",
    "mcp allow tool": "mcp-tools",
    "mcp classify server": "mcp-servers",
    "mcp classify tool": "mcp-tools",
    "mcp classify effect": "effects",
    "mcp classify risk": "risks",
    "mcp import what": "mcp-clients files",
    "access kubernetes mode": "access-modes",
    "access kubernetes namespaces": "namespaces",
    "access kubernetes account_namespace": "",
    "sandbox up scenario": "scenarios files-by-path",
    "sandbox new name": "",
    "mcp install client": "agent-clients",
    "schema name": "schemas",
    "completion shell": "shells",
}
_FOLDERS = ("folder", "cwd")


def text(root: Path) -> str:
    """Return the table as JSON, one command a line."""
    from typer.main import get_command

    from agentops.cli.app import build

    tree = get_command(build())
    commands = dict(_walk(tree, ()))
    for path in [path for path in commands[""]["commands"] if " " in path]:
        # A command below one that does something itself is one word to the parser and two to people.
        parent, _, name = path.rpartition(" ")
        commands[parent]["commands"][name] = commands[""]["commands"].pop(path)
    shared = [one for one in commands["investigate"]["options"] if one["names"][0] in _SHARED]
    lines = ",\n".join(f'  "{path}": {json.dumps(found)}' for path, found in commands.items())
    names = ",\n".join(f'  "{kind}": {json.dumps(found)}' for kind, found in _names(root).items())
    return f'{{"commands": {{\n{lines}\n}},\n"shared": {json.dumps(shared)},\n"names": {{\n{names}\n}}}}\n'


_SHARED = (
    "--context",
    "--namespace",
    "--kubeconfig",
    "--aws-profile",
    "--aws-region",
    "--sandbox",
    "--output",
    "--no-input",
    "--verbose",
)


def _walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    children = {name: child for name, child in getattr(command, "commands", {}).items() if not child.hidden}
    help_option = {"names": ["--help"], "help": "Show the help.", "kinds": [], "bare": False, "many": False}
    yield (
        " ".join(path),
        {
            "commands": {name: child.get_short_help_str(76) for name, child in children.items()},
            "options": [*(_option(one, path) for one in command.params if one.opts[0].startswith("-")), help_option],
            "arguments": [
                {"kinds": kinds_of(one, path), "many": get_origin(one.type_descriptor.annotation) is list}
                for one in command.params
                if not one.opts[0].startswith("-")
            ],
        },
    )
    for name, child in children.items():
        yield from _walk(child, (*path, name))


def _option(param: Any, path: tuple[str, ...]) -> dict[str, Any]:
    flag = param.is_flag or param.count
    return {
        "names": sorted([*param.opts, *param.secondary_opts], key=len, reverse=True),
        "help": (param.help or "").partition(". ")[0].partition("; ")[0][:76],
        # A kind that lists nothing: the option takes a value all the same.
        "kinds": [] if flag else kinds_of(param, path) or ["nothing"],
        "bare": param.name == "sandbox",
        "many": bool(param.multiple or param.count),
    }


def kinds_of(param: Any, path: tuple[str, ...]) -> list[str]:
    """Return the kinds of names that fit an option or argument.

    Raises:
        SystemExit: nobody has said which.
    """
    if param.name == "output":
        return ["reports" if path == ("triage",) else "outputs"]
    own = " ".join((*path, param.name))
    annotation = param.type_descriptor.annotation
    if own in KINDS:
        return KINDS[own].split()
    if annotation is Path or annotation == list[Path]:
        return ["folders" if param.name in _FOLDERS else "files"]
    found = KINDS.get(param.name)
    if found is None:
        raise SystemExit(f"say in KINDS of {__file__} which names fit {own!r}")
    return found.split()


def _names(root: Path) -> dict[str, dict[str, str]]:
    """Return the names that are the same for everybody, each with its help."""
    from agentops.app.agent_clients.clients import CLIENTS
    from agentops.app.mcp_imports import CLIENTS as MCP_CLIENTS
    from agentops.app.providers import change_specs, read_specs
    from agentops.cli.commands.completion import Shell
    from agentops.cli.commands.schema import NAMES, load_schema
    from agentops.cli.commands.triage import LeastSeverity
    from agentops.cli.options import Output
    from agentops.cli.views.policy import facts_document
    from agentops.core.risk import Risk
    from agentops.core.stricter import ENVIRONMENTS
    from agentops.core.tool import Effect
    from agentops.providers.kubernetes.analyzers.registry import CONDITIONS
    from agentops.providers.prometheus.analyzers.checks import CONDITIONS as METRIC_CONDITIONS
    from agentops.sandbox.scenario import all_scenarios

    prices = json.loads((root / "agentops/agent/models/prices.json").read_text("utf-8"))
    return {
        "outputs": dict.fromkeys(("text", "json", "markdown"), ""),
        "reports": {one.value: "" for one in Output},
        "severities": {one.value: "" for one in LeastSeverity},
        "conditions": dict.fromkeys((*CONDITIONS, *METRIC_CONDITIONS), ""),
        "shells": {one.value: "" for one in Shell},
        "scenarios": {one.name: one.title for one in sorted(all_scenarios(), key=lambda one: one.name)},
        "schemas": {name: load_schema(name)["title"] for name in NAMES},
        "models": dict.fromkeys(prices["models"], ""),
        "tools": {one.name: one.description.partition(". ")[0][:76] for one in (*read_specs(), *change_specs())},
        "facts": {f"{one['name']}=": one["says"][:76] for one in facts_document()},
        "events": dict.fromkeys(_events(root), ""),
        "actors": {"human": "People.", "agent": "Models and agentops itself."},
        "confinements": dict.fromkeys(("none", "no-network", "read-only", "no-network+read-only"), ""),
        "effects": {one.value: "" for one in Effect},
        "risks": {one.value: "" for one in Risk},
        "mcp-clients": dict.fromkeys(MCP_CLIENTS, ""),
        "access-modes": {"read": "Investigate.", "fix": "Change things too."},
        "serve-profiles": {"full": "Every tool.", "minimal": "Triage, investigate, and the way of a plan."},
        "agent-clients": {one.name: one.title for one in CLIENTS},
        "environments": dict.fromkeys(ENVIRONMENTS, ""),
        "policy-kinds": {"base": "", "organisation": "", "project": ""},
    }


def _events(root: Path) -> list[str]:
    """Return the names of the audit log's events, from the table that documents them."""
    page = (root / "docs/audit.md").read_text("utf-8").partition("\n## Events\n")[2]
    rows = re.findall(r"^\| (`[^|]+) \|", page, re.MULTILINE)
    return sorted(name for row in rows for name in re.findall(r"`(\w+)`", row))

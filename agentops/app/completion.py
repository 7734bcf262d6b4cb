"""The use case ``completion``: names that may follow on a command line, as far as they are known on this machine.

Comes in: which names are wanted, what was said already on the line, the environment. Goes out: names, each with a few
words about it. Somebody waits in the middle of a word: no system is asked, little is imported, little is read (the
newest incidents and changes, the end of the audit log), and what cannot be read is left out without a word. Namespaces
are those that runs have seen. Nothing is written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from agentops.config import Folders, folders
from agentops.core.clock import to_iso, utc_now
from agentops.core.errors import AgentopsError
from agentops.core.foreign_documents import read_json, read_toml
from agentops.core.foreign_files import read_end, read_foreign

_NEWEST = 30
_LOG_BYTES = 256 * 1024
_MAX_BYTES = 4 * 1024 * 1024

Names = Iterator[tuple[str, str]]


@dataclass(frozen=True)
class KnownNames:
    """What is known here.

    Arguments:
        environ: the environment, which says where things are kept.
        said: values of options that stand on the line already, by name without dashes: ``context``, ``kubeconfig``.
        arguments: the arguments that stand on it.
    """

    environ: Mapping[str, str]
    said: Mapping[str, str]
    arguments: tuple[str, ...] = ()

    def names(self, kind: str) -> Names:
        """Yield the names of a kind, each with a few words about it; none for a kind that nobody lists."""
        if kind in self.kinds:
            yield from self.kinds[kind]()

    @property
    def kinds(self) -> Mapping[str, Callable[[], Names]]:
        """What lists each kind of names."""
        return {
            "contexts": self._contexts,
            "namespaces": self._namespaces,
            "aws-profiles": self._aws_profiles,
            "incidents": self._incidents,
            "runs": self._runs,
            "evidence": self._evidence,
            "applied-changes": lambda: self._changes(open_ones=False),
            "open-changes": lambda: self._changes(open_ones=True),
            "pending-plans": self._pending_plans,
            "approvers": self._approvers,
            "mcp-servers": self._mcp_servers,
            "mcp-tools": self._mcp_tools,
        }

    @cached_property
    def _folders(self) -> Folders:
        return folders(self.environ)

    def _contexts(self) -> Names:
        for name, namespace in self._kubeconfig_contexts().items():
            yield name, f"namespace {namespace}" if namespace else ""

    def _kubeconfig_contexts(self) -> Mapping[str, str]:
        from agentops.providers.kubernetes.api.kubeconfig_names import context_names

        said = self.said.get("kubeconfig") or self.environ.get("AGENTOPS_KUBECONFIG") or self._setting("kubeconfig")
        return context_names(Path(said) if said else None, self.environ)

    def _aws_profiles(self) -> Names:
        from agentops.providers.aws.api.profile_names import profile_names

        yield from ((name, "") for name in profile_names(self.environ))

    def _setting(self, name: str) -> str:
        """Return a setting of ``[kubernetes]`` in the config file."""
        try:
            value = _toml(self._folders.config_file).get("kubernetes", {}).get(name, "")
        except AttributeError:
            return ""
        return value if isinstance(value, str) else ""

    def _namespaces(self) -> Names:
        """Yield the namespaces that runs saw: in the context that the line names, else in any but the sandbox's."""
        wanted = self.said.get("context", "")
        found: dict[str, None] = {}
        for context, namespace in self._seen_namespaces():
            if namespace and (context == wanted if wanted else "sandbox" in self.said or context != "sandbox"):
                found[namespace] = None
        yield from ((name, "") for name in sorted(found))

    def _seen_namespaces(self) -> Iterator[tuple[str, str]]:
        if "sandbox" not in self.said:
            yield from self._kubeconfig_contexts().items()
        for folder in self._newest_incidents():
            incident = _json(folder / "incident.json")
            group = _mapping(incident.get("group"))
            yield _text(incident, "context"), _text(_mapping(group.get("target")), "namespace")
        for record in self._log_end():
            payload = _mapping(record.get("payload"))
            context = _text(payload, "context")
            yield context, _text(payload, "namespace")
            for problem in _list(payload.get("problems")):
                # k8s://CONTEXT/NAMESPACE/KIND/NAME; what is in no namespace has "_" or nothing there.
                parts = _text(_mapping(problem), "resource").rpartition("://")[2].split("/")
                if len(parts) == 4:
                    yield parts[0].replace("%2F", "/").replace("%25", "%"), parts[1].strip("_-")

    def _newest_incidents(self) -> list[Path]:
        root = self._folders.incidents
        return [root / name for name in _subfolders(root)[-_NEWEST:][::-1]]

    def _incidents(self) -> Names:
        newest = self._newest_incidents()
        for folder in newest:
            incident = _json(folder / "incident.json")
            alerts = _list(_mapping(incident.get("group")).get("alerts"))
            name = _text(_mapping(alerts[0]), "name") if alerts else ""
            yield folder.name, f"{name} in {_text(incident, 'context')}".strip()
        if newest:
            yield "last", "the newest incident"

    def _runs(self) -> Names:
        started: dict[str, str] = {}
        for record in self._log_end():
            run, payload = _text(record, "run"), _mapping(record.get("payload"))
            if run:
                started[run] = _text(payload, "command") or started.get(run, "")
        yield from list(reversed(started.items()))[:_NEWEST]

    def _evidence(self) -> Names:
        """Yield the evidence of the incident that the line names, else of the last one."""
        wanted = self.arguments[0] if self.arguments else ""
        newest = self._newest_incidents()
        fitting = newest if wanted == "last" else [one for one in newest if _is_called(one.name, wanted)]
        folder = next(iter(fitting), None)
        for line in _lines(folder / "evidence.jsonl", _LOG_BYTES) if folder else ():
            yield _text(line, "id"), _text(line, "summary")

    def _changes(self, *, open_ones: bool) -> Names:
        """Yield changes that are open, or that were applied, newest first; and the code of each one's plan."""
        root = self._folders.data / "changes"
        newest = sorted((root / name for name in _subfolders(root)), key=_changed_at, reverse=True)[:_NEWEST]
        for folder in (one for one in newest if one.name != "halted"):
            closed = folder / "closed.json"
            if closed.exists() if open_ones else _text(_json(closed), "status") != "applied":
                continue
            change = _json(folder / "change.json")
            steps = _list(_mapping(change.get("plan")).get("steps"))
            words = [_step(_mapping(_mapping(step).get("change"))) for step in steps]
            yield _text(change, "id"), "; ".join(words)
            yield _text(change, "id").rpartition("-")[2], "; ".join(words)

    def _pending_plans(self) -> Names:
        """Yield the codes of plans that other agents asked for, and that nobody has decided, newest first."""
        root, now = self._folders.data / "pending", to_iso(utc_now())
        newest = sorted((root / name for name in _subfolders(root)), key=_changed_at, reverse=True)[:_NEWEST]
        for folder in newest:
            kept = _json(folder / "plan.json")
            plan = _mapping(kept.get("plan"))
            decided = (folder / "declined.json").exists() or (folder / "ended.json").exists()
            if decided or _text(plan, "expires_at") <= now:
                continue
            words = [_step(_mapping(_mapping(step).get("change"))) for step in _list(plan.get("steps"))]
            yield _text(kept, "code"), "; ".join(words)

    def _mcp_servers(self) -> Names:
        for name, entry in _mapping(_json(self._folders.mcp_servers).get("mcpServers")).items():
            yield name, _text(_mapping(entry), "command") or _text(_mapping(entry), "url")

    def _mcp_tools(self) -> Names:
        """Yield the tools that were trusted, of the server that the line names."""
        servers = _mapping(_json(self._folders.mcp_pins).get("servers"))
        for name in (one for one in self.arguments if one in servers):
            yield from ((tool, "") for tool in _mapping(_mapping(servers[name]).get("tools")))

    def _approvers(self) -> Names:
        table = _toml(self._folders.approvers).get("approvers")
        for name in table if isinstance(table, dict) else ():
            yield name, ""

    def _log_end(self) -> list[dict[str, Any]]:
        return list(_lines(self._folders.audit / "audit.jsonl", _LOG_BYTES))


def _is_called(incident: str, wanted: str) -> bool:
    return incident.startswith(wanted) or incident.endswith(f"-{wanted}")


def _step(change: Mapping[str, Any]) -> str:
    return f"{_text(change, 'tool')} {_text(change, 'target').rpartition('/')[2]}"


def _subfolders(root: Path) -> list[str]:
    """Return the names of a folder's folders in order; names, for a thousand paths take long to make and to compare."""
    try:
        with os.scandir(root) as entries:
            return sorted(one.name for one in entries if one.is_dir() and not one.name.startswith("."))
    except OSError:
        return []


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _json(path: Path) -> dict[str, Any]:
    try:
        return _mapping(read_json(read_foreign(path, "it", _MAX_BYTES)))
    except (AgentopsError, ValueError):
        return {}


def _toml(path: Path) -> dict[str, Any]:
    try:
        return read_toml(read_foreign(path, "it", _MAX_BYTES).decode("utf-8"))
    except (AgentopsError, ValueError):
        return {}


def _lines(path: Path, size: int) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects in the last ``size`` bytes of a file of lines; a line that is cut is none."""
    try:
        lines = read_end(path, size).splitlines()
    except AgentopsError:
        return
    for line in lines:
        try:
            yield _mapping(json.loads(line))
        except (ValueError, RecursionError):
            continue


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(mapping: Mapping[str, Any], key: str) -> str:
    value = mapping.get(key)
    return value if isinstance(value, str) else ""

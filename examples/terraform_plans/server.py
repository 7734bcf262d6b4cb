"""An MCP server over saved Terraform plans: what each would change, and nothing else.

Start it with the folder of a configuration: ``python server.py FOLDER``. It runs ``terraform show -json`` on plans that
lie in that folder, and nothing that plans or applies. What Terraform marks as sensitive is left out: ``show -json``
prints it in clear, in ``variables``, ``prior_state`` and both sides of each change.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

READ = ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=False)
SENSITIVE = "(sensitive)"
SIDES = ("before", "after")
SHOW_S = 60


def main(folder: Path) -> None:
    """Serve the plans of one folder over standard input and output."""
    server = MCPServer("terraform-plans", version="1")

    @server.tool(annotations=READ)
    def list_plans() -> list[str]:
        """List the saved plans: files that end in .tfplan."""
        return sorted(one.name for one in folder.glob("*.tfplan") if one.is_file())

    @server.tool(annotations=READ)
    def show_plan(plan: str) -> dict[str, Any]:
        """Show what a saved plan would create, update, replace or delete."""
        if plan not in list_plans():
            raise ToolError(f"there is no plan of that name in {folder}")
        return changes(shown(folder, plan))

    server.run("stdio")


def shown(folder: Path, plan: str) -> dict[str, Any]:
    """Return what ``terraform show -json`` says of a plan; ToolError when it says nothing."""
    command = ["terraform", "show", "-json", "-no-color", plan]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SHOW_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolError(f"terraform could not be run: {error}") from error
    if done.returncode:
        raise ToolError(f"terraform show failed: {done.stderr.strip()[:500]}")
    return dict(json.loads(done.stdout))


def changes(plan: dict[str, Any]) -> dict[str, Any]:
    """Return the changes of a plan in short: per resource its actions, and the values that differ."""
    rows, secrets = [], sensitive_texts(plan)
    for one in plan.get("resource_changes", []):
        change = one["change"]
        if change["actions"] in (["no-op"], ["read"]):
            continue
        before, after = (masked(change.get(side), change.get(f"{side}_sensitive"), secrets) for side in SIDES)
        rows.append({"address": one["address"], "actions": change["actions"], "values": differing(before, after)})
    return {"terraform": plan.get("terraform_version", ""), "changes": rows}


def sensitive_texts(plan: dict[str, Any]) -> frozenset[str]:
    """Return every text that is marked as sensitive somewhere: Terraform does not mark each place where it stands."""
    found: set[str] = set()
    for one in plan.get("resource_changes", []):
        for side in SIDES:
            found |= marked(one["change"].get(side), one["change"].get(f"{side}_sensitive"))
    declared = plan.get("configuration", {}).get("root_module", {}).get("variables", {})
    for name, said in plan.get("variables", {}).items():
        found |= marked(said.get("value"), bool(declared.get(name, {}).get("sensitive")))
    return frozenset(found)


def marked(value: Any, marks: Any) -> set[str]:
    """Return the texts of a value that are marked: ``marks`` is true, or has the value's shape."""
    if isinstance(value, dict):
        return {text for name, one in value.items() for text in marked(one, marks is True or of(marks, name))}
    if isinstance(value, list):
        return {text for at, one in enumerate(value) for text in marked(one, marks is True or of(marks, at))}
    return {value} if marks is True and isinstance(value, str) and value else set()


def masked(value: Any, marks: Any, secrets: frozenset[str]) -> Any:
    """Return a value without what is marked, and without the texts of ``secrets`` wherever they stand."""
    if marks is True:
        return SENSITIVE
    if isinstance(value, dict):
        return {name: masked(one, of(marks, name), secrets) for name, one in value.items()}
    if isinstance(value, list):
        return [masked(one, of(marks, at), secrets) for at, one in enumerate(value)]
    return SENSITIVE if isinstance(value, str) and any(one in value for one in secrets) else value


def of(marks: Any, key: str | int) -> Any:
    """Return the marks of one member: of an object by its name, of a list by its place."""
    if isinstance(marks, dict):
        return marks.get(key)
    return marks[key] if isinstance(marks, list) and isinstance(key, int) and key < len(marks) else None


def differing(before: Any, after: Any, path: str = "") -> dict[str, Any]:
    """Return the paths whose values differ, each with both sides; ``after`` is null where it is not known yet."""
    if isinstance(before, dict) and isinstance(after, dict):
        found: dict[str, Any] = {}
        for name in sorted(before.keys() | after.keys()):
            found |= differing(before.get(name), after.get(name), f"{path}.{name}".lstrip("."))
        return found
    return {} if before == after else {path: {"before": before, "after": after}}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: server.py FOLDER")
    main(Path(sys.argv[1]).resolve(strict=True))

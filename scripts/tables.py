"""Make the tables of docs/ that repeat what a registry declares, so that no page says other than the code does.

A page holds a table between two comments, ``<!-- NAME: made by scripts/generate.py -->`` and ``<!-- end of NAME -->``;
what stands around it is written by hand and stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from agentops.alerts.declaration import AlertFormat
from agentops.core.conditions import Condition
from agentops.core.tool import ToolSpec
from agentops.providers.mcp.reviewed.files import ReviewedServer
from agentops.providers.prometheus.objects.metric_check import MetricCheck


def generated(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield each page that holds such a table and what it should hold."""
    from agentops.alerts.registry import FORMATS
    from agentops.providers.aws.analyzers.registry import AWS_ANALYZERS
    from agentops.providers.aws.change.registry import CHANGE_SPECS as AWS_CHANGES
    from agentops.providers.aws.change.registry import CHANGES
    from agentops.providers.aws.read.registry import SPECS as AWS_SPECS
    from agentops.providers.kubernetes.analyzers.registry import ANALYZERS, FAILED
    from agentops.providers.kubernetes.change.registry import CHANGE_SPECS, CHANGE_TARGETS
    from agentops.providers.kubernetes.read.registry import SPECS
    from agentops.providers.loki.tools import SPECS as LOKI_SPECS
    from agentops.providers.prometheus.analyzers.checks import CHECKS
    from agentops.providers.prometheus.read.registry import SPECS as PROMETHEUS_SPECS

    path = root / "docs/tools.md"
    yield path, with_table(path.read_text("utf-8"), "read tools", read_tools_table(SPECS))
    path = root / "docs/prometheus.md"
    page = with_table(path.read_text("utf-8"), "prometheus tools", read_tools_table(PROMETHEUS_SPECS))
    yield path, with_table(page, "metric checks", metric_checks_table(CHECKS))
    path = root / "docs/loki.md"
    yield path, with_table(path.read_text("utf-8"), "loki tools", read_tools_table(LOKI_SPECS))
    yield root / "docs/least-privilege.md", _access_page((root / "docs/least-privilege.md").read_text("utf-8"))
    path = root / "docs/aws.md"
    page = with_table(path.read_text("utf-8"), "aws tools", read_tools_table(AWS_SPECS))
    found = [(one.name, condition) for one in AWS_ANALYZERS for condition in one.conditions]
    page = with_table(page, "aws conditions", conditions_table(found))
    yield path, with_table(page, "aws read policy", _aws_policy())
    path = root / "docs/aws-changes.md"
    targets = {one.spec.name: one.kinds for one in CHANGES}
    page = with_table(path.read_text("utf-8"), "aws change tools", aws_changes_table(AWS_CHANGES, targets))
    yield path, page
    path = root / "docs/change-tools.md"
    yield path, with_table(path.read_text("utf-8"), "change tools", change_tools_table(CHANGE_SPECS, CHANGE_TARGETS))
    path = root / "docs/triage.md"
    declared = [(one.name, condition) for one in ANALYZERS for condition in one.conditions]
    yield path, with_table(path.read_text("utf-8"), "conditions", conditions_table([*declared, ("any", FAILED)]))
    yield from classified_pages(root / "docs/mcp")
    path = root / "docs/alerts.md"
    yield path, with_table(path.read_text("utf-8"), "alert formats", formats_table(FORMATS))


def classified_pages(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield each page about an MCP server, with the table of what its tools were found to do."""
    from agentops.providers.mcp.reviewed.files import shipped_reviews

    for path in sorted(folder.glob("*.md")):
        page = path.read_text("utf-8")
        for name, reviewed in shipped_reviews().items():
            if f"<!-- classified {name}: made" in page:
                page = with_table(page, f"classified {name}", classified_table(reviewed))
        yield path, page


def classified_table(reviewed: ReviewedServer) -> str:
    """Return a row for each tool of a server: its risk or that it reads, what it does, and what else is known of it."""
    rows = []
    for name, tool in sorted(reviewed.tools.items(), key=lambda one: (one[1].classification.effect != "read", one[0])):
        found = tool.classification
        notes = [
            *(["in the first look"] if found.sweep is not None else []),
            *(f"tells `{condition}`" for condition in sorted({rule.condition for rule in found.problems})),
            *(f"`{argument}`: {form}" for argument, form in found.forms.items()),
            *([f"undone by `{found.inverse.tool}`"] if found.inverse else []),
            *([f"checked by `{found.reads_back.tool}`"] if found.reads_back else []),
            *(["may be part of a fix"] if found.cures else []),
            *([found.why] if found.why else []),
        ]
        effect = "read" if found.effect == "read" else f"change, {found.risk}"
        rows.append((f"`{name}`", effect, found.says, ", ".join(found.facets) or "-", "; ".join(notes) or "-"))
    return f"{reviewed.title} ({reviewed.tested}):\n\n" + _table(
        ("tool", "is", "what it does", "policy is told", "also"), rows
    )


def with_table(page: str, name: str, table: str) -> str:
    """Return ``page`` with ``table`` between the comments of ``name``; SystemExit when the page has none."""
    begin, end = f"<!-- {name}: made by scripts/generate.py -->\n", f"<!-- end of {name} -->\n"
    head, found, rest = page.partition(begin)
    _old, closed, tail = rest.partition(end)
    if not (found and closed):
        raise SystemExit(f"a page has no place for the table {name!r}: it needs {begin!r} and {end!r}")
    return f"{head}{begin}{table}{end}{tail}"


def _aws_policy() -> str:
    """Return what ``agentops access aws --mode read`` prints, one service a line."""
    from itertools import groupby

    from agentops.providers.aws.access.needs import needs_of
    from agentops.providers.aws.access.policy import policy_of

    (statement,) = policy_of(needs_of(), {})["Statement"]
    groups = groupby(statement["Action"], lambda action: action.partition(":")[0])
    rows = ",\n".join("      " + ", ".join(f'"{one}"' for one in actions) for _, actions in groups)
    return (
        '```json\n{\n  "Version": "2012-10-17",\n  "Statement": [{\n    "Sid": "AgentopsReads",\n'
        f'    "Effect": "Allow",\n    "Resource": "*",\n    "Action": [\n{rows}\n    ]\n  }}]\n}}\n```\n'
    )


def _access_page(page: str) -> str:
    """Return the page with what ``agentops access`` prints, and with what a right is for."""
    from agentops.providers.kubernetes.access.manifests import AccessRequest, access_of
    from agentops.providers.kubernetes.access.text import access_text

    reading = access_text(access_of(AccessRequest()), "agentops access kubernetes --mode read")
    fix = access_of(AccessRequest(may_change=True))
    policy = [one for one in fix.manifests if one["kind"].startswith("ValidatingAdmissionPolicy")]
    shown = access_text(replace(fix, manifests=tuple(policy)), "agentops access kubernetes --mode fix")
    page = with_table(page, "read access", f"```yaml\n{reading}```\n")
    page = with_table(page, "admission policy", f"```yaml\n{shown}```\n")
    rows = [(f"`{right}`", ", ".join(by)) for right, by in fix.granted.items() if right.changes]
    return with_table(page, "rights to change", _table(("right", "needed by"), rows))


def read_tools_table(specs: tuple[ToolSpec, ...]) -> str:
    """Return a row for each tool: its name, what it is for, its arguments, the permissions that it needs."""
    rows = [
        (f"`{spec.name}`", spec.description, _arguments(spec.schema), "<br>".join(spec.permissions)) for spec in specs
    ]
    return _table(("tool", "for", "arguments", "permissions"), rows)


def change_tools_table(specs: tuple[ToolSpec, ...], targets: Mapping[str, tuple[str, ...]]) -> str:
    """Return a row for each tool: its use, targets, arguments, permissions, its least risk and its best undo."""
    rows = [
        (
            f"`{spec.name}`",
            spec.description,
            ", ".join(targets[spec.name]) or "any kind",
            _arguments(spec.schema) or "-",
            "<br>".join(spec.permissions),
            spec.risk.value,
            spec.reversal.value,
        )
        for spec in specs
    ]
    return _table(("tool", "for", "targets", "arguments", "permissions", "risk", "undo"), rows)


def aws_changes_table(specs: tuple[ToolSpec, ...], targets: Mapping[str, tuple[str, ...]]) -> str:
    """Return a row for each tool, without the permissions: of these `access aws` makes a policy."""
    rows = [
        (
            f"`{spec.name}`",
            spec.description,
            "any" if len(targets[spec.name]) > 1 else targets[spec.name][0],
            _arguments(spec.schema) or "-",
            spec.risk.value,
            spec.reversal.value,
        )
        for spec in specs
    ]
    return _table(("tool", "for", "targets", "arguments", "risk", "undo"), rows)


def conditions_table(declared: Sequence[tuple[str, Condition]]) -> str:
    """Return a row for each condition: who declares it, what it is about, when, how much it explains, what cures it."""
    rows = [(f"`{one.name}`", analyzer, one.resource, one.when, one.weight.value) for analyzer, one in declared]
    header = ("condition", "analyzer", "resource", "when", "weight")
    if not any(one.remedies for _, one in declared):
        return _table(header, rows)
    cures = [", ".join(tool.partition("_")[2] for tool in one.remedies) or "-" for _, one in declared]
    return _table((*header, "known cure"), [(*row, cure) for row, cure in zip(rows, cures, strict=True)])


def metric_checks_table(checks: Sequence[MetricCheck]) -> str:
    """Return a row for each check of metrics, with where the names of its metrics were read."""
    rows = [
        (f"`{one.name}`", one.condition.resource, one.condition.when, one.condition.weight.value, one.source or "-")
        for one in checks
    ]
    return _table(("condition", "resource", "when", "weight", "names of metrics after"), rows)


def formats_table(formats: Sequence[AlertFormat]) -> str:
    """Return a row for each alert format: whose it is, and what is sent."""
    return _table(("sender", "form"), [(one.sender or "anything else", one.form) for one in formats])


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (header, ("---",) * len(header), *rows))


def _arguments(schema: Mapping[str, Any]) -> str:
    required = schema.get("required", ())
    return ", ".join(f"**`{name}`**" if name in required else f"`{name}`" for name in schema["properties"])

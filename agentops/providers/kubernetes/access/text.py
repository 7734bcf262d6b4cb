"""Manifests as text for ``kubectl apply -f -``: YAML, with what each rule is for written above it.

Comes in: an ``Access``. Goes out: the text, which holds nothing but names and comments. Must never: say less than the
manifests do; comments are beside them, not in place of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agentops.core.text import plural
from agentops.providers.kubernetes.access.manifests import Access
from agentops.providers.kubernetes.access.needs import Needs
from agentops.providers.kubernetes.access.rights import Right

_WIDTH = 118
_NAMED = 4


def access_text(access: Access, command: str) -> str:
    """Return all manifests as one YAML stream.

    Arguments:
        command: what made it, for its first line.
    """
    head = [f"# Made by: {command}", "# Apply it: pipe it to kubectl apply -f -"]
    changes = [str(right) for right in access.left_out if right.changes]
    reads = [str(right) for right in access.left_out if not right.changes]
    if changes:
        head += _comment(
            f"Left out, for it changes the whole cluster: {', '.join(changes)}. To have it: --cluster-changes"
        )
    if reads:
        head += _comment(f"Left out, for kubernetes.cluster_kinds does not name it: {', '.join(reads)}")
    documents = ("\n".join(_document(manifest, access.granted)) for manifest in access.manifests)
    return "\n".join(head) + "\n---\n" + "\n---\n".join(documents) + "\n"


def _document(manifest: dict[str, Any], granted: Needs) -> Iterator[str]:
    rest = {key: value for key, value in manifest.items() if key != "rules"}
    yield _yaml(rest)
    if "rules" not in manifest:
        return
    yield "rules:"
    for rule in manifest["rules"]:
        by = list(dict.fromkeys(name for right, names in granted.items() if _covers(rule, right) for name in names))
        if by:
            more = f" and {plural(len(by) - _NAMED, 'other')}" if len(by) > _NAMED else ""
            yield f"# for {', '.join(by[:_NAMED])}{more}"
        yield from (f"- {line}" if not at else f"  {line}" for at, line in enumerate(_rule_lines(rule)))


def _covers(rule: dict[str, Any], right: Right) -> bool:
    return (
        right.group in rule["apiGroups"]
        and right.path in rule["resources"]
        and right.verb in rule["verbs"]
        and rule.get("resourceNames", [""]) == [right.name]
    )


def _rule_lines(rule: dict[str, Any]) -> Iterator[str]:
    for key, values in rule.items():
        yield f"{key}: {_yaml(values, flow=True)}"


def _yaml(value: Any, *, flow: bool = False) -> str:
    import yaml

    class ManifestDumper(yaml.SafeDumper):
        pass

    ManifestDumper.add_representer(str, _text)
    width = 10_000 if flow else _WIDTH
    return str(yaml.dump(value, Dumper=ManifestDumper, sort_keys=False, default_flow_style=flow, width=width)).strip()


def _text(dumper: Any, value: str) -> Any:
    # An expression of several lines is shown as its lines.
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _comment(words: str) -> list[str]:
    import textwrap

    return textwrap.wrap(words, _WIDTH, initial_indent="# ", subsequent_indent="# ")

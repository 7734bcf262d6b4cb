"""``missing_permissions``: ask the API server whether the caller may do it, before a person is asked to agree.

Comes in: a ``Preview``. Goes out: what may not be done, one line each; empty when all of it may. Asking changes nothing
(SelfSubjectAccessReview). An answer that did not come is 'not known' and counts as missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from agentops.core.errors import ClusterError
from agentops.core.plan import Call, Preview, Verb
from agentops.core.text import one_line
from agentops.providers.kubernetes.api.client import Cluster

_MANY = 3


def missing_permissions(cluster: Cluster, preview: Preview) -> tuple[str, ...]:
    """Return what this identity may not do of the preview's calls, as ``patch deployments.apps/scale shop/web: why``.

    When several objects of one kind are concerned, the whole kind is asked about first, so that a drain of many pods
    costs few requests.
    """
    wanted = list({tuple(sorted(one.items())): one for one in _wanted(preview)}.values())
    groups: dict[tuple[tuple[str, str], ...], list[dict[str, str]]] = {}
    for one in wanted:
        groups.setdefault(tuple(sorted((k, v) for k, v in one.items() if k != "name")), []).append(one)
    found: list[str] = []
    for general, members in groups.items():
        # Allowed for the whole kind is allowed for each; otherwise each is asked, to name those that are not.
        if len(members) > _MANY and not _refusal(cluster, dict(general)):
            continue
        found += [f"{_text(one)}: {why}" for one in members if (why := _refusal(cluster, one))]
    return tuple(found)


def _wanted(preview: Preview) -> Iterator[dict[str, str]]:
    created = {change.ref.name for change in preview.objects if change.verb is Verb.CREATE}
    for call in preview.calls:
        attributes = attributes_of(call)
        yield attributes
        if call.verb == "patch" and attributes.get("name") in created:
            # An apply that makes the object needs both verbs.
            yield {**{key: value for key, value in attributes.items() if key != "name"}, "verb": "create"}


def attributes_of(call: Call) -> dict[str, str]:
    """Return the ``resourceAttributes`` of a SelfSubjectAccessReview for a call."""
    parts = [unquote(part) for part in call.path.split("/")[1:]]
    prefix = 2 if parts[0] == "api" else 3
    found = {"verb": call.verb, "group": "" if parts[0] == "api" else parts[1], "version": parts[prefix - 1]}
    rest = parts[prefix:]
    if rest[0] == "namespaces" and len(rest) > 2:
        found["namespace"], rest = rest[1], rest[2:]
    return found | dict(zip(("resource", "name", "subresource"), rest, strict=False))


def _refusal(cluster: Cluster, attributes: Mapping[str, str]) -> str:
    """Return why it may not be done; empty when it may."""
    try:
        status = cluster.review("SelfSubjectAccessReview", {"resourceAttributes": dict(attributes)})
    except ClusterError as error:
        return f"not known: {one_line(error.message, 200)}"
    if status.get("allowed") is True and not status.get("denied"):
        return ""
    said = one_line(str(status.get("reason") or status.get("evaluationError") or ""), 200)
    return said or "this identity has no such permission"


def _text(attributes: Mapping[str, str]) -> str:
    resource = attributes["resource"] + (f".{attributes['group']}" if attributes["group"] else "")
    resource += f"/{attributes['subresource']}" if attributes.get("subresource") else ""
    place = "/".join(part for part in (attributes.get("namespace"), attributes.get("name")) if part)
    return f"{attributes['verb']} {resource} {place}".rstrip()

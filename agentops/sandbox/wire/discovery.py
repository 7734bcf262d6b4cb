"""What the server says it serves: versions, groups, resources, and the aggregated form of all of them.

Comes in: the catalog. Goes out: the discovery documents that kubectl and the Python client start from.
Must never: announce a verb or a subresource that would then answer 501.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentops.sandbox.data import data
from agentops.sandbox.store import Obj
from agentops.sandbox.wire.kinds import Catalog, Resource
from agentops.sandbox.wire.request import ApiRequest, Response, accepted_form, json_response

_AGGREGATED = {"APIGroupDiscoveryList": ("v2", "v2beta1")}


def discover(request: ApiRequest, catalog: Catalog, address: str) -> Response | None:
    """Return the document at a discovery path; None when the path is none or its group is not served.

    Arguments:
        request: its path and Accept header.
        catalog: what is served.
        address: ``host:port`` of this server.
    """
    parts = [part for part in request.path.split("/") if part]
    groups = catalog.groups()
    if len(parts) == 1 and accepted_form(request, _AGGREGATED).kind:
        return _aggregated(request, catalog, core=parts == ["api"])
    if parts == ["api"]:
        return json_response({"kind": "APIVersions", "versions": groups[""], **_addresses(address)})
    if parts == ["apis"]:
        listed = [_group(name, versions) for name, versions in groups.items() if name]
        return json_response({"kind": "APIGroupList", "apiVersion": "v1", "groups": listed})
    if parts[0] == "apis" and len(parts) == 2 and parts[1] in groups:
        return json_response({"kind": "APIGroup", "apiVersion": "v1", **_group(parts[1], groups[parts[1]])})
    group, version = ("", parts[1]) if parts[0] == "api" else (parts[1], parts[-1])
    if version not in groups.get(group, ()):
        return None
    resources = [row for one in catalog.all() if (one.group, one.version) == (group, version) for row in _rows(one)]
    listed_as = f"{group}/{version}" if group else version
    listing = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": listed_as, "resources": resources}
    return json_response(listing)


def _addresses(address: str) -> Obj:
    return {"serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]}


def _group(name: str, versions: list[str]) -> Obj:
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def _rows(resource: Resource) -> list[Obj]:
    row: Obj = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    return [{**row, **_nicknames(resource)}, *(_subrow(resource, name) for name in resource.subresources)]


def _nicknames(resource: Resource) -> Obj:
    given = {"shortNames": list(resource.short_names), "categories": list(resource.categories)}
    return {field: names for field, names in given.items() if names}


def _subrow(resource: Resource, name: str) -> Obj:
    served, (group, version, kind) = _served(resource, name)
    row = {
        "name": f"{resource.plural}/{name}",
        "singularName": "",
        "namespaced": resource.namespaced,
        "kind": kind,
        "verbs": served["verbs"],
    }
    return {**row, "group": group, "version": version} if "as" in served else row


def _served(resource: Resource, name: str) -> tuple[Obj, Sequence[str]]:
    """Return the entry of a subresource, and the group, version and kind that it is served as."""
    served = data("served.yaml")["subresources"][name]
    return served, served.get("as", (resource.group, resource.version, resource.kind))


def _aggregated(request: ApiRequest, catalog: Catalog, *, core: bool) -> Response:
    form = accepted_form(request, _AGGREGATED)
    items = []
    for group, versions in catalog.groups().items():
        if (group == "") is not core:
            continue
        listed = [
            {"version": version, "freshness": "Current", "resources": _aggregated_rows(catalog, group, version)}
            for version in versions
        ]
        items.append({"metadata": {"name": group, "creationTimestamp": None}, "versions": listed})
    head = {"kind": "APIGroupDiscoveryList", "apiVersion": f"apidiscovery.k8s.io/{form.version}", "metadata": {}}
    body = json_response({**head, "items": items}).body
    return Response(body=body, content_type=form.content_type)


def _aggregated_rows(catalog: Catalog, group: str, version: str) -> list[Obj]:
    rows = []
    for resource in catalog.all():
        if (resource.group, resource.version) != (group, version):
            continue
        row: Obj = {
            "resource": resource.plural,
            "responseKind": {"group": group, "version": version, "kind": resource.kind},
            "scope": "Namespaced" if resource.namespaced else "Cluster",
            "singularResource": resource.singular,
            "verbs": list(resource.verbs),
            **_nicknames(resource),
        }
        if resource.subresources:
            row["subresources"] = [_aggregated_subrow(resource, name) for name in resource.subresources]
        rows.append(row)
    return rows


def _aggregated_subrow(resource: Resource, name: str) -> Obj:
    served, (group, version, kind) = _served(resource, name)
    response = {"group": group, "version": version, "kind": kind}
    return {"subresource": name, "responseKind": response, "verbs": served["verbs"]}

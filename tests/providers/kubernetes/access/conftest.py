"""A sandbox in which an administrator has applied agentops' manifests, and agentops comes with that account's token."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from agentops.core.evidence import Reading
from agentops.core.plan import Change, Preview
from agentops.core.tool import Applier, ChangeTool
from agentops.providers.kubernetes.access.manifests import Access, AccessRequest, access_of
from agentops.providers.kubernetes.access.needs import CHANGES
from agentops.providers.kubernetes.access.rights import Right
from agentops.providers.kubernetes.api.approved_plans import entry_of, write_of
from agentops.providers.kubernetes.api.client import Cluster
from agentops.providers.kubernetes.api.writer import Clients, connect_clients
from agentops.providers.kubernetes.change.registry import appliers, change_tools
from agentops.providers.kubernetes.read.registry import READ_TOOLS
from agentops.sandbox.cluster import Sandbox
from agentops.sandbox.scenario import load
from tests.providers.kubernetes.change.conftest import NOW, World, steady_now

DIGEST = "ab" * 32
_PLURALS = {
    "Namespace": "namespaces", "ServiceAccount": "serviceaccounts", "ConfigMap": "configmaps", "Role": "roles",
    "ClusterRole": "clusterroles", "RoleBinding": "rolebindings", "ClusterRoleBinding": "clusterrolebindings",
    "ValidatingAdmissionPolicy": "validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": "validatingadmissionpolicybindings",
}  # fmt: skip


@dataclass
class Bound:
    """A sandbox in which agentops has exactly the access that was applied."""

    sandbox: Sandbox
    access: Access
    folder: Path
    world: World
    asked: list[tuple[Right, str, str, bool]] = field(default_factory=list)
    running: str = ""

    def send(
        self, method: str, path: str, body: Any = None, *, context: str = "sandbox", **query: str
    ) -> tuple[int, Any]:
        """Send one request as a user of the sandbox, or as agentops (``account``); return code and answer."""
        return send(self.sandbox, method, path, body, context=context, **query)

    def approve(self, *writes: str, token_id: str = "", digest: str = DIGEST) -> None:
        """Say as an administrator which writes an approved plan comes to."""
        self.send(
            "PATCH",
            "/api/v1/namespaces/agentops/configmaps/agentops-approved-plans",
            {"data": {digest: entry_of(writes, token_id)}},
        )

    def read(self, tool: str, arguments: Mapping[str, Any]) -> Reading:
        """Call one read tool as agentops."""
        self.running = tool
        found = next(one for one in READ_TOOLS if one.spec.name == tool)
        return found.bind(self.world.cluster, lambda: NOW).read(arguments)

    def change(self, tool: str, short: str, arguments: Mapping[str, Any]) -> Preview:
        """Preview, approve, apply and observe one change, and then its undo; return the preview."""
        change = Change(tool=tool, target=self.world.ref(short), arguments=arguments)
        preview = self._carried_out(change)
        for undo in preview.undo:
            self._carried_out(undo)
        return preview

    def _carried_out(self, change: Change) -> Preview:
        tool = self.world.tools[change.tool]
        self.running = change.tool
        preview = tool.preview(change)
        self.running = CHANGES
        tool.blast_radius(preview)
        self.approve(*map(write_of, preview.calls))
        self.running = change.tool
        self.world.appliers[change.tool].apply(preview)
        self.running = CHANGES
        tool.observe(preview)
        return preview

    def refused(self) -> set[str]:
        """Return what RBAC has refused agentops so far."""
        return {str(right) for right, _, _, allowed in self.asked if not allowed}

    def users(self) -> dict[Right, set[str]]:
        """Return the rights that agentops has made use of so far, and for what."""
        found: dict[Right, set[str]] = {}
        for right, _, running, allowed in self.asked:
            if allowed:
                found.setdefault(right, set()).add(running)
        return found


def send(
    sandbox: Sandbox, method: str, path: str, body: Any = None, *, context: str = "sandbox", **query: str
) -> tuple[int, Any]:
    """Send one request as a user of the sandbox's kubeconfig."""
    config = json.loads(sandbox.kubeconfig.read_text())
    name = next(one["context"]["user"] for one in config["contexts"] if one["name"] == context)
    token = next(one["user"]["token"] for one in config["users"] if one["name"] == name)
    form = "application/merge-patch+json" if method == "PATCH" else "application/json"
    asked = "&".join(f"{key}={value}" for key, value in query.items())
    request = urllib.request.Request(
        f"{sandbox.url}{path}{'?' if asked else ''}{asked}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": form},
    )
    trust = ssl.create_default_context(cadata=sandbox.server.ca_certificate)
    try:
        with urllib.request.urlopen(request, context=trust) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def path_of(manifest: Mapping[str, Any]) -> str:
    """Return where a manifest is created."""
    version, place = manifest["apiVersion"], manifest["metadata"].get("namespace")
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    return f"{root}{f'/namespaces/{place}' if place else ''}/{_PLURALS[manifest['kind']]}"


def apply_all(sandbox: Sandbox, manifests: Iterable[Mapping[str, Any]]) -> None:
    """Create each manifest as an administrator; every field is held to the schema."""
    for manifest in manifests:
        code, answer = send(sandbox, "POST", path_of(manifest), manifest, fieldValidation="Strict")
        assert code in (201, 409), answer


def add_context(sandbox: Sandbox, account: str) -> None:
    """Ask for the account's token and add it to the sandbox's kubeconfig as the context ``account``."""
    path = f"/api/v1/namespaces/agentops/serviceaccounts/{account}/token"
    _, answer = send(sandbox, "POST", path, {"spec": {"expirationSeconds": 3600}})
    config = json.loads(sandbox.kubeconfig.read_text())
    config["users"].append({"name": "account", "user": {"token": answer["status"]["token"]}})
    place = {"cluster": "sandbox", "user": "account", "namespace": "shop"}
    config["contexts"].append({"name": "account", "context": place})
    sandbox.kubeconfig.write_text(json.dumps(config))


def bound(sandbox: Sandbox, request: AccessRequest, folder: Path) -> Bound:
    """Apply the access that is asked for, and come with it."""
    access = access_of(request)
    apply_all(sandbox, access.manifests)
    add_context(sandbox, request.account)
    clients: Clients = connect_clients(
        kubeconfig=sandbox.kubeconfig, context="account", namespace=None, cache_dir=folder / "cache"
    )
    tools: dict[str, ChangeTool] = change_tools(clients.cluster, clients.dry_runner, lambda: NOW)
    sending: dict[str, Applier] = appliers(clients.writer, lambda: NOW)
    cluster: Cluster = clients.cluster
    world = World(sandbox=sandbox, cluster=cluster, clients=clients, tools=tools, appliers=sending)
    found = Bound(sandbox=sandbox, access=access, folder=folder, world=world)

    def hear(user: Any, attempt: Any, allowed: bool) -> None:
        if user.name == f"system:serviceaccount:agentops:{request.account}":
            right = Right(
                group=attempt.group, resource=attempt.resource, subresource=attempt.subresource, verb=attempt.verb
            )
            found.asked.append((right, attempt.namespace, found.running, allowed))

    sandbox.server.api.rbac.heard = hear
    return found


@pytest.fixture
def binding(tmp_path: Path) -> Iterator[Callable[..., Bound]]:
    """Start a scenario in which agentops has the access that is asked for, and nothing else."""
    with ExitStack() as stack:

        def start(scenario: str = "bad-image-tag", **asked: Any) -> Bound:
            sandbox = stack.enter_context(Sandbox(load(scenario), ticking=False, now=steady_now))
            return bound(sandbox, AccessRequest(**asked), tmp_path)

        yield start

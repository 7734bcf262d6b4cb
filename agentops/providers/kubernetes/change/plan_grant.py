"""An approved plan's own identity: a short-lived token of the account that changes things, and its entry among the
approved plans.

Comes in: the requester's own clients, the account that a setting names. Goes out: calls for the record, and a writer
that can write only while a plan holds the grant. The entry says which writes the plan and its undo come to, and by
which token alone, so that the API server's admission policy lets exactly these pass. It must never show or store the
token, or let anything be written before it is asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from agentops.core.errors import Forbidden, NotFound, ToolError
from agentops.core.plan import Call, Preview
from agentops.core.text import one_line
from agentops.providers.kubernetes.api.answers import Stored
from agentops.providers.kubernetes.api.approved_plans import NAME, entry_of, undo_writes, write_of
from agentops.providers.kubernetes.api.boundary import Boundary
from agentops.providers.kubernetes.api.call_transport import TokenTransport, WriteTransport
from agentops.providers.kubernetes.api.client import Cluster, cluster_of
from agentops.providers.kubernetes.api.kubeconfig import ClusterConnection
from agentops.providers.kubernetes.api.token_request import IssuedToken, issued, split_account, token_call
from agentops.providers.kubernetes.api.transport import Patience
from agentops.providers.kubernetes.api.unlimited import is_simulated, is_unlimited
from agentops.providers.kubernetes.api.writer import ClusterWriter
from agentops.providers.kubernetes.api.writing import json_patch_call
from agentops.providers.kubernetes.change.permissions import missing_permissions
from agentops.providers.kubernetes.objects.kinds import builtin

_TRIES, _PAUSE_S = 12, 0.5
_NOT_YET = "no approved plan says so"
"""In a refusal of the policy: the API server may not have seen the new entry yet."""


class GrantedWriter(ClusterWriter):
    """Writes as the account of the grant, and only while a plan holds it.

    Arguments:
        context, server: what it is pinned to.
        pause: waits so many seconds.
    """

    def __init__(self, *, context: str, server: str, pause: Callable[[float], None] = time.sleep) -> None:
        self.context = context
        self.server = server
        self._pause = pause
        self._inner: ClusterWriter | None = None

    def hold(self, inner: ClusterWriter | None) -> None:
        """Write through ``inner`` from now on; None writes nothing any more."""
        self._inner = inner

    def send(self, call: Call) -> Stored:
        """Carry out ``call``; see ``ClusterWriter.send``. A policy that has not seen the approval yet is asked again.

        Raises:
            ToolError: no plan holds the grant; nothing was sent.
            as ``ClusterWriter.send``.
        """
        if self._inner is None:
            raise ToolError(
                f"{call.method} {one_line(call.path, 160)} is not sent: no token was asked for this plan",
                hint="This is a defect of agentops; nothing was changed. Please report it.",
            )
        for left in reversed(range(_TRIES)):
            try:
                return self._inner.send(call)
            except Forbidden as error:
                # A refusal by admission certainly changed nothing.
                if _NOT_YET not in error.message or not left:
                    raise
                self._pause(_PAUSE_S)
        raise AssertionError("the last try returns or raises")


class AccountGrant:
    """See ``core.provider.PlanGrant``.

    Arguments:
        opened: the connection of whoever asks, and who may ask for the account's tokens.
        account: ``NAMESPACE/NAME`` of the service account.
        writer: what the plan is sent through.
        cluster: the cluster as the plan's own reads see it, for the kinds of its targets.
        learn: told the token, so that the redactor hides it wherever it turns up.
        boundary: the namespaces that the plan's requests may not leave.
        cache_dir: where the list of kinds is remembered.
        allow_unlimited: an account that may do everything is used all the same.

    Raises:
        UsageError: the account is not written so.
    """

    def __init__(
        self,
        *,
        opened: ClusterConnection,
        account: str,
        writer: GrantedWriter,
        cluster: Cluster,
        learn: Callable[[str], None],
        boundary: Boundary,
        cache_dir: Path,
        allow_unlimited: bool = False,
        patience: Patience | None = None,
    ) -> None:
        self._namespace, self._name = split_account(account)
        self._opened, self._writer, self._cluster, self._learn = opened, writer, cluster, learn
        self._allow_unlimited = allow_unlimited
        self._boundary, self._cache_dir = boundary, cache_dir
        # The account's own namespace alone, which need not be one that is worked in.
        home: dict[str, Any] = {
            "server": opened.server,
            "patience": patience or Patience(),
            "boundary": Boundary((self._namespace,)),
        }
        self._tokens = TokenTransport(opened.api, **home)
        self._own = ClusterWriter(WriteTransport(opened.api, **home), context=opened.context, server=opened.server)
        self._patience = home["patience"]
        self._token: IssuedToken | None = None

    @property
    def account(self) -> str:
        """Whose credential it is, in words."""
        return f"ServiceAccount {self._namespace}/{self._name}"

    @property
    def place(self) -> str:
        """What is written beside the plan, and as whom the plan is sent, in words."""
        return f"its entry in ConfigMap {self._namespace}/{NAME}, and is sent as {self.account}"

    def asking(self, seconds: int, digest: str, previews: Sequence[Preview]) -> Call:  # noqa: ARG002
        """Return the TokenRequest, for the record; for which plan the token is, its entry says."""
        return token_call(self._namespace, self._name, seconds)

    def ask(self, call: Call) -> Mapping[str, str]:
        """Ask for the token; return what may be recorded of it.

        Raises:
            ClusterError: it was refused or did not come.
        """
        token = self._token = issued(self._opened, self._tokens.ask(call), self._learn)
        transport = WriteTransport(
            token.connection.api, server=self._opened.server, patience=self._patience, boundary=self._boundary
        )
        self._writer.hold(ClusterWriter(transport, context=self._opened.context, server=self._opened.server))
        return {"account": self.account, "token_id": token.token_id, "expires_at": token.expires_at}

    def opening(self, digest: str, previews: Sequence[Preview]) -> Call | None:
        """Return the call that writes the plan's entry; None where the cluster has no list of approved plans.

        Raises:
            ToolError: no token was asked for, or it may not do what the plan needs.
            ClusterError: the list cannot be read.
        """
        token = self._token
        if token is None:
            raise ToolError("no token was asked for")
        own = cluster_of(token.connection, cache_dir=self._cache_dir, boundary=self._boundary)
        if not self._allow_unlimited and is_unlimited(own) and not is_simulated(own):
            raise ToolError(
                f"{self.account} may do everything (cluster-admin)",
                hint="Give it the rights of: agentops access kubernetes --mode fix",
                code="too-powerful",
            )
        missing = [line for preview in previews for line in missing_permissions(own, preview)]
        if missing:
            raise ToolError(
                f"{self.account} may not {missing[0]}",
                hint="Give it the rights of: agentops access kubernetes --mode fix",
                code="forbidden",
            )
        entry = entry_of(self._writes(previews), token.token_id)
        return self._entry_call(digest, entry)

    def closing(self, digest: str) -> Call | None:
        """Return the call that removes the plan's entry; None when it is not there.

        Raises:
            ClusterError: the list cannot be read.
        """
        return self._entry_call(digest, None)

    def send(self, call: Call) -> None:
        """Send a call that ``opening`` or ``closing`` returned; the guard has recorded it.

        Raises:
            Stale, ClusterError, InDoubt: as ``ClusterWriter.send``.
        """
        self._own.send(call)

    def give_back(self) -> None:
        """Forget the token; it ends by itself soon."""
        self._writer.hold(None)
        self._token = None

    def _writes(self, previews: Sequence[Preview]) -> Iterator[str]:
        for preview in previews:
            yield from map(write_of, preview.calls)
            for undo in preview.undo:
                yield from undo_writes(undo, self._cluster.kind(undo.target.kind))

    def _entry_call(self, digest: str, entry: str | None) -> Call | None:
        reader = cluster_of(self._opened, cache_dir=self._cache_dir, boundary=Boundary((self._namespace,)))
        try:
            found = reader.get_object(builtin("ConfigMap"), NAME, self._namespace)
        except NotFound:
            # Without the list there is no policy that reads it, or one that refuses everything.
            return None
        key, data = digest.removeprefix("sha256:"), found.get("data") or {}
        test = {"op": "test", "path": "/metadata/resourceVersion", "value": found["metadata"]["resourceVersion"]}
        if entry is None:
            if key not in data:
                return None
            change: dict[str, Any] = {"op": "remove", "path": f"/data/{key}"}
        elif data:
            change = {"op": "add", "path": f"/data/{key}", "value": entry}
        else:
            change = {"op": "add", "path": "/data", "value": {key: entry}}
        return json_patch_call(builtin("ConfigMap"), self._namespace, NAME, [test, change])

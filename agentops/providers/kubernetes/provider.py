"""The Kubernetes provider: everything that the other rooms may ask of Kubernetes.

Made without any I/O and without the SDK; a cluster is opened by ``connect`` only. The reader holds a client that can
only read, the changer one that tries out and, for the appliers alone, one that writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from agentops.core.alert import Alert, AlertGroup, Target
from agentops.core.analysis import Analysis, Gap
from agentops.core.commands import options_line
from agentops.core.errors import ClusterError, UsageError
from agentops.core.evidence import Reading
from agentops.core.finding import Problem
from agentops.core.place_identity import PlaceIdentity
from agentops.core.plan import Change, Note, ObjectChange, Preview
from agentops.core.policy import ObjectFacts
from agentops.core.progress import Progress
from agentops.core.provider import (
    SETTLED_LOG_WINDOW_S,
    CheckResult,
    Claim,
    Connection,
    HeldLease,
    PlanGrant,
    ProviderContext,
)
from agentops.core.resource import ResourceRef, check_name, kubernetes_ref
from agentops.core.scope import Scope
from agentops.core.tool import Applier, ChangeTool, ReadTool, ToolCall, ToolSpec
from agentops.core.unchanging import Unchanging
from agentops.providers.kubernetes.objects.snapshot import Snapshot

if TYPE_CHECKING:
    from agentops.providers.kubernetes.api.client import Cluster
    from agentops.providers.kubernetes.api.writer import Clients, ClusterWriter
    from agentops.providers.kubernetes.rules.own_analyzers import OwnAnalyzers

NAME, SCHEME = "kubernetes", "k8s"


class KubernetesProvider:
    """See ``core.provider.Provider``."""

    name = NAME
    scheme = SCHEME
    title = "Kubernetes"
    target_form = "k8s:NAMESPACE/KIND/NAME"
    is_witness = False
    stands_alone = True
    origin = SCHEME

    def is_configured(self, options: Mapping[str, Any]) -> bool:  # noqa: ARG002
        """Return that it is always worth a try: a kubeconfig is looked for where kubectl looks."""
        return True

    def pinned(self, scope: Scope) -> str:
        """Return the context, the namespace and the server that a run is pinned to."""
        return f"context {scope.place}, namespace {scope.group}, {scope.address}"

    def read_specs(self) -> Sequence[ToolSpec]:
        """Return what its read tools declare."""
        from agentops.providers.kubernetes.read.registry import SPECS

        return SPECS

    def change_specs(self) -> Sequence[ToolSpec]:
        """Return what its change tools declare."""
        from agentops.providers.kubernetes.change.registry import CHANGE_SPECS

        return CHANGE_SPECS

    def claim(self, group: AlertGroup) -> Claim | None:
        """Return whether an alert may be about an object of a cluster; one that names nothing may be."""
        if group.target.scheme not in ("", SCHEME):
            return None
        if group.target.known:
            return Claim(exact=True, reason=f"it names {group.target}")
        return Claim(exact=False, reason="it names no resource of another provider")

    def connect(self, context: ProviderContext) -> Connection:
        """Open the cluster of the settings; nothing is sent yet.

        Raises:
            UsageError: the kubeconfig or the context cannot be used.
            ClusterError: no cluster is configured, or the credential plugin failed.
        """
        if context.options.get("dump") is not None:
            return self._opened_dump(context)
        from agentops.providers.kubernetes.api.opening import open_clients, open_for_changes

        clients = open_clients(context)
        reader = KubernetesReader(clients.cluster, context)
        changer = KubernetesChanger(open_for_changes(context, clients), context, asking=clients)
        return Connection(provider=self, reader=reader, changer=changer, identity=clients.identity)

    def _opened_dump(self, context: ProviderContext) -> Connection:
        from agentops.providers.kubernetes.api.dump_transport import open_dump

        cluster, dump, clock = open_dump(context.options["dump"])
        reader = KubernetesReader(
            cluster, context if clock is None else replace(context, clock=clock), saved=dump.namespaces, gaps=dump.gaps
        )
        return Connection(provider=self, reader=reader, changer=Unchanging("a dump cannot be changed"))

    def identify(self, options: Mapping[str, Any], place: str) -> PlaceIdentity | None:
        """Return what proves the cluster of a context: its server and certificate authorities."""
        from agentops.providers.kubernetes.api.kubeconfig import identity_of

        try:
            return identity_of(options.get("kubeconfig"), place or None)
        except (UsageError, ClusterError):
            return None

    def no_remedy(self, changes: Sequence[Change], result: ObjectChange) -> Iterator[str]:
        """Yield why what becomes of one object is no remedy."""
        from agentops.providers.kubernetes.change.remediation_rules import reasons_against

        return reasons_against(changes, result)

    def object_facts(self, ref: ResourceRef, item: ObjectChange | None) -> ObjectFacts:
        """Return what policy is told of an object, and of what becomes of it."""
        from agentops.providers.kubernetes.change.policy_facts import object_facts

        return object_facts(ref, item)

    def describe(self, change: Change) -> str | None:
        """Return what a change does, in words."""
        from agentops.providers.kubernetes.change.wording import WORDS

        return WORDS.describe(change)

    def check_up(self, context: ProviderContext) -> Iterator[CheckResult]:
        """Yield what ``agentops doctor`` tells of the cluster."""
        from agentops.providers.kubernetes.checkup import check_up

        return check_up(context)


class KubernetesReader:
    """See ``core.provider.Reader``.

    Arguments:
        saved: of a dump: the namespaces that it is of; empty for all of them.
        gaps: of a dump: what of it could not be read.
    """

    def __init__(
        self, cluster: Cluster, context: ProviderContext, *, saved: tuple[str, ...] = (), gaps: Sequence[Gap] = ()
    ) -> None:
        self._cluster = cluster
        self._saved, self._gaps = saved, tuple(gaps)
        self._options = context.options
        self._clock = context.clock
        self._scope = Scope(
            provider=NAME,
            place=cluster.context,
            server=context.scope_name or cluster.server,
            options=options_line({"context": cluster.context}).strip(),
            group=cluster.namespace,
            address=cluster.server,
        )

    @property
    def scope(self) -> Scope:
        """Return the context and the server that it is pinned to."""
        return self._scope

    def sweep(self, target: Target, *, groups: tuple[str, ...], progress: Progress, settled: bool) -> Snapshot:
        """Read the neighbourhood of a target in parallel; see ``core.provider.Reader.sweep``."""
        from agentops.providers.kubernetes.analysis.afterwards import without_outlived_ends
        from agentops.providers.kubernetes.sweep.sweep import sweep

        # What is another provider's is nothing that a cluster has; all of it is read then.
        target = target if target.scheme in ("", SCHEME) else Target()
        snapshot = sweep(
            self._cluster,
            target=target,
            namespaces=self._cluster.boundary.choice(groups, target.namespace) or (() if target.known else self._saved),
            clock=self._clock,
            progress=progress,
            log_window_s=SETTLED_LOG_WINDOW_S if settled else 0,
            whole=self._own.kinds,
        )
        snapshot = replace(snapshot, gaps=(*self._gaps, *snapshot.gaps))
        return without_outlived_ends(snapshot) if settled else snapshot

    @cached_property
    def _own(self) -> OwnAnalyzers:
        from agentops.providers.kubernetes.rules.own_analyzers import own_analyzers

        rules, packaged = self._options.get("rules", ()), self._options.get("analyzers", ())
        return own_analyzers(rules, packaged, self._cluster.kind)

    def analyze(self, snapshot: Snapshot, alert: Alert | None) -> Analysis:
        """Return what the analyzers say of a snapshot."""
        from agentops.providers.kubernetes.analyzers.examine import examine

        return examine(snapshot, alert, more=self._own.analyzers)

    def object_text(self, snapshot: Snapshot, ref: ResourceRef, redacted: Callable[[Any], Any]) -> str:
        """Return an object as YAML, what people change first."""
        from agentops.providers.kubernetes.read.snapshot_evidence import object_text

        return object_text(snapshot, ref, redacted)

    def log_readings(self, snapshot: Snapshot, problems: Sequence[Problem]) -> Sequence[tuple[ToolCall, Reading]]:
        """Return the last lines of the failing pods' containers: of one pod of each workload."""
        from agentops.providers.kubernetes.read.snapshot_evidence import log_readings

        return log_readings(snapshot, problems)

    def alert_readings(self, alert: Alert) -> Sequence[tuple[ToolCall, Reading]]:  # noqa: ARG002
        """Return nothing: a cluster has objects, and no alerts."""
        return ()

    def read_tools(self) -> Sequence[ReadTool]:
        """Return the read tools whose API this server serves."""
        from agentops.providers.kubernetes.read.registry import served_tools

        return served_tools(self._cluster, self._clock)

    def outline(self) -> Reading:
        """Return the namespaces, and the workloads and services of the pinned one.

        Raises:
            Unreachable: the cluster does not answer.
        """
        from agentops.providers.kubernetes.read.outline import outline

        return outline(self._cluster, self._clock)

    def named(self, target: Target) -> ResourceRef:
        """Return the object that a person named, and no other.

        Raises:
            UsageError: there is no such kind, namespace or object.
            ClusterError: the cluster cannot be asked.
        """
        from agentops.providers.kubernetes.read.named_target import named_target

        return named_target(self._cluster, target)

    def worded(self, alert: Alert, groups: tuple[str, ...]) -> Target:
        """Return what an alert's words name, as far as it exists; see ``core.provider.Reader.worded``."""
        from agentops.providers.kubernetes.read.worded_target import worded_target

        return worded_target(self._cluster, alert, groups or self._cluster.boundary.namespaces)

    def canonical(self, ref: ResourceRef, group: str = "") -> ResourceRef:
        """Return the reference with its kind as the API names it, so that no other spelling is another target.

        Raises:
            ToolInputError, ClusterError: there is no such kind, or the server cannot say.
        """
        return canonical(self._cluster, ref, group)

    def whereabouts(self, ref: ResourceRef) -> str:
        """Return what became of an object that is gone."""
        from agentops.providers.kubernetes.read.whereabouts import whereabouts

        return whereabouts(self._cluster, ref)


class KubernetesChanger:
    """See ``core.provider.Changer``.

    Arguments:
        clients: what previews, and applies where no setting names an account for that.
        asking: the clients of whoever asks for that account's token: who runs this, not who previews.
    """

    def __init__(self, clients: Clients, context: ProviderContext, *, asking: Clients) -> None:
        self._clients = clients
        self._clock = context.clock
        self._writer: ClusterWriter = clients.writer
        self._grant: PlanGrant | None = None
        if account := context.options.get("change_account"):
            from agentops.providers.kubernetes.change.plan_grant import AccountGrant, GrantedWriter

            # What was approved is sent with the account's token alone.
            self._writer = granted = GrantedWriter(context=clients.writer.context, server=clients.writer.server)
            self._grant = AccountGrant(
                opened=asking.opened,
                account=account,
                writer=granted,
                cluster=clients.cluster,
                learn=context.learn,
                boundary=clients.cluster.boundary,
                cache_dir=context.cache / NAME,
                allow_unlimited=asking.opened.identity.key in (context.options.get("allow_cluster_admin") or ()),
            )

    def change_tools(self) -> Mapping[str, ChangeTool]:
        """Return the change tools; they hold what reads and what tries out."""
        from agentops.providers.kubernetes.change.registry import change_tools

        return change_tools(self._clients.cluster, self._clients.dry_runner, self._clock)

    def appliers(self) -> Mapping[str, Applier]:
        """Return the appliers; they hold what writes."""
        from agentops.providers.kubernetes.change.registry import appliers

        return appliers(self._writer, self._clock)

    def missing_permissions(self, preview: Preview) -> tuple[str, ...]:
        """Return what the API server says that the caller may not do."""
        from agentops.providers.kubernetes.change.permissions import missing_permissions

        return missing_permissions(self._clients.cluster, preview)

    def notes_on(self, change: Change, preview: Preview) -> tuple[tuple[Note, ...], tuple[str, ...]]:
        """Return the notes of owners on what a change touches."""
        from agentops.providers.kubernetes.change.notes import notes_on

        return notes_on(self._clients.cluster, change, preview)

    def lease(self, group: str, who: str) -> HeldLease | None:
        """Return the Lease object in a namespace.

        Raises:
            UsageError: it is no namespace's name.
        """
        from agentops.providers.kubernetes.api.lease import Lease

        check_name(group, "namespace of cluster_lease")
        clients = self._clients
        return Lease(cluster=clients.cluster, writer=clients.writer, namespace=group, who=who, clock=self._clock)

    def is_unlimited(self) -> bool:
        """Return whether the API server lets the identity that changes things do everything.

        Raises:
            ClusterError: it cannot be asked.
        """
        from agentops.providers.kubernetes.api.unlimited import is_simulated, is_unlimited

        cluster = self._clients.cluster
        return is_unlimited(cluster) and not is_simulated(cluster)

    def grant(self) -> PlanGrant | None:
        """Return what asks for a token of the account that changes things, where a setting names one."""
        return self._grant


def canonical(cluster: Cluster, ref: ResourceRef, group: str = "") -> ResourceRef:
    """Return the reference with its kind as the API names it; see ``KubernetesReader.canonical``."""
    kind = cluster.kind(ref.kind)
    return kubernetes_ref(ref.context, (ref.namespace or group) if kind.namespaced else "", kind.kind, ref.name)

"""``agentops access``: what an administrator applies so that agentops may do what its enabled tools need, no more.

Comes in: for whom, where, and the settings. Goes out: manifests or a policy, as values and as text. No cluster and no
account is asked, but where somebody wants to know what an identity of AWS may do beyond it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agentops.app.providers import without_disabled

if TYPE_CHECKING:
    from agentops.config import Settings
    from agentops.providers.aws.access.excess import Judged


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessDocument:
    """What is to be applied, as text and as values; ``granted`` and ``left_out``: each right and what needs it."""

    text: str
    manifests: tuple[dict[str, Any], ...]
    granted: Sequence[Any]
    left_out: Sequence[Any]


def kubernetes_access(
    settings: Settings,
    *,
    may_change: bool,
    namespaces: tuple[str, ...],
    account_namespace: str,
    cluster_changes: bool,
    has_admission: bool,
    command: str,
) -> AccessDocument:
    """Return the RBAC objects, and for changes the admission policy, of the tools that the settings leave enabled.

    Arguments:
        may_change: for fixing, not only for reading.
        namespaces: those that it is for; empty for those that the settings allow, else all.
        account_namespace: where the service account is.
        cluster_changes: with ``namespaces``: also what changes cluster-scoped objects.
        has_admission: with ``may_change``: also the policy by which only approved writes are let through.
        command: what made it, for the text's first line.

    Raises:
        UsageError: a namespace's name is none.
        ConfigError: a tool is switched off that there is not.
    """
    without_disabled((), settings.disabled_tools)
    from agentops.providers.kubernetes.access.manifests import AccessRequest, access_of, reasons
    from agentops.providers.kubernetes.access.text import access_text

    access = access_of(
        AccessRequest(
            may_change=may_change,
            namespaces=tuple(dict.fromkeys(namespaces or settings.namespaces)),
            cluster_kinds=settings.cluster_kinds if settings.namespaces else None,
            account_namespace=account_namespace,
            cluster_changes=cluster_changes,
            has_admission=has_admission,
            disabled=settings.disabled_tools,
            lease_namespace=settings.cluster_lease if may_change else "",
        )
    )
    return AccessDocument(
        text=access_text(access, command),
        manifests=access.manifests,
        granted=reasons(access.granted),
        left_out=reasons(access.left_out),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsAccess:
    """The policy of an identity; ``actions``: each with what needs it."""

    policy: dict[str, Any]
    actions: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsIdentityCheck:
    """An identity of AWS, and what it may do beside what the policy says."""

    account: str
    region: str
    identity: str
    judged: Judged


def aws_access(settings: Settings, *, may_change: bool) -> AwsAccess:
    """Return the identity policy of the tools that the settings leave enabled; AWS is not asked.

    Raises:
        ConfigError: a tool is switched off that there is not.
    """
    without_disabled((), settings.disabled_tools)
    from agentops.providers.aws.access.needs import needs_of
    from agentops.providers.aws.access.policy import policy_of
    from agentops.providers.aws.provider import AwsProvider

    reads = needs_of((), settings.disabled_tools)
    changes = needs_of(AwsProvider().change_specs(), settings.disabled_tools) if may_change else {}
    needs = {**reads, **changes}
    return AwsAccess(
        policy=policy_of(reads, changes, settings.aws_region),
        actions=[{"action": action, "for": list(needs[action])} for action in sorted(needs)],
    )


def aws_identity_check(settings: Settings, access: AwsAccess) -> AwsIdentityCheck:
    """Ask IAM what the identity of the settings may do beside what a policy allows; nothing is changed.

    Raises:
        UsageError, ToolError: AWS cannot be asked who this is.
    """
    from agentops.app.connecting import provider_context
    from agentops.providers.aws.access.excess import judge
    from agentops.providers.aws.api.client import open_client

    context = provider_context(settings)
    client = open_client(context.options, context.learn)
    return AwsIdentityCheck(
        account=client.identity.account,
        region=client.region,
        identity=client.identity.role,
        judged=judge(client, [one["action"] for one in access.actions]),
    )

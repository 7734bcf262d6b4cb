"""The AWS provider: everything that the other rooms may ask of AWS.

Made without any I/O and without the SDK; an account is opened by ``connect`` only. The reader holds a client that can
only read, the changer one that tries out and, for the appliers alone, one that writes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from agentops.core.alert import Alert, AlertGroup, Target
from agentops.core.analysis import Analysis
from agentops.core.commands import options_line
from agentops.core.errors import ToolError, ToolInputError, UsageError
from agentops.core.evidence import Reading
from agentops.core.finding import Problem
from agentops.core.place_identity import PlaceIdentity
from agentops.core.plan import Change, ObjectChange
from agentops.core.policy import ObjectFacts
from agentops.core.progress import Progress, Stage, Step
from agentops.core.provider import CheckResult, Claim, Connection, ProviderContext
from agentops.core.resource import ResourceRef
from agentops.core.scope import Scope
from agentops.core.text import one_line
from agentops.core.tool import ReadTool, ToolCall, ToolSpec
from agentops.providers.aws.objects.place import KINDS, kind_of
from agentops.providers.aws.objects.snapshot import AwsSnapshot

if TYPE_CHECKING:
    from agentops.core.provider import PlanGrant
    from agentops.providers.aws.api.client import AwsClient, OpenedAccount
    from agentops.providers.aws.change.plan_session import GrantedAwsWriter

NAME = SCHEME = "aws"
SOURCES = ("cloudwatch", "aws-events")
"""Alerts of these formats may be about a resource of AWS."""
SANDBOX_PROOF = "sandbox"
_ACCOUNT = re.compile(r"\d{12}")
SETTINGS = ("aws_profile", "aws_region", "aws_role", "aws_endpoint")


class AwsProvider:
    """See ``core.provider.Provider``."""

    name = NAME
    scheme = SCHEME
    title = "AWS"
    target_form = "aws:SERVICE/TYPE/ID"
    is_witness = False
    stands_alone = True
    origin = SCHEME

    def is_configured(self, options: Mapping[str, Any]) -> bool:
        """Return whether a setting names a profile, a region or a role; the SDK's own variables are no wish to look."""
        return any(options.get(name) for name in SETTINGS)

    def pinned(self, scope: Scope) -> str:
        """Return the account, the region and the identity that a run is pinned to."""
        return f"AWS account {scope.place}, region {scope.group}, {scope.address}"

    def read_specs(self) -> Sequence[ToolSpec]:
        """Return what its read tools declare."""
        from agentops.providers.aws.read.registry import SPECS

        return SPECS

    def change_specs(self) -> Sequence[ToolSpec]:
        """Return what its change tools declare."""
        from agentops.providers.aws.change.registry import CHANGE_SPECS

        return CHANGE_SPECS

    def identify(self, options: Mapping[str, Any], place: str) -> PlaceIdentity | None:  # noqa: ARG002
        """Return what proves an account that is named by its number; which one a profile leads to only AWS can say."""
        return account_identity(place) if _ACCOUNT.fullmatch(place) else None

    def no_remedy(self, changes: Sequence[Change], result: ObjectChange) -> Iterator[str]:
        """Yield why what becomes of one resource is no remedy."""
        from agentops.providers.aws.change.remediation_rules import reasons_against

        return reasons_against(changes, result)

    def object_facts(self, ref: ResourceRef, item: ObjectChange | None) -> ObjectFacts:
        """Return what policy is told of a resource, and of what becomes of it."""
        from agentops.providers.aws.change.policy_facts import object_facts

        return object_facts(ref, item)

    def describe(self, change: Change) -> str | None:
        """Return what a change does, in words."""
        from agentops.providers.aws.change.wording import WORDS

        return WORDS.describe(change)

    def claim(self, group: AlertGroup) -> Claim | None:
        """Return whether an alert is about a resource of AWS: one that a person named, or an alarm or event of AWS."""
        if group.target.scheme == SCHEME:
            return Claim(exact=True, reason=f"it names {group.target}", is_asked=True)
        if group.target.scheme or group.target.known or group.lead.source not in SOURCES:
            return None
        return Claim(exact=False, reason="it is an alarm or an event of AWS")

    def connect(self, context: ProviderContext) -> Connection:
        """Open the account of the settings; AWS is asked once, who is asking.

        Raises:
            UsageError: there is no such profile.
            ToolError: no region, no credentials, or AWS does not answer.
        """
        from agentops.providers.aws.api.client import open_place
        from agentops.providers.aws.api.clients import open_clients
        from agentops.providers.aws.change.changer import AwsChanger

        opened = open_place(context.options, context.learn)
        writer, grant = _granted(opened)
        return Connection(
            provider=self,
            reader=AwsReader(opened.client, context),
            changer=AwsChanger(open_clients(opened, writer), context.clock, grant),
            identity=_identity(opened.client),
        )

    def check_up(self, context: ProviderContext) -> Iterator[CheckResult]:
        """Yield what ``agentops doctor`` tells of it; nothing where no setting leads to it."""
        from agentops.providers.aws.checkup import check_up

        return check_up(context) if self.is_configured(context.options) else iter(())


def _granted(opened: OpenedAccount) -> tuple[GrantedAwsWriter | None, PlanGrant | None]:
    """Return what writes as the session of a plan, and what asks for one, where a role is configured."""
    role = str(opened.options.get("aws_role") or "")
    if not role or opened.client.endpoint or not opened.options.get("aws_plan_session", True):
        return None, None
    from agentops.providers.aws.api.role_session import PlanRole
    from agentops.providers.aws.change.plan_session import GrantedAwsWriter, PlanSession

    writer = GrantedAwsWriter(opened.client)
    return writer, PlanSession(PlanRole(opened, role), writer, opened.client)


def account_identity(account: str) -> PlaceIdentity:
    """Return what proves an account: AWS's own answer, over TLS, to who is asking."""
    return PlaceIdentity(server=f"aws:{account}", proof="sts", place=account)


def _identity(client: AwsClient) -> PlaceIdentity:
    """Return what proves which account a client leads to; nothing does where its calls do not go to AWS itself.

    A sandbox of this very process is known by its address, which only it can hand to a provider.
    """
    account = client.identity.account
    if client.endpoint:
        return PlaceIdentity(server=client.endpoint, proof=SANDBOX_PROOF, place=account)
    if client.is_aws:
        return account_identity(account)
    return PlaceIdentity(server=f"aws:{account}", proof="", place=account)


class AwsReader:
    """See ``core.provider.Reader``."""

    def __init__(self, client: AwsClient, context: ProviderContext) -> None:
        self._client = client
        self._clock, self._redacted, self._options = context.clock, context.redacted, context.options
        client.say = lambda text: context.progress(Step(stage=Stage.NOTICE, text=text))
        identity = client.identity
        self._scope = Scope(
            provider=NAME,
            place=identity.account,
            server=context.scope_name or f"{client.region} as {identity.role}",
            group=client.region,
            address=identity.arn,
            options=options_line({"aws-profile": client.profile, "aws-region": client.region}).strip(),
        )

    @property
    def scope(self) -> Scope:
        """Return the account, the region and the role that it is pinned to."""
        return self._scope

    def sweep(self, target: Target, *, groups: tuple[str, ...], progress: Progress, settled: bool) -> AwsSnapshot:  # noqa: ARG002
        """Read the neighbourhood of an alarm or a resource; of all alarms that fire where none is named."""
        from agentops.providers.aws.api.kube_contexts import kube_contexts
        from agentops.providers.aws.sweep.sweep import sweep

        named = [(kind_of(target.kind), target.name)] if target.scheme == SCHEME and target.known else []
        return sweep(
            self._client,
            target=target,
            starts=named,
            clock=self._clock,
            progress=progress,
            settled=settled,
            redacted=self._redacted,
            contexts=kube_contexts(self._options, os.environ),
        )

    def analyze(self, snapshot: AwsSnapshot, alert: Alert | None) -> Analysis:
        """Return what the analyzers say of a snapshot."""
        from agentops.providers.aws.analyzers.examine import examine

        return examine(snapshot, alert, self._redacted)

    def object_text(self, snapshot: AwsSnapshot, ref: ResourceRef, redacted: Callable[[Any], Any]) -> str:
        """Return what was read of a resource, as JSON."""
        from agentops.providers.aws.read.shown import as_json

        data = snapshot.things.get(ref)
        return "" if data is None else as_json(data, redacted)

    def log_readings(self, snapshot: AwsSnapshot, problems: Sequence[Problem]) -> Sequence[tuple[ToolCall, Reading]]:
        """Return the log lines of failing functions that the sweep read."""
        from agentops.providers.aws.read.logs import swept_lines

        return swept_lines(snapshot, problems)

    def alert_readings(self, alert: Alert) -> Sequence[tuple[ToolCall, Reading]]:
        """Return how the metric of an alarm moved round its start; nothing for other alerts.

        Raises:
            ToolError: AWS cannot be asked.
        """
        from agentops.providers.aws.read.alarm_metric import alarm_readings

        return alarm_readings(self._client, self._clock, alert)

    def read_tools(self) -> Sequence[ReadTool]:
        """Return the read tools."""
        from agentops.providers.aws.read.registry import read_tools

        return read_tools(self._client, self._clock)

    def outline(self) -> Reading:
        """Return who asks, and which alarms fire.

        Raises:
            ToolError: AWS does not answer.
        """
        tools = {tool.spec.name: tool for tool in self.read_tools()}
        found = [tools["aws_identity"].read({}), tools["aws_alarms"].read({"state": "ALARM"})]
        body = "\n\n".join(f"{one.summary}\n{one.body}" for one in found)
        return Reading(body=body, summary="; ".join(one.summary for one in found))

    def named(self, target: Target) -> ResourceRef:
        """Return the resource that a person named, and no other.

        Raises:
            UsageError: there is no such kind or resource.
            ToolError: AWS cannot be asked.
        """
        from agentops.providers.aws.read.named_target import named_target

        return named_target(self._client, self._clock, target)

    def worded(self, alert: Alert, groups: tuple[str, ...]) -> Target:  # noqa: ARG002
        """Return the alarm that an alert of CloudWatch is of, or the resource that an event of AWS names."""
        from agentops.providers.aws.read.alert_target import alert_target

        return alert_target(self._client.identity.account, self._client.region, alert)

    def canonical(self, ref: ResourceRef, group: str = "") -> ResourceRef:  # noqa: ARG002
        """Return the reference with its kind as it is written here.

        Raises:
            ToolInputError: there is no such kind.
        """
        kind = kind_of(ref.kind)
        if not kind:
            raise ToolInputError(f"{one_line(ref.kind, 60)} is no kind of AWS that is known", hint=known_kinds())
        return ResourceRef(scheme=SCHEME, parts=(*ref.parts[:2], *kind.split("/"), ref.name))

    def whereabouts(self, ref: ResourceRef) -> str:
        """Return that a resource is gone, where AWS does not know it any more."""
        from agentops.providers.aws.read.named_target import named_target

        target = Target(kind=ref.kind, name=ref.name, scheme=SCHEME)
        try:
            named_target(self._client, self._clock, target)
        except UsageError as error:
            return error.message
        except ToolError:
            raise
        return ""


def known_kinds() -> str:
    """Return the hint that lists the kinds."""
    return f"The kinds are {', '.join(KINDS)}."

"""``AwsChanger``: one account and region, for the guard alone."""

from __future__ import annotations

from collections.abc import Mapping

from agentops.core.clock import Clock
from agentops.core.notes import notes_of
from agentops.core.plan import Change, Note, Preview
from agentops.core.provider import HeldLease, PlanGrant
from agentops.core.tool import Applier, ChangeTool
from agentops.providers.aws.api.clients import AwsClients
from agentops.providers.aws.change import permissions
from agentops.providers.aws.change.registry import appliers, change_tools
from agentops.providers.aws.impact.state.state import TAGS


class AwsChanger:
    """See ``core.provider.Changer``."""

    def __init__(self, clients: AwsClients, clock: Clock, grant: PlanGrant | None = None) -> None:
        self._clients, self._clock, self._grant = clients, clock, grant

    def change_tools(self) -> Mapping[str, ChangeTool]:
        """Return the change tools; they hold what reads and what tries out."""
        return change_tools(self._clients, self._clock)

    def appliers(self) -> Mapping[str, Applier]:
        """Return the appliers; they hold what writes."""
        return appliers(self._clients, self._clock)

    def missing_permissions(self, preview: Preview) -> tuple[str, ...]:
        """Return what IAM says that the identity may not do, and of what it does not say that it may."""
        return permissions.missing_permissions(self._clients.client, self._clients.dry_runner, preview)

    def notes_on(self, change: Change, preview: Preview) -> tuple[tuple[Note, ...], tuple[str, ...]]:  # noqa: ARG002
        """Return the tags of what a change touches by which owners speak to whoever comes to change it."""
        found = [note for item in preview.objects for note in notes_of(item.ref, _tags(item.before))]
        return tuple(dict.fromkeys(found)), ()

    def lease(self, group: str, who: str) -> HeldLease | None:  # noqa: ARG002
        """Return nothing: AWS has no lease, and to make a table for one is not ours to do."""
        return None

    def is_unlimited(self) -> bool:
        """Return whether the identity that changes things is an administrator, as far as IAM says.

        The session of a plan is none, whatever its role may do: its policy is the plan.
        """
        return self._grant is None and permissions.is_unlimited(self._clients.client)

    def grant(self) -> PlanGrant | None:
        """Return what asks for a plan's own session; None where no role is configured, or none is wanted."""
        return self._grant


def _tags(form: Mapping[str, object] | None) -> Mapping[str, str]:
    found = (form or {}).get(TAGS)
    return found if isinstance(found, Mapping) else {}

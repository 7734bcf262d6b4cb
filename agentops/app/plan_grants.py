"""``PlanGrants``: the credentials of one plan, of every place that it changes and whose settings ask for one.

Comes in: the grants of the open providers, by where their resources are (``ResourceRef.origin``). Goes out: one
``PlanGrant``. A place that the plan does not touch is asked for nothing, and each place is told of its own part of the
plan alone. What is asked of several places is one call on record, which holds them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agentops.core.errors import AgentopsError, ToolError
from agentops.core.jsonable import to_json
from agentops.core.plan import Call, Preview
from agentops.core.provider import PlanGrant

_SEVERAL = "several"


@dataclass(slots=True)
class PlanGrants:
    """See ``core.provider.PlanGrant``."""

    by_origin: Mapping[str, PlanGrant]
    _asked: dict[str, PlanGrant] = field(default_factory=dict)
    _calls: list[tuple[PlanGrant, Call]] = field(default_factory=list)

    @property
    def account(self) -> str:
        """Whose credentials they are: of those that were asked, of all before that."""
        return " and ".join(one.account for one in (self._asked or self.by_origin).values())

    @property
    def place(self) -> str:
        """What is written beside the plan and as whom it is sent, in words."""
        return " and ".join(one.place for one in self.by_origin.values())

    def asking(self, seconds: int, digest: str, previews: Sequence[Preview]) -> Call | None:
        """Return the call that asks for them; None where no place that the plan touches asks for one."""
        calls = [
            (origin, grant, call)
            for origin, grant in self.by_origin.items()
            if (own := _of_place(origin, previews)) and (call := grant.asking(seconds, digest, own)) is not None
        ]
        self._asked = {origin: grant for origin, grant, _ in calls}
        return self._together([(grant, call) for _, grant, call in calls])

    def ask(self, call: Call) -> Mapping[str, str]:
        """Send that call; return what may be recorded of each credential: never itself.

        Raises:
            ToolError: one was refused; none of them is held then.
        """
        found: dict[str, list[str]] = {}
        for grant, part in self._parts(call):
            for name, value in grant.ask(part).items():
                found.setdefault(name, []).append(value)
        return {name: " and ".join(values) for name, values in found.items()}

    def opening(self, digest: str, previews: Sequence[Preview]) -> Call | None:
        """Return the call that says to the places what was approved.

        Raises:
            ToolError: it cannot be made.
        """
        made = [
            (grant, call)
            for origin, grant in self._asked.items()
            if (call := grant.opening(digest, _of_place(origin, previews))) is not None
        ]
        return self._together(made)

    def closing(self, digest: str) -> Call | None:
        """Return the call that takes this back.

        Raises:
            ToolError: it cannot be made.
        """
        made = [(one, call) for one in self._asked.values() if (call := one.closing(digest)) is not None]
        return self._together(made)

    def send(self, call: Call) -> None:
        """Send one of these two calls, to each of them its own; all are tried.

        Raises:
            AgentopsError: the first refusal.
        """
        failed: list[AgentopsError] = []
        for grant, part in self._parts(call):
            try:
                grant.send(part)
            except AgentopsError as error:
                failed.append(error)
        if failed:
            raise failed[0]

    def give_back(self) -> None:
        """Forget them all."""
        for one in self.by_origin.values():
            one.give_back()

    def _together(self, calls: list[tuple[PlanGrant, Call]]) -> Call | None:
        self._calls = calls
        if len(calls) < 2:
            return calls[0][1] if calls else None
        body: list[Any] = [to_json(call) for _, call in calls]
        return Call(verb=_SEVERAL, method="", path="", body={"calls": body})

    def _parts(self, call: Call) -> Iterator[tuple[PlanGrant, Call]]:
        """Yield what the call that was made last is made of.

        Raises:
            ToolError: it is another one.
        """
        if call != self._together(self._calls):
            raise ToolError("this call was not made for the plan")
        yield from list(self._calls)


def _of_place(origin: str, previews: Sequence[Preview]) -> list[Preview]:
    """Return the previews that touch a place; one that touches nothing sends nothing."""
    return [one for one in previews if any(item.ref.origin == origin for item in one.objects)]

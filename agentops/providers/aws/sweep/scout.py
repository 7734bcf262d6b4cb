"""``Scout``: what the readers of a sweep read through, and what each of them brings back.

A reader looks at one thing and says what it found, how that hangs together with other things, and what to look at next.
What only adds to a picture is read with ``beside``: where AWS does not give it, that is a gap, and the rest counts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from agentops.core.analysis import Gap
from agentops.core.errors import ToolError
from agentops.providers.aws.api.client import AwsClient, place_of
from agentops.providers.aws.api.errors import CHANGED
from agentops.providers.aws.objects.snapshot import Data

KindAndId: TypeAlias = tuple[str, str]
"""A kind and an id."""
METRIC_WINDOW = timedelta(hours=3)
SETTLED_WINDOW = timedelta(minutes=2)
_PERIOD_S, _SETTLED_PERIOD_S = 300, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """That one thing rests on another; ``own``: both are parts of one thing; ``dependency``: another application."""

    upper: KindAndId
    lower: KindAndId
    relation: str
    own: bool = False
    dependency: bool = False


@dataclass(slots=True, kw_only=True)
class Found:
    """What one reader brought back."""

    things: dict[KindAndId, Data] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    follow: list[KindAndId] = field(default_factory=list)
    changes: tuple[Data, ...] = ()


class Scout:
    """Reads for one sweep.

    Arguments:
        settled: it looks after a change: values and log lines of the time before it are left out, for a throttle of ten
            minutes ago tells nothing of what was mended since.
        contexts: the contexts of the kubeconfig by the address of their API server.
    """

    def __init__(
        self,
        client: AwsClient,
        now: datetime,
        redacted: Callable[[str], str] = str,
        *,
        settled: bool = False,
        contexts: Mapping[str, str] | None = None,
    ) -> None:
        self.client, self.now, self.redacted, self.settled = client, now, redacted, settled
        self.contexts = contexts or {}
        self.place = place_of(client)
        self.gaps: list[Gap] = []
        self._lock = threading.Lock()

    def miss(self, what: str, reason: str) -> None:
        """Note something that could not be read."""
        with self._lock:
            if all(gap.what != what for gap in self.gaps):
                self.gaps.append(Gap(what=what, reason=reason))

    def missed(self, what: str, error: ToolError) -> None:
        """Note what could not be read, and why.

        Raises:
            ToolError: it is no gap: the run would go on in another account.
        """
        if error.code == CHANGED:
            raise error
        self.miss(what, error.message)

    def beside(self, what: str, service: str, operation: str, **arguments: Any) -> Mapping[str, Any]:
        """Return the answer of a read that only adds to a picture; nothing where it cannot be had, which is a gap."""
        try:
            return self.client.ask(service, operation, **arguments)
        except ToolError as error:
            self.missed(what, error)
            return {}

    def listed(self, what: str, service: str, operation: str, key: str, most: int, **arguments: Any) -> Sequence[Any]:
        """Return the items of such a list; a list that is cut short is a gap as well."""
        try:
            found = self.client.pages(service, operation, key, most, **arguments)
        except ToolError as error:
            self.missed(what, error)
            return ()
        if found.more:
            self.miss(what, f"only the first {most} were read")
        return found.items

    def metrics(self, what: str, namespace: str, dimensions: Mapping[str, str], asked: Mapping[str, str]) -> Data:
        """Return the values of some metrics of the last three hours, by name, each as ``(time, value)`` oldest first.

        After a change of the last two minutes alone, minute by minute.

        Arguments:
            asked: the statistic of each metric: ``{"Errors": "Sum"}``.
        """
        names = list(asked)
        window, period = (SETTLED_WINDOW, _SETTLED_PERIOD_S) if self.settled else (METRIC_WINDOW, _PERIOD_S)
        queries = [
            {
                "Id": f"m{number}",
                "MetricStat": {
                    "Metric": {
                        "Namespace": namespace,
                        "MetricName": name,
                        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
                    },
                    "Period": period,
                    "Stat": asked[name],
                },
            }
            for number, name in enumerate(names)
        ]
        answer = self.beside(
            f"metrics of {what}",
            "cloudwatch",
            "GetMetricData",
            MetricDataQueries=queries,
            StartTime=self.now - window,
            EndTime=self.now,
            ScanBy="TimestampAscending",
        )
        found: dict[str, list[tuple[datetime, float]]] = {}
        for one in answer.get("MetricDataResults") or ():
            number = str(one.get("Id", "")).removeprefix("m")
            if number.isdigit() and int(number) < len(names):
                pairs = zip(one.get("Timestamps") or (), one.get("Values") or (), strict=False)
                found[names[int(number)]] = sorted(pairs)
        return found


def picked(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return the named fields of an answer that are there."""
    return {name: data[name] for name in names if data.get(name) not in (None, "", [], {})}

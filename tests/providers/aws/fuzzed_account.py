"""An account at our own seam that answers all, by the SDK's own models, and as a seed says: less, odd or huge."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from agentops.core.errors import ToolError
from agentops.providers.aws.api.client import Identity, Listed
from agentops.providers.aws.api.errors import ABSENT, DENIED, THROTTLED

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
ACCOUNT, REGION = "123456789012", "eu-west-1"
ODD: tuple[Any, ...] = (
    None, "", 0, -1, 10**400, float("nan"), float("inf"), True, [], {}, [None], [[]], {"": None}, "\x00\x1b[31m",
    "é" * 40, "9" * 5_000, b"\xff", NOW.replace(tzinfo=None), datetime.min.replace(tzinfo=UTC), {"Name": {"Name": []}},
    ["x"] * 300,
)  # fmt: skip
"""What stands where it never should."""


@cache
def _model(service: str) -> Any:
    from botocore.session import Session

    return Session().get_service_model(service)


class FuzzedAccount:
    """See above.

    Arguments:
        seed: of everything that is drawn.
        odd: the share of values that are something else than documented.
        missing: the share of members that are left out.
        refused: the share of calls that are refused.
    """

    region, profile = REGION, ""
    identity = Identity(account=ACCOUNT, partition="aws", arn=f"arn:aws:iam::{ACCOUNT}:user/u")
    insights_gib = 5.0

    def __init__(
        self, seed: int, *, odd: float = 0.0, missing: float = 0.2, refused: float = 0.0, items: int = 3
    ) -> None:
        self.random = random.Random(seed)
        self.odd, self.missing, self.refused, self.items = odd, missing, refused, items

    def say(self, _text: str) -> None:
        """Take no notice."""

    def ask(self, service: str, operation: str, **_arguments: Any) -> Mapping[str, Any]:
        """Return an answer of the operation's own shape, or refuse.

        Raises:
            ToolError: as drawn.
        """
        if self.random.random() < self.refused:
            raise ToolError("refused", code=self.random.choice((ABSENT, DENIED, THROTTLED)))
        found = self._drawn(_model(service).operation_model(operation).output_shape, 0)
        return found if isinstance(found, dict) else {}

    def pages(self, service: str, operation: str, key: str, most: int, **arguments: Any) -> Listed:
        """Return the items of such an answer.

        Raises:
            ToolError: as drawn.
        """
        found = self.ask(service, operation, **arguments).get(key)
        items = tuple(found) if isinstance(found, list) else ()
        return Listed(items=items[:most], more=self.random.random() < 0.2)

    def _drawn(self, shape: Any, depth: int) -> Any:
        if depth and self.random.random() < self.odd:
            return self.random.choice(ODD)
        kind = shape.type_name
        if kind == "structure":
            if depth > 7:
                return {}
            return {
                name: self._drawn(member, depth + 1)
                for name, member in shape.members.items()
                if self.random.random() >= self.missing
            }
        if kind == "list":
            return [self._drawn(shape.member, depth + 1) for _ in range(self.random.randint(0, self.items))]
        if kind == "map":
            return {f"k{n}": self._drawn(shape.value, depth + 1) for n in range(self.random.randint(0, 2))}
        return self._plain(kind, shape)

    def _plain(self, kind: str, shape: Any) -> Any:
        if kind == "boolean":
            return self.random.random() < 0.5
        if kind in ("integer", "long"):
            return self.random.choice((0, 1, 3, 100, 2**31))
        if kind in ("float", "double"):
            return self.random.choice((0.0, 0.5, 99.9, 1e12))
        if kind == "timestamp":
            return NOW - timedelta(minutes=self.random.randint(-60, 600))
        if kind == "blob":
            return b"x"
        if shape.enum and self.random.random() < 0.8:
            return self.random.choice(shape.enum)
        return self.random.choice(_TEXTS)


_TEXTS = (
    "web", "shop", "orders", "i-1", "sg-1", "subnet-1", "HTTP", "80", "traffic-port", "running", "ALARM", "shop/web",
    f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/web/1", f"arn:aws:iam::{ACCOUNT}:role/orders",
    f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/web/9", f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders",
    f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/shop/web", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:take",
    f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/orders", "Target.Timeout", "Task failed ELB health checks",
    "CannotPullContainerError: not found", "AccessDenied: not authorized", "{", '{"deadLetterTargetArn": 3}', "[1]",
    "null",
)  # fmt: skip

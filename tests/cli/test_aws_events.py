"""Events of AWS that are no alarms, piped in: Auto Scaling, ECS, RDS and AWS Health lead to their resource's cause."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from agentops.sandbox.cloud.sandbox import REGION, CloudSandbox
from agentops.sandbox.cloud.scenario import load

Cli = Callable[..., Any]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("moto") is None, reason="moto is not installed: pip install moto[server]"
    ),
]
ACCOUNT = "123456789012"


def _event(source: str, kind: str, detail: Mapping[str, Any], *resources: str, account: str = ACCOUNT) -> bytes:
    """Return an event as EventBridge delivers it."""
    document = {
        "version": "0", "id": "e-1", "detail-type": kind, "source": source, "account": account, "region": REGION,
        "time": "2026-11-29T12:00:00Z", "resources": list(resources), "detail": detail,
    }  # fmt: skip
    return json.dumps(document).encode()


EVENTS = {
    "aws-launch-image-gone": (
        _event(
            "aws.autoscaling",
            "EC2 Instance Launch Unsuccessful",
            {"AutoScalingGroupName": "workers", "StatusCode": "Failed", "StatusMessage": "The image id does not exist"},
        ),
        "LaunchImageMissing",
    ),
    "aws-service-image-missing": (
        _event(
            "aws.ecs",
            "ECS Deployment State Change",
            {"eventType": "ERROR", "eventName": "SERVICE_DEPLOYMENT_FAILED", "reason": "tasks failed to start"},
            f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/shop/checkout",
        ),
        "TaskImageMissing",
    ),
    "aws-database-full": (
        _event(
            "aws.rds",
            "RDS DB Instance Event",
            {"EventCategories": ["low storage"], "SourceType": "DB_INSTANCE", "SourceIdentifier": "orders",
             "Message": "The free storage capacity is low", "EventID": "RDS-EVENT-0089"},
        ),
        "DatabaseStorageFull",
    ),
    "aws-function-denied": (
        _event(
            "aws.health",
            "AWS Health Event",
            {"service": "LAMBDA", "eventTypeCode": "AWS_LAMBDA_OPERATIONAL_ISSUE", "eventTypeCategory": "issue",
             "statusCode": "open", "affectedEntities": [
                 {"entityValue": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:write-invoices"}]},
        ),
        "PolicyChangedBeforeDenial",
    ),
}  # fmt: skip


@pytest.fixture(params=sorted(EVENTS))
def there(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[bytes, str]]:
    """The incident that an event is of, as if it were an account."""
    with CloudSandbox(load(request.param)) as sandbox:
        monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAUSER")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-user")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        monkeypatch.setenv("AGENTOPS_AWS_REGION", REGION)
        yield EVENTS[request.param]


def test_an_event_leads_to_the_cause(there: tuple[bytes, str], cli: Cli) -> None:
    """The same one as the alarm of that incident leads to; of another account it is of nothing that is here."""
    event, condition = there
    found = cli("investigate", "-", "--no-model", "-o", "json", stdin=event).document["finding"]
    assert (found["cause"] or {}).get("condition") == condition, found["conclusion"]
    other = event.replace(ACCOUNT.encode(), b"999988887777")
    away = cli("investigate", "-", "--no-model", "-o", "json", stdin=other)
    assert (away.document.get("finding") or {}).get("cause") is None, away.out

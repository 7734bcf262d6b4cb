"""Reads what takes one call: certificates, and what CloudTrail tells of the last hour."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from agentops.core.errors import ToolError
from agentops.providers.aws.objects.place import CERTIFICATE
from agentops.providers.aws.sweep.scout import Found, Scout, picked

CERTIFICATE_FIELDS = (
    "CertificateArn", "DomainName", "SubjectAlternativeNames", "Status", "Type", "NotBefore", "NotAfter", "InUseBy",
    "RenewalEligibility", "RenewalSummary", "FailureReason", "DomainValidationOptions",
)  # fmt: skip
TRAIL_WINDOW = timedelta(minutes=90)
TRAIL_EVENTS = 50


def read_certificate(scout: Scout, name: str) -> Found:
    """Return a certificate of ACM.

    Raises:
        ToolError: there is none, or it cannot be read.
    """
    arn = scout.place.arn("acm", f"certificate/{name}")
    found = scout.client.ask("acm", "DescribeCertificate", CertificateArn=arn).get("Certificate") or {}
    return Found(things={(CERTIFICATE, name): picked(found, *CERTIFICATE_FIELDS)})


def read_trail(scout: Scout, _name: str) -> Found:
    """Return who changed what in the last 90 minutes, as CloudTrail has it; it is up to 15 minutes behind."""
    try:
        listed = scout.client.pages(
            "cloudtrail",
            "LookupEvents",
            "Events",
            TRAIL_EVENTS,
            LookupAttributes=[{"AttributeKey": "ReadOnly", "AttributeValue": "false"}],
            StartTime=scout.now - TRAIL_WINDOW,
            EndTime=scout.now,
        )
    except ToolError as error:
        scout.missed("CloudTrail", error)
        return Found()
    return Found(changes=tuple(trail_event(one) for one in listed.items))


def trail_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return who did what to what; of the request nothing else, for it can hold secrets."""
    try:
        inside = json.loads(str(event.get("CloudTrailEvent") or "{}"))
    except ValueError:
        inside = {}
    who = (inside.get("userIdentity") or {}) if isinstance(inside, dict) else {}
    said = {"errorCode": inside.get("errorCode"), "arn": who.get("arn"), "invokedBy": who.get("invokedBy")}
    names = [str(one.get("ResourceName", "")) for one in event.get("Resources") or ()]
    return (
        picked(event, "EventTime", "EventName", "EventSource", "Username") | {"Resources": names} | picked(said, *said)
    )

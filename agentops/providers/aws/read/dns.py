"""``aws_dns``: the records of a name in Route 53, where they lead, and what their health checks say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentops.core.clock import Clock
from agentops.core.errors import ToolError
from agentops.core.evidence import Reading
from agentops.core.table import table
from agentops.core.text import one_line, plural
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.read.declaration import NAME, aws_tool
from agentops.providers.aws.read.shown import cell

_ZONES, _RECORDS, _CHECKS, _LONG = 500, 300, 5, 2


@aws_tool(
    "aws_dns",
    "Route 53 records of a DNS name, and their health checks.",
    {"name": NAME},
    required=("name",),
    sends=(
        ("route53", "ListHostedZones"),
        ("route53", "ListResourceRecordSets"),
        ("route53", "GetHealthCheckStatus"),
    ),
)
def dns(client: AwsClient, _clock: Clock, arguments: Mapping[str, Any]) -> Reading:
    """Return the records of a name in the narrowest zone that holds it.

    Raises:
        ToolError: AWS refused or failed.
    """
    name = str(arguments["name"]).rstrip(".").lower()
    shown = one_line(name, 120)
    zones = client.pages("route53", "ListHostedZones", "HostedZones", _ZONES)
    holding = [one for one in zones.items if f".{name}.".endswith(f".{one.get('Name', '')}")]
    if not holding:
        more = f" (of the first {_ZONES})" if zones.more else ""
        return Reading(
            body=f"No hosted zone{more} of this account holds {shown}.",
            summary=f"{shown} is in no zone of this account",
        )
    longest = max(len(str(one["Name"])) for one in holding)
    rows: list[tuple[str, ...]] = []
    checks: list[str] = []
    cut = False
    # A public and a private zone may have one name.
    for zone in [one for one in holding if len(str(one["Name"])) == longest][:_LONG]:
        kind = "private" if (zone.get("Config") or {}).get("PrivateZone") else "public"
        found = client.pages(
            "route53", "ListResourceRecordSets", "ResourceRecordSets", _RECORDS,
            HostedZoneId=str(zone["Id"]).rpartition("/")[2], StartRecordName=name,
        )  # fmt: skip
        own = [one for one in found.items if str(one.get("Name", "")).rstrip(".").lower() == name]
        cut = cut or (found.more and len(own) == len(found.items))
        rows += [_row(one, kind) for one in own]
        checks += [str(one["HealthCheckId"]) for one in own if one.get("HealthCheckId")]
    header = ("ZONE", "TYPE", "TTL", "VALUE", "ROUTING", "HEALTH CHECK")
    said = [_status(client, one) for one in dict.fromkeys(checks[:_CHECKS])]
    body = table(header, rows) if rows else f"The zone {holding[0]['Name']} has no record of {shown}."
    return Reading(
        body="\n\n".join([body, *said]),
        summary=f"{plural(len(rows), 'record')} of {shown} in {one_line(str(holding[0]['Name']), 80)}",
        footer="More records were not read." if cut else "",
    )


def _row(record: Mapping[str, Any], zone: str) -> tuple[str, ...]:
    alias = record.get("AliasTarget") or {}
    values = [str(one.get("Value", "")) for one in record.get("ResourceRecords") or ()]
    routing = [
        f"{key.lower()}={cell(record[key], 40)}"
        for key in ("Weight", "Region", "Failover")
        if record.get(key) is not None
    ]
    return (
        zone,
        cell(record.get("Type")),
        cell(record.get("TTL")),
        cell(f"alias {alias['DNSName']}" if alias.get("DNSName") else ", ".join(values), 200),
        " ".join(routing) or "-",
        cell(record.get("HealthCheckId"), 60),
    )


def _status(client: AwsClient, check: str) -> str:
    """Return what the checkers of a health check say."""
    try:
        seen = client.ask("route53", "GetHealthCheckStatus", HealthCheckId=check).get("HealthCheckObservations") or ()
    except ToolError as error:
        return f"health check {check} was not read: {one_line(error.message, 200)}"
    said = [f"{one.get('Region')}: {cell((one.get('StatusReport') or {}).get('Status'), 120)}" for one in seen]
    return "\n".join([f"health check {check}:", *(f"  {one}" for one in said)])

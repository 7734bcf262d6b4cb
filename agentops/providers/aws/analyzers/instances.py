"""What is wrong with instances: their host, the system inside, stopped, or about to be retired."""

from __future__ import annotations

from collections.abc import Iterator

from agentops.core.alert import Severity
from agentops.core.finding import Problem
from agentops.core.resource import ResourceRef
from agentops.core.text import one_line
from agentops.providers.aws.analyzers.declaration import aws_analyzer, exact, problem, vague
from agentops.providers.aws.objects.place import GROUP, INSTANCE
from agentops.providers.aws.objects.snapshot import AwsSnapshot, Data


@aws_analyzer(
    "instances",
    exact("InstanceHostImpaired", "instance", "its system status check fails: the host or its network"),
    vague("InstanceUnreachable", "instance", "its instance status check fails: the system inside does not answer"),
    exact("InstanceStopped", "instance", "it was named or is watched, and is stopped or terminated"),
    vague("InstanceRetiring", "instance", "AWS has scheduled its retirement or a reboot"),
)
def instances(snapshot: AwsSnapshot) -> Iterator[Problem]:
    """Yield what is wrong with each instance."""
    for ref, data in snapshot.of(INSTANCE):
        state = str((data.get("State") or {}).get("Name", ""))
        status = data.get("Status") or {}
        if state in ("stopped", "stopping", "terminated", "shutting-down"):
            yield from _stopped(snapshot, ref, data, state)
            continue
        system = str((status.get("SystemStatus") or {}).get("Status", ""))
        inside = str((status.get("InstanceStatus") or {}).get("Status", ""))
        if system == "impaired":
            yield problem(
                ref,
                "InstanceHostImpaired",
                f"the host of {ref.name} is impaired (system status check)",
                ("SystemStatus.Status", system),
                severity=Severity.CRITICAL,
                advice="Stop and start it, which moves it to another host; a reboot does not.",
            )
        elif inside == "impaired":
            yield problem(
                ref,
                "InstanceUnreachable",
                f"{ref.name} does not answer its instance status check",
                ("InstanceStatus.Status", inside),
                advice="Read its console output (a full disk, memory, the kernel, the network inside), then reboot it.",
            )
        yield from _events(ref, status)


def _stopped(snapshot: AwsSnapshot, ref: ResourceRef, data: Data, state: str) -> Iterator[Problem]:
    # A group replaces its instances by itself; what it took out is no trouble.
    if any(one.kind == GROUP for one in snapshot.above(ref)):
        return
    why = one_line(str(data.get("StateTransitionReason") or (data.get("StateReason") or {}).get("Message") or ""), 200)
    yield problem(
        ref,
        "InstanceStopped",
        f"{ref.name} is {state}{f': {why}' if why else ''}",
        ("State.Name", state),
        ("StateTransitionReason", why or "not told"),
        severity=Severity.CRITICAL,
        advice="Find out who stopped it (CloudTrail), then start it.",
    )


def _events(ref: ResourceRef, status: Data) -> Iterator[Problem]:
    for event in status.get("Events") or ():
        said = one_line(str(event.get("Description", "")), 200)
        if said.startswith(("[Completed]", "[Canceled]")):
            continue
        yield problem(
            ref,
            "InstanceRetiring",
            f"AWS has planned {event.get('Code')} of {ref.name}: {said}",
            ("Events.Code", event.get("Code", "")),
            ("Events.NotBefore", event.get("NotBefore", "")),
            severity=Severity.WARNING,
            advice="Replace it or stop and start it before that time.",
        )
        return

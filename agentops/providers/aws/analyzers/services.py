"""Why an ECS service has too few tasks: image, secret, memory, port, health check, place, capacity; and what changed.

Messages: docs.aws.amazon.com, "Amazon ECS stopped task error messages" and "Amazon ECS service event messages".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from agentops.core.alert import Severity
from agentops.core.conditions import CHANGED, Trait
from agentops.core.finding import Problem
from agentops.core.resource import ResourceRef
from agentops.core.text import one_line, plural
from agentops.providers.aws.analyzers.declaration import aws_analyzer, exact, information, problem, symptom, vague
from agentops.providers.aws.objects.place import SERVICE, after
from agentops.providers.aws.objects.snapshot import AwsSnapshot, Data, moment
from agentops.providers.aws.objects.task_diff import differences

_YOUNG, _RECENT = timedelta(minutes=5), timedelta(hours=2)
_STOPS = (
    (r"CannotPull\w*Error.*(?:not found|manifest unknown|no such image|does not exist)", "TaskImageMissing",
     "Correct the image in the task definition, or push that tag; then deploy again."),
    (r"CannotPull\w*Error.*(?:denied|unauthorized|no basic auth|403)", "TaskImageDenied",
     "Let the execution role read the repository (ecr:GetAuthorizationToken, ecr:BatchGetImage)."),
    (r"CannotPull\w*Error|ResourceInitializationError.*(?:pull|ecr).*(?:timeout|i/o|dial)", "TaskImageUnreachable",
     "The subnet needs a way to the registry: a NAT gateway, or the endpoints of ECR and S3."),
    (r"ResourceInitializationError.*(?:secret|ssm|parameter)", "TaskSecretUnreadable",
     "Create the secret again or correct its ARN, and let the execution role read it (and its key)."),
    (r"OutOfMemory|\b137\b.*memory", "TaskOutOfMemory",
     "Raise the memory of the task definition, or find out what takes it; compare with the deployment before."),
    (r"failed ELB health checks|failed container health checks", "TaskFailsHealthCheck",
     "Look at the target group's reason and at the log of the task; a longer grace period only helps a slow start."),
    (r"Capacity is unavailable|RESOURCE:FARGATE", "TaskCapacityUnavailable",
     "Use further zones or capacity providers, or try again later."),
)  # fmt: skip
_PLACES = (
    (r"insufficient memory|insufficient CPU|insufficient CPU units", "no instance has that much memory or CPU left"),
    (r"port .*already in use|ports? .*in use", "the host port is taken on every instance"),
    (r"No Container Instances were found", "the cluster has no instances"),
    (r"missing an attribute|placement constraint", "no instance has the attributes that it asks for"),
    (r"insufficient (?:ENI|GPU|ports)", "no instance has what it asks for"),
)
_STOPPED = tuple(dict.fromkeys(condition for _, condition, _ in _STOPS))


@aws_analyzer(
    "services",
    symptom("ServiceBelowDesired", "ECS service", "fewer tasks run than desired, for longer than a deployment takes"),
    *(exact(name, "ECS service", "tasks stop with this reason") for name in _STOPPED if name != "TaskFailsHealthCheck"),
    vague("TaskFailsHealthCheck", "ECS service", "tasks are stopped because they fail a health check", Trait.TELLING),
    vague("TaskExits", "ECS service", "an essential container ends by itself"),
    exact("TaskUnplaceable", "ECS service", "no place is found for its tasks"),
    exact("ServiceRoleMissing", "ECS service", "its events say that a role cannot be assumed"),
    information("DeploymentRolledBack", "ECS service", "its circuit breaker took a deployment back"),
    information(CHANGED, "ECS service", "a deployment began shortly before"),
)
def services(snapshot: AwsSnapshot) -> Iterator[Problem]:
    """Yield what is wrong with each service."""
    for ref, data in snapshot.of(SERVICE):
        lacking = data.get("desiredCount", 0) - data.get("runningCount", 0)
        stuck = lacking > 0 and not _is_young(data, snapshot.at)
        if stuck:
            yield _below(ref, data)
        # Stopped tasks stay to be seen for an hour: they count where tasks are lacking, or a deployment is not through.
        if stuck or _in_progress(data):
            yield from _stops(ref, data, snapshot.at)
            yield from _unplaced(ref, data, snapshot.at)
        yield from _rolled_back(ref, data)
        yield from _changed(ref, data, snapshot.at)


def _below(ref: ResourceRef, data: Data) -> Problem:
    running, desired = data.get("runningCount", 0), data.get("desiredCount", 0)
    return problem(
        ref,
        "ServiceBelowDesired",
        f"{running} of {plural(desired, 'task')} of {ref.name} run",
        ("runningCount", running),
        ("desiredCount", desired),
        *((("events[0].message", data["events"][0].get("message", "")),) if data.get("events") else ()),
        severity=Severity.CRITICAL if running == 0 else Severity.HIGH,
        root=False,
    )


def _stops(ref: ResourceRef, data: Data, now: datetime) -> Iterator[Problem]:
    """Yield why tasks stop: each reason once, the most frequent first."""
    reasons: Counter[str] = Counter()
    told: dict[str, tuple[str, str]] = {}
    for task in data.get("StoppedTasks") or ():
        stopped = moment(task.get("stoppedAt"))
        # What the scheduler stops because of health says so in its reason; all else is a deployment going on.
        is_wanted = task.get("stopCode") in ("UserInitiated", "ServiceSchedulerInitiated")
        is_old = stopped is not None and now - stopped > _RECENT
        if (is_wanted or is_old) and "health check" not in str(task.get("stoppedReason", "")):
            continue
        condition, advice, words = _why(task)
        if condition:
            reasons[condition] += 1
            told.setdefault(condition, (words, advice))
    for condition, count in reasons.most_common():
        words, advice = told[condition]
        yield problem(
            ref,
            condition,
            f"{plural(count, 'task')} of {ref.name} stopped: {words}",
            ("StoppedTasks.stoppedReason", words),
            *_image_fact(data, condition),
            severity=Severity.CRITICAL if data.get("runningCount", 0) == 0 else Severity.HIGH,
            since=_deployed(data),
            advice=advice,
        )


def _deployed(data: Data) -> datetime | None:
    """Return when the deployment began that is not through: the tasks that are kept are only its last ones."""
    newest: Data = next((one for one in data.get("deployments") or () if one.get("status") == "PRIMARY"), {})
    return moment(newest.get("createdAt")) if newest.get("rolloutState") != "COMPLETED" else None


def _why(task: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return the condition, the advice and the words of a stopped task; no condition where it ended as it should."""
    containers = [one for one in task.get("containers") or () if isinstance(one, Mapping)]
    words = [str(task.get("stoppedReason", "")), *(str(one.get("reason", "")) for one in containers)]
    said = one_line(" ".join(filter(None, words)), 300)
    for pattern, condition, advice in _STOPS:
        if re.search(pattern, said, re.IGNORECASE):
            return condition, advice, said
    failed = [one for one in containers if one.get("exitCode") not in (None, 0, 143)]
    if failed:
        codes = ", ".join(f"{one.get('name')} exit code {one['exitCode']}" for one in failed)
        return "TaskExits", "Read the log of the container: what it said last.", f"{said} ({codes})"
    return "", "", ""


def _image_fact(data: Data, condition: str) -> tuple[tuple[str, object], ...]:
    if not condition.startswith("TaskImage"):
        return ()
    newest = (data.get("TaskDefinitions") or {}).get(str(data.get("taskDefinition", ""))) or {}
    images = [str(one.get("image", "")) for one in newest.get("containerDefinitions") or ()]
    return (("containerDefinitions.image", ", ".join(images)),) if images else ()


def _unplaced(ref: ResourceRef, data: Data, now: datetime) -> Iterator[Problem]:
    for event in (data.get("events") or ())[:5]:
        said, at = one_line(str(event.get("message", "")), 300), moment(event.get("createdAt"))
        if at is not None and now - at > _RECENT:
            continue
        if "unable to assume" in said:
            yield problem(
                ref, "ServiceRoleMissing", f"{ref.name}: {said}", ("events.message", said),
                severity=Severity.CRITICAL, since=at, advice="Restore the role and its trust policy.",
            )  # fmt: skip
            return
        if "unable to place a task" not in said:
            continue
        why = next((words for pattern, words in _PLACES if re.search(pattern, said, re.IGNORECASE)), "")
        yield problem(
            ref,
            "TaskUnplaceable",
            f"no place is found for tasks of {ref.name}{f': {why}' if why else ''}",
            ("events.message", said),
            severity=Severity.CRITICAL,
            since=at,
            advice="Give the cluster more or larger instances, or ask for less in the task definition.",
        )
        return


def _rolled_back(ref: ResourceRef, data: Data) -> Iterator[Problem]:
    for one in data.get("deployments") or ():
        if one.get("rolloutState") == "FAILED" or "circuit breaker: rolling back" in str(
            one.get("rolloutStateReason", "")
        ):
            said = one_line(str(one.get("rolloutStateReason", "")), 200)
            yield problem(
                ref,
                "DeploymentRolledBack",
                f"a deployment of {ref.name} failed: {said}",
                ("deployments.rolloutState", one.get("rolloutState", "")),
                ("deployments.rolloutStateReason", said),
                severity=Severity.INFO,
                since=moment(one.get("updatedAt")),
                root=False,
            )


def _changed(ref: ResourceRef, data: Data, now: datetime) -> Iterator[Problem]:
    deployments = [one for one in data.get("deployments") or () if one.get("taskDefinition")]
    newest = next((one for one in deployments if one.get("status") == "PRIMARY"), None)
    begun = moment(newest.get("createdAt")) if newest else None
    if newest is None or begun is None or now - begun > _RECENT:
        return
    definitions = data.get("TaskDefinitions") or {}
    older = next((one for one in deployments if one.get("status") == "ACTIVE"), None)
    said = ""
    if older is not None:
        before, after_ = (definitions.get(str(one["taskDefinition"])) or {} for one in (older, newest))
        said = "; ".join(differences(before, after_)[:5])
    name = after(str(newest["taskDefinition"]), ":task-definition/")
    yield problem(
        ref,
        CHANGED,
        f"{ref.name} was deployed with {name}{f': {said}' if said else ''}",
        ("deployments[0].taskDefinition", name),
        *((("difference", said),) if said else ()),
        severity=Severity.INFO,
        since=begun,
        root=False,
    )


def _in_progress(data: Data) -> bool:
    return any(one.get("rolloutState") in ("IN_PROGRESS", "FAILED") for one in data.get("deployments") or ()) or (
        len(data.get("deployments") or ()) > 1
    )


def _is_young(data: Data, now: datetime) -> bool:
    """Return whether tasks are lacking because a deployment has only begun, and nothing has failed in it."""
    begun = [moment(one.get("createdAt")) for one in data.get("deployments") or () if one.get("status") == "PRIMARY"]
    failed = any(int(one.get("failedTasks") or 0) for one in data.get("deployments") or ())
    return not failed and any(at is not None and now - at < _YOUNG for at in begun)

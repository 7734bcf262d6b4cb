"""``aws_tag``: sets and removes tags of a resource. Tags of AWS's own, and those that policies go by, are left alone.

Source: the tagging operation of each service; tags that begin with ``aws:`` cannot be written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from agentops.core.errors import ToolInputError
from agentops.core.plan import Call
from agentops.core.risk import Reversal
from agentops.core.text import one_line
from agentops.providers.aws.api.calls import call_of
from agentops.providers.aws.change.declaration import aws_change
from agentops.providers.aws.change.wanted import AwsChange, WantedState, taken_back
from agentops.providers.aws.impact.state.queues import URL
from agentops.providers.aws.impact.state.registry import CHANGEABLE
from agentops.providers.aws.impact.state.state import HIDDEN, TAGS, State
from agentops.providers.aws.objects.place import (
    ALARM,
    DATABASE,
    FUNCTION,
    GROUP,
    INSTANCE,
    QUEUE,
    SERVICE,
    TARGET_GROUP,
)

_RESERVED = ("aws:", "agentops")
Tags: TypeAlias = Mapping[str, str]
_SENDS: Mapping[str, tuple[str, str, str]] = {
    INSTANCE: ("ec2", "CreateTags", "DeleteTags"),
    GROUP: ("autoscaling", "CreateOrUpdateTags", "DeleteTags"),
    SERVICE: ("ecs", "TagResource", "UntagResource"),
    FUNCTION: ("lambda", "TagResource", "UntagResource"),
    DATABASE: ("rds", "AddTagsToResource", "RemoveTagsFromResource"),
    QUEUE: ("sqs", "TagQueue", "UntagQueue"),
    TARGET_GROUP: ("elbv2", "AddTags", "RemoveTags"),
    ALARM: ("cloudwatch", "TagResource", "UntagResource"),
}


@aws_change(
    "aws_tag",
    "Set tags of a resource, or remove them with null: all set or all removed, not both.",
    {
        "tags": {
            "type": "object",
            "additionalProperties": {"type": ["string", "null"], "maxLength": 256},
            "minProperties": 1,
            "maxProperties": 20,
        }
    },
    required=("tags",),
    kinds=CHANGEABLE,
    sends=tuple((service, name) for service, *names in _SENDS.values() for name in names),
)
def tag(change: AwsChange) -> WantedState:
    """Return the resource with other tags.

    Raises:
        ToolInputError: a tag is AWS's own, or some are to be set and others removed, which takes two calls.
    """
    given: Mapping[str, str | None] = change.arguments["tags"]
    for name in given:
        if name.lower().startswith(_RESERVED) or not 0 < len(name) <= 128:
            raise ToolInputError(f"the tag {one_line(name, 60)} cannot be written here")
        if change.state.form[TAGS].get(name) == HIDDEN:
            raise ToolInputError(f"the tag {one_line(name, 60)} holds what looks like a credential: change it yourself")
    removed = [name for name, value in given.items() if value is None]
    if removed and len(removed) < len(given):
        raise ToolInputError("some tags are to be set and others removed", hint="Make two changes of it.")
    had: Tags = change.state.form[TAGS]
    has = {name: value for name, value in {**had, **given}.items() if value is not None}
    written = {name: str(value) for name, value in given.items() if value is not None}
    back = {name: had.get(name) for name in given if had.get(name) != has.get(name)}
    is_undone = bool(back) and (all(v is None for v in back.values()) or all(v is not None for v in back.values()))
    spread = sorted(name for name in removed if name in had and _is_spread(change.state, name))
    lost = f"Set again, {', '.join(spread)} is not passed on to new instances any more, as it is now."
    return WantedState(
        form={TAGS: has},
        call=_call(change.state, written, [name for name in removed if name in had]),
        undo=taken_back(change, "aws_tag", tags=back) if is_undone else None,
        warnings=("Permissions, budgets and automation may go by tags.",),
        residue=(lost,)
        if spread
        else ()
        if is_undone or not back
        else ("Some of them were there before and others not: undo it by hand.",),
        reversal=Reversal.COMPENSATING if spread else Reversal.EXACT if is_undone or not back else Reversal.NONE,
    )


def _is_spread(state: State, name: str) -> bool:
    """Return whether an Auto Scaling group passes a tag on to the instances that it launches."""
    listed = state.data.get(TAGS) if state.ref.kind == GROUP else ()
    return any(one.get("Key") == name and one.get("PropagateAtLaunch") for one in listed or ())


def _call(state: State, written: Tags, removed: list[str]) -> Call:
    service, setting, removing = _SENDS[state.ref.kind]
    build = _ARGUMENTS[state.ref.kind]
    return call_of(service, removing if removed else setting, build(state, written, removed))


def _pairs(tags: Tags, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    return [{key: name, value: text} for name, text in sorted(tags.items())]


def _instance(state: State, written: Tags, removed: list[str]) -> dict[str, Any]:
    return {"Resources": [state.name], TAGS: [{"Key": name} for name in removed] or _pairs(written)}


def _group(state: State, written: Tags, removed: list[str]) -> dict[str, Any]:
    of = {"ResourceId": state.name, "ResourceType": "auto-scaling-group"}
    spread = {str(one.get("Key")): bool(one.get("PropagateAtLaunch")) for one in state.data.get(TAGS) or ()}
    if removed:
        return {TAGS: [{**of, "Key": name} for name in removed]}
    pairs = sorted(written.items())
    return {TAGS: [{**of, "Key": k, "Value": v, "PropagateAtLaunch": spread.get(k, False)} for k, v in pairs]}


def _service(state: State, written: Tags, removed: list[str]) -> dict[str, Any]:
    tags = {"tagKeys": removed} if removed else {"tags": _pairs(written, "key", "value")}
    return {"resourceArn": state.arn, **tags}


def _function(state: State, written: Tags, removed: list[str]) -> dict[str, Any]:
    return {"Resource": state.arn, **({"TagKeys": removed} if removed else {TAGS: dict(written)})}


def _database(state: State, written: Tags, removed: list[str]) -> dict[str, Any]:
    return {"ResourceName": state.arn, **({"TagKeys": removed} if removed else {TAGS: _pairs(written)})}


def _queue(state: State, written: Tags, removed: list[str]) -> dict[str, Any]:
    return {URL: state.data[URL], **({"TagKeys": removed} if removed else {TAGS: dict(written)})}


def _targets(state: State, written: Tags, removed: list[str]) -> dict[str, Any]:
    return {"ResourceArns": [state.arn], **({"TagKeys": removed} if removed else {TAGS: _pairs(written)})}


def _alarm(state: State, written: Tags, removed: list[str]) -> dict[str, Any]:
    return {"ResourceARN": state.arn, **({"TagKeys": removed} if removed else {TAGS: _pairs(written)})}


_ARGUMENTS: Mapping[str, Callable[[State, Tags, list[str]], dict[str, Any]]] = {
    INSTANCE: _instance,
    GROUP: _group,
    SERVICE: _service,
    FUNCTION: _function,
    DATABASE: _database,
    QUEUE: _queue,
    TARGET_GROUP: _targets,
    ALARM: _alarm,
}

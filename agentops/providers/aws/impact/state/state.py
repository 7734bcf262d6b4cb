"""``State``: one resource as changes see it: the fields that change tools write, who it is, and how well it is.

Comes in: what AWS answers. Goes out: values. The form has the fields in AWS's own names, in the state that AWS is
bringing about (an instance that is stopping is ``stopped``), so that what is on its way is not taken for a deviation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from agentops.core.errors import ToolError
from agentops.core.outcome import Health
from agentops.core.resource import ResourceRef
from agentops.core.secret_names import is_secret_pair
from agentops.core.secret_values import holds_secret
from agentops.providers.aws.api.client import AwsClient
from agentops.providers.aws.api.errors import ABSENT
from agentops.providers.aws.objects.place import AwsPlace

AwsForm: TypeAlias = Mapping[str, Any]
TAGS = "Tags"
HIDDEN = "(hidden)"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One resource.

    Arguments:
        arn: as permissions name it.
        uid: what tells it from another one that was made under its name.
        form: the fields that can be changed, and its tags, as plain JSON.
        health: how well it is.
        data: what AWS answered, and beside it what other calls told; for rules and the blast radius.
        unread: fields of the form that could not be read, and why; what changes one of them refuses.
    """

    ref: ResourceRef
    arn: str
    uid: str
    form: AwsForm
    health: Health
    data: Mapping[str, Any]
    unread: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its id."""
        return self.ref.name


StateReader: TypeAlias = Callable[[AwsClient, AwsPlace, str], State]


def tags_of(listed: Iterable[Mapping[str, Any]], key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Return tags as a mapping, those of AWS's own included: rules of a policy may speak of any."""
    return {str(one.get(key, "")): str(one.get(value, "")) for one in listed or ()}


def hide_secrets(tags: Mapping[str, str]) -> dict[str, str]:
    """Return tags without the values that are, or are called like, a credential: of these only the names are kept."""
    return {k: HIDDEN if v and (is_secret_pair(k, v) or holds_secret(v)) else v for k, v in tags.items()}


def absent(what: str, place: AwsPlace) -> ToolError:
    """Return the error for a resource that is not there."""
    return ToolError(f"there is no {what} in account {place.account}, region {place.region}", code=ABSENT)


def number(data: Mapping[str, Any], name: str) -> int:
    """Return a whole number of an answer; 0 where there is none."""
    return int(data.get(name) or 0)

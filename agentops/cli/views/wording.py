"""A change in plain words: ``roll Deployment checkout back to revision 3``.

Comes in: a ``Change``. Goes out: one line that says what a person would have typed. Arguments are quoted, never
interpreted; a tool that is not known here is named with its arguments, so nothing is ever hidden by a phrase.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from agentops.cli.views.diff import json_text
from agentops.core.plan import Call, Change
from agentops.core.text import one_line

_LINE_CHARS = 240
_BODY_CHARS = 2000


def change_words(change: Change) -> str:
    """Return what ``change`` does, in words, without where it does it."""
    phrase = _PHRASES.get(change.tool)
    what = f"{change.target.kind} {change.target.name}" if change.target.scheme == "k8s" else change.target.short
    said = phrase(what, change.arguments) if phrase else None
    if said is None:
        words = change.tool.removeprefix("kubernetes_").replace("_", " ")
        said = f"{words} {what}"
        given = arguments_line(change.arguments)
        said += f": {given}" if given else ""
    return one_line(said, _LINE_CHARS)


def arguments_line(arguments: Mapping[str, Any]) -> str:
    """Return arguments as ``name=value, ...``, each value as JSON where it is no plain text."""
    return ", ".join(f"{name}={json_text(value)}" for name, value in arguments.items())


def call_line(call: Call) -> str:
    """Return an API call as one line: ``PATCH /apis/apps/v1/...?fieldManager=agentops``."""
    query = "&".join(f"{name}={value}" for name, value in call.query)
    return one_line(f"{call.method.upper()} {call.path}" + (f"?{query}" if query else ""), _LINE_CHARS)


def body_text(call: Call) -> str:
    """Return a call's body as compact JSON, cut with its length said; empty when there is none."""
    if call.body is None:
        return ""
    text = json.dumps(call.body, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= _BODY_CHARS else f"{text[:_BODY_CHARS]}… ({len(text):,} characters)"


def _scale(what: str, given: Mapping[str, Any]) -> str | None:
    return f"scale {what} to {given['replicas']}" if set(given) == {"replicas"} else None


def _undo(what: str, given: Mapping[str, Any]) -> str | None:
    if set(given) - {"to_revision"}:
        return None
    revision = given.get("to_revision")
    return f"roll {what} back to " + (f"revision {revision}" if revision else "the revision before")


def _image(what: str, given: Mapping[str, Any]) -> str | None:
    if set(given) != {"container", "image"}:
        return None
    return f"set the image of container {given['container']} of {what} to {given['image']}"


def _patch(what: str, given: Mapping[str, Any]) -> str | None:
    if set(given) == {"path", "old", "new"}:
        return f"set {given['path']} of {what} to {json_text(given['new'])} (now {json_text(given['old'])})"
    if set(given) == {"path", "replace"}:
        return f"in {given['path']} of {what} replace {_replacements(given['replace'])}"
    return None


def _configmap(what: str, given: Mapping[str, Any]) -> str | None:
    if set(given) == {"rename"} and isinstance(given["rename"], Mapping):
        renames = ", ".join(f"{old} to {new}" for old, new in given["rename"].items())
        return f"rename in {what} the key {renames}"
    if set(given) == {"key", "replace"}:
        return f"in {given['key']} of {what} replace {_replacements(given['replace'])}"
    return None


def _replacements(given: Any) -> str:
    if not isinstance(given, Mapping):
        return json_text(given)
    return ", ".join(f"{json_text(old)} by {json_text(new)}" for old, new in given.items())


def _without_arguments(words: str) -> Callable[[str, Mapping[str, Any]], str | None]:
    return lambda what, given: words.format(what) if not given else None


def _resume(what: str, given: Mapping[str, Any]) -> str | None:
    return f"resume {what}" if given in ({}, {"suspend": False}) else None


_PHRASES: Mapping[str, Callable[[str, Mapping[str, Any]], str | None]] = {
    "kubernetes_scale": _scale,
    "kubernetes_rollout_undo": _undo,
    "kubernetes_rollout_restart": _without_arguments("restart every pod of {}, by a rollout"),
    "kubernetes_set_image": _image,
    "kubernetes_patch": _patch,
    "kubernetes_edit_configmap": _configmap,
    "kubernetes_cordon": _without_arguments("cordon {}: no new pods on it"),
    "kubernetes_uncordon": _without_arguments("uncordon {}: let pods on it again"),
    "kubernetes_drain": _without_arguments("drain {}: evict its pods"),
    "kubernetes_resume_cronjob": _resume,
    "kubernetes_delete": _without_arguments("DELETE {}"),
}

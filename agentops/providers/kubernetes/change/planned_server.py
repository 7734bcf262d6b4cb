"""``PlannedServer``: the server as the earlier steps of a plan will have left it, for the preview of a later step.

Comes in: a ``PreviewServer`` and the previews of the steps before. Goes out: objects as those steps will have made
them, and dry runs of the combined effect: what the earlier calls and this one do together to one object, sent as one.
What the server cannot be asked (an object in a namespace that is not there yet) is answered with what is asked for, and
said to be so. It must never send anything but reads and dry runs of the server that it is given, nor let a step be
taken for validated that was not.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agentops.core.errors import ClusterError, NotFound
from agentops.core.plan import Call, Preview
from agentops.core.risk import Risk, highest_risk
from agentops.providers.kubernetes.api.answers import Stored
from agentops.providers.kubernetes.api.dry_runner import PreviewServer, object_path
from agentops.providers.kubernetes.api.writing import APPLY_PATCH, JSON, JSON_PATCH, subresource_of
from agentops.providers.kubernetes.change.predictor import merged, patched
from agentops.providers.kubernetes.objects.difference import operations
from agentops.providers.kubernetes.objects.quantity import canonical
from agentops.providers.kubernetes.objects.server_values import forms_of_new, under_trial_name

_NAMESPACES = "/api/v1/namespaces/"
_MOVES = ("resourceVersion", "generation", "managedFields", "selfLink")
"""What will be another value by then, so that nothing may rest on it."""
_KEPT_BY_SERVER = frozenset({*_MOVES, "uid", "creationTimestamp"})
_QUANTITIES = frozenset({"requests", "limits", "hard", "capacity", "overhead", "sizeLimit"})
_OF_LIMITS = frozenset({"min", "max", "default", "defaultRequest", "maxLimitRequestRatio"})
"""Fields that hold quantities, or maps of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Earlier:
    """A call of an earlier step, by that step's number."""

    step: int
    call: Call


class PlannedServer:
    """The server after some steps; see ``PreviewServer``.

    Arguments:
        server: what can be asked now.
        earlier: the previews of the steps before, in order.
    """

    def __init__(self, server: PreviewServer, earlier: Sequence[Preview]) -> None:
        self._server = server
        self._calls: dict[str, list[_Earlier]] = {}
        for step, preview in enumerate(earlier, 1):
            for call in preview.calls:
                self._calls.setdefault(object_path(call), []).append(_Earlier(step=step, call=call))
        self._earlier = earlier
        self._asked: dict[str, dict[str, Any] | None] = {}
        self._used: set[int] = set()
        self._untried: set[int] = set()

    def get(self, path: str) -> dict[str, Any]:
        """Return one object as it will be; see ``PreviewServer``."""
        if path not in self._calls:
            return self._server.get(path)
        found = self._then(path)
        if found is None:
            raise NotFound(f"GET {path}: an earlier step of this plan deletes it")
        return copy.deepcopy(found)

    def dry_run(self, call: Call, *, live: Mapping[str, Any] | None = None) -> Stored:
        """Return the object that ``call`` would store after the earlier steps; see ``PreviewServer``."""
        path = object_path(call)
        if path in self._calls:
            return self._combined(path, call)
        maker = self._maker_of_place(call)
        if maker:
            self._untried.add(maker)
            return Stored(_stored_form(call.body))
        try:
            return self._server.dry_run(call, live=live)
        except ClusterError as error:
            missing = self._maker_of_missing(error)
            if call.method != "POST" or not missing:
                raise
            self._untried.add(missing)
            return Stored(_stored_form(call.body))

    def noted(self, preview: Preview) -> Preview:
        """Return a preview that was made with this server, saying on which steps it rests and what was not tried."""
        places = {one.ref.name for one in preview.objects if one.ref.kind == "Namespace"}
        inside = {
            step
            for step, one in enumerate(self._earlier, 1)
            if places & {change.ref.namespace for change in one.objects}
        }
        # A step rests on those whose result it read, that make what it needs, or that put things into its namespace.
        rests_on = tuple(sorted(self._used | self._untried | inside))
        if not rests_on:
            return preview
        steps = " and ".join(f"step {step}" for step in rests_on)
        words = f"It rests on {steps}, and is tried once more right before it is sent."
        if not self._untried:
            return replace(preview, rests_on=rests_on, warnings=(*preview.warnings, words))
        made = " and ".join(f"step {step}" for step in sorted(self._untried))
        words = (
            f"Not validated by the server yet: what it needs is made by {made}. It is tried right before it is sent; "
            "if the server refuses it or makes something else of it, the plan is rolled back."
        )
        return replace(
            preview,
            validated=False,
            risk=highest_risk(preview.risk, Risk.MEDIUM),
            objects=tuple(replace(one, partial=one.after is not None) for one in preview.objects),
            rests_on=rests_on,
            warnings=(*preview.warnings, words),
        )

    def _then(self, path: str) -> dict[str, Any] | None:
        """Return an object as the earlier steps leave it; None when they delete it."""
        self._used.update(one.step for one in self._calls[path])
        if path not in self._asked:
            self._asked[path] = self._worked_out(path)
        return self._asked[path]

    def _worked_out(self, path: str) -> dict[str, Any] | None:
        # Step by step: what the call itself says, then what the server makes of the sum, if it can be asked.
        live = now = self._live(path)
        for one in self._calls[path]:
            now = _after(now, one.call)
            if now is not None and not self._maker_of_place(one.call):
                now = self._tried(path, live, now, one.call)
            if now is not None:
                now = _without_moves(now, live)
        return now

    def _combined(self, path: str, call: Call) -> Stored:
        live, before = self._live(path), self._then(path)
        wanted = _after(before, call)
        if wanted is None:
            return Stored({"kind": "Status", "status": "Success"})
        maker = self._maker_of_place(call)
        if maker:
            self._untried.add(maker)
            return Stored(wanted)
        answer = self._tried(path, live, wanted, call)
        if subresource_of(call) == "scale":
            return Stored({"spec": {"replicas": (answer.get("spec") or {}).get("replicas")}})
        return Stored(_without_moves(answer, live), getattr(answer, "warnings", ()))

    def _live(self, path: str) -> dict[str, Any] | None:
        try:
            return self._server.get(path)
        except NotFound:
            return None

    def _tried(self, path: str, live: Mapping[str, Any] | None, wanted: Mapping[str, Any], call: Call) -> Stored:
        """Return the server's answer to the whole effect on one object, as one dry run.

        Raises:
            ClusterError: the server refuses it.
        """
        query = tuple(pair for pair in call.query if pair[0] != "dryRun")
        # An object that is deleted and made again is a creation to the server, whatever is there now.
        remade = any(one.call.method == "DELETE" for one in self._calls[path])
        if live is None or remade:
            name = str((wanted.get("metadata") or {}).get("name") or path.rpartition("/")[2])
            body = forms_of_new(wanted)
            if live is not None:
                # The name is taken until the deletion is carried out, and so are its address and ports.
                body = under_trial_name(body, name)
            made = Call(
                verb="create",
                method="POST",
                path=path.rpartition("/")[0],
                query=query,
                content_type=JSON,
                body=body,
            )
            answer = self._server.dry_run(made)
            metadata = {**(answer.get("metadata") or {}), "name": name}
            return Stored({**answer, "metadata": metadata}, answer.warnings)
        tests, writes = operations(_written(live), _written(wanted))
        if not writes:
            return Stored(live)
        # No version is expected beside the uid: versions move with the earlier steps.
        uid = {"op": "test", "path": "/metadata/uid", "value": live["metadata"]["uid"]}
        whole = Call(
            verb="patch",
            method="PATCH",
            path=path,
            query=query,
            content_type=JSON_PATCH,
            body=[uid, *tests, *writes],
        )
        return self._server.dry_run(whole, live=live)

    def _maker_of_place(self, call: Call) -> int:
        """Return the step that makes the namespace of a call's object, when it is not there yet; 0 for none."""
        rest = call.path.partition("/namespaces/")[2]
        if "/" not in rest:
            return 0
        place = _NAMESPACES + rest.partition("/")[0]
        makers = [one.step for one in self._calls.get(place, ()) if one.call.method == "POST"]
        return makers[-1] if makers and self._live(place) is None else 0

    def _maker_of_missing(self, error: ClusterError) -> int:
        """Return the step that makes what the server says is missing: a service account, a priority class; 0 for
        none."""
        for path, calls in self._calls.items():
            name = path.rpartition("/")[2]
            # The server names what is missing only in words, so the name of what a step makes is looked for there.
            made = [one.step for one in calls if one.call.method == "POST"]
            if made and "found" in error.message and (f'"{name}"' in error.message or f" {name} " in error.message):
                return made[-1]
        return 0


def _after(obj: Mapping[str, Any] | None, call: Call) -> dict[str, Any] | None:
    """Return the object after a call, as far as the call itself says; None when there is none any more.

    Raises:
        NotFound: it is not there to be changed.
    """
    if call.method == "DELETE" or subresource_of(call) == "eviction":
        return None
    if call.method == "POST":
        return dict(copy.deepcopy(call.body))
    if obj is None and call.content_type != APPLY_PATCH:
        raise NotFound(f"{call.method} {call.path}: an earlier step of this plan deletes it")
    if call.content_type == JSON_PATCH:
        return patched(obj or {}, call.body)
    return dict(merged(obj or {}, call.body))


def _stored_form(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of what is asked for, with the quantities of the API's own kinds as a server will store them."""
    group = str(body.get("apiVersion") or "").rpartition("/")[0]
    if "." in group and not group.endswith(".k8s.io"):
        return copy.deepcopy(dict(body))
    return dict(_canonical(body, _QUANTITIES | (_OF_LIMITS if body.get("kind") == "LimitRange" else frozenset())))


def _canonical(value: Any, fields: frozenset[str], *, inside: bool = False) -> Any:
    if isinstance(value, Mapping):
        return {key: _canonical(item, fields, inside=inside or key in fields) for key, item in value.items()}
    if isinstance(value, list):
        return [_canonical(item, fields) for item in value]
    return canonical(value) if inside and isinstance(value, str | int | float) else value


def _without_moves(answer: Mapping[str, Any], live: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return an answer without what will be another value by then; a new object has no uid that could be known."""
    gone = _MOVES if live is not None else (*_MOVES, "uid", "creationTimestamp")
    metadata = {name: value for name, value in (answer.get("metadata") or {}).items() if name not in gone}
    return {**answer, "metadata": metadata}


def _written(obj: Mapping[str, Any]) -> dict[str, Any]:
    """Return what clients write of an object, to find the patch from one form to another."""
    metadata = {name: value for name, value in (obj.get("metadata") or {}).items() if name not in _KEPT_BY_SERVER}
    return {**{name: value for name, value in obj.items() if name != "status"}, "metadata": metadata}

"""A trial is proved harmless by the object itself: what counts as a trace, and what each trace leads to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentops.core.errors import AgentopsError, PreviewWrote
from agentops.core.plan import Call
from agentops.providers.kubernetes.api.dry_runner import DryRunner, object_path
from agentops.providers.kubernetes.api.failures import refusal
from agentops.providers.kubernetes.api.traces import Trace, trace_of
from agentops.providers.kubernetes.api.transport import Reply
from agentops.providers.kubernetes.api.writing import APPLY_PATCH, JSON

_MAP = "/api/v1/namespaces/shop/configmaps/a"
_PATCH = Call(verb="patch", method="PATCH", path=_MAP, content_type=APPLY_PATCH, body={"data": {"K": "2"}})
_CREATE = Call(
    verb="create",
    method="POST",
    path="/api/v1/namespaces/shop/configmaps",
    content_type=JSON,
    body={"metadata": {"name": "a"}},
)
_ENTRY = {"manager": "kubectl", "operation": "Update", "time": "2026-11-22T12:00:00Z"}
_OURS = {"manager": "agentops", "operation": "Apply", "time": "2026-11-22T12:00:01Z"}


def _obj(value: str = "1", uid: str = "u", version: str = "7", *by: dict[str, str], **metadata: Any) -> dict[str, Any]:
    fields = list(by) or [_ENTRY]
    meta = {
        "name": "a",
        "namespace": "shop",
        "uid": uid,
        "resourceVersion": version,
        "managedFields": fields,
        **metadata,
    }
    return {"kind": "ConfigMap", "apiVersion": "v1", "metadata": meta, "data": {"K": value}}


_GOING = _obj(deletionTimestamp="2026-11-22T12:00:00Z")
_CASES: dict[str, tuple[Any, Any, Any, Trace]] = {
    "untouched": (_obj(), _obj(), _obj("2"), Trace.NONE),
    "status churn": (_obj(), {**_obj(version="8"), "status": {"x": 1}}, _obj("2"), Trace.NONE),
    "from a list": ({**_obj(), "kind": None}, _obj(), None, Trace.NONE),
    "gone": (_obj(), None, None, Trace.GONE),
    "made anew": (_obj(), _obj(uid="v"), None, Trace.REPLACED),
    "being deleted": (_obj(), _GOING, None, Trace.BEING_DELETED),
    "was being deleted": (_GOING, _GOING, None, Trace.NONE),
    "written by us": (_obj(), _obj("2", "u", "8", _ENTRY, _OURS), _obj("2"), Trace.CHANGED),
    "written by us, other value": (_obj(), _obj("3", "u", "8", _ENTRY, _OURS), _obj("2"), Trace.CHANGED),
    "written by somebody": (_obj(), _obj("3", version="8"), _obj("2"), Trace.SOMEBODY_ELSE),
    "somebody wrote just what was tried": (_obj(), _obj("2", version="8"), _obj("2"), Trace.CHANGED),
    "removed, and a controller answered": (
        {**_obj(annotations={"revision": "1"}), "data": {"K": "1", "L": "2"}},
        {**_obj(version="9", annotations={"revision": "2"}), "data": {"K": "1"}},
        {**_obj(annotations={"revision": "1"}), "data": {"K": "1"}},
        Trace.CHANGED,
    ),
    "in a list, and a controller answered": (
        {**_obj(version="7"), "data": {"of": [{"name": "a", "image": "1"}]}},
        {**_obj(version="9", labels={"x": "y"}), "data": {"of": [{"name": "a", "image": "2"}]}},
        {**_obj(version="7"), "data": {"of": [{"name": "a", "image": "2"}]}},
        Trace.CHANGED,
    ),
    "one more in a list, and another one": (
        {**_obj(), "data": {"of": ["a"]}},
        {**_obj(version="9"), "data": {"of": ["a", "b", "c"]}},
        {**_obj(), "data": {"of": ["a", "b"]}},
        Trace.CHANGED,
    ),
    "a scale, and an autoscaler elsewhere": (
        {**_obj(), "spec": {"replicas": 1}},
        {**_obj(version="9"), "spec": {"replicas": 4}},
        {"kind": "Scale", "metadata": {"uid": "u"}, "spec": {"replicas": 2}},
        Trace.SOMEBODY_ELSE,
    ),
    "a scale, carried out": (
        {**_obj(), "spec": {"replicas": 1}},
        {**_obj(version="9"), "spec": {"replicas": 2}},
        {"kind": "Scale", "metadata": {"uid": "u"}, "spec": {"replicas": 2}},
        Trace.CHANGED,
    ),
    "somebody wrote another field": (
        {**_obj(), "spec": {"replicas": 1, "image": "1"}},
        {**_obj(version="9"), "spec": {"replicas": 4, "image": "1"}},
        {**_obj(), "spec": {"replicas": 1, "image": "2"}},
        Trace.SOMEBODY_ELSE,
    ),
    "nobody says who": (_obj(), {**_obj("3"), "metadata": {"uid": "u"}}, None, Trace.CHANGED),
    "nothing before or after": (None, None, _obj(), Trace.NONE),
    "created": (None, _obj(), _obj(), Trace.CREATED),
    "created, answer lost": (None, _obj(), None, Trace.CREATED),
    "created by somebody": (None, _obj(uid="v"), _obj(), Trace.SOMEBODY_ELSE),
}


@pytest.mark.parametrize("name", _CASES)
def test_a_trace_is_told_from_status_and_from_other_peoples_writes(name: str) -> None:
    """Uid, content and deletion mark count; status, versions and what others wrote do not; doubt counts as a trace."""
    before, after, answer, expected = _CASES[name]
    assert trace_of(before, after, answer) is expected


class Server:
    """A transport whose trials do to the object what ``effect`` says, whatever they were meant to be."""

    def __init__(self, obj: Any, effect: Any, *, status: int = 200) -> None:
        self.obj, self.effect, self.status = obj, effect, status
        self.reads = 0

    def get(self, path: str) -> Reply:
        """Answer a read of the one object that there is."""
        self.reads += 1
        if self.obj is None:
            body = json.dumps({"kind": "Status", "code": 404, "reason": "NotFound", "message": "not found"}).encode()
            raise refusal(404, body, f"GET {path}")
        return Reply(status=200, headers={}, body=json.dumps(self.obj).encode())

    def try_out(self, call: Call) -> Reply:
        """Answer a trial, and have its effect."""
        if self.effect != "none":
            self.obj = self.effect
        if self.status >= 300:
            raise refusal(self.status, b"{}", call.path)
        return Reply(status=200, headers={}, body=json.dumps(_obj("2")).encode())


def _outcome(server: Any, call: Call, **options: Any) -> str:
    try:
        DryRunner(server, context="c", server="s").dry_run(call, **options)
    except AgentopsError as error:
        return error.code
    return "proved"


@pytest.mark.parametrize(
    ("server", "call", "expected"),
    [
        (Server(_obj(), "none"), _PATCH, "proved"),
        (Server(None, "none"), _CREATE, "proved"),
        (Server(_obj(), _obj("2", "u", "8", _ENTRY, _OURS)), _PATCH, "preview-wrote"),
        (Server(_obj(), _obj("9", version="8")), _PATCH, "stale"),
        (Server(_obj(), None), _PATCH, "preview-wrote"),
        (Server(None, _obj()), _CREATE, "preview-wrote"),
        (Server(_obj(), _obj("2", "u", "8", _ENTRY, _OURS), status=500), _PATCH, "preview-wrote"),
        (Server(_obj(), "none", status=422), _PATCH, "bad-request"),
    ],
    ids=["kept", "not made", "written", "somebody wrote", "deleted", "made", "written and refused", "refused"],
)
def test_each_trial_is_followed_by_a_read(server: Server, call: Call, expected: str) -> None:
    """The server's own answer is no proof: it is the object that shows whether the trial was one."""
    assert _outcome(server, call) == expected


def test_what_cannot_be_read_afterwards_is_not_proved() -> None:
    """A preview that cannot be proved is refused like one that failed."""
    server = Server(_obj(), "none")
    real = server.get
    server.get = lambda path: (
        real(path)
        if not server.reads
        else (_ for _ in ()).throw(  # type: ignore[method-assign]
            refusal(403, b"{}", path)
        )
    )
    assert _outcome(server, _PATCH) == "forbidden"


def test_the_incident_carries_the_object_as_it_was() -> None:
    """It can be restored from what the error holds."""
    server = Server(_obj(), None)
    with pytest.raises(PreviewWrote) as caught:
        DryRunner(server, context="c", server="s").dry_run(_PATCH)  # type: ignore[arg-type]
    assert (caught.value.before, caught.value.call, caught.value.exit_code) == (_obj(), _PATCH, 7)


def test_the_object_of_a_call_is_found() -> None:
    """A subresource is its object's, and a creation is of the name in its body."""
    paths = [f"{_MAP}/scale", f"{_MAP}/eviction", _MAP]
    found = [object_path(Call(verb="x", method="PATCH", path=path)) for path in paths]
    assert (found, object_path(_CREATE)) == ([_MAP] * 3, _MAP)


def test_an_object_that_is_called_like_a_subresource_is_its_own() -> None:
    """Its name is not cut off: what is read to prove its trial is the object, not a list."""
    paths = [f"/api/v1/namespaces/shop/configmaps/{name}" for name in ("scale", "eviction")]
    assert [object_path(Call(verb="patch", method="PATCH", path=path)) for path in paths] == paths

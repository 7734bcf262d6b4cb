"""The writer: what it sends, what it never sends, and what each answer or silence means."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentops.core.errors import AgentopsError, ClusterError, Forbidden, InDoubt, Stale, ToolInputError, Unreachable
from agentops.core.plan import Call
from agentops.providers.kubernetes.api.call_transport import DryRunTransport, WriteTransport
from agentops.providers.kubernetes.api.dry_runner import DryRunner
from agentops.providers.kubernetes.api.transport import Patience, Transport
from agentops.providers.kubernetes.api.writer import Clients, ClusterWriter, connect_clients
from agentops.providers.kubernetes.api.writing import (
    APPLY_PATCH,
    JSON,
    JSON_PATCH,
    apply_call,
    create_call,
    delete_call,
    evict_call,
    json_patch_call,
    warnings_of,
)
from agentops.providers.kubernetes.objects.kinds import builtin

_MAPS = "/api/v1/namespaces/shop/configmaps"
_MANIFEST = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"K": "1"}}
_CREATE = create_call(builtin("ConfigMap"), "shop", _MANIFEST)
_STORED = {**_MANIFEST, "metadata": {"name": "a", "namespace": "shop", "uid": "u", "resourceVersion": "7"}}
_QUICK = Patience(connect_s=5.0, read_s=1.0, deadline_s=10.0, attempts=4, backoff_s=0.01, backoff_cap_s=0.02)


@pytest.fixture
def clients(stub: Any, write_kubeconfig: Callable[..., Path], tmp_path: Path) -> Clients:
    """Clients on the stub that soon give up."""
    return _connect(write_kubeconfig(stub.port), tmp_path)


@pytest.fixture
def writer(clients: Clients) -> ClusterWriter:
    """The one that writes."""
    return clients.writer


@pytest.fixture
def dry_runner(clients: Clients) -> DryRunner:
    """The one that only tries out."""
    return clients.dry_runner


def _changing(stub: Any) -> list[Any]:
    """Return the requests that are no reads."""
    return [one for one in stub.requests if one[0] != "GET"]


def _connect(kubeconfig: Path, folder: Path) -> Clients:
    return connect_clients(
        kubeconfig=kubeconfig, context=None, namespace=None, cache_dir=folder / "cache", patience=_QUICK
    )


def _outcome(act: Callable[[], Any]) -> tuple[str, str]:
    try:
        act()
    except AgentopsError as error:
        return type(error).__name__, error.code
    return "done", ""


def _status(code: int, message: str, **more: Any) -> tuple[int, dict[str, Any]]:
    return code, {"kind": "Status", "status": "Failure", "message": message, "code": code, **more}


def test_a_dry_run_is_the_same_request_with_one_parameter_more(
    stub: Any, writer: ClusterWriter, dry_runner: DryRunner
) -> None:
    """What is tried is what will be sent: path, body and parameters are equal but for dryRun."""
    stub.script(_MAPS, (201, _STORED))
    dry_runner.dry_run(_CREATE)
    writer.send(_CREATE)
    (method, path, tried, _), (_, _, sent, _) = _changing(stub)
    assert (method, path, stub.bodies) == ("POST", _MAPS, [_MANIFEST, _MANIFEST])
    assert (tried, sent) == (
        {"fieldManager": "agentops", "fieldValidation": "Strict", "dryRun": "All"},
        {"fieldManager": "agentops", "fieldValidation": "Strict"},
    )


def test_a_dry_run_of_a_deletion_says_so_in_the_body(stub: Any, dry_runner: DryRunner) -> None:
    """The server reads DeleteOptions from the body and then ignores the query: there it must stand, or it deletes."""
    call = delete_call(builtin("ConfigMap"), "shop", "a", uid="u")
    stub.script(call.path, (200, _STORED), (200, {"kind": "Status", "status": "Success"}), (200, _STORED))
    dry_runner.dry_run(call)
    assert (_changing(stub)[0][2], stub.bodies) == ({}, [{**call.body, "dryRun": ["All"]}])


def test_a_dry_run_of_an_eviction_says_so_twice(stub: Any, dry_runner: DryRunner) -> None:
    """An eviction merges query and body; both say the same."""
    call = evict_call(builtin("Pod"), "shop", "a", uid="u")
    stub.script(call.path, (201, {"kind": "Status", "status": "Success"}))
    dry_runner.dry_run(call)
    said = _changing(stub)[0][2]["dryRun"], stub.bodies[0]["deleteOptions"]
    assert said == ("All", {"preconditions": {"uid": "u"}, "dryRun": ["All"]})


def test_the_servers_warnings_come_with_the_object(stub: Any, dry_runner: DryRunner) -> None:
    """The Warning header is decoded, quotes and all."""
    stub.script(_MAPS, (201, _STORED, {"Warning": '299 - "old \\"x\\"", 299 - "unknown field \\"y\\""'}))
    answer = dry_runner.dry_run(_CREATE)
    assert (dict(answer), answer.warnings) == (_STORED, ('old "x"', 'unknown field "y"'))


def test_no_warning_is_no_warning() -> None:
    """Without the header there is nothing to say."""
    assert (warnings_of({}), warnings_of({"Warning": "odd"})) == ((), ())


_ANSWERS = {
    "forbidden": (_status(403, "no"), ("Forbidden", "forbidden"), ("Forbidden", "forbidden")),
    "invalid": (_status(422, 'ConfigMap "a" is invalid'), ("ClusterError", "invalid"), ("ClusterError", "invalid")),
    "conflict": (_status(409, "modified"), ("Stale", "stale"), ("Stale", "stale")),
    "exists": (_status(409, "already exists", reason="AlreadyExists"), ("Stale", "stale"), ("Stale", "stale")),
    "webhook": (
        _status(500, "failed calling webhook x"),
        ("ClusterError", "server-error"),
        ("ClusterError", "server-error"),
    ),
    "server error": (_status(500, "etcd"), ("ClusterError", "server-error"), ("InDoubt", "in-doubt")),
    "gateway": ((503, b"<html>"), ("ClusterError", "server-error"), ("InDoubt", "in-doubt")),
    "gateway time-out": (_status(504, "timeout"), ("ClusterError", "server-error"), ("InDoubt", "in-doubt")),
    "time-out of the request": (_status(408, "t"), ("ClusterError", "bad-request"), ("InDoubt", "in-doubt")),
    "gateway that quotes a webhook": (
        _status(504, "failed calling webhook x"),
        ("ClusterError", "server-error"),
        ("InDoubt", "in-doubt"),
    ),
    "redirect": ((302, b"", {"Location": "http://x/"}), ("ClusterError", "redirect"), ("ClusterError", "redirect")),
    "garbage": ((201, b"not json"), ("ClusterError", "odd-answer"), ("InDoubt", "in-doubt")),
    "a list": ((201, [1]), ("ClusterError", "odd-answer"), ("InDoubt", "in-doubt")),
}


@pytest.mark.parametrize("name", _ANSWERS)
def test_an_answer_means_the_same_each_time_and_is_asked_for_once(
    name: str, stub: Any, writer: ClusterWriter, dry_runner: DryRunner
) -> None:
    """A refusal is a refusal, a lost effect is a doubt, and neither is sent a second time."""
    answer, dry, sent = _ANSWERS[name]
    stub.script(_MAPS, answer)
    found = (_outcome(lambda: dry_runner.dry_run(_CREATE)), _outcome(lambda: writer.send(_CREATE)))
    assert (found, len(_changing(stub))) == ((dry, sent), 2)


@pytest.mark.parametrize("fault", ["cut", "torn", "silent"])
def test_a_lost_answer_to_a_write_is_a_doubt_and_is_not_repeated(
    fault: str, stub: Any, writer: ClusterWriter, dry_runner: DryRunner, faults: dict[str, Any]
) -> None:
    """The request may have been carried out; of a dry run nothing can have been."""
    stub.script(_MAPS, faults[fault])
    found = (_outcome(lambda: dry_runner.dry_run(_CREATE)), _outcome(lambda: writer.send(_CREATE)))
    assert (found, len(_changing(stub))) == ((("Unreachable", "unreachable"), ("InDoubt", "in-doubt")), 2)


def test_a_busy_server_is_asked_again(stub: Any, writer: ClusterWriter) -> None:
    """429 says that nothing was done, so it is safe to try again."""
    stub.script(_MAPS, _status(429, "slow down"), _status(429, "slow down"), (201, _STORED))
    assert (dict(writer.send(_CREATE)), len(_changing(stub))) == (_STORED, 3)


def test_a_disruption_budget_is_not_asked_again(stub: Any, writer: ClusterWriter) -> None:
    """Its 429 is an answer about the pods and not about the server's load."""
    path = "/api/v1/namespaces/shop/pods/web-1/eviction"
    causes = {"causes": [{"reason": "DisruptionBudget", "message": "needs 2 healthy pods"}]}
    stub.script(path, _status(429, "Cannot evict pod", details=causes))
    call = evict_call(builtin("Pod"), "shop", "web-1", uid="u")
    assert (_outcome(lambda: writer.send(call)), len(_changing(stub))) == (("ClusterError", "disruption-budget"), 1)


def test_nobody_listening_is_no_doubt(free_port: int, write_kubeconfig: Callable[..., Path], tmp_path: Path) -> None:
    """A refused connection carried nothing."""
    writer = _connect(write_kubeconfig(free_port), tmp_path).writer
    with pytest.raises(Unreachable):
        writer.send(_CREATE)


def test_secret_values_never_leave_the_writer(stub: Any, dry_runner: DryRunner) -> None:
    """A Secret's data is replaced by sizes, in answers to reads and to writes; the field names of managers stay."""
    path = "/api/v1/namespaces/shop/secrets/db"
    fields = [{"manager": "kubectl", "fieldsV1": {"f:data": {"f:password": {}}}}]
    stub.script(
        path,
        (
            200,
            {
                "kind": "Secret",
                "metadata": {"name": "db", "namespace": "shop", "managedFields": fields},
                "data": {"password": "aHVudGVyMg=="},
            },
        ),
    )
    assert dry_runner.get(path) == {
        "kind": "Secret",
        "metadata": {"name": "db", "namespace": "shop", "managedFields": fields},
        "data": {"password": "(7 bytes, not shown)"},
    }


_DEPLOY = "/apis/apps/v1/namespaces/shop/deployments/web"
_OK = json_patch_call(builtin("Deployment"), "shop", "web", [{"op": "remove", "path": "/spec/paused"}])


def _call(**fields: Any) -> Call:
    values = {name: getattr(_OK, name) for name in ("verb", "method", "path", "query", "content_type", "body")}
    return Call(**{**values, **fields})


_NEVER = {
    "a forced apply": _call(content_type=APPLY_PATCH, body={}, query=(("force", "true"),)),
    "another manager": _call(query=(("fieldManager", "argocd"),)),
    "a dry run by the caller": _call(query=(("dryRun", "All"),)),
    "a PUT": _call(verb="update", method="PUT"),
    "a GET": _call(verb="get", method="GET"),
    "a verb that is not its method": _call(verb="delete"),
    "status": _call(path=_DEPLOY + "/status"),
    "a token": Call(
        verb="create", method="POST", path="/api/v1/namespaces/shop/serviceaccounts/a/token", content_type=JSON, body={}
    ),
    "exec": Call(verb="create", method="POST", path="/api/v1/namespaces/shop/pods/a/exec", content_type=JSON, body={}),
    "attach by patch": _call(path="/api/v1/namespaces/shop/pods/a/attach"),
    "a binding": Call(
        verb="create", method="POST", path="/api/v1/namespaces/shop/pods/a/binding", content_type=JSON, body={}
    ),
    "a node's proxy": _call(path="/api/v1/proxy/nodes/a"),
    "all of a kind": Call(
        verb="delete",
        method="DELETE",
        path=_MAPS,
        content_type=JSON,
        body={"preconditions": {"uid": "u"}},
    ),
    "a deletion without uid": Call(
        verb="delete", method="DELETE", path=_MAPS + "/a", content_type=JSON, body={"propagationPolicy": "Orphan"}
    ),
    "a merge patch": _call(content_type="application/merge-patch+json", body={}),
    "a patch that is no list": _call(body={}),
    "a move": _call(body=[{"op": "move", "from": "/a", "path": "/b"}]),
    "a path with dots": _call(path="/apis/apps/v1/namespaces/shop/deployments/.."),
    "a path with a query": _call(path=_DEPLOY + "?force=true"),
    "an encoded resource": _call(path="/api/v1/namespaces/shop/%73ecrets/a", body=[]),
    "an encoded version": _call(path="/api/%76%31/namespaces/shop/secrets/a", body=[]),
    "encoded dots": _call(path="/apis/apps/v1/namespaces/shop/deployments/%2e%2e"),
    "an encoded slash": _call(path="/apis/apps/v1/namespaces/shop/deployments/a%2fstatus"),
    "an encoded subresource": _call(path=_DEPLOY + "/%73tatus"),
    "a namespace's finalizers": Call(
        verb="create", method="POST", path="/api/v1/namespaces/shop/pods/a/finalize", content_type=JSON, body={}
    ),
    "a test of a Secret's value": json_patch_call(
        builtin("Secret"), "shop", "a", [{"op": "test", "path": "/data/password", "value": "guess"}]
    ),
    "another server": _call(path="http://evil/apis/apps/v1/namespaces/shop/deployments/web"),
    "a Secret made": create_call(builtin("Secret"), "shop", {"metadata": {"name": "a"}}),
    "a Secret applied": apply_call(builtin("Secret"), "shop", "a", {"metadata": {"name": "a"}}),
    "a Secret's data": json_patch_call(
        builtin("Secret"), "shop", "a", [{"op": "add", "path": "/data/k", "value": "x"}]
    ),
    "a whole Secret": json_patch_call(builtin("Secret"), "shop", "a", [{"op": "replace", "path": "", "value": {}}]),
}


@pytest.mark.parametrize("name", _NEVER)
def test_what_is_not_a_known_write_is_never_sent(
    name: str, stub: Any, writer: ClusterWriter, dry_runner: DryRunner
) -> None:
    """The gate stands before every sending, so that a call from a saved plan passes it as well."""
    found = (_outcome(lambda: dry_runner.dry_run(_NEVER[name])), _outcome(lambda: writer.send(_NEVER[name])))
    assert (found, stub.requests) == ((("ToolInputError", "tool-input"),) * 2, [])


def test_a_secret_may_be_labelled_and_deleted(world: Callable[..., Any]) -> None:
    """Neither shows or writes its content."""
    here = world()
    kind, uid = builtin("Secret"), _uid(here, "secrets/shop-database")
    labels = json_patch_call(
        kind, "shop", "shop-database", [{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}]
    )
    labelled = here.clients.writer.send(labels)
    gone = here.clients.writer.send(delete_call(kind, "shop", "shop-database", uid=uid))
    values = set(labelled["data"].values())
    assert (labelled["metadata"]["labels"], gone["status"], all("not shown" in one for one in values)) == (
        {"a": "b"},
        "Success",
        True,
    )


def _uid(here: Any, path: str) -> str:
    return str(here.clients.dry_runner.get(f"/api/v1/namespaces/shop/{path}")["metadata"]["uid"])


def test_a_failed_expectation_says_what_moved(world: Callable[..., Any]) -> None:
    """The server only says that the patch failed; the writer looks which expectation does not hold."""
    here = world()
    tests = [
        {"op": "test", "path": "/spec/replicas", "value": 2},
        {"op": "test", "path": "/metadata/labels/none", "value": "x"},
    ]
    call = json_patch_call(builtin("Deployment"), "shop", "checkout", tests)
    with pytest.raises(Stale) as caught:
        here.clients.writer.send(call)
    words = caught.value.message.partition("has changed: ")[2]
    assert words == "/spec/replicas was 2, is 3; /metadata/labels/none was x, is absent"


def test_a_value_that_is_invalid_is_not_a_failed_expectation(world: Callable[..., Any]) -> None:
    """The preconditions hold and the value is wrong: a new plan would not help, so it is not called stale."""
    here = world()
    operations = [
        {"op": "test", "path": "/spec/replicas", "value": 3},
        {"op": "replace", "path": "/spec/replicas", "value": -1},
    ]
    with pytest.raises(ClusterError, match="must be greater than or equal to 0") as caught:
        here.clients.dry_runner.dry_run(json_patch_call(builtin("Deployment"), "shop", "checkout", operations))
    assert caught.value.code == "invalid"


def test_a_failed_expectation_inside_a_list_says_what_moved(world: Callable[..., Any]) -> None:
    """Items are looked up by position, as the patch names them; values that are no text are shown as JSON."""
    here = world()
    at = "/spec/template/spec/containers/0"
    tests = [
        {"op": "test", "path": f"{at}/name", "value": "other"},
        {"op": "test", "path": f"{at}9/name", "value": ["x"]},
    ]
    with pytest.raises(Stale) as caught:
        here.clients.dry_runner.dry_run(json_patch_call(builtin("Deployment"), "shop", "checkout", tests))
    words = caught.value.message.partition("has changed: ")[2]
    assert words == f'{at}/name was other, is checkout; {at}9/name was ["x"], is absent'


def test_a_conflict_of_apply_names_the_owner_and_the_field(world: Callable[..., Any]) -> None:
    """Somebody else's field is not taken; who has it is said."""
    here = world()
    kind = builtin("ConfigMap")
    owned = {
        **_MANIFEST,
        "metadata": {
            "name": "owned",
            "namespace": "shop",
            "managedFields": [
                {
                    "manager": "argocd-controller",
                    "operation": "Apply",
                    "apiVersion": "v1",
                    "fieldsType": "FieldsV1",
                    "fieldsV1": {"f:data": {"f:K": {}}},
                }
            ],
        },
    }
    here.create(owned)
    wanted = {**_MANIFEST, "metadata": {"name": "owned"}, "data": {"K": "2"}}
    with pytest.raises(ClusterError) as caught:
        here.clients.dry_runner.dry_run(apply_call(kind, "shop", "owned", wanted))
    assert (caught.value.code, caught.value.message.partition(": ")[2]) == (
        "field-conflict",
        "another manager owns what would change: argocd-controller owns .data.K",
    )


def test_who_may_not_write_is_told_in_the_servers_words(world: Callable[..., Any]) -> None:
    """A viewer's dry run is refused like the write would be."""
    here = world(context="viewer")
    with pytest.raises(Forbidden) as caught:
        here.clients.dry_runner.dry_run(json_patch_call(builtin("Deployment"), "shop", "checkout", []))
    assert 'User "sandbox-viewer" cannot patch resource "deployments"' in caught.value.message


def test_an_unknown_field_is_refused_without_quoting_the_object(world: Callable[..., Any]) -> None:
    """Strict validation names the field; the object that the server quotes is left out."""
    here = world()
    call = json_patch_call(
        builtin("Deployment"), "shop", "checkout", [{"op": "add", "path": "/spec/replica", "value": 2}]
    )
    with pytest.raises(ClusterError) as caught:
        here.clients.dry_runner.dry_run(call)
    assert (caught.value.code, caught.value.message.rpartition(": Invalid value: ")[2]) == (
        "invalid",
        '(the object): strict decoding error: unknown field "spec.replica"',
    )


def test_what_reads_cannot_write(stub: Any, write_kubeconfig: Callable[..., Path], tmp_path: Path) -> None:
    """The three share one connection, but only the writer has a method that sends a change."""
    found = _connect(write_kubeconfig(stub.port), tmp_path)
    pinned = {(one.server, one.context) for one in (found.cluster, found.dry_runner, found.writer)}
    kinds = [type(one._transport) for one in (found.cluster, found.dry_runner, found.writer)]
    assert (kinds, len(pinned)) == ([Transport, DryRunTransport, WriteTransport], 1)
    writes = {"send", "write", "patch", "create", "delete"}
    assert not [name for one in (found.cluster, found.dry_runner) for name in dir(one) if name in writes]


def test_calls_of_one_form_are_as_the_api_wants_them() -> None:
    """A deletion and an eviction carry the uid that they mean."""
    deletion = delete_call(builtin("ConfigMap"), "shop", "a", uid="u", resource_version="7", propagation="Orphan")
    eviction = evict_call(builtin("Pod"), "shop", "p", uid="u")
    assert (deletion.body, eviction.body["deleteOptions"], _OK.content_type) == (
        {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Orphan",
            "preconditions": {"uid": "u", "resourceVersion": "7"},
        },
        {"preconditions": {"uid": "u"}},
        JSON_PATCH,
    )


def test_the_errors_of_a_writer_are_of_the_kinds_that_the_guard_knows() -> None:
    """A doubt and a moved object are told apart from a refusal by their types alone."""
    assert [issubclass(one, ClusterError) for one in (Stale, InDoubt, Forbidden, ToolInputError)] == [
        False,
        False,
        True,
        False,
    ]

"""What the end-to-end suite judges by, without a cluster: where it may run, what it takes for a write or a change."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.settings import SIMULATOR, NotAllowed, setting
from tests.e2e.snapshots import changed, not_restored
from tests.e2e.wire import Sent


@pytest.fixture
def kubeconfig(tmp_path: Path) -> str:
    """A kubeconfig whose current context is of no name that looks like production."""
    path = tmp_path / "config"
    path.write_text("current-context: kind-e2e\n", encoding="utf-8")
    return str(path)


def test_kubeconfig_in_the_environment_is_no_wish_to_run_there(kubeconfig: str) -> None:
    """Without an opt-in nothing runs; with ``--e2e`` alone it is the simulator, whatever KUBECONFIG says."""
    environ = {"KUBECONFIG": kubeconfig}
    with pytest.raises(NotAllowed, match="make e2e"):
        setting(environ, wanted=False)
    where = setting({**environ, SIMULATOR: "/simulator"}, wanted=True)
    assert (where.kubeconfig, where.simulated) == ("/simulator", True)


def test_cluster_is_used_when_it_is_asked_for_and_its_global_objects_only_when_that_is_too(kubeconfig: str) -> None:
    """AGENTOPS_E2E=1 takes KUBECONFIG and its current context; cluster scope wants a word of its own."""
    environ = {"AGENTOPS_E2E": "1", "KUBECONFIG": kubeconfig}
    where = setting(environ, wanted=False)
    wider = setting({**environ, "AGENTOPS_E2E_CLUSTER_SCOPE": "1"}, wanted=False)
    assert (where.context, where.simulated, where.cluster_scope, wider.cluster_scope) == (
        "kind-e2e",
        False,
        False,
        True,
    )


@pytest.mark.parametrize("context", ["prod", "eu-PROD-1", "shop-prd", "live"])
def test_context_that_looks_like_production_is_refused_unless_it_is_named(kubeconfig: str, context: str) -> None:
    """Saying yes in general is not enough: the very name must be given."""
    environ = {"AGENTOPS_E2E": "1", "KUBECONFIG": kubeconfig, "AGENTOPS_E2E_CONTEXT": context}
    with pytest.raises(NotAllowed, match="looks like production"):
        setting({**environ, "AGENTOPS_E2E_PRODUCTION": "1"}, wanted=True)
    assert setting({**environ, "AGENTOPS_E2E_PRODUCTION": context}, wanted=True).context == context


def test_no_kubeconfig_is_no_cluster() -> None:
    """The default file of kubectl is never taken."""
    with pytest.raises(NotAllowed, match="wants KUBECONFIG"):
        setting({"AGENTOPS_E2E": "1"}, wanted=True)


_DRY, _BODY = {"dryRun": ["All"]}, {"dryRun": ["All"], "kind": "DeleteOptions"}


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "writes"),
    [
        ("GET", "/api/v1/pods", {}, None, False),
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {}, {"kind": "X"}, False),
        ("PATCH", "/api/v1/namespaces/a/configmaps/b", {}, {}, True),
        ("PATCH", "/api/v1/namespaces/a/configmaps/b", _DRY, {}, False),
        ("PATCH", "/api/v1/namespaces/a/configmaps/b", {"dryRun": ["all"]}, {}, True),
        ("DELETE", "/api/v1/namespaces/a/pods/b", _DRY, {"kind": "DeleteOptions"}, True),
        ("DELETE", "/api/v1/namespaces/a/pods/b", _DRY, None, False),
        ("DELETE", "/api/v1/namespaces/a/pods/b", {}, _BODY, False),
        ("POST", "/api/v1/namespaces/a/pods/b/eviction", {}, {"dryRun": ["All"]}, True),
        ("POST", "/api/v1/namespaces/a/pods/b/eviction", {}, {"deleteOptions": _DRY}, False),
    ],
)
def test_request_is_a_write_unless_it_is_a_dry_run_where_the_server_looks(
    method: str, path: str, query: dict[str, list[str]], body: Any, writes: bool
) -> None:
    """Each verb reads ``dryRun`` in a place of its own, and nothing but ``All`` means it."""
    assert Sent(method=method, path=path, query=query, body=body).writes is writes


def _one(version: str, *, uid: str = "u", **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": "a", "uid": uid, "resourceVersion": version}, **more}


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({"X/a": _one("1", spec={"n": 1}, status=1)}, []),
        ({"X/a": _one("2", spec={"n": 1}, status=2)}, []),
        ({"X/a": _one("2", spec={"n": 1}, status=1)}, ["X/a was written: "]),
        ({"X/a": _one("2", spec={"n": 2}, status=2)}, ["X/a was written: spec.n 1 -> 2"]),
        ({"X/a": _one("1", uid="v", spec={"n": 1}, status=1)}, ["X/a was replaced"]),
        ({}, ["X/a was deleted"]),
        ({"X/a": _one("1", spec={"n": 1}, status=1), "X/b": _one("3")}, ["X/b was made"]),
    ],
)
def test_only_a_status_may_move_by_itself(now: Mapping[str, Any], said: list[str]) -> None:
    """A new version without another status is a write, also when it wrote what stood there."""
    assert list(changed({"X/a": _one("1", spec={"n": 1}, status=1)}, now)) == said


def test_restored_is_what_was_declared_and_not_what_a_server_chose() -> None:
    """Another uid, version and status are no difference; another label, field or object is."""
    before = {"X/a": _one("1", spec={"n": 1}, status=1), "Pod/p": _owned()}
    again = {"X/a": _one("9", uid="v", spec={"n": 1}, status=3)}
    other = {"X/a": _one("9", spec={"n": 2}), "X/b": _one("1")}
    assert (list(not_restored(before, again)), list(not_restored(before, other))) == (
        [],
        ["X/a is not as it was: spec.n 1 -> 2", "X/b is there"],
    )


def _owned() -> dict[str, Any]:
    one = _one("1")
    return {**one, "metadata": {**one["metadata"], "ownerReferences": [{"controller": True}]}}

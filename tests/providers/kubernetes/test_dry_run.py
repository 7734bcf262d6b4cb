"""What is a dry run for each verb, and that nothing else can be sent as one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.core.errors import PreviewWouldWrite
from agentops.core.plan import Call
from agentops.providers.kubernetes.api.call_transport import DryRunTransport
from agentops.providers.kubernetes.api.dry_run import as_dry_run, require_dry_run
from agentops.providers.kubernetes.api.kubeconfig import open_connection
from agentops.providers.kubernetes.api.transport import Patience

_POD = "/api/v1/namespaces/shop/pods/p"
_EVICT = f"{_POD}/eviction"
_ALL = ["All"]


def _passes(method: str, path: str, query: Any, body: Any) -> bool:
    try:
        require_dry_run(method, path, query, body)
    except PreviewWouldWrite:
        return False
    return True


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "passes"),
    [
        ("GET", _POD, (), None, True),
        ("POST", _POD, (("dryRun", "All"),), {}, True),
        ("POST", _POD, (), {"dryRun": _ALL}, False),
        ("PUT", _POD, (("dryRun", "All"),), {}, True),
        ("PATCH", _POD, (("dryRun", "All"),), [], True),
        ("PATCH", _POD, (("dryRun", "all"),), [], False),
        ("PATCH", _POD, (("dryRun", "All"), ("dryRun", "")), [], False),
        ("PATCH", _POD, (("dryrun", "All"),), [], False),
        ("DELETE", _POD, (("dryRun", "All"),), None, False),
        ("DELETE", _POD, (("dryRun", "All"),), {}, False),
        ("DELETE", _POD, (("dryRun", "All"),), {"propagationPolicy": "Background"}, False),
        ("DELETE", _POD, (), {"dryRun": _ALL}, True),
        ("DELETE", _POD, (("dryRun", "All"),), {"dryRun": _ALL}, True),
        ("DELETE", _POD, (), {"dryRun": []}, False),
        ("DELETE", _POD, (), {"dryRun": "All"}, False),
        ("DELETE", "/api/v1/namespaces/shop/pods", (("dryRun", "All"),), {"kind": "DeleteOptions"}, False),
        ("POST", _EVICT, (("dryRun", "All"),), {"deleteOptions": {"dryRun": _ALL}}, True),
        ("POST", _EVICT, (("dryRun", "All"),), {"deleteOptions": {}}, False),
        ("POST", _EVICT, (("dryRun", "All"),), None, False),
        ("POST", _EVICT, (), {"deleteOptions": {"dryRun": _ALL}}, False),
        ("PATCH", "/api/v1/namespaces/shop/configmaps/eviction", (("dryRun", "All"),), [], True),
        ("HEAD", _POD, (), None, False),
        ("CONNECT", _POD, (("dryRun", "All"),), {"dryRun": _ALL}, False),
    ],
)
def test_each_verb_has_its_place(method: str, path: str, query: Any, body: Any, passes: bool) -> None:
    """POST, PUT and PATCH say it in the query, deletions in the body, evictions in both; whatever else is no dry
    run."""
    assert _passes(method, path, query, body) is passes


_BODY = st.none() | st.dictionaries(
    st.sampled_from(["dryRun", "kind", "propagationPolicy", "deleteOptions", "spec"]),
    st.sampled_from([[], ["All"], "All", {}, {"dryRun": ["All"]}, {"dryRun": []}, None, 1]),
    max_size=3,
)
_QUERY = st.lists(
    st.tuples(st.sampled_from(["dryRun", "fieldManager"]), st.sampled_from(["All", "", "agentops"])), max_size=3
)
_CALL = st.builds(
    lambda method, path, query, body: Call(
        verb="x", method=method, path=path, query=tuple(query), content_type="application/json", body=body
    ),
    st.sampled_from(["POST", "PUT", "PATCH", "DELETE"]),
    st.sampled_from([_POD, _EVICT, f"{_POD}/scale", "/api/v1/namespaces/shop/pods"]),
    _QUERY,
    _BODY,
)


@given(call=_CALL)
def test_any_call_becomes_a_dry_run(call: Call) -> None:
    """Whatever a call says of dryRun itself, what becomes of it passes, and nothing else of it has changed."""
    dry = as_dry_run(call)
    require_dry_run(dry.method, dry.path, dry.query, dry.body)
    others = [[pair for pair in one.query if pair[0] != "dryRun"] for one in (dry, call)]
    assert others[0] == others[1]
    assert (dry.method, dry.path, dry.verb) == (call.method, call.path, call.verb)


def test_no_method_of_the_dry_run_transport_sends_a_write(stub: Any, write_kubeconfig: Callable[..., Path]) -> None:
    """Not even its own inner ones: the check stands where the request is made ready, right before the wire."""
    opened = open_connection(kubeconfig=write_kubeconfig(stub.port), context=None, namespace=None)
    transport = DryRunTransport(opened.api, server=opened.server, patience=Patience())
    create = Call(verb="create", method="POST", path="/api/v1/namespaces/shop/configmaps", body={"kind": "ConfigMap"})
    delete = Call(verb="delete", method="DELETE", path=_POD, query=(("dryRun", "All"),), body={})
    attempts = [
        lambda: transport._send(create, harmless=True),
        lambda: transport._send(delete, harmless=True),
        lambda: transport.review("SelfSubjectAccessReview", {}),
        lambda: transport._with_retries("POST", create.path, (), {}, create.body, 0),
    ]
    for attempt in attempts:
        with pytest.raises(PreviewWouldWrite):
            attempt()
    assert stub.requests == []

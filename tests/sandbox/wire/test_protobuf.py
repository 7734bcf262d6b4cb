"""Protobuf bodies, as kubectl 1.32 sends them: the same objects as kubectl 1.31 sent as JSON."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from agentops.sandbox.wire.protobuf import decode_protobuf
from agentops.sandbox.wire.status import ApiRefusal

# Captured from the two kubectls, command by command.
_BODIES = json.loads((Path(__file__).parent / "protobuf_bodies.json").read_text(encoding="utf-8"))
_BY_RUN = {one["run"]: base64.b64decode(one["protobuf"]) for one in _BODIES}


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(one) for key, one in value.items() if one is not None}
    return [without_nulls(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("body", _BODIES, ids=lambda body: body["run"])
def test_a_protobuf_body_is_the_object_that_json_was(body: dict[str, Any]) -> None:
    """What kubectl 1.32 sends decodes to what kubectl 1.31 sent, empty values and zeroes included."""
    assert decode_protobuf(base64.b64decode(body["protobuf"])) == without_nulls(body["json"])


def test_a_cut_body_is_refused() -> None:
    """No prefix of a body makes the server fall over: it is refused, or it is a body with less in it."""
    body = _BY_RUN["create ingress i --rule=h/p=svc:80,tls=sec --class=nginx --annotation=a=b"]
    codes = set()
    for length in range(len(body)):
        try:
            decode_protobuf(body[:length])
        except ApiRefusal as refusal:
            codes.add(refusal.http_code)
    assert codes == {400, 501}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"kind": "ConfigMap"}', 400),
        (b"k8s\x00\n\x0f\n\x02v1\x12\tSomething\x12\x00", 501),
        # field 99 of a ConfigMap
        (b"k8s\x00\n\x0f\n\x02v1\x12\tConfigMap\x12\x03\x9a\x06\x00", 501),
        # the metadata of a ConfigMap as a number
        (b"k8s\x00\n\x0f\n\x02v1\x12\tConfigMap\x12\x02\x08\x05", 400),
    ],
    ids=["no envelope", "unknown kind", "unknown field", "wrong wire type"],
)
def test_what_cannot_be_read_whole_is_not_read_at_all(body: bytes, code: int) -> None:
    """Not protobuf and malformed are 400; a kind or a field that the table lacks is 501, never left out."""
    with pytest.raises(ApiRefusal) as refused:
        decode_protobuf(body)
    assert refused.value.http_code == code

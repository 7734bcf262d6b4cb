"""The receipt: what was written, under which identity, and what the server said beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from agentops.core.errors import Stale
from agentops.core.outcome import Receipt
from agentops.core.plan import Call, ObjectChange, Preview, Verb
from agentops.core.resource import kubernetes_ref
from agentops.core.risk import Reversal, Risk
from agentops.providers.kubernetes.api.answers import Stored
from agentops.providers.kubernetes.api.writing import delete_call, json_patch_call
from agentops.providers.kubernetes.change.sender import send_all
from agentops.providers.kubernetes.objects.kinds import builtin

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
_MAP = builtin("ConfigMap")
_REFS = {name: kubernetes_ref("c", "shop", "ConfigMap", name) for name in ("a", "b")}


class _Writer:
    """Answers each call in turn and keeps what it was asked; an error in place of an answer is raised."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.sent: list[Call] = []

    def send(self, call: Call) -> Stored:
        self.sent.append(call)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def _patch(name: str) -> Call:
    return json_patch_call(_MAP, "shop", name, [])


def _preview(*calls: Call, names: tuple[str, ...] = ("a",)) -> Preview:
    objects = tuple(ObjectChange(ref=_REFS[name], verb=Verb.UPDATE) for name in names)
    return Preview(calls=calls, objects=objects, validated=True, risk=Risk.LOW, reversal=Reversal.NONE)


def _stored(version: str, *warnings: str) -> Stored:
    return Stored({"metadata": {"uid": "u", "resourceVersion": version}}, warnings)


def _receipt(writer: _Writer, preview: Preview) -> Receipt:
    return send_all(writer, preview, lambda: NOW)  # type: ignore[arg-type]


def test_a_receipt_holds_the_identity_after_the_write() -> None:
    """Each object with its uid and version, in the order of the calls; a warning is noted once."""
    writer = _Writer(_stored("7", "old"), _stored("8", "old", "odd"))
    preview = _preview(_patch("a"), _patch("b"), names=("a", "b"))
    expected = Receipt(at=NOW, objects={str(_REFS["a"]): ("u", "7"), str(_REFS["b"]): ("u", "8")}, notes=("old", "odd"))
    assert (_receipt(writer, preview), writer.sent) == (expected, list(preview.calls))


def test_a_deleted_object_has_no_identity_any_more() -> None:
    """Even when the server answers with the object as it was."""
    preview = _preview(delete_call(_MAP, "shop", "a", uid="u"))
    assert _receipt(_Writer(_stored("7")), preview).objects == {str(_REFS["a"]): ("", "")}


def test_an_answer_without_metadata_leaves_the_identity_empty() -> None:
    """A Status in place of the object is no reason to fail: the write was carried out."""
    assert _receipt(_Writer(Stored({"kind": "Status"})), _preview(_patch("a"))).objects == {str(_REFS["a"]): ("", "")}


def test_calls_that_are_more_than_the_objects_are_told_apart_by_name() -> None:
    """Two writes of one object leave the last identity; a call that touches none of them leaves nothing."""
    writer = _Writer(_stored("7"), _stored("8"), _stored("9"))
    preview = _preview(_patch("a"), _patch("a"), _patch("x"))
    assert _receipt(writer, preview).objects == {str(_REFS["a"]): ("u", "8")}


@pytest.mark.parametrize(("before", "suffix"), [(0, ""), (1, " (call 2 of 3; those before it were applied)")])
def test_nothing_is_sent_after_a_refusal(before: int, suffix: str) -> None:
    """The error is the refused call's own, and says how far it came when anything was done."""
    writer = _Writer(*[_stored("7")] * before, Stale("moved", hint="again"))
    with pytest.raises(Stale) as caught:
        _receipt(writer, _preview(_patch("a"), _patch("a"), _patch("a")))
    assert (caught.value.message, caught.value.hint, len(writer.sent)) == (f"moved{suffix}", "again", before + 1)

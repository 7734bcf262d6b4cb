"""The ALERT argument: what it stands for, and one clear line when it cannot be used."""

from __future__ import annotations

import json
import os
import threading
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agentops.alerts.decoding import MAX_BYTES, decode
from agentops.alerts.source import named_namespace, read_alert, read_capped
from agentops.core.alert import Alert, AlertGroup, Target
from agentops.core.errors import AlertError, ExitCode

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
DATA = Path(__file__).parent / "data"


def _read(argument: str, stdin: bytes = b"") -> AlertGroup:
    return read_alert(argument, stdin=lambda: stdin, now=NOW)


def _refused(argument: str, stdin: bytes = b"") -> str:
    with pytest.raises(AlertError) as caught:
        _read(argument, stdin)
    assert caught.value.exit_code is ExitCode.USAGE
    assert "\n" not in caught.value.message
    return caught.value.message


@pytest.mark.parametrize(
    ("argument", "target"),
    [
        ("k8s:shop/Deployment/checkout", Target(namespace="shop", kind="Deployment", name="checkout", scheme="k8s")),
        ("k8s:shop/deploy/checkout", Target(namespace="shop", kind="Deployment", name="checkout", scheme="k8s")),
        ("k8s:shop/pods/api-1", Target(namespace="shop", kind="Pod", name="api-1", scheme="k8s")),
        ("k8s:node/n1", Target(kind="Node", name="n1", scheme="k8s")),
        ("k8s:x/node/n1", Target(kind="Node", name="n1", scheme="k8s")),
        ("k8s:pod/api-1", Target(kind="Pod", name="api-1", scheme="k8s")),
        ("k8s:shop/Rollout/api", Target(namespace="shop", kind="Rollout", name="api", scheme="k8s")),
    ],
)
def test_an_object_may_be_named(argument: str, target: Target) -> None:
    """``k8s:`` names an object, with kinds as people type them; a node has no namespace."""
    found = _read(argument)
    name = f"{target.kind}/{target.name}"
    assert found.alerts == (Alert(name=name, source="resource", summary=f"asked to look at {target}", target=target),)
    assert (found.target, len(found.notes)) == (target, 1 if argument == "k8s:pod/api-1" else 0)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("k8s:shop", "k8s:shop does not name an object"),
        ("k8s:a/b/c/d", "k8s:a/b/c/d does not name an object"),
        ("k8s:shop//x", "k8s:shop//x does not name an object"),
        ("k8s:shop/pod/--server=evil", "the name '--server=evil' starts with a dash"),
        ("k8s:-n/pod/x", "the namespace '-n' starts with a dash"),
        ("k8s:shop/pod/a\u202eb", r"the name 'a\\u{202e}b' holds a control or invisible character"),
        ("", "the alert is empty"),
        (" \n", "the alert is empty"),
        ("pagerduty:P123", "pagerduty: alerts cannot be fetched yet"),
        ("alert.json", "there is no file alert.json"),
        ("alert.yml", "there is no file alert.yml"),
        ("./alert", "there is no file ./alert"),
        ("shop/checkout", "there is no file shop/checkout"),
        ("/no/such file.json", "there is no file /no/such file.json"),
        ("~/no-such-alert", "there is no file ~/no-such-alert"),
    ],
)
def test_what_cannot_be_an_alert_is_refused(argument: str, message: str) -> None:
    """Malformed names, prefixes that are not built, empty words and files that are not there are usage errors."""
    assert _refused(argument) == message


@pytest.mark.parametrize(
    ("argument", "kind", "name"),
    [
        ("aws:ecs/service/shop/checkout", "ecs/service", "shop/checkout"),
        ("AWS:SQS/Queue/Orders", "sqs/queue", "Orders"),
        ("aws:elbv2/targetgroup/web/0123", "elbv2/targetgroup", "web/0123"),
        ("cloudwatch:orders-too-old", "cloudwatch/alarm", "orders-too-old"),
        ("cloudwatch:Orders are too old", "cloudwatch/alarm", "Orders are too old"),
    ],
)
def test_a_resource_of_aws_is_named_by_service_type_and_id(argument: str, kind: str, name: str) -> None:
    """The id may hold slashes; cloudwatch:ALARM is short for an alarm, whose name may hold spaces."""
    found = read_alert(argument, stdin=lambda: b"", now=NOW, schemes=("k8s", "aws"))
    assert found.target == Target(kind=kind, name=name, scheme="aws")
    assert (found.lead.source, named_namespace(argument, ("k8s", "aws"))) == ("resource", "")


@pytest.mark.parametrize(
    "argument", ["aws:ecs", "aws:ecs/service", "aws:ecs//x", "aws:ecs/service/-x", "aws:a/b/x\u202ey"]
)
def test_what_names_no_resource_of_aws_is_refused(argument: str) -> None:
    """A part that is missing, or a name like a flag or with signs that nobody sees."""
    with pytest.raises(AlertError):
        read_alert(argument, stdin=lambda: b"", now=NOW, schemes=("k8s", "aws"))


@pytest.mark.parametrize(
    "words",
    [
        "checkout is slow",
        "cloudwatch: latency is high",
        "5xx on shop/checkout is high",
        "pagerduty: a bad day",
        "api down",
        "x" * 5000,
        "a\0b c",
        "k8s: slow",
    ],
)
def test_other_words_are_an_alert(words: str) -> None:
    """What is neither a file nor looks like one is taken as a description."""
    if "\0" in words:
        assert _refused(words) == "the alert is not text: it holds a NUL byte"
    else:
        assert _read(words).lead.source == "text"


def test_a_file_is_read(tmp_path: Path) -> None:
    """The name of a file that is there stands for what is in it, whatever it looks like."""
    path = tmp_path / "checkout is slow"
    path.write_text("pod api-1 in namespace shop is down")
    assert _read(str(path)).target == Target(namespace="shop", kind="Pod", name="api-1")


def test_standard_input_is_read() -> None:
    """A dash stands for standard input."""
    assert _read("-", b"pod api-1 is down").lead.name == "pod api-1 is down"


def test_json_may_be_given_inline() -> None:
    """A payload on the command line is a payload, though it may hold a slash."""
    assert _read('{"labels": {"alertname": "A/B", "namespace": "shop"}}').lead.name == "A/B"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "standard input is empty"),
        (b" \n\t", "standard input is empty"),
        (b"\xef\xbb\xbf", "standard input is empty"),
        (b"\xff\x00\x01", "standard input is not text: byte 0 is not UTF-8"),
        (b"GIF89a\0\0", "standard input is not text: it holds a NUL byte"),
        (b'{"alerts": [', "standard input is cut off: its JSON ends inside an object, at line 1 column 13"),
        (
            b'{"alerts": [{"status": "fir',
            "standard input is cut off: its JSON ends inside an object, at line 1 column 24",
        ),
        (
            b"{'alerts': []}",
            "standard input is not valid JSON: Expecting property name enclosed in double quotes at line 1 column 2",
        ),
        (b'{"a": 1} x', "standard input is not valid JSON: Extra data at line 1 column 10"),
        (b"[" * 100_000, "standard input is not usable JSON: it is nested deeper than 64 levels"),
        (
            b'{"a": ' + b"9" * 5000 + b"}",
            "standard input is JSON of a form that agentops does not know (its members: a)",
        ),
        (b"[" * 70 + b"]" * 70, "standard input is not usable JSON: it is nested deeper than 64 levels"),
        (b"[]", "standard input holds an empty list: no alert is active"),
        (b"[1, 2]", "standard input is a list that holds no alert: its item 0 is no object"),
        (
            b'{"foo\\u001b": 1}',
            "standard input is JSON of a form that agentops does not know (its members: foo\\u{1b})",
        ),
        (b'{"alerts": []}', "the payload holds no alert"),
        (b'{"alerts": {}, "version": "4"}', "the alert cannot be used: alerts is an object where a list is expected"),
        (
            b'{"alerts": [3], "version": "4"}',
            "the alert cannot be used: alerts[0] is a number where an object is expected",
        ),
        (
            b'{"alerts": [{"labels": "x"}], "version": "4"}',
            "the alert cannot be used: alerts[0].labels is text where an object is expected",
        ),
        (
            b'{"alerts": [{"labels": {"pod": ["x"]}}], "version": "4"}',
            "the alert cannot be used: alerts[0].labels.pod is a list where text is expected",
        ),
        (b"a: &x [1]\nlabels: *x", "standard input is YAML that cannot be used: it uses YAML aliases (line 2)"),
        (b"x" * (MAX_BYTES + 1), "standard input is larger than 10 MB, more than any alert"),
    ],
)
def test_bad_input_is_one_clear_line(data: bytes, message: str) -> None:
    """Each way in which a payload can be unusable has its own message, on one line, with exit code 2."""
    assert _refused("-", data) == message


def test_a_large_file_is_not_read_whole(tmp_path: Path) -> None:
    """A file of 50 MB is refused after the largest alert allowed, as is a stream."""
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    assert _refused(str(path)) == f"{path} is larger than 10 MB; an alert never is"
    stream = BytesIO(b"x" * (MAX_BYTES + 100))
    assert (len(read_capped(stream)), stream.tell()) == (MAX_BYTES + 1, MAX_BYTES + 1)


def test_what_is_not_a_file_is_refused(tmp_path: Path) -> None:
    """A folder and a device are named as what they are."""
    assert _refused(str(tmp_path)) == f"{tmp_path} is a folder, not a file"
    assert _refused("/dev/zero") == "/dev/zero is a device, not a file"


def test_a_link_that_leads_to_itself_is_explained(tmp_path: Path) -> None:
    """A loop of links is an error, not words."""
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert _refused(str(tmp_path / "loop")).startswith(f"cannot read {tmp_path / 'loop'}: too many levels")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
def test_an_unreadable_file_is_explained(tmp_path: Path) -> None:
    """A file without permission to read is an error that says so."""
    (tmp_path / "alert.json").write_text("{}")
    (tmp_path / "alert.json").chmod(0)
    assert _refused(str(tmp_path / "alert.json")).endswith("permission denied")


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    """A named pipe, as a shell's process substitution makes it, is read until its writer closes it."""
    path = tmp_path / "pipe"
    os.mkfifo(path)

    def write() -> None:
        with path.open("wb") as file:
            file.write(b"pod api-1 ")
            file.flush()
            file.write(b"is down")

    writer = threading.Thread(target=write)
    writer.start()
    found = _read(str(path))
    writer.join()
    assert found.lead.name == "pod api-1 is down"


def test_text_of_other_encodings_is_read() -> None:
    """A byte-order mark, as other systems' shells write it, is understood."""
    assert _read("-", "pod api-1 é".encode("utf-16")).lead.name == "pod api-1 é"
    assert _read("-", b'\xef\xbb\xbf{"title": "x"}').lead.name == "x"


def test_control_characters_are_shown_not_obeyed() -> None:
    """Escape sequences and bidi controls of a payload are written out in every field that people read."""
    payload = (
        '{"labels": {"alertname": "A\\u001b[2J", "pod\\u202e": "b\\u0007"}, "annotations": {"summary": "s\\u200bt"}}'
    )
    lead = _read(payload).lead
    assert (lead.name, lead.labels, lead.summary) == (
        "A\\u{1b}[2J",
        {"alertname": "A\\u{1b}[2J", "pod\\u{202e}": "b\\u{7}"},
        "s\\u{200b}t",
    )


@pytest.mark.parametrize(
    ("started", "note"),
    [
        (NOW - timedelta(hours=1), ()),
        (NOW + timedelta(minutes=1), ()),
        (
            NOW + timedelta(hours=1),
            ("the alert starts in the future (2026-11-22T17:00:00.000Z): the sender's clock or this one is wrong",),
        ),
        (NOW - timedelta(days=3), ("the alert has been firing for 3d: it may be stale",)),
    ],
)
def test_times_far_off_are_remarked(started: datetime, note: tuple[str, ...]) -> None:
    """A start in the future or long ago is worth a note."""
    assert _read(f'{{"labels": {{"alertname": "A"}}, "startsAt": "{started.isoformat()}"}}').notes == note


def _mutations() -> st.SearchStrategy[bytes]:
    samples = [path.read_bytes() for path in sorted(DATA.glob("*.json"))]

    def edit(draw: st.DrawFn) -> bytes:
        data = draw(st.sampled_from(samples))
        start = draw(st.integers(0, len(data)))
        return data[:start] + draw(st.binary(max_size=8)) + data[start + draw(st.integers(0, 20)) :]

    return st.composite(edit)()


_KEYS = (
    "alerts labels version status data groups rules event event_type title TopicArn Type Message AlarmName detail "
    "NewStateValue detail-type state receivers name orgId body details"
)
_DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS.split(" ")), inner, max_size=4),
    max_leaves=12,
)


def _answer(data: bytes) -> str:
    """Return the error's message, or nothing when there is a group."""
    try:
        found = decode(data, "it")
    except AlertError as error:
        return error.message
    return "" if found.alerts else "an empty group\n"


@settings(deadline=None, max_examples=300)
@given(st.binary() | st.text().map(str.encode) | _mutations())
@example(b"? {a: b}: c\nlabels: {}")
@example(b"labels: !!python/object/apply:os.system [x]")
@example(b"labels: {a: 0x" + b"f" * 9000 + b"}")
@example(b"labels: {a: 190:20:30:15, b: 2026-99-99, c: .inf}\nalertname: 3")
@example(b"- - " * 3000)
def test_arbitrary_bytes_never_raise_anything_else(data: bytes) -> None:
    """Whatever the bytes, the answer is a group or an AlertError."""
    assert "\n" not in _answer(data)


@settings(deadline=None, max_examples=300)
@given(_DOCUMENTS)
def test_arbitrary_documents_never_raise_anything_else(document: object) -> None:
    """Whatever the types inside a document that looks like an alert, the answer is a group or an AlertError."""
    assert "\n" not in _answer(json.dumps(document).encode())

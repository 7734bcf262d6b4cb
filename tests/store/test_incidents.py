"""The incident folder: what goes in comes out, in this process or a later one, and damage is named."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentops.core.alert import Alert, AlertGroup, Incident, Severity, Target
from agentops.core.errors import NotFound, StoreError, UsageError
from agentops.core.evidence import Reading
from agentops.core.finding import Cause, Confidence, Fact, Finding, Hypothesis, Problem, Verdict
from agentops.core.jsonable import from_json, to_json
from agentops.core.plan import Change
from agentops.core.request import ReplyVerdict, Request, RequestReply
from agentops.core.resource import kubernetes_ref
from agentops.core.scope import Scope
from agentops.core.usage import Usage
from agentops.store import IncidentFolder, Incidents
from agentops.store.readings import excerpt

NOW = datetime(2026, 11, 22, 15, 59, 33, 568000, tzinfo=UTC)
POD = kubernetes_ref("kind/a", "shop", "Pod", "api-1")
ALERT = Alert(name="HighErrorRate", source="alertmanager", severity=Severity.HIGH, labels={"a": "b"}, started_at=NOW)
GROUP = AlertGroup(
    alerts=(ALERT,), target=Target(namespace="shop"), left_out=((replace(ALERT, status="resolved"), "it has resolved"),)
)
FINDING = Finding(
    verdict=Verdict.ROOT_CAUSE,
    conclusion="The image does not exist.",
    confidence=Confidence.HIGH,
    by="triage",
    cause=Cause(resource=POD, condition="ImagePullBackOff"),
    evidence=("E1",),
    ruled_out=(Hypothesis(statement="a full node", contradicted_by=("E1",)),),
    proposed=(Change(tool="kubernetes_patch", target=POD, arguments={"image": "api:1"}),),
)
PROBLEM = Problem(
    resource=POD,
    condition="ImagePullBackOff",
    summary="api:2 is not there",
    severity=Severity.CRITICAL,
    analyzer="pods",
    facts=(Fact(resource=POD, path="status", value="x"),),
    since=NOW,
)

SCOPE = Scope(provider="kubernetes", place="kind/a", server="https://a.test", options="--context kind/a")


@pytest.fixture
def incidents(tmp_path: Path) -> Incidents:
    numbers = count()
    return Incidents(tmp_path / "incidents", lambda: NOW, suffix=lambda: f"{next(numbers):04x}")


@pytest.fixture
def folder(incidents: Incidents) -> IncidentFolder:
    return incidents.create(GROUP, (SCOPE,), "shop")


def reading(body: str) -> Reading:
    return Reading(body=body, summary="1 pod", footer="2 more", resources=(POD,))


def test_an_incident_reads_back_as_it_was_opened(incidents: Incidents, folder: IncidentFolder) -> None:
    """A new incident is readable by its id, which sorts by time and names the alert."""
    assert incidents.open(folder.id).incident == Incident(
        id="20261122-155933-higherrorrate-0000",
        group=GROUP,
        opened_at=NOW,
        context="kind/a",
        namespace="shop",
        cluster="https://a.test",
        scopes=(SCOPE,),
    )


def test_an_incident_of_an_older_version_leads_to_its_cluster(incidents: Incidents, folder: IncidentFolder) -> None:
    """An incident that was written before there were scopes names a context and a server, and they are its place."""
    path = incidents.folder / folder.id / "incident.json"
    kept = json.loads(path.read_text())
    del kept["scopes"], kept["request"]
    path.write_text(json.dumps(kept))
    found = incidents.open(folder.id).incident
    assert (found.places, found.kind, incidents.open(folder.id).reply()) == ((SCOPE,), "incident", None)


def test_a_request_reads_back_with_its_reply(incidents: Incidents) -> None:
    """The words whole, and how it stands; a later reply takes the place of an earlier one."""
    request = Request(words="scale web to 3\n" * 500, wants_change=True)
    made = incidents.create(GROUP, (SCOPE,), "shop", request)
    reply = RequestReply(verdict=ReplyVerdict.PLANNED, text="Scales web.", by="m", evidence=("E1",))
    made.save_reply(reply)
    made.save_reply(replace(reply, outcome="done"))
    found = incidents.open(made.id)
    assert (found.incident.request, found.incident.kind) == (request, "request")
    assert (found.reply(), reply.standing, replace(reply, outcome="done").standing) == (
        replace(reply, outcome="done"),
        "planned",
        "done",
    )


def test_everything_saved_reads_back(incidents: Incidents, folder: IncidentFolder) -> None:
    """Alert, finding, usage, problems and messages come back as the values that were saved."""
    folder.save_alert("payload \ud800 é")
    folder.save_finding(FINDING)
    folder.save_usage(Usage(turns=2, cost_usd=0.5, wall_s=3))
    folder.save_problems([PROBLEM])
    folder.append_messages([{"role": "user", "content": "why?"}])
    folder.append_messages([{"role": "assistant", "content": [{"type": "text", "text": "é"}]}])
    again = incidents.open(folder.id)
    assert (again.alert(), again.finding(), again.usage(), again.problems(), again.transcript()) == (
        "payload \ud800 é",
        FINDING,
        Usage(turns=2, cost_usd=0.5, wall_s=3.0),
        (PROBLEM,),
        ({"role": "user", "content": "why?"}, {"role": "assistant", "content": [{"type": "text", "text": "é"}]}),
    )


def test_what_was_not_saved_is_absent(folder: IncidentFolder) -> None:
    """A fresh incident has no payload, finding, usage, problems, messages or evidence."""
    found = (folder.alert(), folder.finding(), folder.usage(), folder.problems(), folder.transcript(), folder.all())
    assert found == (None, None, None, (), (), ())


def test_evidence_is_numbered_on_after_reopening(incidents: Incidents, folder: IncidentFolder) -> None:
    """Ids continue where the earlier run stopped and bodies come back whole."""
    first = folder.add(reading("a" * 50), tool="t", arguments={"n": 1}, excerpt_chars=100)
    again = incidents.open(folder.id)
    second = again.add(reading("b" * 500), tool="t", arguments={}, excerpt_chars=100)
    third = folder.add(reading("c"), tool="t", arguments={}, excerpt_chars=100)
    assert [(item.id, item.truncated, again.body(item.id)) for item in again.all()] == [
        ("E1", False, "a" * 50),
        ("E2", True, "b" * 500),
        ("E3", False, "c"),
    ]
    assert incidents.open(folder.id).all() == (first, second, third)


def test_equal_bodies_are_stored_once_and_large_ones_compressed(folder: IncidentFolder) -> None:
    """The body folder holds one file a digest; a large body takes less room than its text."""
    for _ in range(3):
        folder.add(reading("line\n" * 50_000), tool="t", arguments={}, excerpt_chars=100)
    (only,) = (folder.path / "bodies").iterdir()
    assert (only.suffix, only.stat().st_size < 5000, folder.body("E3")) == (".z", True, "line\n" * 50_000)


def test_threads_never_share_a_number(incidents: Incidents, folder: IncidentFolder) -> None:
    """Eight threads over two handles number 80 readings from E1 to E80 without a gap."""
    handles = (folder, incidents.open(folder.id))

    def work(number: int) -> None:
        for i in range(10):
            handles[number % 2].add(reading(f"{number}-{i}"), tool="t", arguments={}, excerpt_chars=9)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [item.id for item in incidents.open(folder.id).all()] == [f"E{i}" for i in range(1, 81)]


def test_processes_never_share_a_number(folder: IncidentFolder) -> None:
    """Four processes that add to one incident at once lose nothing."""
    code = (
        "import sys; from pathlib import Path; from agentops.core.clock import utc_now\n"
        "from agentops.core.evidence import Reading; from agentops.store import IncidentFolder\n"
        "f = IncidentFolder(Path(sys.argv[1]), utc_now)\n"
        "for i in range(10):\n"
        "    f.add(Reading(body=sys.argv[2] + str(i), summary=''), tool='t', arguments={}, excerpt_chars=9)\n"
    )
    workers = [subprocess.Popen([sys.executable, "-c", code, str(folder.path), f"p{n}-"]) for n in range(4)]
    assert [worker.wait() for worker in workers] == [0] * 4
    assert sorted(folder.body(item.id) for item in folder.all()) == sorted(
        f"p{n}-{i}" for n in range(4) for i in range(10)
    )
    assert [item.id for item in folder.all()] == [f"E{i}" for i in range(1, 41)]


def test_nothing_is_readable_by_others(folder: IncidentFolder) -> None:
    """Folders are 0700 and files 0600, whatever the umask."""
    folder.save_alert("x")
    folder.append_messages([{"role": "user"}])
    folder.add(reading("x"), tool="t", arguments={}, excerpt_chars=9)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.path.rglob("*") if path.is_file()}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in (folder.path, folder.path / "bodies")}
    assert (modes, folders) == ({0o600}, {0o700})


def test_ids_may_be_cut_short(incidents: Incidents) -> None:
    """The beginning or the end of an id is enough while only one incident has it; else the candidates are listed."""
    ids = [incidents.create(GROUP).id for _ in range(2)]
    assert incidents.open(ids[1]).id == ids[1]
    assert [incidents.open(one.rpartition("-")[2]).id for one in ids] == ids
    assert incidents.open("last").id == incidents.list()[0].id
    with pytest.raises(UsageError, match="2 incidents begin or end with '2026': " + ", ".join(reversed(ids))):
        incidents.open("2026")
    with pytest.raises(UsageError, match="no incident begins or ends with '2027'"):
        incidents.open("2027")


@pytest.mark.parametrize("name", ["", "..", "../x", "/etc", "\x1b[31m"])
def test_an_id_cannot_leave_the_folder(incidents: Incidents, name: str) -> None:
    """An id is looked up among what exists, so a path is only an unknown id."""
    with pytest.raises(UsageError, match="no incident begins or ends with"):
        incidents.open(name)


def test_the_newest_comes_first(incidents: Incidents, tmp_path: Path) -> None:
    """Incidents are listed newest first; foreign folders and unfinished ones are not incidents."""
    assert (incidents.list(), incidents.latest()) == ((), None)
    older, newer = incidents.create(GROUP), incidents.create(GROUP)
    (incidents.folder / ".20261122-155933-x-0000.77").mkdir()
    (incidents.folder / "notes").mkdir()
    assert [entry.id for entry in incidents.list()] == [newer.id, older.id]
    latest = incidents.latest()
    assert latest is not None
    assert latest.id == newer.id


def test_the_newest_of_one_second_comes_first(tmp_path: Path) -> None:
    """An id's time is in whole seconds; neither its words nor its random part decide what is newest."""
    suffixes = iter(["ffff", "0000", "aaaa"])
    moments = (NOW + timedelta(milliseconds=step) for step in count())
    incidents = Incidents(tmp_path, lambda: next(moments), suffix=lambda: next(suffixes))
    groups = [AlertGroup(alerts=(Alert(name=name, source="text"),), target=Target()) for name in ("zz", "mm", "aa")]
    opened = [incidents.create(group).id for group in groups]
    # A later change of an older incident does not make it the newest.
    incidents.open(opened[0]).save_finding(FINDING)
    assert [entry.id for entry in incidents.list()] == opened[::-1]


def test_no_two_incidents_share_what_people_type(tmp_path: Path) -> None:
    """The random part alone names an incident: where it is taken, at any time, another one is drawn."""
    moments = iter([NOW, NOW + timedelta(hours=1), NOW + timedelta(hours=2)])
    same = Incidents(tmp_path, lambda: next(moments), suffix=lambda: "0000")
    ends = [same.create(GROUP).id.rpartition("-")[2] for _ in range(3)]
    assert (ends[0], len(set(ends))) == ("0000", 3)


def test_an_alert_without_letters_still_gets_an_id(incidents: Incidents) -> None:
    """The readable part falls back to 'incident'."""
    group = AlertGroup(alerts=(Alert(name="💥", source="text"),), target=Target())
    assert incidents.create(group).id == "20261122-155933-incident-0000"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("incident.json", "{"),
        ("incident.json", '{"id": 3}'),
        ("finding.json", '{"verdict": "maybe"}'),
        ("problems.json", '[{"resource": "nonsense"}]'),
        ("usage.json", "[" * 100_000),
        ("evidence.jsonl", "{}\n"),
        ("transcript.jsonl", "nonsense\n"),
    ],
)
def test_a_damaged_file_is_named(folder: IncidentFolder, name: str, content: str) -> None:
    """Reading a damaged file raises one error that names the file."""
    (folder.path / name).write_text(content)
    with pytest.raises(StoreError) as caught:
        _ = (folder.incident, folder.finding(), folder.problems(), folder.usage(), folder.all(), folder.transcript())
    assert caught.value.message.startswith(f"{folder.path / name} is damaged: ")


def test_a_missing_incident_file_is_named(folder: IncidentFolder) -> None:
    """An incident folder without its record says so."""
    (folder.path / "incident.json").unlink()
    with pytest.raises(StoreError, match=r"incident\.json is missing"):
        _ = folder.incident


def test_a_changed_body_is_not_passed_off_as_evidence(folder: IncidentFolder) -> None:
    """A body whose digest no longer fits, that is gone or cannot be unpacked, is an error and not evidence."""
    small = folder.add(reading("small"), tool="t", arguments={}, excerpt_chars=9)
    large = folder.add(reading("x" * 100_000), tool="t", arguments={}, excerpt_chars=9)
    bodies = folder.path / "bodies"
    (bodies / small.digest.removeprefix("sha256:")).write_text("other")
    (bodies / (large.digest.removeprefix("sha256:") + ".z")).write_bytes(b"no zlib")
    with pytest.raises(StoreError, match="its digest differs"):
        folder.body("E1")
    with pytest.raises(StoreError, match="is damaged"):
        folder.body("E2")
    (bodies / small.digest.removeprefix("sha256:")).unlink()
    with pytest.raises(StoreError, match=r"cannot read .*: no such file"):
        folder.body("E1")


def test_a_digest_that_is_a_path_is_refused(folder: IncidentFolder) -> None:
    """An edited evidence file cannot make the store read elsewhere."""
    folder.add(reading("x"), tool="t", arguments={}, excerpt_chars=9)
    path = folder.path / "evidence.jsonl"
    item = json.loads(path.read_text())
    path.write_text(json.dumps({**item, "digest": "sha256:../../incident.json"}) + "\n")
    with pytest.raises(StoreError, match="not a digest"):
        IncidentFolder(folder.path, lambda: NOW).body("E1")


def test_unknown_evidence_is_not_found(folder: IncidentFolder) -> None:
    """Asking for an id that was never given raises NotFound."""
    with pytest.raises(NotFound, match="there is no evidence 'E7'"):
        folder.body("E7")


def test_a_line_cut_short_by_a_crash_is_dropped(incidents: Incidents, folder: IncidentFolder) -> None:
    """A torn last line is skipped by readers and replaced by the next append; whole lines stay."""
    folder.append_messages([{"n": 1}])
    folder.add(reading("one"), tool="t", arguments={}, excerpt_chars=9)
    for name in ("transcript.jsonl", "evidence.jsonl"):
        with (folder.path / name).open("a") as file:
            file.write('{"torn": ')
    again = incidents.open(folder.id)
    assert (again.transcript(), len(again.all())) == (({"n": 1},), 1)
    again.append_messages([{"n": 2}])
    again.add(reading("two"), tool="t", arguments={}, excerpt_chars=9)
    assert again.transcript() == ({"n": 1}, {"n": 2})
    assert [again.body(item.id) for item in incidents.open(folder.id).all()] == ["one", "two"]


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    """A store below a plain file says what could not be created and why."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot create .*file/x/.*: not a directory"):
        Incidents(tmp_path / "file" / "x", lambda: NOW).create(GROUP)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_explained(folder: IncidentFolder) -> None:
    """A write that the disk refuses is a StoreError with what to do next, and the lock is free again."""
    (folder.path / "transcript.jsonl").symlink_to("/dev/full")
    with pytest.raises(StoreError) as caught:
        folder.append_messages([{"n": 1}])
    assert (os.strerror(errno.ENOSPC).lower() in caught.value.message, "AGENTOPS_HOME" in caught.value.hint) == (
        True,
        True,
    )
    folder.save_alert("still works")


@given(st.text(), st.integers(min_value=0, max_value=400))
def test_an_excerpt_is_never_longer_than_its_limit(body: str, limit: int) -> None:
    """An excerpt fits, and a body that fits is its own excerpt."""
    shown = excerpt(body, limit)
    assert (len(shown) <= limit, shown == body) == (True, len(body) <= limit)


def test_an_excerpt_keeps_whole_lines_from_both_ends() -> None:
    """Head and tail are cut at line ends and the gap says how large the body is."""
    body = "".join(f"line {i:03}\n" for i in range(100))
    assert excerpt(body, 180) == (
        "".join(f"line {i:03}\n" for i in range(7))
        + "... 900 characters in all; the middle is left out here and stored whole ...\n"
        + "".join(f"line {i:03}\n" for i in range(97, 100))
    )


@pytest.mark.parametrize("value", [GROUP, FINDING, PROBLEM, Usage(cost_usd=1.5), Reading(body="x", summary="y")])
def test_core_values_survive_json(value: object) -> None:
    """``from_json`` undoes ``to_json`` through real JSON text."""
    assert from_json(type(value), json.loads(json.dumps(to_json(value)))) == value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "Usage: expected an object, found list"),
        ({"turns": "1"}, "Usage.turns: expected int, found str"),
        ({"turns": True}, "Usage.turns: expected int, found bool"),
    ],
)
def test_json_of_another_shape_is_refused(value: object, message: str) -> None:
    """What does not fit raises with the path of the field."""
    with pytest.raises(ValueError) as caught:
        from_json(Usage, value)
    assert str(caught.value) == message


def test_json_shapes_inside_a_value_are_checked() -> None:
    """Missing fields, wrong pairs, lists and mappings are all named by their path."""
    good = to_json(GROUP)
    broken = [
        ({**good, "alerts": {}}, "AlertGroup.alerts: expected a list, found dict"),
        ({**good, "left_out": [["only one"]]}, "AlertGroup.left_out[0]: expected 2 items, found 1"),
        ({"alerts": []}, "AlertGroup.target: missing"),
        (
            {**good, "alerts": [{"name": "a", "source": "b", "labels": 3}]},
            "AlertGroup.alerts[0].labels: expected an object",
        ),
    ]
    for value, message in broken:
        with pytest.raises(ValueError) as caught:
            from_json(AlertGroup, value)
        assert str(caught.value).startswith(message)

"""Anchors and exports on S3: a moto server over HTTP, and small servers that misbehave.

What moto does not enforce is not shown here; ``docs/audit.md`` says what that is.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from agentops.audit.log import open_log
from agentops.core.clock import utc_now

Cli = Callable[..., Any]
PLACE = "s3://locked/a/b"


@pytest.fixture
def folder(home: Path) -> Path:
    """The audit folder with one run in it."""
    _run(home / "audit")
    return home / "audit"


def _run(audit: Path) -> None:
    with open_log(audit, run="r1", actor="human:ana", clock=utc_now) as log:
        log.append_all([("note", {"n": n}) for n in range(3)])


def _anchored(cli: Cli, place: str = PLACE, *words: str) -> str:
    done = cli("audit", "anchor", "--to", place, "-o", "json", *words)
    assert done.code == 0, done.out
    return str(done.document["anchor"]["name"])


def _status(cli: Cli, place: str = PLACE) -> tuple[int, str]:
    done = cli("audit", "verify", "--anchor", place, "-o", "json")
    return done.code, done.document["status"]


def test_an_anchor_lies_under_a_compliance_lock(cli: Cli, folder: Path, s3: Any) -> None:
    """The object says COMPLIANCE until the day that the setting or the flag asks for, and its SHA-256."""
    days = []
    for words in ((), ("--retention-days", "30")):
        head = s3.head_object(Bucket="locked", Key=f"a/b/{_anchored(cli, PLACE, *words)}", ChecksumMode="ENABLED")
        assert (head["ObjectLockMode"], bool(head["ChecksumSHA256"])) == ("COMPLIANCE", True)
        days.append(round((head["ObjectLockRetainUntilDate"] - datetime.now(UTC)) / timedelta(days=1)))
    assert (days, _status(cli)) == ([365, 30], (0, "ok"))


def test_a_locked_anchor_cannot_be_deleted(cli: Cli, folder: Path, s3: Any) -> None:
    """The service refuses to delete the version, for whoever asks."""
    from botocore.exceptions import ClientError

    key = f"a/b/{_anchored(cli)}"
    version = s3.head_object(Bucket="locked", Key=key)["VersionId"]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket="locked", Key=key, VersionId=version, BypassGovernanceRetention=True)


@pytest.mark.parametrize("cover", ["delete", "replace", "replace and delete"])
def test_what_is_put_on_top_of_an_anchor_hides_nothing(cli: Cli, folder: Path, s3: Any, cover: str) -> None:
    """A delete marker or a newer version, which a lock does not forbid, leaves the anchor to be read."""
    key = f"a/b/{_anchored(cli)}"
    if "replace" in cover:
        s3.put_object(Bucket="locked", Key=key, Body=b"forged")
    if "delete" in cover:
        s3.delete_object(Bucket="locked", Key=key)
    kept = _status(cli)
    for path in folder.iterdir():
        path.unlink()
    _run(folder)
    assert (kept, _status(cli)[0]) == ((0, "ok"), 8)


def test_a_new_anchor_never_replaces_one(cli: Cli, folder: Path, s3: Any) -> None:
    """Where an object of that name is already, ``If-None-Match`` keeps it and the difference is an alarm."""
    from agentops.audit.proofs.note import parse_checkpoint

    size = parse_checkpoint((folder / "audit.checkpoint").read_text()).size
    origin = (folder / "audit.pub").read_text().split("+")[0]
    key = f"a/b/{origin}/checkpoints/{size + 2:020d}.checkpoint"
    s3.put_object(Bucket="locked", Key=key, Body=b"first")
    done = cli("audit", "anchor", "--to", PLACE, "-o", "json")
    body = s3.get_object(Bucket="locked", Key=key)["Body"].read()
    assert (done.code, done.document["errors"][0]["code"], body) == (8, "copy-differs", b"first")


def test_a_bucket_without_object_lock_is_refused(cli: Cli, folder: Path, s3: Any) -> None:
    """No lock is not taken for a lock; with retention 0 the anchor is written without one."""
    done = cli("audit", "anchor", "--to", "s3://plain/x")
    assert (done.code, "Object Lock" in done.err) == (1, True)
    _anchored(cli, "s3://plain/x", "--retention-days", "0")
    assert _status(cli, "s3://plain/x") == (0, "ok")


@pytest.mark.parametrize("place", ["s3://absent/x", "s3://locked"])
def test_a_place_that_cannot_vouch_is_not_ok(cli: Cli, folder: Path, s3: Any, place: str) -> None:
    """A bucket that is not there, or holds no anchor, ends with an error, never with ok."""
    assert cli("audit", "verify", "--anchor", place).code in (1, 8)


def test_an_endpoint_that_does_not_answer_is_an_error(
    cli: Cli, folder: Path, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing listens: one line, exit 1, and no credential in it."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    for words in (("verify", "--anchor", PLACE), ("anchor", "--to", PLACE), ("export", "--to", PLACE)):
        done = cli("audit", *words, "--endpoint-url", "http://127.0.0.1:9")
        assert (done.code, "canary" in done.err, "Traceback" in done.err) == (1, False, False)
    assert cli("audit", "verify", "--anchor", PLACE, "--endpoint-url", "nonsense").code == 1


def test_without_credentials_that_is_said(cli: Cli, folder: Path, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials at all end with exit 1 and a hint."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    done = cli("audit", "anchor", "--to", PLACE)
    assert (done.code, "redentials" in done.err) == (1, True)


def test_an_export_is_the_log_and_goes_on_where_it_stopped(cli: Cli, folder: Path, s3: Any) -> None:
    """The pieces in order are the log byte for byte, under locks; what is there is not written again."""
    first = cli("audit", "export", "--to", PLACE, "-o", "json").document["export"]
    _run(folder)
    second = cli("audit", "export", "--to", PLACE, "-o", "json").document["export"]
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket="locked")["Contents"]]
    pieces = sorted(key for key in keys if "/records/" in key)
    copied = b"".join(s3.get_object(Bucket="locked", Key=key)["Body"].read() for key in pieces)
    modes = {s3.head_object(Bucket="locked", Key=key)["ObjectLockMode"] for key in keys}
    log = (folder / "audit.jsonl").read_bytes()
    assert (copied, modes) == (log[: second["size_bytes"]], {"COMPLIANCE"})
    assert [(one["pieces"], one["written"]) for one in (first, second)] == [(1, 1), (2, 1)]
    assert ([key for key in keys if "audit.key" in key], _status(cli)) == ([], (0, "ok"))


def test_what_lies_there_without_a_lock_is_told(cli: Cli, folder: Path, s3: Any) -> None:
    """Pieces and keys from an export without a lock stay as they are, and the next one says how many."""
    cli("audit", "export", "--to", PLACE, "--retention-days", "0")
    without = cli("audit", "export", "--to", PLACE, "--retention-days", "0", "-o", "json").document["export"]
    document = cli("audit", "export", "--to", PLACE, "-o", "json").document["export"]
    shown = cli("audit", "export", "--to", PLACE).out
    told = "3 objects of an earlier export not locked"
    assert (without["unlocked"], document["unlocked"], told in shown) == (0, 3, True)


def test_a_copy_that_was_changed_is_noticed(cli: Cli, folder: Path, s3: Any) -> None:
    """In a bucket without locks a piece can be replaced; the next export says so and copies nothing over it."""
    words = ("audit", "export", "--to", "s3://plain/x", "--retention-days", "0", "-o", "json")
    assert cli(*words).code == 0
    key = next(e["Key"] for e in s3.list_objects_v2(Bucket="plain")["Contents"] if "/records/" in e["Key"])
    s3.put_object(Bucket="plain", Key=key, Body=b"forged")
    done = cli(*words)
    assert (done.code, done.document["errors"][0]["code"]) == (8, "copy-differs")


class _Fake(BaseHTTPRequestHandler):
    """A service that takes everything and then does what it was told to."""

    misbehaviour = ""
    store: dict[str, bytes]
    reached: threading.Event
    released: threading.Event

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.misbehaviour == "hangs after the first" and self.store and not self.released.is_set():
            self.reached.set()
            self.released.wait(60)
            self._answer(500)
            return
        if self.misbehaviour == "conflict":
            self.store[self.path] = b"somebody else's"
            self._answer(409, b"<Error><Code>ConditionalRequestConflict</Code></Error>")
            return
        self.store[self.path] = body[:-1] if self.misbehaviour == "truncates" else body
        self._answer(200)

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path.count("/") > 2:
            self._answer(200, self.store[path])
        elif query.startswith("versions"):
            self._answer(501, b"<Error><Code>NotImplemented</Code><Message>no</Message></Error>")
        else:
            keys = "".join(f"<Contents><Key>{key.removeprefix('/bucket/')}</Key></Contents>" for key in self.store)
            self._answer(200, f"<ListBucketResult>{keys}</ListBucketResult>".encode())

    def do_HEAD(self) -> None:
        body = self.store.get(self.path.partition("?")[0])
        self._answer(404 if body is None else 200)

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", "Sun, 22 Nov 2026 16:00:00 GMT")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def _service(misbehaviour: str, **parts: Any) -> Iterator[str]:
    handler = type("Handler", (_Fake,), {"misbehaviour": misbehaviour, "store": {}, **parts})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("misbehaviour", "days", "code", "name"),
    [
        ("truncates", 0, 8, "copy-differs"),
        ("conflict", 0, 8, "copy-differs"),
        ("forgets the lock", 1, 1, "not-locked"),
    ],
)
def test_what_a_service_says_is_checked(
    cli: Cli, folder: Path, s3: Any, misbehaviour: str, days: int, code: int, name: str
) -> None:
    """A service that keeps other bytes, another's object, or no lock is found out by reading back."""
    with _service(misbehaviour) as url:
        words = ("--to", "s3://bucket/x", "--endpoint-url", url, "--retention-days", str(days))
        done = cli("audit", "anchor", *words, "-o", "json")
    assert (done.code, done.document["errors"][0]["code"]) == (code, name)


def test_a_service_without_versions_and_checksums_will_do(cli: Cli, folder: Path, s3: Any) -> None:
    """Where versions cannot be listed, objects are; where no SHA-256 is kept, the bytes are read."""
    with _service("") as url:
        words = ("--endpoint-url", url)
        for _ in range(2):
            done = cli("audit", "export", "--to", "s3://bucket/x", "--retention-days", "0", "-o", "json", *words)
            assert done.code == 0, done.out
        verified = cli("audit", "verify", "--anchor", "s3://bucket/x", *words)
    assert (done.document["export"]["written"], verified.code) == (1, 0)


def test_ctrl_c_leaves_nothing_half_done(cli: Cli, folder: Path, s3: Any) -> None:
    """An export that is interrupted while it waits for the service ends with 130 and one line; the next one finds the
    piece that is there and copies the rest."""
    parts: dict[str, Any] = {"store": {}, "reached": threading.Event(), "released": threading.Event()}
    with _service("hangs after the first", **parts) as url:
        words = ["audit", "export", "--to", "s3://bucket/x", "--retention-days", "0", "--endpoint-url", url]
        process = subprocess.Popen(
            [sys.executable, "-m", "agentops", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert parts["reached"].wait(60)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        parts["released"].set()
        done = cli(*words, "-o", "json")
        verified = cli("audit", "verify", "--anchor", "s3://bucket/x", "--endpoint-url", url)
    assert (process.returncode, out, "Traceback" in err, "records 0 to" in err) == (130, "", False, True)
    assert (done.code, done.document["export"]["pieces"], done.document["export"]["written"]) == (0, 2, 1)
    assert verified.code == 0


PERMISSIONS = (
    "PutObject",
    "PutObjectRetention",
    "GetObject",
    "GetObjectVersion",
    "GetObjectRetention",
    "ListBucketVersions",
)


@contextmanager
def _only(url: str, actions: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The command line acts as a user with just these permissions, and the service enforces them."""
    import boto3

    iam = boto3.session.Session().client("iam", endpoint_url=url)
    iam.create_user(UserName="u")
    key = iam.create_access_key(UserName="u")["AccessKey"]
    resources = ["arn:aws:s3:::locked", "arn:aws:s3:::locked/*"]
    allow = {"Effect": "Allow", "Action": [f"s3:{action}" for action in actions], "Resource": resources}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=policy)
    iam.close()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    _enforce_after(url, b"0")
    try:
        yield
    finally:
        _enforce_after(url, b"inf")


def _enforce_after(url: str, calls: bytes) -> None:
    headers = {"Content-Type": "text/plain"}
    request = urllib.request.Request(f"{url}/moto-api/reset-auth", data=calls, headers=headers, method="POST")
    urllib.request.urlopen(request).close()


@pytest.mark.parametrize(
    ("lacking", "codes"), [("", [0, 0, 0]), ("PutObject", [1, 1, 8]), ("ListBucketVersions", [1, 1, 1])]
)
def test_the_documented_permissions_suffice(
    cli: Cli, folder: Path, s3: Any, moto_url: str, monkeypatch: pytest.MonkeyPatch, lacking: str, codes: list[int]
) -> None:
    """With the six that the page names, and no others, everything works; without one of these it is refused."""
    with _only(moto_url, [name for name in PERMISSIONS if name != lacking], monkeypatch):
        commands = (("anchor", "--to", PLACE), ("export", "--to", PLACE), ("verify", "--anchor", PLACE))
        done = [cli("audit", *words) for words in commands]
    assert ([one.code for one in done], "AccessDenied" in done[0].err) == (codes, bool(lacking))


def test_the_page_names_these_permissions() -> None:
    """What the documentation asks for is what was tried."""
    page = (Path(__file__).parents[2] / "docs" / "audit.md").read_text()
    assert [name for name in PERMISSIONS if f"`s3:{name}`" not in page] == []

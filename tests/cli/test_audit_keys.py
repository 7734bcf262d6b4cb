"""Keys and what they are for: rotation, fingerprints of arguments, proofs that the log only grew."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentops.audit.log import open_log
from agentops.core.clock import utc_now

Cli = Callable[..., Any]
CANARY = "canary-" + "9b2e" * 8


@pytest.fixture
def folder(home: Path) -> Path:
    """The audit folder with one run in it."""
    _run(home / "audit")
    return home / "audit"


def _run(audit: Path) -> None:
    with open_log(audit, run="r1", actor="human:ana", clock=utc_now) as log:
        log.append_all([("note", {"n": n}) for n in range(3)])


def _script(path: Path, arguments: dict[str, Any]) -> str:
    """A scripted model that reads one object and then reports."""
    report = {"conclusion": "Nothing is wrong.", "verdict": "healthy", "confidence": "low", "evidence": ["E1"]}
    turns = [
        {"calls": [{"tool": "kubernetes_get", "arguments": arguments}]},
        {"calls": [{"tool": "report_finding", "arguments": report}]},
    ]
    path.write_text(json.dumps({"turns": turns}), encoding="utf-8")
    return f"scripted:{path}"


def test_an_exact_argument_can_be_found_again(cli: Cli, home: Path, tmp_path: Path) -> None:
    """A call's record holds its arguments redacted and the HMAC of the whole; who has them finds the call."""
    arguments = {"kind": "Pod", "namespace": "shop", "name": "web", "note": f"password={CANARY}"}
    model = _script(tmp_path / "script.json", arguments)
    cli("investigate", "--sandbox=bad-image-tag", "--model", model)
    given = json.dumps(arguments, indent=2).encode()
    found = cli("audit", "fingerprint", "-o", "json", stdin=given).document["fingerprint"]
    calls = cli("audit", "log", "--fingerprint", found, "-o", "json").document["records"]
    other = cli("audit", "fingerprint", "-o", "json", stdin=given.replace(b"web", b"api")).document["fingerprint"]
    assert [call["payload"]["tool"] for call in calls] == ["kubernetes_get"]
    assert CANARY not in (home / "audit" / "audit.jsonl").read_text()
    assert cli("audit", "log", "--fingerprint", other, "-o", "json").document["records"] == []
    assert cli("audit", "fingerprint", stdin=given).out.strip() == found


def test_every_call_carries_a_fingerprint_under_one_key(cli: Cli, home: Path) -> None:
    """Runs of one installation share the key, so equal arguments look equal; it is 32 bytes in a file of mode 0600."""
    for _ in range(2):
        cli("investigate", "--sandbox=bad-image-tag", "--no-model")
    calls = cli("audit", "log", "--event", "tool_call", "--limit", "0", "-o", "json").document["records"]
    seen = [call["payload"]["arguments_hmac"].split(":")[:2] for call in calls]
    key = home / "audit" / "audit.hmac"
    assert (len({tuple(one) for one in seen}), seen[0][0]) == (1, "hmac-sha256")
    assert (key.stat().st_mode & 0o777, len(bytes.fromhex(key.read_text()))) == (0o600, 32)


def test_no_key_is_ever_printed_or_copied(cli: Cli, home: Path, tmp_path: Path) -> None:
    """Neither the signing key nor the fingerprint key is in any output, in the log, or in an export."""
    cli("investigate", "--sandbox=bad-image-tag", "--no-model")
    said = [cli("audit", "rotate-key", *words) for words in ((), ("-o", "json"))]
    secrets = [(home / "audit" / name).read_text().strip() for name in ("audit.key", "audit.hmac")]
    secrets.append(secrets[0].split("+", 4)[4])  # base64 may hold a plus sign itself
    lines = (("keys",), ("keys", "-o", "json"), ("verify", "-v"), ("log", "--limit", "0", "-o", "json"))
    said += [cli("audit", *line) for line in lines]
    said += [cli("audit", "fingerprint", "-o", "json", stdin=b"{}"), cli("audit", "fingerprint", "-vv", stdin=b"{")]
    said += [cli("audit", "export", "--to", str(tmp_path / "copy"), "-v")]
    texts = [done.out + done.err for done in said]
    texts += [path.read_text() for path in (tmp_path / "copy").rglob("*") if path.is_file()]
    assert [text for text in texts for secret in secrets if secret in text] == []


def test_without_a_key_or_an_argument_there_is_no_fingerprint(
    cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Text that is no JSON, a key that was never made, and a key that is damaged are told apart."""
    codes = [cli("audit", "fingerprint", stdin=text).code for text in (b"{}", b"nonsense", b"[" * 100_000)]
    (folder / "audit.hmac").write_text("ab" * 31)
    done = cli("audit", "fingerprint", stdin=b"{}")
    assert (codes, done.code, "abab" in done.err) == ([2, 2, 2], 8, False)


def test_a_rotation_is_followed_by_who_trusts_the_first_key(cli: Cli, folder: Path, tmp_path: Path) -> None:
    """After two rotations the log verifies from the first public key alone, anchors of every key included."""
    place = f"{tmp_path}/anchors/"
    (first,) = cli("audit", "keys", "-o", "json").document["keys"]
    for _ in range(2):
        cli("audit", "anchor", "--to", place)
        new = cli("audit", "rotate-key", "-o", "json").document["key"]
    cli("audit", "anchor", "--to", place)
    keys = cli("audit", "keys", "-o", "json").document["keys"]
    done = cli("audit", "verify", "--key", first, "--anchor", place, "-o", "json")
    assert (keys[0], keys[-1], len(set(keys)), done.document["status"]) == (first, new, 3, "ok")


def test_growth_is_proved_between_any_two_checkpoints(cli: Cli, folder: Path, tmp_path: Path) -> None:
    """By file or by size, to the latest or to one between, the proof convinces with the public key alone."""
    anchor, proof = tmp_path / "old", tmp_path / "proof.json"
    cli("audit", "anchor", "--to", str(anchor))
    _run(folder)
    sizes = [r["seq"] for r in cli("audit", "log", "--event", "checkpoint", "-o", "json").document["records"]]
    (key,) = cli("audit", "keys", "-o", "json").document["keys"]
    found = []
    for words in ((str(anchor),), (str(sizes[0]),), (str(sizes[0]), str(sizes[1])), (str(sizes[0]), str(anchor))):
        assert cli("audit", "prove", "--growth", *words, "--to", str(proof)).code == 0
        done = cli("audit", "check-proof", str(proof), "--key", key, "-o", "json")
        found.append((done.code, done.document["older"]["size"], done.document["newer"]["size"]))
    last = sizes[-1] + 1
    assert found == [(0, 7, last), (0, sizes[0], last), (0, sizes[0], sizes[1]), (0, sizes[0], 7)]
    assert "continues" in cli("audit", "check-proof", str(proof), "--key", key).out


def test_growth_across_a_rotation_takes_both_keys(cli: Cli, folder: Path, tmp_path: Path) -> None:
    """The older checkpoint is signed by the old key, the newer by the new one."""
    anchor, proof = tmp_path / "old", tmp_path / "proof.json"
    cli("audit", "anchor", "--to", str(anchor))
    cli("audit", "rotate-key")
    cli("audit", "prove", "--growth", str(anchor), "--to", str(proof))
    keys = cli("audit", "keys", "-o", "json").document["keys"]
    both = [word for key in keys for word in ("--key", key)]
    codes = [cli("audit", "check-proof", str(proof), *words).code for words in (both, both[:2], both[2:])]
    assert codes == [0, 8, 8]


def test_growth_that_was_not_is_not_proved(cli: Cli, folder: Path, tmp_path: Path) -> None:
    """A checkpoint of a rewritten log, of another log, of no size that was signed: each is refused."""
    anchor = tmp_path / "old"
    cli("audit", "anchor", "--to", str(anchor))
    unsigned = cli("audit", "prove", "--growth", "3")
    backwards = cli("audit", "prove", "--growth", str(anchor), "4")
    note = anchor.read_text()
    anchor.write_text(note.replace(note.split("\n")[2], "A" * 43 + "="))
    rewritten = cli("audit", "prove", "--growth", str(anchor))
    folder.rename(tmp_path / "first")
    _run(folder)
    foreign = cli("audit", "prove", "--growth", str(anchor))
    nothing = cli("audit", "prove", "--growth", str(tmp_path / "none"))
    assert [done.code for done in (unsigned, backwards, rewritten, foreign, nothing)] == [2, 2, 8, 2, 2]
    assert "nearest are at 4, 6, 7" in unsigned.err


def test_with_forward_security_every_run_has_a_key_of_its_own(
    cli: Cli, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the setting, each run ends with a hand-over; from the first key on the whole verifies."""
    monkeypatch.setenv("AGENTOPS_AUDIT_FORWARD_SECURE", "yes")
    for _ in range(2):
        cli("triage", "--sandbox=bad-image-tag", "-n", "shop")
    keys = cli("audit", "keys", "-o", "json").document["keys"]
    done = cli("audit", "verify", "--key", keys[0], "-o", "json").document["verification"]
    handed = cli("audit", "log", "--event", "key_rotated", "-o", "json").document["records"]
    assert (len(keys), len(handed), done["verdict"], done["records"]) == (3, 2, "ok", done["signed_records"])


def test_what_is_no_proof_is_a_usage_error(cli: Cli, folder: Path, tmp_path: Path) -> None:
    """Text that is no JSON, JSON that is no object, and a place that cannot be written are one line and exit 2."""
    (key,) = cli("audit", "keys", "-o", "json").document["keys"]
    codes = []
    for text in ("nonsense", "[]"):
        (tmp_path / "proof").write_text(text, encoding="utf-8")
        codes.append(cli("audit", "check-proof", str(tmp_path / "proof"), "--key", key).code)
    (tmp_path / "proof").write_text("{}", encoding="utf-8")
    empty = cli("audit", "check-proof", str(tmp_path / "proof"), "--key", key).code
    assert (codes, empty, cli("audit", "prove", "1", "--to", "/no/such/folder/x").code) == ([2, 2], 8, 2)
    assert '"path"' in cli("audit", "prove", "1").out


def test_a_terminal_is_not_waited_on_for_arguments(
    cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a pipe, what to type is said instead of waiting."""
    import io

    from agentops.cli.app import run

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal())
    assert (run(["audit", "fingerprint"]), "standard input" in capsys.readouterr().err) == (2, True)

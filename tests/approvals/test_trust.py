"""Whose approvals count: a trusted key over exactly this approval, in time, from a file nobody else can write."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from agentops.approvals.keys import ApproverKey
from agentops.approvals.trust import Trust
from agentops.core.approval import SignedApproval
from agentops.core.errors import ConfigError, NotApproved, UsageError

Signed = Callable[..., SignedApproval]
Key = Callable[[str], ApproverKey]


def test_a_trusted_key_names_its_owner(trust: Trust, signed: Signed) -> None:
    """What ana and bob signed is theirs."""
    assert [trust.signer(signed(name)) for name in ("ana", "bob")] == ["human:ana", "human:bob"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("plan_digest", "sha256:ab"),
        ("by", "human:bob"),
        ("at", timedelta(seconds=-1)),
        ("expires_at", timedelta(minutes=1)),
        ("nonce", "n2"),
        ("shown_digest", ""),
        ("key_id", "00000000"),
        ("key_id", ""),
        ("method", "terminal"),
        ("signature", ""),
        ("signature", "%%%"),
        ("signature", base64.b64encode(bytes(64)).decode()),
    ],
)
def test_an_altered_field_is_refused(trust: Trust, signed: Signed, field: str, value: object) -> None:
    """Each field of the approval is under the signature."""
    approval = signed()
    changed = getattr(approval, field) + value if isinstance(value, timedelta) else value
    with pytest.raises(NotApproved):
        trust.signer(replace(approval, **{field: changed}))


def test_every_bit_of_the_signature_counts(trust: Trust, signed: Signed) -> None:
    """A signature with any one byte changed is false."""
    approval = signed()
    raw = base64.b64decode(approval.signature)
    refused = 0
    for at in range(len(raw)):
        bent = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        with pytest.raises(NotApproved):
            trust.signer(replace(approval, signature=base64.b64encode(bent).decode()))
        refused += 1
    assert refused == 64


def test_an_unknown_key_is_refused(trust: Trust, signed: Signed) -> None:
    """Whoever is not in the file approves nothing, however well they sign."""
    with pytest.raises(NotApproved, match=r"key \w{8} of human:eve is not trusted here"):
        trust.signer(signed("eve"))


def test_a_trusted_key_cannot_speak_for_somebody_else(trust: Trust, key: Key, signed: Signed) -> None:
    """Ana's key under another's name is refused even when the signature is true."""
    forged = signed("ana")
    from agentops.approvals.approvals import signed_bytes

    said = replace(forged, by="human:bob", signature="")
    said = replace(said, signature=base64.b64encode(key("ana").sign(signed_bytes(said))).decode())
    with pytest.raises(NotApproved, match="ana's key signed an approval in the name of human:bob"):
        trust.signer(said)


@pytest.mark.parametrize(("at", "ends"), [(-20, 0), (-20, -1), (6, 30)])
def test_time_is_checked(trust: Trust, signed: Signed, now: datetime, at: int, ends: int) -> None:
    """Expired to the second, or dated in the future: refused. Arguments are minutes from now."""
    with pytest.raises(NotApproved, match=r"expired|in the future"):
        trust.signer(signed(at=now + timedelta(minutes=at), expires_at=now + timedelta(minutes=ends)))


def test_without_a_file_nobody_is_trusted(tmp_path: Path, signed: Signed, now: datetime) -> None:
    """Absent is no."""
    with pytest.raises(NotApproved, match="not trusted here"):
        Trust(path=tmp_path / "none.toml", clock=lambda: now).signer(signed())


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_trusts_nobody(trust: Trust, signed: Signed, mode: int) -> None:
    """Whoever could have added a key to it could approve; the hint mends it."""
    trust.path.chmod(mode)
    with pytest.raises(NotApproved, match="can be changed by other users") as caught:
        trust.signer(signed())
    assert caught.value.hint == f"Run: chmod go-w {trust.path}"


def test_a_folder_that_others_can_write_trusts_nobody(trust: Trust, signed: Signed) -> None:
    """Whoever can replace the file in its folder can write it."""
    trust.path.parent.chmod(0o777)
    with pytest.raises(NotApproved, match="can be changed by other users"):
        trust.signer(signed())


@pytest.mark.parametrize(
    "text",
    [
        "not toml [",
        "\udc80",
        "[approvers]\nana = 1\n",
        '[approvers]\nana = "ana+00000000+AAAA"\n',
        "[approvers]\nana = '{bob}'\n",
        "[approvers]\nana = '{ana}'\n'ana2' = '{ana2}'\n",
        "approvers = 3\n",
        "[approvers]\nana = '{ana}'\n[more]\n",
        "[approvers]\nana = '{ana}'\nana = '{ana}'\n",
        "[approvers]\n" + "# " + "x" * 300_000,
    ],
)
def test_a_file_that_is_not_understood_trusts_nobody(trust: Trust, key: Key, signed: Signed, text: str) -> None:
    """Damaged, ambiguous or oversized: no approver at all, rather than some."""
    again = replace(key("ana").public, name="ana2")
    lines = text.replace("{ana}", str(key("ana").public)).replace("{bob}", str(key("bob").public))
    trust.path.write_text(lines.replace("{ana2}", str(again)), "utf-8", "surrogateescape")
    with pytest.raises(NotApproved, match="no approver can be trusted"):
        trust.signer(signed())


def test_adding_and_removing(trust: Trust, key: Key, signed: Signed) -> None:
    """What was removed does not count any more; the file stays private."""
    trust.add(key("eve").public)
    gone = trust.remove("ana")
    assert (list(trust.approvers()), gone, trust.path.stat().st_mode & 0o777) == (
        ["bob", "eve"],
        key("ana").public,
        0o600,
    )
    with pytest.raises(NotApproved):
        trust.signer(signed("ana"))


def test_one_person_has_one_key_and_one_name(trust: Trust, key: Key) -> None:
    """A second key under a name, and a second name for a key, are refused: two people must be two."""
    with pytest.raises(UsageError, match="ana is a trusted approver already"):
        trust.add(replace(key("eve").public, name="ana"))
    with pytest.raises(UsageError, match="this is the key of ana"):
        trust.add(replace(key("ana").public, name="eve"))
    with pytest.raises(UsageError, match="no approver 'eve'"):
        trust.remove("eve")


def test_a_damaged_file_is_not_written_over(trust: Trust, key: Key) -> None:
    """Adding somebody to a file that is not understood would lose the others."""
    trust.path.write_text("oops", "utf-8")
    with pytest.raises(ConfigError):
        trust.add(key("eve").public)
    assert trust.path.read_text("utf-8") == "oops"

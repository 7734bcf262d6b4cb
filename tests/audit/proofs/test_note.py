"""Signed notes: the published vector holds, and everything else about them is refused."""

from __future__ import annotations

import pytest

from agentops.audit.proofs.note import (
    BadNote,
    Checkpoint,
    SigningKey,
    open_note,
    parse_checkpoint,
    parse_key,
    parse_signing_key,
)

# From the documentation of golang.org/x/mod/sumdb/note.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
_SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
SIGNED = f"\n\u2014 PeterNeumann {_SIGNATURE}\n"
KEY = SigningKey(name="log", seed=bytes(range(32)))
CHECKPOINT = Checkpoint(origin="log", size=3, root=b"r" * 32, head="a" * 64, offset=99)


def test_the_published_note_opens() -> None:
    """A note that another implementation signed opens with its key."""
    assert (open_note(TEXT + SIGNED, (parse_key(PETER),)), str(parse_key(PETER))) == (TEXT, PETER)


def test_what_is_signed_opens_again() -> None:
    """A checkpoint survives signing and opening; unknown signatures beside it do no harm."""
    note = KEY.sign(CHECKPOINT.text)
    cosigned = note + SIGNED[1:]
    assert (open_note(cosigned, (KEY.public,)), parse_checkpoint(cosigned)) == (CHECKPOINT.text, CHECKPOINT)


def test_keys_survive_their_text_and_hide_themselves() -> None:
    """Both forms of a key read back; the private one is not in its repr."""
    assert (parse_key(f"{KEY.public}\n"), parse_signing_key(KEY.encoded())) == (KEY.public, KEY)
    assert repr(KEY) == "SigningKey(name='log')"


NOTE = KEY.sign(CHECKPOINT.text)


@pytest.mark.parametrize(
    ("note", "why"),
    [
        (NOTE.replace("\n3\n", "\n4\n"), "the signature by log is false"),
        (SigningKey(name="log", seed=bytes(32)).sign(CHECKPOINT.text), "no known key has signed it"),
        (SigningKey(name="other", seed=bytes(range(32))).sign(CHECKPOINT.text), "no known key has signed it"),
        (TEXT + SIGNED, "no known key has signed it"),
        (NOTE[:-1], "not a signed note"),
        ("", "not a signed note"),
        (CHECKPOINT.text, "not a signed note"),
        (NOTE.replace("\u2014", "-"), "a signature line is malformed"),
        (NOTE.replace("log ", "log !"), "a signature line is malformed"),
        (NOTE[: NOTE.rindex(" ") + 1] + "AAAA\n", "a signature line is malformed"),
        ("x" * 20_000 + NOTE, "too long for a signed note"),
        (NOTE.replace("log", "l\x1b[31mog", 1), "not a signed note: it holds a character that no note holds"),
        (NOTE.replace("log", "l\ud800g", 1), "not a signed note: it holds a character that no note holds"),
    ],
)
def test_a_note_that_is_not_as_signed_is_refused(note: str, why: str) -> None:
    """A changed text, another key, another name and a malformed note are each refused with the reason."""
    with pytest.raises(BadNote) as caught:
        open_note(note, (KEY.public,))
    assert str(caught.value) == why


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        CHECKPOINT.text.replace("head", "hand"),
        CHECKPOINT.text.replace("\n3\n", "\n03\n"),
        CHECKPOINT.text.replace("\n3\n", "\nx\n"),
        CHECKPOINT.text + "more x\n",
        CHECKPOINT.text.replace("cnJy", "cn", 1),
        Checkpoint(origin="log", size=3, root=b"r" * 31, head="a", offset=1).text,
    ],
)
def test_a_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    """Only the one exact form of a checkpoint is taken for one."""
    with pytest.raises(BadNote, match="not a checkpoint"):
        parse_checkpoint(KEY.sign(text))


@pytest.mark.parametrize(
    "text",
    ["", "a+b", "log+00000000+AQ==", PETER.replace("c74f", "c74e"), PETER.replace("ARpc", "Axpc"), " " + PETER[12:]],
)
def test_a_text_that_is_no_verifier_key_is_refused(text: str) -> None:
    """A key of another kind, with another id or without a name is refused."""
    with pytest.raises(BadNote, match="verifier key"):
        parse_key(text)


@pytest.mark.parametrize(
    "text", ["", "PRIVATE+KEY+a+b", KEY.encoded().replace("KEY", "KEX", 1), KEY.encoded()[:-8] + "AAAAAAA="]
)
def test_a_text_that_is_no_signing_key_is_refused(text: str) -> None:
    """A damaged private key is refused, and the message does not show it."""
    with pytest.raises(BadNote) as caught:
        parse_signing_key(text)
    assert "AAEC" not in str(caught.value)

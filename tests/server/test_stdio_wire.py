"""The wire over standard input and output: lines of any cut, a bounded size, and a program that does not read."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import anyio
import pytest

from agentops.server.over_stdio import MOST_LINE_BYTES, _Incoming, _Outgoing


def _read(path: Path | int) -> list[str]:
    """Return the lines that come from a file, or from a descriptor."""
    with os.fdopen(path if isinstance(path, int) else os.open(path, os.O_RDONLY), "rb") as wire:

        async def run() -> list[str]:
            return [line async for line in _Incoming(wire.fileno())]

        return anyio.run(run)


def _piped(*pieces: bytes) -> list[str]:
    """Return the lines of what is written to a pipe piece by piece."""
    out, into = os.pipe()

    def write() -> None:
        with os.fdopen(into, "wb", buffering=0) as wire:
            for piece in pieces:
                left = memoryview(piece)
                while left:
                    left = left[wire.write(left) :]
                time.sleep(0.01)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        return _read(out)
    finally:
        writer.join()


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        ((b'{"a":1}\n',), ['{"a":1}\n']),
        ((b'{"a"', b":1}\n{", b"}\n"), ['{"a":1}\n', "{}\n"]),
        ((b"a\nb\nc\n",), ["a\n", "b\n", "c\n"]),
        ((b"\xc3", b"\xa4\n"), ["ä\n"]),
        ((b"\xff\n",), ["\ufffd\n"]),
        ((b"half",), ["half"]),
        ((b"\n{}\n \n",), ["{}\n"]),
        ((), []),
    ],
)
def test_lines_are_whole_however_they_come(pieces: tuple[bytes, ...], lines: list[str], tmp_path: Path) -> None:
    """From a pipe in any pieces, and from a file, which cannot be watched; an empty line is passed over."""
    kept = tmp_path / "lines"
    kept.write_bytes(b"".join(pieces))
    assert (_piped(*pieces), _read(kept)) == (lines, lines)


def test_a_line_without_an_end_is_cut_off() -> None:
    """It is told once, and what comes after it is read as it is."""
    long = b"x" * (3 * MOST_LINE_BYTES)
    assert _piped(long + b"\nnext\n") == ["this message is too long\n", "next\n"]
    assert _piped(long) == ["this message is too long\n"]
    assert len(_piped(b"x" * (MOST_LINE_BYTES - 1) + b"\n")[0]) == MOST_LINE_BYTES


def test_who_does_not_read_holds_up_only_their_own_answers() -> None:
    """An answer that finds no room waits in a thread while the rest goes on, and arrives whole and in order."""
    out, into = os.pipe()
    big = "".join(f"{number:09}\n" for number in range(100_000))
    went_on: list[float] = []

    async def run() -> bytes:
        found = bytearray()

        def read() -> None:
            while chunk := os.read(out, 65536):
                found.extend(chunk)

        async def write() -> None:
            with os.fdopen(into, "wb", buffering=0) as wire:
                outgoing = _Outgoing(wire.fileno())
                await outgoing.write(big)
                await outgoing.write("end\n")

        async with anyio.create_task_group() as group:
            group.start_soon(write)
            for _ in range(5):
                await anyio.sleep(0.01)
                went_on.append(time.monotonic())
            await anyio.to_thread.run_sync(read)
        return bytes(found)

    try:
        assert anyio.run(run).decode() == big + "end\n"
    finally:
        os.close(out)
    assert len(went_on) == 5


def test_a_program_that_is_gone_is_no_failure() -> None:
    """Its answers are nobody's; that its end of standard input is closed ends the server."""
    out, into = os.pipe()
    os.close(out)

    async def run() -> str:
        with os.fdopen(into, "wb", buffering=0) as wire:
            await _Outgoing(wire.fileno()).write("x" * 100_000)
        return "done"

    assert anyio.run(run) == "done"

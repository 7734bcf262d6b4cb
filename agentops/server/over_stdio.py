"""Serves one program over standard input and output.

Comes in: a ``Server``. Goes out: nothing; it returns when the program has closed its end. Whatever else this process
prints goes to standard error, and a line without an end is cut off: a program cannot make this one hold any amount.
"""

from __future__ import annotations

import os
import select
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any

import anyio
from anyio import from_thread
from anyio.lowlevel import current_token
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server

MOST_LINE_BYTES = 4 * 1024 * 1024
_CHUNK = 65_536
_TOO_LONG = "this message is too long\n"  # No JSON, so it is answered as what cannot be read.
_UNREADABLE = (
    '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error: this line is no JSON-RPC message, '
    f'or longer than {MOST_LINE_BYTES:,} bytes"}}}}\n'
)
"""How JSON-RPC 2.0 answers what it cannot read (section 5); without an answer a client waits for its time-out."""


def serve_stdio(server: Server[Any]) -> None:
    """Serve until standard input ends."""
    with ExitStack() as stack:
        wire_in, wire_out = _own_wires(stack)
        anyio.run(_serve, server, wire_in, wire_out)


def _own_wires(stack: ExitStack) -> tuple[int, int]:
    """Return the wire on descriptors of its own; 0 reads nothing and 1 is standard error until the block ends."""
    private_in, private_out = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)

    def restore() -> None:
        os.dup2(private_in, 0)
        os.dup2(private_out, 1)

    stack.callback(restore)
    # Not closed: a thread may still wait on the one when the server has ended.
    return private_in, private_out


async def _serve(server: Server[Any], wire_in: int, wire_out: int) -> None:
    lines: Any = _Incoming(wire_in)
    out: Any = _Outgoing(wire_out)
    async with stdio_server(stdin=lines, stdout=out) as (read, write):
        await server.run(_Answered(read, out), write, server.create_initialization_options())


class _Answered:
    """The messages of the wire; what is none is answered as that, and passed on for the SDK to log."""

    def __init__(self, messages: Any, out: _Outgoing) -> None:
        self._messages = messages
        self._out = out

    def __getattr__(self, name: str) -> Any:
        return getattr(self._messages, name)

    def __aiter__(self) -> _Answered:
        return self

    async def __anext__(self) -> Any:
        message = await self._messages.__anext__()
        if isinstance(message, Exception):
            await self._out.write(_UNREADABLE)
        return message


class _Hand:
    """A thread that waits for the wire in the loop's place. Nobody waits for it: the process can end while it does."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        Thread(target=self._work, daemon=True, name="wire").start()

    async def do(self, work: Callable[[], Any]) -> Any:
        """Return what ``work`` returns, or raise what it raises; one after another."""
        done, came, token = anyio.Event(), _Came(), current_token()

        def job() -> None:
            try:
                came.value = work()
            except OSError as error:
                came.error = error
            # The loop may be over by now.
            with suppress(RuntimeError):
                from_thread.run_sync(done.set, token=token)

        self._jobs.put(job)
        await done.wait()
        if came.error is not None:
            raise came.error
        return came.value

    def _work(self) -> None:
        while True:
            self._jobs.get()()


class _Came:
    value: Any = None
    error: OSError | None = None


class _Incoming:
    """The lines of the wire, each of a bounded size."""

    def __init__(self, wire: int) -> None:
        self._wire = wire
        self._hand: _Hand | None = None
        self._held = bytearray()
        self._is_cut = False

    async def __aiter__(self) -> AsyncIterator[str]:
        while chunk := await self._chunk():
            for line in self._lines(chunk):
                if line.strip():
                    yield line
        if self._held or self._is_cut:
            yield self._line()

    async def _chunk(self) -> bytes:
        """Return what has come; empty where the program has closed the wire."""
        if self._hand is None:
            try:
                # No thread: a way into one and back costs as much as a small request.
                await anyio.wait_readable(self._wire)
                return os.read(self._wire, _CHUNK)
            except OSError:
                self._hand = _Hand()  # A file cannot be watched.
        found: bytes = await self._hand.do(lambda: os.read(self._wire, _CHUNK))
        return found

    def _lines(self, chunk: bytes) -> Iterator[str]:
        begins = 0
        while (end := chunk.find(b"\n", begins)) >= 0:
            self._hold(chunk[begins : end + 1])
            yield self._line()
            begins = end + 1
        self._hold(chunk[begins:])

    def _hold(self, piece: bytes) -> None:
        if self._is_cut or len(self._held) + len(piece) > MOST_LINE_BYTES:
            self._is_cut = True
            self._held.clear()
        else:
            self._held += piece

    def _line(self) -> str:
        line = _TOO_LONG if self._is_cut else self._held.decode("utf-8", "replace")
        self._is_cut = False
        self._held.clear()
        return line


class _Outgoing:
    """The other half of the wire."""

    def __init__(self, wire: int) -> None:
        self._wire = wire
        self._hand: _Hand | None = None
        self._room = select.poll()
        self._room.register(wire, select.POLLOUT)
        # A message that there is no room for is written in pieces; no other one may come between them.
        self._turn = anyio.Lock(fast_acquire=True)

    async def write(self, text: str) -> None:
        """Write a message; a program that does not read it holds up its own answers and nothing else."""
        data = text.encode("utf-8", "replace")
        async with self._turn:
            left = self._left(data)
            if left:
                self._hand = self._hand or _Hand()
                await self._hand.do(lambda: self._write(left))

    async def flush(self) -> None:
        """Do nothing more: what was written is gone already."""

    def _left(self, data: bytes) -> bytes:
        """Write what there is room for, and return the rest; this never waits for the program."""
        # Where there is room at all, a write of this size does not block (POSIX, write to a pipe).
        with suppress(BrokenPipeError):
            while data and self._room.poll(0) == [(self._wire, select.POLLOUT)]:
                data = data[os.write(self._wire, data[: select.PIPE_BUF]) :]
        return data

    def _write(self, data: bytes) -> None:
        # A program that went away is no failure: its end of standard input ends the server.
        with suppress(BrokenPipeError):
            while data:
                data = data[os.write(self._wire, data) :]

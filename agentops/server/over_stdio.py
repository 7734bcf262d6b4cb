"""Serves one program over standard input and output.

Comes in: a ``Server``. Goes out: nothing; it returns when the program has closed its end. Whatever else this process
prints goes to standard error, and a line without an end is cut off: a program cannot make this one hold any amount.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import ExitStack, suppress
from typing import Any, BinaryIO

import anyio
from anyio import to_thread
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server

MOST_LINE_BYTES = 4 * 1024 * 1024
_TOO_LONG = "this message is too long\n"  # No JSON, so the SDK answers it as what cannot be parsed.


def serve_stdio(server: Server[Any]) -> None:
    """Serve until standard input ends."""
    with ExitStack() as stack:
        wire_in, wire_out = _own_wires(stack)
        anyio.run(_serve, server, wire_in, wire_out)


def _own_wires(stack: ExitStack) -> tuple[BinaryIO, BinaryIO]:
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
    return os.fdopen(private_in, "rb", closefd=False), os.fdopen(private_out, "wb", closefd=False)


async def _serve(server: Server[Any], wire_in: BinaryIO, wire_out: BinaryIO) -> None:
    lines: Any = _Incoming(wire_in)
    out: Any = _Outgoing(wire_out)
    async with stdio_server(stdin=lines, stdout=out) as (read, write):
        await server.run(read, write, server.create_initialization_options())


class _Incoming:
    """The lines of the wire, each of a bounded size."""

    def __init__(self, wire: BinaryIO) -> None:
        self._wire = wire

    async def __aiter__(self) -> AsyncIterator[str]:
        while line := await to_thread.run_sync(self._next, abandon_on_cancel=True):
            yield line

    def _next(self) -> str:
        line = self._wire.readline(MOST_LINE_BYTES + 1)
        if len(line) <= MOST_LINE_BYTES:
            return line.decode("utf-8", "replace")
        while line and not line.endswith(b"\n"):
            line = self._wire.readline(MOST_LINE_BYTES)
        return _TOO_LONG


class _Outgoing:
    """The other half of the wire."""

    def __init__(self, wire: BinaryIO) -> None:
        self._wire = wire

    async def write(self, text: str) -> None:
        """Write a message; a program that does not read it holds up its own answers and nothing else."""
        await to_thread.run_sync(self._write, text.encode("utf-8", "replace"))

    async def flush(self) -> None:
        """Do nothing more: what was written is gone already."""

    def _write(self, data: bytes) -> None:
        # A program that went away is no failure: its end of standard input ends the server.
        with suppress(BrokenPipeError):
            self._wire.write(data)
            self._wire.flush()

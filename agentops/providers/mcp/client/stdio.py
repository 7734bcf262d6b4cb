"""``stdio_transport``: a server as a child process, spoken to over its standard input and output.

Comes in: how the process is started. Goes out: the two streams that the SDK's client wants. It is our own and not the
SDK's because that one hands the server variables of ours, holds a line of any length in memory, prints what it cannot
read, and leaves the server behind when agentops is killed.

Must never: hold more than the caps, wait without an end, or leave a process behind.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from agentops.core.text import one_line
from agentops.providers.mcp.client.background import quietly
from agentops.providers.mcp.client.launch import Launch
from agentops.providers.mcp.client.lines import CappedLines, WireLine, message_of
from agentops.providers.mcp.client.wire import ServerWatch

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams
    from mcp.shared.message import SessionMessage

Thing = TypeVar("Thing")

SUPERVISOR = Path(__file__).with_name("supervisor.py")
_CHUNK_BYTES = 1 << 16
_MOST_UNSENT_BYTES = 8 << 20
_MOST_UNREAD_BYTES = 256 << 20
_LEAVE_S, _GRACE_S, _REAP_S = 0.7, 1.0, 4.0
LAST_WORDS, _WORD_CHARS = 50, 500


class NotRunnable(Exception):
    """The system does not run the command; the message says why."""


class Process:
    """A running server with its supervisor.

    Arguments:
        pid: the server's own; 0 until it runs.
        last_words: the last lines of its standard error, as they came.
    """

    def __init__(self) -> None:
        self.pid = 0
        self.last_words: deque[str] = deque(maxlen=LAST_WORDS)
        self.exit_code: int | None = None
        self._child: asyncio.subprocess.Process | None = None
        self._life = -1
        self._errors: asyncio.Task[None] | None = None

    async def start(self, launch: Launch) -> None:
        """Start it.

        Raises:
            NotRunnable: it cannot be run; the message says why.
        """
        life, self._life = os.pipe()
        said, report = os.pipe()
        words = [str(life), str(report), str(_GRACE_S), *launch.command]
        try:
            self._child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", "-B", str(SUPERVISOR), *words),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=dict(launch.env),
                cwd=launch.cwd,
                pass_fds=(life, report),
                start_new_session=True,
                limit=_CHUNK_BYTES,
            )
        except (OSError, ValueError) as error:
            os.close(said)
            self._release()
            raise NotRunnable(one_line(str(error))) from error
        finally:
            os.close(life)
            os.close(report)
        self._errors = asyncio.create_task(self._listen())
        try:
            await self._await_start(said, launch)
        except BaseException:
            await self.stop()
            raise

    async def _await_start(self, said: int, launch: Launch) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        pipe, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(said, "rb", buffering=0)
        )
        try:
            text = (await reader.read(4096)).decode()
            while more := await reader.read(4096):
                text += more.decode()
        finally:
            pipe.close()
        lines = text.splitlines()
        for line in lines:
            if line.startswith("failed "):
                raise NotRunnable(f"{launch.command[0]} cannot be run: {line[7:]}")
        self.pid = int(lines[0].removeprefix("started ")) if lines else 0

    @property
    def reads(self) -> asyncio.StreamReader:
        """The server's standard output."""
        return _there(_there(self._child).stdout)

    def write(self, data: bytes) -> None:
        """Hand bytes to the server's standard input; it may be slow to read them.

        Raises:
            BrokenPipeError: it has ended, or reads nothing.
        """
        child = _there(self._child)
        pipe = _there(child.stdin)
        if child.returncode is not None or pipe.is_closing():
            raise BrokenPipeError("the server has ended")
        if pipe.transport.get_write_buffer_size() + len(data) > _MOST_UNSENT_BYTES:
            raise BrokenPipeError("the server does not read what it is sent")
        pipe.write(data)

    async def _listen(self) -> None:
        errors = _there(_there(self._child).stderr)
        lines = CappedLines(_WORD_CHARS)
        while chunk := await errors.read(_CHUNK_BYTES):
            for line in lines.feed(chunk):
                self.last_words.append(line.head.decode("utf-8", "replace"))
        if rest := lines.end():
            self.last_words.append(rest.head.decode("utf-8", "replace"))

    async def stop(self) -> None:
        """End it: its input is closed first; what is still there after a moment is ended as a tree."""
        child = self._child
        if child is None:
            self._release()
            return
        if child.stdin is not None:
            child.stdin.close()
        try:
            await quietly(_exits(child), _LEAVE_S)
        finally:
            self._release()
        await quietly(_exits(child), _GRACE_S + _REAP_S)
        self.exit_code = child.returncode
        if self._errors is not None:
            await quietly(asyncio.wait([self._errors]), _LEAVE_S)
            self._errors.cancel()
        # A pipe that a survivor holds open must not be read from for ever.
        with suppress(Exception):
            child._transport.close()  # type: ignore[attr-defined]

    def _release(self) -> None:
        """Let go of the pipe; the supervisor ends all that is left."""
        if self._life >= 0:
            os.close(self._life)
            self._life = -1


def _there(thing: Thing | None) -> Thing:
    if thing is None:
        raise BrokenPipeError("the server was not started")
    return thing


async def _exits(child: asyncio.subprocess.Process) -> None:
    # Its ``wait`` also waits for the pipes, which a process that the server left behind may hold.
    while child.returncode is None:
        await asyncio.sleep(0.01)


@asynccontextmanager
async def stdio_transport(
    process: Process, launch: Launch, watch: ServerWatch, *, most_bytes: int
) -> AsyncIterator[TransportStreams]:
    """Start a server, yield its streams, and end it.

    Arguments:
        most_bytes: kept of one line.

    Raises:
        NotRunnable: it cannot be started.
    """
    await process.start(launch)
    try:
        yield _Messages(process, watch, most_bytes), _Requests(process)
    finally:
        await process.stop()


class _End:
    """What the SDK asks of a stream beside its messages."""

    async def aclose(self) -> None:
        """There is nothing to close: the process is ended by whoever started it."""

    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(self, *_raised: object) -> None:
        return None


class _Messages(_End):
    """The messages on a server's standard output; what is none is counted and left out."""

    def __init__(self, process: Process, watch: ServerWatch, most_bytes: int) -> None:
        self._process, self._watch = process, watch
        self._lines = CappedLines(most_bytes)
        self._waiting: deque[SessionMessage] = deque()
        self._unread = 0

    def __aiter__(self) -> _Messages:
        return self

    async def receive(self) -> SessionMessage:
        """Return the next message.

        Raises:
            EndOfStream: there are no more, or too much came that was none.
        """
        from anyio import EndOfStream

        while not self._waiting:
            if self._watch.flooded or self._unread > _MOST_UNREAD_BYTES:
                self._watch.flooded = True
                raise EndOfStream
            chunk = await self._process.reads.read(_CHUNK_BYTES)
            if not chunk:
                raise EndOfStream
            self._unread += len(chunk)
            for line in self._lines.feed(chunk):
                self._take(line)
        self._unread = 0
        return self._waiting.popleft()

    async def __anext__(self) -> SessionMessage:
        from anyio import EndOfStream

        try:
            return await self.receive()
        except EndOfStream:
            raise StopAsyncIteration from None

    def _take(self, line: WireLine) -> None:
        from mcp.shared.message import SessionMessage
        from mcp_types import PARSE_ERROR, ErrorData, JSONRPCError, jsonrpc_message_adapter

        found = message_of(line)
        if found is not None and line.dropped:
            found.setdefault("id", self._watch.only_asked())
            self._watch.note_cut(found["id"], line.dropped)
        try:
            if found is None:
                raise ValueError("no message")
            message = jsonrpc_message_adapter.validate_python(found, by_name=False)
        except ValueError:
            self._watch.noise += 1
            self._watch.note_unasked()
            request_id = found.get("id") if found is not None and "method" not in found else None
            if not isinstance(request_id, int | str) or not self._watch.note_unreadable(request_id):
                return
            # Whoever waits need not wait until the time is over.
            error = ErrorData(code=PARSE_ERROR, message="its answer cannot be read")
            message = JSONRPCError(jsonrpc="2.0", id=request_id, error=error)
        self._waiting.append(SessionMessage(message))


class _Requests(_End):
    """Our messages, one a line."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def send(self, item: SessionMessage) -> None:
        """Hand one message to the server.

        Raises:
            BrokenResourceError: it has ended, or reads nothing.
        """
        from anyio import BrokenResourceError

        line = item.message.model_dump_json(by_alias=True, exclude_unset=True)
        try:
            self._process.write(line.encode() + b"\n")
        except OSError as error:
            raise BrokenResourceError from error

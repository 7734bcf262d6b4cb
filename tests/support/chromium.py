"""A real Chromium without a screen, driven through a pipe (Chrome DevTools Protocol, --remote-debugging-pipe).

Only the standard library: messages are JSON, each ended by a zero byte, on descriptors 3 and 4 of the browser.
Source: https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_LONGEST_S = 30.0
_START = "import os, sys; os.dup2({reads}, 3); os.dup2({writes}, 4); os.execv(sys.argv[1], sys.argv[1:])"
KEYS = {
    "Tab": {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9},
    "Enter": {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"},
    "Space": {"key": " ", "code": "Space", "windowsVirtualKeyCode": 32, "text": " "},
}


def program() -> str | None:
    """Return the browser's program, None where none is installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Browser:
    """One browser with one page, and what it said besides: requests, and messages of its console."""

    def __init__(self, process: subprocess.Popen[bytes], to: int, source: int) -> None:
        self._process = process
        self._to, self._from = to, source
        self._buffer = b""
        self._number = 0
        self.requests: list[str] = []
        self.complaints: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "Accessibility"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        self._number += 1
        said = {"id": self._number, "method": method, "params": params}
        if getattr(self, "_session", None):
            said["sessionId"] = self._session
        os.write(self._to, json.dumps(said).encode() + b"\0")
        while True:
            message = self._next()
            if message.get("id") == self._number:
                if "error" in message:
                    raise AssertionError(f"{method}: {message['error']}")
                result: dict[str, Any] = message["result"]
                return result

    def open(self, address: str) -> None:
        """Go to a page, as if it was typed, and wait until it is there."""
        self.call("Page.navigate", url=address)
        self.until("document.readyState === 'complete'")

    def run(self, expression: str) -> Any:
        """Return what an expression of the page is; a promise is waited for."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            return {"thrown": found["exceptionDetails"].get("exception", {}).get("description", "")}
        return found["result"].get("value")

    def until(self, expression: str, longest_s: float = _LONGEST_S) -> None:
        """Wait until an expression is true."""
        ends = time.monotonic() + longest_s
        while self.run(expression) is not True:
            if time.monotonic() > ends:
                raise AssertionError(f"{expression} did not become true; the page says {self.words()!r}")
            time.sleep(0.05)

    def words(self) -> str:
        """Return the text of the page."""
        return str(self.run("document.body ? document.body.innerText : ''"))

    def press(self, name: str) -> None:
        """Press a key and let it go."""
        self.call("Input.dispatchKeyEvent", type="keyDown", **KEYS[name])
        self.call("Input.dispatchKeyEvent", type="keyUp", **KEYS[name])

    def type(self, text: str) -> None:
        """Type a text where the focus is."""
        self.call("Input.insertText", text=text)

    def picture(self, path: Path, width: int, height: int) -> None:
        """Write a picture of the page."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            if not select.select([self._from], [], [], _LONGEST_S)[0]:
                raise AssertionError("the browser does not answer")
            data = os.read(self._from, 1 << 20)
            if not data:
                raise AssertionError("the browser ended")
            self._buffer += data
        raw, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(raw)
        self._note(message.get("method", ""), message.get("params", {}))
        return message

    def _note(self, method: str, params: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Log.entryAdded":
            self.complaints.append(params["entry"]["text"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(str(params["exceptionDetails"].get("text")))


@contextmanager
def browser(folder: Path, *options: str) -> Iterator[Browser]:
    """Start a browser with a profile of its own; it ends with the block."""
    found = program()
    assert found
    (reads, ours_out), (ours_in, writes) = os.pipe(), os.pipe()
    # Away from 3 and 4, which are pointed to them.
    reads, writes = (_moved(one) for one in (reads, writes))
    words = [
        found,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--hide-scrollbars",
    ]
    words += ["--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe"]
    words += [f"--user-data-dir={folder}", *options, "about:blank"]
    with subprocess.Popen(
        [sys.executable, "-c", _START.format(reads=reads, writes=writes), *words],
        pass_fds=(reads, writes),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        start_new_session=True,
    ) as process:
        os.close(reads)
        os.close(writes)
        try:
            yield Browser(process, ours_out, ours_in)
        finally:
            process.kill()
            os.close(ours_out)
            os.close(ours_in)


def _moved(descriptor: int) -> int:
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD, 20)
    os.close(descriptor)
    return moved

"""What MCP costs where no server is used: nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.providers.mcp.client.conftest import SERVERS

_PROBE = """
import sys
import agentops.providers.mcp.client.session as session
from agentops.providers.mcp.objects.server import ServerConfig, ServerTransport
from pathlib import Path
config = ServerConfig(name="x", transport=ServerTransport.STDIO, command="true")
session.open_session(config, resolve=str, home=Path("/nonexistent")).close()
import threading
heavy = {"mcp", "mcp_types", "anyio", "httpx2", "pydantic", "starlette"}
print(sorted({name.partition(".")[0] for name in sys.modules} & heavy))
print([thread.name for thread in threading.enumerate()])
"""


def test_a_session_that_is_not_used_imports_no_sdk_and_starts_no_thread() -> None:
    """The SDK is imported, and the loop started, when a server is first asked something."""
    done = subprocess.run([sys.executable, "-c", _PROBE], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "['MainThread']"]


_NOISE = """
import sys
from pathlib import Path
from agentops.providers.mcp.client.session import open_session
from agentops.providers.mcp.objects.server import ServerConfig, ServerTransport
for mode in ("noisy", "odd_content", "not_even_a_result", "dies", "floods_with_notifications"):
    config = ServerConfig(name="x", transport=ServerTransport.STDIO, command=sys.executable, args=(sys.argv[1], mode))
    session = open_session(config, resolve=str, home=Path(sys.argv[2]))
    try:
        session.tools()
        session.call("echo", {})
    except Exception:
        pass
"""


def test_the_sdk_says_nothing_of_its_own(tmp_path: Path) -> None:
    """Its log holds foreign text and tracebacks: none of it reaches the terminal, also when the program ends."""
    words = [sys.executable, "-c", _NOISE, str(SERVERS / "hostile.py"), str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")

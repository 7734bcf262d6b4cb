"""What MCP costs where no server is used: nothing."""

from __future__ import annotations

import subprocess
import sys

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

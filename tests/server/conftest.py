"""What the tests of the MCP door share: a home of its own, and the server in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.account import user_database
from tests.support.mcp_door import Place


@pytest.fixture
def place(slow: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """An empty home, and no setting of the developer's own."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("AGENTOPS_HOME", str(home))
    monkeypatch.setattr("pwd.getpwuid", user_database(home))
    return Place(home=home, log=tmp_path / "stderr.log")

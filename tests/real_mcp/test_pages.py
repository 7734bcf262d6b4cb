"""The commands of ``docs/mcp/`` that connect a server: each is accepted as it stands; no server is started by that."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]
_PAGES = Path(__file__).parents[2] / "docs" / "mcp"
_BLOCKS = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def _commands(first: str) -> list[tuple[str, list[str]]]:
    found = []
    for page in sorted(_PAGES.glob("*.md")):
        for block in _BLOCKS.findall(page.read_text("utf-8")):
            lines = block.replace("\\\n", " ").splitlines()
            found += [(page.stem, shlex.split(line, comments=True)[1:]) for line in lines if line.startswith(first)]
    return found


_ADDED = _commands("agentops mcp add ")
_TRUSTED = _commands("agentops mcp trust ")


@pytest.mark.parametrize(("page", "words"), _ADDED, ids=[f"{page}-{words[2]}" for page, words in _ADDED])
def test_each_documented_server_can_be_connected(
    cli: Cli, page: str, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``mcp add`` takes the line; the variables that it hands on are the person's own."""
    for name in (word for flag, word in pairwise(words) if flag == "--env" and "=" not in word):
        monkeypatch.setenv(name, "canary-9f1c2b7a")
    done = cli(*words)
    assert done.code == 0, done.err
    assert "canary-9f1c2b7a" not in done.out + done.err


def test_every_page_connects_and_trusts_the_same_server() -> None:
    """A page that says how to connect a server says how it is trusted, under the same name."""
    added = {(page, words[2]) for page, words in _ADDED}
    trusted = {(page, words[2]) for page, words in _TRUSTED}
    assert len(added) >= 10
    assert added - trusted - {(page, name) for page, name in added if page == "README"} == set()

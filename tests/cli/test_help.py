"""The help of each command: one sentence that the lists show whole, and examples."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

import agentops
from agentops.alerts.registry import FORMATS, senders
from agentops.cli.app import build
from agentops.cli.help_pages import folded

Cli = Callable[..., Any]
_RIDDLES = (
    "later regret", "same stair", "what a crash left", "take back", "taken back", "not plain", "every one holds",
    "at their mildest", "on purpose, take away", "way back", "tell whether", "the world is not",
)  # fmt: skip


def _every(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield words, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from _every(inner, (*words, *name.split()))


COMMANDS = list(_every(get_command(build())))
LEAVES = [(words, command) for words, command in COMMANDS if not hasattr(command, "commands")]


@pytest.mark.parametrize("group", [words for words, command in COMMANDS if hasattr(command, "commands")], ids=" ".join)
def test_a_list_shows_the_sentence_of_each_command_whole(group: tuple[str, ...], cli: Cli) -> None:
    """At 80 columns none is cut with dots: a sentence that is cut helps nobody."""
    page = cli(*group, "--help").out
    listed = page.partition("Commands:\n")[2].partition("\n\n")[0]
    assert listed
    assert [line for line in listed.splitlines() if line.rstrip().endswith("...")] == []


@pytest.mark.parametrize(("words", "command"), LEAVES, ids=[" ".join(words) for words, _ in LEAVES])
def test_a_command_has_one_sentence_and_examples(words: tuple[str, ...], command: Any) -> None:
    """The first line is a sentence that begins with a verb; the examples name the command itself."""
    first = command.help.splitlines()[0]
    assert re.fullmatch(r"[A-Z][a-z]+ .*\.", first), first
    assert f"agentops {' '.join(words)}" in command.epilog


@pytest.mark.parametrize(("words", "command"), COMMANDS, ids=[" ".join(words) or "agentops" for words, _ in COMMANDS])
def test_no_help_is_a_riddle(words: tuple[str, ...], command: Any) -> None:
    """The words that stood there once and that nobody understood."""
    options = " ".join(getattr(one, "help", None) or "" for one in command.params)
    text = f"{command.help} {command.epilog or ''} {options}".lower()
    assert [riddle for riddle in _RIDDLES if riddle in text] == []


@pytest.mark.parametrize("words", [words for words, _ in COMMANDS], ids=lambda words: " ".join(words) or "agentops")
def test_no_line_of_help_is_wider_than_80_columns(words: tuple[str, ...], cli: Cli) -> None:
    """A terminal that breaks lines itself breaks them within words, and an example so broken cannot be pasted."""
    assert [line for line in cli(*words, "--help").out.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("  agentops fix  short", "  agentops fix  short\n"),
        (f"  agentops fix      {'word ' * 14}", f"  agentops fix\n      {('word ' * 14).strip()}\n"),
        (
            f'  agentops do "{"word " * 12}" --output json --namespace shop',
            f'  agentops do "{"word " * 12}" \\\n    --output json --namespace shop\n',
        ),
        ("a b " * 30, f"{('a b ' * 30)[:77].strip()}\n{('a b ' * 30)[77:].strip()}\n"),
    ],
    ids=["as it is", "what is said beside", "a command", "prose"],
)
def test_what_is_too_wide_is_folded(line: str, shown: str) -> None:
    """A quoted word stays whole, and what follows a backslash is the rest of the same command."""
    assert folded(line) == shown


def test_the_first_page_fits_a_terminal_of_80_columns(cli: Cli) -> None:
    """It is shipped as it is printed, so that no terminal breaks its examples and exit codes within a word."""
    shipped = (Path(agentops.__file__).parent / "cli/help.txt").read_text("utf-8")
    assert [line for line in (shipped + cli("--help").out).splitlines() if len(line) > 80] == []


def test_the_help_of_investigate_names_every_sender(cli: Cli) -> None:
    """Whose alerts are read comes from the registry, and so do the number of forms and the page that shows them."""
    words = " ".join(cli("investigate", "--help").out.replace("│ ", "").split())
    assert f"Senders that are recognised: {', '.join(senders())} The {len(FORMATS)} forms" in words
    assert "docs/alerts.md" in words

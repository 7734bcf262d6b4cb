"""An option acts, or the command does not take it: what each command takes, and what it refuses to be told in vain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from agentops.cli.app import GROUPS, build

Cli = Callable[..., Any]

_TALK = "help no-input output verbose"
"""How agentops talks can be said to every command: each prints a result, none prompts, each may fail."""
_REAL = "aws-profile aws-region context kubeconfig namespace"
_PLACE = f"{_REAL} sandbox"
_LIMITS = "max-seconds max-steps max-tokens max-usd model no-model"
_S3 = "endpoint-url retention-days"
_TAKES = {
    "investigate": f"{_PLACE} {_LIMITS} details resume exit-code",
    "fix": f"{_PLACE} {_LIMITS} approval details dry-run exit-code out plan side-by-side wait yes",
    # Words need a model, so there is nothing to say without one.
    "ask": f"{_PLACE} {_LIMITS.removesuffix(' no-model')} resume",
    "do": f"{_PLACE} {_LIMITS.removesuffix(' no-model')} details dry-run exit-code out resume side-by-side wait yes",
    "triage": f"{_PLACE} all baseline condition every exit-code from rules severity watch",
    "rollback": f"{_PLACE} details dry-run side-by-side wait yes",
    "recover": f"{_PLACE} keep roll-back yes",
    # It looks at a cluster, but there is nothing to check about the embedded one.
    # The place is that of the investigation that can follow.
    "alerts": "context kubeconfig limit namespace",
    "doctor": f"{_REAL} try",
    "show": "evidence timeline",
    "history": "limit namespace",
    "history prune": "dry-run older-than yes",
    "changes": "limit namespace",
    "approve": "out side-by-side ttl",
    "approvals": "all watch",
    "approvals serve": "for port",
    "approvers list": "",
    "approvers add": "",
    "approvers remove": "",
    "approvers me": "passphrase",
    "policy init": "force",
    "policy show": "facts schema source",
    "policy validate": "as",
    "policy test": "",
    # The sandbox is judged otherwise than a cluster of the same name.
    "policy explain": "as fact harmless label on-behalf-of sandbox target tool",
    "audit verify": "anchor endpoint-url key require-signed",
    "audit log": "actor event fingerprint follow limit namespace run since target until",
    "audit anchor": f"{_S3} to",
    "audit export": f"{_S3} to",
    "audit keys": "",
    "audit rotate-key": "",
    "audit fingerprint": "",
    "audit replay": "exit-code",
    "audit prove": "growth to",
    "audit check-proof": "key",
    "audit rotate": "",
    "tools list": "",
    "mcp add": "allow confinement cwd env header oauth replace url",
    "mcp list": "",
    "mcp remove": "",
    "mcp import": "",
    "mcp tools": "",
    "mcp trust": "",
    "mcp call": "arg json",
    "mcp doctor": "",
    "mcp login": "",
    "mcp logout": "",
    "mcp serve": f"{_PLACE} client http listen profile tls-cert tls-key",
    "mcp token": "",
    "mcp classify": "effect risk",
    "mcp allow": "revoke",
    # The place is what the entry leads to.
    "mcp install": f"{_PLACE} print project yes",
    "access aws": "aws-profile aws-region check mode",
    "access kubernetes": "account-namespace cluster-changes mode namespace no-admission",
    "sandbox list": "",
    "sandbox up": "detach",
    "sandbox status": "",
    "sandbox down": "",
    "sandbox new": "folder",
    "schema": "",
    "init": "print",
    # What an option would change.
    "config show": f"{_REAL} origin",
    "config environment": "context kubeconfig",
    "completion": "",
    "version": "",
}


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the words of each command that does something, and the command."""
    if not hasattr(command, "commands"):
        yield " ".join(path), command
        return
    for name, child in command.commands.items():
        yield from _commands(child, (*path, name))


def test_every_command_takes_these_options_and_no_other() -> None:
    """The whole tree; whoever adds an option says here that it acts."""
    found = {
        path: {name[2:] for one in command.params for name in one.opts if name.startswith("--")} | {"help"}
        for path, command in _commands(get_command(build()))
    }
    assert found == {path: {*_TALK.split(), *said.split()} for path, said in _TAKES.items()}


def test_every_limit_has_its_letter() -> None:
    """Whoever has typed -l once types it again."""
    commands = [command for _, command in _commands(get_command(build()))]
    limits = [one.opts for command in commands for one in command.params if one.name == "limit"]
    assert limits == [["--limit", "-l"]] * 4


def test_groups_are_those_of_the_tree() -> None:
    """What only holds other commands is known by name, for the hints of usage errors."""
    commands = get_command(build()).commands
    assert {name for name, one in commands.items() if hasattr(one, "commands")} == set(GROUPS)


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("history", "--context", "prod"), "--context"),
        (("changes", "--kubeconfig", "x"), "--kubeconfig"),
        (("show", "-n", "shop"), "-n"),
        (("show", "--context", "prod"), "--context"),
        (("audit", "keys", "--kubeconfig", "x"), "--kubeconfig"),
        (("approvers", "list", "--context", "prod"), "--context"),
        (("policy", "validate", "--sandbox"), "--sandbox"),
        (("doctor", "--sandbox"), "--sandbox"),
        (("sandbox", "up", "--sandbox=bad-image-tag"), "--sandbox"),
        (("--context", "prod", "tools", "list"), "--context"),
    ],
)
def test_a_command_that_looks_at_no_cluster_is_told_of_none(cli: Cli, words: tuple[str, ...], option: str) -> None:
    """It says that the option would do nothing, rather than to do nothing with it."""
    done = cli(*words)
    said = f"takes no {option}\n  It has no effect there: leave it out. See: agentops "
    assert (done.code, done.out, said in done.err) == (2, "", True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("investigate", "x", "--no-model", "--model", "m"), "--no-model and --model contradict each other"),
        (("fix", "x", "--no-model", "--model", "m"), "--no-model and --model contradict each other"),
        (("fix", "x", "--exit-code"), "--exit-code needs --dry-run"),
        (("fix", "x", "--yes", "--dry-run"), "--yes and --dry-run contradict each other"),
        (("do", "x", "--yes", "--dry-run"), "--yes and --dry-run contradict each other"),
        (("rollback", "x", "--yes", "--dry-run"), "--yes and --dry-run contradict each other"),
        (("history", "prune", "--yes", "--dry-run"), "--yes and --dry-run contradict each other"),
        (("fix", "--plan", "p.json", "--no-model"), "as it is, without --no-model"),
        (("fix", "--plan", "p.json", "--max-usd", "1", "--out", "x"), "as it is, without --max-usd and --out"),
        (("fix", "--plan", "p.json", "--exit-code"), "as it is, without --exit-code"),
        (("fix", "x", "--plan", "p.json", "--dry-run"), "as it is, without WHAT and --dry-run"),
        (("triage", "--sandbox", "--kubeconfig", "x"), "--sandbox and --kubeconfig name two places"),
        (("triage", "--sandbox", "--aws-profile", "x"), "--sandbox and --aws-profile name two places"),
        (("triage", "--from", "x", "--aws-region", "y"), "--from and --aws-region name two places"),
        (("triage", "--sandbox", "--from", "x"), "--from and --sandbox name two places"),
        (("triage", "--from", "x", "--watch"), "--watch has nothing to wait for with --from"),
        (("triage", "--watch", "-o", "junit"), "--watch does not work with --output junit"),
        (("show", "--evidence", "E1", "--timeline"), "--evidence and --timeline cannot be combined"),
        (("show", "20261122T0312", "--evidence", "E1"), "--evidence and a run's timeline cannot be combined"),
        (("show", "x", "--evidence", "E1", "--timeline"), "Leave out one of them."),
        (("policy", "show", "--schema", "--facts"), "exclude each other"),
        (("policy", "validate", "--as", "project"), "--as needs a FILE"),
        (("policy", "explain", "p.json", "--as", "human:ana"), "a PLAN has its own requests"),
        (("policy", "explain", "p.json", "--on-behalf-of", "ana"), "a PLAN has its own requests"),
        (("policy", "explain", "p.json", "--sandbox"), "a PLAN has its own requests"),
        (("audit", "log", "--follow", "-o", "markdown"), "--follow does not work with --output markdown"),
        (("audit", "anchor", "--to", "x", "--retention-days", "3"), "--retention-days is for s3:// places only"),
        (("audit", "export", "--to", "x/", "--endpoint-url", "http://x"), "--endpoint-url is for s3:// places only"),
        (("audit", "verify", "--endpoint-url", "http://x"), "--endpoint-url is for s3:// places only"),
    ],
)
def test_an_option_that_would_be_ignored_is_refused(cli: Cli, home: Path, words: tuple[str, ...], said: str) -> None:
    """Nothing is done: no file is written, no run is begun."""
    done = cli(*words)
    assert (done.code, said in done.err, (home / "audit").exists()) == (2, True, False)

"""The command line: parse, call, render, exit. Every error that can reach a user passes through here.

This is one of the two places that catch every exception: a traceback never reaches a user without ``-vv``.
"""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Sequence
from types import FrameType

import typer

from agentops.cli.argv import arrange
from agentops.cli.commands import (
    access,
    alerts,
    approvals,
    approvals_serve,
    approve,
    approvers,
    ask,
    audit,
    changes,
    completion,
    config,
    do,
    doctor,
    fix,
    incidents,
    init,
    investigate,
    mcp,
    policy,
    sandbox,
    schema,
    tools,
    triage,
    version,
)
from agentops.cli.help_pages import fold_pages
from agentops.cli.options import PLACE
from agentops.cli.report import Heading, Tone
from agentops.cli.result import Result, error_document
from agentops.cli.streams import Unwritable, abandon, unfailing_streams
from agentops.cli.views.source import error_blocks
from agentops.core.clock import SimulatedTime
from agentops.core.errors import AgentopsError, AuditError, ExitCode, Interrupted, UsageError
from agentops.core.request import NO_MODEL_HINT
from agentops.core.text import one_line

EPILOG = """\b
Examples:
  agentops investigate --sandbox         try it: no cluster, no key
  agentops investigate alert.json        an Alertmanager webhook body
  agentops investigate k8s:shop/Deployment/web
  cat alert.json | agentops investigate - --output json --no-model
  agentops fix --sandbox=bad-image-tag   plan, show, ask, apply, verify
  agentops triage --namespace shop       what is wrong there, without a model
  agentops alerts                        what fires at Alertmanager; pick one
  agentops ask "what runs here?"         an answer with cited evidence
  agentops do "scale web to 3"           your own words to a verified change
  agentops show                          the last incident
  agentops audit verify                  is the log complete and unaltered

\b
Exit codes: 0 done, 1 error, 2 usage, 3 a problem was found (--exit-code),
4 refused by policy, 5 not approved or stale, 6 rolled back, 7 a person is
needed, 8 the audit chain is broken, 9 no plan, 130 interrupted.
JSON: --output json, one document.
"""
GROUPS = ("approvers", "audit", "policy", "tools", "mcp", "access", "sandbox", "config")
"""The commands that only hold others."""

_CHANGING = ("fix", "do", "rollback", "recover")
"""The commands whose exit code says what became of a change."""
_PLAIN_WORDS = (
    ("Value error, ", ""),
    ("Input should be a valid integer, unable to parse string as an integer", "it is not a whole number"),
    ("Input should be a valid number, unable to parse string as a number", "it is not a number"),
    ("Input should be", "it should be"),
)
"""What typer passes on of the library that reads values, and what is said instead."""
_TOO_MANY = re.compile(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", re.DOTALL)
_WITH_WORDS = ("do", "ask")
"""The commands that take a person's words, which only a model can read."""
_PLACE_OPTIONS = ("-n", *(f"--{name.replace('_', '-')}" for name in PLACE))


def build() -> typer.Typer:
    """Return the command tree."""
    app = typer.Typer(
        name="agentops",
        help="A command-line ops copilot: takes an alert, gathers evidence, finds the root cause, changes nothing "
        "without policy, preview and approval, and records every step in a tamper-evident log.",
        epilog=EPILOG,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )

    @app.callback()
    def main(version: bool = typer.Option(False, "--version", "-V", help="Print the version and exit.")) -> None:
        """Answered in ``__main__``; declared so that the help shows it."""

    for commands in (
        investigate,
        fix,
        do,
        ask,
        triage,
        alerts,
        incidents,
        changes,
        approve,
        approvals,
        approvals_serve,
        approvers,
        policy,
        audit,
        tools,
        mcp,
        access,
        sandbox,
        init,
        config,
        doctor,
        schema,
        completion,
        version,
    ):
        commands.register(app)
    return app


def run(words: Sequence[str], *, simulated: SimulatedTime | None = None) -> int:
    """Run one command line and return its exit code.

    Arguments:
        words: the words after the program's name.
        simulated: a simulated cluster that the words lead to: the run sends its time ahead instead of waiting.
    """
    with unfailing_streams():
        return _run(words, simulated)


def _run(words: Sequence[str], simulated: SimulatedTime | None) -> int:
    arranged = arrange(words, sandbox.scenario_names)
    if arranged[:1] in (["--version"], ["-V"]):
        arranged[0] = "version"
    # What stands behind -- is another program's.
    own = arranged[: arranged.index("--")] if "--" in arranged else arranged
    if not _command(arranged) and not {"--help", "-h"} & set(own):
        error = UsageError("a command is missing", hint="See: agentops --help")
        return _render(failure(error, ""), _wanted_output(own))
    output = _wanted_output(own)
    loud = own.count("-v") + own.count("--verbose") >= 2 or "-vv" in own
    signal.signal(signal.SIGTERM, _stop)
    try:
        result = _call(arranged, simulated)
    except KeyboardInterrupt:
        result = failure(Interrupted("interrupted"), _command(arranged))
    except AgentopsError as error:
        if loud:
            _print_trace()
        result = failure(error, _command(arranged))
    except Unwritable as error:
        # What a command writes while it runs, or its help.
        return _unshown(Result(command=_command(arranged)), error)
    except Exception as error:  # noqa: BLE001 - the CLI's edge: no traceback reaches a user without -vv
        if loud:
            _print_trace()
        hint = "" if loud else "Run it again with -vv for the traceback, and please report it."
        problem = AgentopsError(f"unexpected {type(error).__name__}: {error}", hint=hint, code="internal")
        result = failure(problem, _command(arranged))
    return _render(result, output)


def _call(words: Sequence[str], simulated: SimulatedTime | None) -> Result:
    import typer.exceptions

    tree = build()
    if {"--help", "-h"} & set(words):
        # Here and not in the tree: it would cost every command some milliseconds at its start.
        fold_pages(tree)
    try:
        value = tree(list(words), standalone_mode=False, prog_name="agentops", obj=simulated)
    except typer.exceptions.TyperException as error:
        raise _usage(error.format_message(), words) from error
    if isinstance(value, Result):
        return value
    if value == ExitCode.INTERRUPTED:
        # typer turns Ctrl-C into a number; it is to be told like any other end.
        raise KeyboardInterrupt
    # ``--help`` of a command was printed by typer itself.
    return Result(command="", exit_code=ExitCode(value) if isinstance(value, int) else ExitCode.DONE)


def _usage(message: str, words: Sequence[str]) -> UsageError:
    """Return typer's complaint as ours, pointing at the help of the command or the group that was meant."""
    command = f"agentops {_command(words)}".strip()
    if message.startswith("Usage:"):
        return UsageError("a command is missing", hint=f"See: {command} --help")
    option = message.removeprefix("No such option: ").partition(" ")[0]
    if option in _PLACE_OPTIONS:
        hint = f"It has no effect there: leave it out. See: {command} --help"
        return UsageError(f"{command} takes no {option}", hint=hint)
    if option == "--no-model" and words[0] in _WITH_WORDS:
        what = "a question" if words[0] == "ask" else "a request in words"
        return UsageError(f"{command} takes no --no-model: {what} needs a model", hint=NO_MODEL_HINT)
    if extra := _TOO_MANY.fullmatch(message):
        said = f"{command} takes no further argument: {one_line(extra[1], 80)}"
        return UsageError(said, hint=f"See: {command} --help")
    for theirs, plain in _PLAIN_WORDS:
        message = message.replace(theirs, plain)
    if not message.startswith("No such command"):
        return UsageError(message, hint=f"See: {command} --help")
    group = words[0] if words[0] in GROUPS else ""
    elsewhere = () if group else _groups_with(words[0])
    if elsewhere:
        name = one_line(words[0], 40)
        hint = "\n".join(f"See: agentops {other} {name} --help" for other in elsewhere)
        return UsageError(f"No such command {name!r}; there is one in {', '.join(elsewhere)}", hint=hint)
    return UsageError(message, hint=f"See: {f'agentops {group}'.strip()} --help")


def _groups_with(name: str) -> tuple[str, ...]:
    """Return the groups that have a command of this name: what belongs to one is often typed without it."""
    from typer.main import get_command

    groups = getattr(get_command(build()), "commands", {})
    return tuple(group for group in GROUPS if name in groups[group].commands)


def failure(error: AgentopsError, command: str) -> Result:
    """Return the result of a command that ended with ``error``."""
    status = {ExitCode.INTERRUPTED: "interrupted", ExitCode.USAGE: "usage", ExitCode.REFUSED: "refused"}
    return Result(
        command=command,
        status="broken" if isinstance(error, AuditError) else status.get(error.exit_code, "error"),
        exit_code=error.exit_code,
        document={"errors": [error_document(error)]},
        report=(Heading(f"Error: {error.message}", Tone.BAD), *error_blocks(error)),
    )


def _render(result: Result, output: str) -> int:
    from agentops.cli.render import show

    failed = "errors" in result.document and not set(result.document) - {"errors"}
    to_stderr = failed and output != "json"
    stream = sys.stderr if to_stderr else sys.stdout
    try:
        if result.command or failed:
            show(result, "text" if to_stderr else output, stream)
        else:
            # Its text was written already.
            stream.flush()
    except BrokenPipeError:
        # The reader has what it wanted. Point stdout elsewhere, or the interpreter complains when it closes it.
        abandon(stream)
    except Unwritable as error:
        return _unshown(result, error)
    return int(result.exit_code)


def _unshown(result: Result, error: Unwritable) -> int:
    """Say so, and return the exit code of a result that nobody could read: what was changed is changed all the same."""
    sys.stderr.write(f"Error: the result cannot be written: {error.strerror}\n")
    if result.command in _CHANGING:
        return int(result.exit_code)
    return int(result.exit_code or ExitCode.ERROR)


def _wanted_output(words: Sequence[str]) -> str:
    """Return the form that was asked for, read before parsing so that usage errors come in it too."""
    wanted = "text"
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word in ("--output", "-o"):
            wanted = following
        elif word.startswith("--output="):
            wanted = word.partition("=")[2]
    return wanted if wanted in ("json", "markdown") else "text"


def _command(words: Sequence[str]) -> str:
    """Return the command's words; global options stand behind it by now."""
    if not words or words[0].startswith("-"):
        return ""
    if words[0] in GROUPS and len(words) > 1 and not words[1].startswith("-"):
        return f"{words[0]} {words[1]}"
    return words[0]


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Treat SIGTERM as Ctrl-C: save, say how to go on, exit 130."""
    raise KeyboardInterrupt


def _print_trace() -> None:
    import traceback

    from agentops.core.text import visible

    sys.stderr.write(visible(traceback.format_exc()))

"""``agentops policy``: what may be changed: make a file of your own, look at it, check it, test it, ask it why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentops.cli.commands import policy_explain
from agentops.cli.options import Common, with_common
from agentops.cli.report import Code, Heading, Paragraph, Tone
from agentops.cli.result import Result, error_document
from agentops.core.errors import ConfigError, ExitCode, UsageError
from agentops.core.text import one_line, plural

if TYPE_CHECKING:
    from agentops.policy import CedarPolicy

_BASE, _ORGANISATION, _PROJECT = "base", "organisation", "project"
INIT_EPILOG = """\b
Examples:
  agentops policy init            writes policy.cedar and policy-tests.yaml to your config folder
  agentops policy init --force    replaces them with the shipped files; the old ones are kept as .old
"""
SHOW_EPILOG = """\b
Examples:
  agentops policy show
  agentops policy show -v          with the reasons in full
  agentops policy show --source    every layer's text
  agentops policy show --schema    what policies can refer to, as a Cedar schema
  agentops policy show --facts     the facts of a request, in words
"""
VALIDATE_EPILOG = """\b
Examples:
  agentops policy validate                          the policy in force here
  agentops policy validate policy.cedar             a file, before you install it
  agentops policy validate --as project .agentops/policy.cedar

\b
Exit codes: 0 valid, 1 invalid: every change would be refused.
"""
TEST_EPILOG = """\b
Examples:
  agentops policy test                              policy-tests.yaml of your config folder, or the shipped ones
  agentops policy test tests/*.yaml --output json

\b
Exit codes: 0 all cases passed, 1 a case failed, 2 a table or the policy cannot be read.
"""


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(
        name="policy", help="Show, check and test the policy that decides on changes.", no_args_is_help=True
    )
    group.command("init", help="Copy the shipped policy to your config folder, to edit.", epilog=INIT_EPILOG)(
        with_common(init)
    )
    group.command("show", help="Show the policy that is in force: layers, rules, limits.", epilog=SHOW_EPILOG)(
        with_common(show)
    )
    group.command("validate", help="Check that the policy can be loaded.", epilog=VALIDATE_EPILOG)(
        with_common(validate)
    )
    group.command("test", help="Run tables of expected decisions against the policy.", epilog=TEST_EPILOG)(
        with_common(run_tests)
    )
    policy_explain.register(group)
    app.add_typer(group)


def init(
    options: Common,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files; they are kept as .old.")] = False,
) -> Result:
    """Write the shipped default and its tests where the user's own policy stands."""
    from agentops.app.policy_files import write_own_policy
    from agentops.config import folders, process_environ

    paths = [str(path) for path in write_own_policy(folders(process_environ()), force=force)]
    steps = "agentops policy validate\nagentops policy test"
    return Result(
        command="policy init",
        document={"files": paths},
        report=(
            Heading("Your policy is in force from now on", Tone.GOOD),
            Paragraph(f"{paths[0]} is read in place of the shipped default; {paths[1]} tests it."),
            Code(steps),
        ),
    )


def show(
    options: Common,
    source: Annotated[bool, typer.Option("--source", help="Print the text of every layer.")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the Cedar schema.")] = False,
    facts: Annotated[bool, typer.Option("--facts", help="The facts that policies can refer to.")] = False,
) -> Result:
    """Show what is in force."""
    from agentops.app.policy_loading import policy_sources
    from agentops.cli.views import policy as view

    if source + schema + facts > 1:
        raise UsageError("--source, --schema and --facts exclude each other", hint="Choose one.")
    if facts:
        return Result(command="policy show", document={"facts": view.facts_document()}, report=view.facts_page())
    policy = policy_sources(options.settings()).policy()
    if schema:
        text = policy.schema_text()
        return Result(command="policy show", document={"cedar_schema": text}, report=(Code(text, "cedar"),))
    page = view.source_page(policy) if source else view.policy_page(policy, whole=bool(options.verbose))
    return Result(command="policy show", document={"policy": view.policy_document(policy)}, report=page)


def validate(
    options: Common,
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE]...", help="Policy files to check; default: the policy in force.", show_default=False
        ),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="KIND",
            help="What the files are: base, organisation or project (default: what a file in force is, else base).",
            show_default=False,
        ),
    ] = None,
) -> Result:
    """Load the policy and say whether it can be."""
    from agentops.app.policy_files import validate_policy
    from agentops.cli.views import policy as view
    from agentops.cli.views.source import error_blocks

    if kind is not None and not files:
        raise UsageError("--as needs a FILE", hint="agentops policy validate --as project FILE")
    if kind not in (None, _BASE, _ORGANISATION, _PROJECT):
        raise UsageError(f"--as {one_line(kind, 40)} is not base, organisation or project")
    try:
        policy = validate_policy(options.settings(), files or (), kind)
    except ConfigError as error:
        told = (Heading(f"Invalid: {error.message}", Tone.BAD), *error_blocks(error))
        document = {"errors": [error_document(error)], "valid": False}
        return Result(
            command="policy validate", status="invalid", exit_code=ExitCode.ERROR, document=document, report=told
        )
    what = ", ".join(map(str, files or ())) or "the policy in force here"
    empty = [one for one in (files or ())[-1:] if not _holds_any(policy, one)]
    heading = Heading(f"Valid: {what}, {plural(len(policy.loaded.rules), 'policy', 'policies')} in all", Tone.GOOD)
    return Result(
        command="policy validate",
        status="valid",
        document={"valid": True, "policy": view.policy_document(policy)},
        report=(heading, *(Paragraph(_empty_words(policy, one), Tone.WARN) for one in empty)),
    )


def _holds_any(policy: CedarPolicy, path: Path) -> bool:
    from agentops.app.policy_files import is_origin

    return any(is_origin(rule.layer, path) for rule in policy.loaded.rules.values())


def _empty_words(policy: CedarPolicy, path: Path) -> str:
    """Return what it means that a file holds no policy; where it is the base, nothing is permitted any more."""
    from agentops.app.policy_files import is_origin

    is_base = any(layer.kind.value == _BASE and is_origin(layer, path) for layer in policy.loaded.layers)
    return f"Warning: {path} holds no policy.{' Without a permit everything is refused.' if is_base else ''}"


def run_tests(
    options: Common,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="Test tables, YAML or JSON.", show_default=False)
    ] = None,
) -> Result:
    """Run the tables."""
    from agentops.app.policy_files import run_policy_tests
    from agentops.cli.views import policy as view

    done = run_policy_tests(options.settings(), files or ())
    return Result(
        command="policy test",
        status="failed" if done.failed else "passed",
        exit_code=ExitCode.ERROR if done.failed else ExitCode.DONE,
        document={"tests": view.tests_document(done.results), "policy_digest": done.policy_digest},
        report=view.tests_page(done.results),
    )

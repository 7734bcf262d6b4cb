"""The options that several commands share, declared once.

A command is written as a function whose first parameter is ``options: Common``; ``with_common`` gives typer a signature
in which those options stand one by one. How agentops talks (``--output``, ``--no-input``, ``--verbose``) can be said to
every command. Where it looks (``PLACE``) only to those that look somewhere: an option acts, or is not there.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from agentops.cli.result import Result
from agentops.core.clock import SimulatedTime
from agentops.core.errors import UsageError
from agentops.core.text import one_line

if TYPE_CHECKING:
    from agentops.config import Settings
    from agentops.core.own_files import NotOwn


class Output(StrEnum):
    """The forms a result can take; ``sarif`` and ``junit`` only that of a scan."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    SARIF = "sarif"
    JUNIT = "junit"


class _Page(StrEnum):
    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What the user said with the shared options; those that the command does not take keep their defaults.

    ``simulated`` is not the user's: whoever calls the command line in a simulated cluster's own process hands it in.
    """

    context: str | None = None
    namespace: str | None = None
    kubeconfig: Path | None = None
    aws_profile: str | None = None
    aws_region: str | None = None
    output: Output = Output.TEXT
    sandbox: str | None = None
    no_input: bool = False
    verbose: int = 0
    simulated: SimulatedTime | None = None

    def flags(self) -> dict[str, Any]:
        """Return what goes into the settings."""
        return {name: getattr(self, name) for name in PLACE if name != "sandbox"}

    def named_places(self) -> list[str]:
        """Return the options that name a real place, other than a context, which a sandbox has as well."""
        return [f"--{name.replace('_', '-')}" for name in _REAL if getattr(self, name) is not None]

    def where_begun(self, incident: str) -> Common:
        """Return the options with the sandbox and the context that an incident was begun in, where no place was named.

        A context alone is one of that sandbox: an incident of a simulated cluster is never looked for in a real one.

        Raises:
            UsageError: there is no such incident, or several begin or end so.
        """
        from agentops.app.history import sandbox_of

        if self.sandbox is not None or self.named_places():
            return self
        scenario, context = sandbox_of(self.settings(), incident)
        return replace(self, sandbox=scenario, context=self.context or context) if scenario else self

    def require_one_namespace(self, argument: str | None) -> None:
        """Raise where ``--namespace`` and the resource that an argument names are of two namespaces.

        Raises:
            UsageError: they are, and a sweep of the one would not see the other; or the config file allows neither.
        """
        if argument is None:
            return
        from agentops.alerts.source import named_namespace
        from agentops.app.connecting import allowed_namespaces
        from agentops.app.providers import target_schemes

        named = named_namespace(argument, target_schemes())
        if named and self.namespace is None and self.sandbox is None:
            allowed_namespaces(replace(self.settings(), namespace=named))
        if named and self.namespace is not None and named != self.namespace:
            raise UsageError(
                f"--namespace {one_line(self.namespace, 63)} and {one_line(argument, 120)} name two namespaces",
                hint="Leave out --namespace: the object says where it is.",
            )

    def settings(self, **more: Any) -> Settings:
        """Return the settings in force, with what further options of a command say.

        Raises:
            ConfigError: a setting is unknown, mistyped or contradictory.
        """
        from agentops.config import load, process_environ

        return load(self.flags() | more, process_environ())

    def settings_to_show(self) -> tuple[Settings, list[NotOwn]]:
        """Return the settings without the files that others may have written, and why each is left out.

        For showing alone: every run refuses such files.

        Raises:
            ConfigError: as ``settings``.
        """
        from agentops.config import load, process_environ

        untrusted: list[NotOwn] = []
        return load(self.flags(), process_environ(), untrusted=untrusted), untrusted


def limit_option(what: str, least: int = 1) -> Any:
    """Return the option ``--limit``; ``what`` is its help."""
    return typer.Option("--limit", "-l", min=least, help=what)


PLACE = ("context", "namespace", "kubeconfig", "aws_profile", "aws_region", "sandbox")
"""The options that lead to a cluster or an account."""
_REAL = ("kubeconfig", "aws_profile", "aws_region")

_GROUP = "Global options"
_TALK = ("output", "no_input", "verbose")
_CONTEXT = "typer_context"


def _option(*names: str, **keywords: Any) -> Any:
    return typer.Option(*names, rich_help_panel=_GROUP, show_default=False, **keywords)


_PARAMETERS: Mapping[str, tuple[Any, Any]] = {
    "context": (str | None, _option("--context", metavar="NAME", help="kubeconfig context; pinned for the whole run.")),
    "namespace": (str | None, _option("--namespace", "-n", metavar="NAME", help="Namespace to look at.")),
    "kubeconfig": (
        Path | None,
        _option("--kubeconfig", metavar="FILE", help="kubeconfig file (default: $KUBECONFIG)."),
    ),
    "aws_profile": (
        str | None,
        _option("--aws-profile", metavar="NAME", help="Profile of AWS; its account is pinned for the whole run."),
    ),
    "aws_region": (str | None, _option("--aws-region", metavar="REGION", help="Region of AWS to look at.")),
    "output": (_Page, _option("--output", "-o", help="Output format; json prints one document on stdout.")),
    "sandbox": (
        str | None,
        _option(
            "--sandbox",
            metavar="[=SCENARIO]",
            help="Use the embedded cluster; agentops sandbox list names the scenarios.",
        ),
    ),
    "no_input": (bool, _option("--no-input", help="Never prompt; the default without a terminal.")),
    "verbose": (int, _option("--verbose", "-v", count=True, help="Print more detail; -vv also prints tracebacks.")),
}


def with_common(
    command: Callable[..., Result], place: Collection[str] = (), *, reports: bool = False
) -> Callable[..., Result]:
    """Return ``command`` with its ``options`` parameter replaced by one parameter per shared option that it takes.

    Arguments:
        place: those of ``PLACE`` that the command acts on.
        reports: its result can also be had in the forms that other programs collect.
    """
    taken = {name: said for name, said in _PARAMETERS.items() if name in place or name in _TALK}
    if reports:
        taken["output"] = (Output, taken["output"][1])
    own = inspect.signature(command)
    hints = get_type_hints(command, include_extras=True)
    defaults = Common()
    parameters = [
        parameter.replace(annotation=hints[name]) for name, parameter in own.parameters.items() if name != "options"
    ]
    parameters.append(inspect.Parameter(_CONTEXT, inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context))
    for name, (kind, option) in taken.items():
        parameters.append(
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=kind(defaults.output.value) if name == "output" else getattr(defaults, name),
                annotation=Annotated[kind, option],
            )
        )

    @functools.wraps(command)
    def wrapped(*args: Any, **keywords: Any) -> Result:
        simulated = keywords.pop(_CONTEXT).obj
        keywords["output"] = Output(keywords["output"].value)
        common = Common(**{name: keywords.pop(name) for name in taken}, simulated=simulated)
        return command(common, *args, **keywords)

    wrapped.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters]
    )
    wrapped.__annotations__ = {p.name: p.annotation for p in parameters}
    del wrapped.__wrapped__
    return wrapped

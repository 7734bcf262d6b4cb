"""The options of the commands that use a model, and of those that make a plan: declared once, taken by several."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from agentops.core.errors import UsageError

ModelId = Annotated[
    str | None, typer.Option("--model", metavar="ID", help="Model id, or scripted:FILE.", show_default=False)
]
MaxSteps = Annotated[int | None, typer.Option(help="Maximum number of model turns.", show_default=False)]
MaxTokens = Annotated[int | None, typer.Option(help="Maximum number of tokens, input and output.", show_default=False)]
MaxUsd = Annotated[float | None, typer.Option(help="Maximum cost in US dollars.", show_default=False)]
MaxSeconds = Annotated[float | None, typer.Option(help="Maximum run time in seconds.", show_default=False)]

PlanOut = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Save the plan to this file.", show_default=False)
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Stop at the plan; change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not prompt where policy requires no approval.")]
Wait = Annotated[
    str | None,
    typer.Option(
        "--wait", metavar="TIME", help="Wait up to TIME for another run to end its change.", show_default=False
    ),
]
SideBySide = Annotated[bool, typer.Option("--side-by-side", help="Show diffs in two columns.")]
PlanDetails = Annotated[bool, typer.Option("--details", help="Show the whole plan and all that came of it.")]
DryRunExitCode = Annotated[
    bool, typer.Option("--exit-code", help="With --dry-run: exit 3 if the plan would change something.")
]


def limit_flags(
    model: str | None,
    max_steps: int | None,
    max_tokens: int | None,
    max_usd: float | None,
    max_seconds: float | None,
) -> dict[str, Any]:
    """Return what these options say as settings."""
    return {
        "model": model,
        "max_steps": max_steps,
        "max_tokens": max_tokens,
        "max_usd": max_usd,
        "max_seconds": max_seconds,
    }


def check_model_options(model: str | None, *, no_model: bool) -> None:
    """Raise where a model is both chosen and ruled out."""
    if no_model and model is not None:
        raise UsageError("--no-model and --model contradict each other", hint="Leave out one of them.")


def check_exit_code(*, dry_run: bool, exit_code: bool) -> None:
    """Raise where an exit code of a dry run is asked for and none is made."""
    if exit_code and not dry_run:
        raise UsageError(
            "--exit-code needs --dry-run", hint="A run that may change something says how it ended by its exit code."
        )


def check_dry_run(*, dry_run: bool, yes: bool) -> None:
    """Raise where nothing may be changed and what is asked is agreed to beforehand."""
    if dry_run and yes:
        raise UsageError(
            "--yes and --dry-run contradict each other",
            hint="A dry run changes nothing and asks nobody: leave out one of them.",
        )

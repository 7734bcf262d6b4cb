"""Which places a run looks at: those of its settings, or the sandbox's own; and the options that lead back to them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentops.config import SECTIONS, Settings
from agentops.core.clock import utc_now
from agentops.core.commands import options_line, quoted
from agentops.core.errors import UsageError
from agentops.core.provider import ONLY, ProviderContext
from agentops.core.text import one_line

if TYPE_CHECKING:
    from agentops.app.sandboxes import AnySandbox

MONITORING = SECTIONS["monitoring"]
"""The settings that say where Prometheus and Alertmanager are."""
OF_SCOPE = "client"
"""Who says the namespaces of a run that is one program's: they hold in a sandbox as well."""
_LIMITS = ("disabled_tools", "cluster_lease", "read_only", "allow_cluster_admin")
_LIVE = (*MONITORING, *SECTIONS["aws"], "change_context", "change_account")
_CLUSTER_ONLY = ("kubernetes",)


def provider_options(settings: Settings, sandbox: AnySandbox | None, dump: Path | None = None) -> Mapping[str, Any]:
    """Return the settings that name a place, for the providers to read; in a sandbox, those that lead into it.

    Arguments:
        dump: what was saved of a place, to be looked at instead of it.
    """
    options: dict[str, Any] = {
        "kubeconfig": settings.kubeconfig,
        "context": settings.context,
        "namespace": settings.namespace,
    }
    options |= {name: getattr(settings, name) for name in _LIMITS}
    options |= {"rules": _rule_files(settings), "analyzers": settings.analyzers}
    options |= {"namespaces": allowed_namespaces(settings), "cluster_kinds": settings.cluster_kinds}
    options |= {"max_read_mib": settings.max_read_mib, "max_memory_mib": settings.max_memory_mib}
    if dump is not None:
        # Whatever is live knows nothing of a dump, which is of another time, nor of a sandbox.
        return options | {"dump": dump, ONLY: _CLUSTER_ONLY}
    if sandbox is None:
        return options | {name: getattr(settings, name) for name in _LIVE}
    inside = sandbox.place_options
    chosen = settings.context if settings.provenance.get("context") == "flag" else None
    if settings.namespace and settings.provenance.get("namespace") == "flag" and "context" not in inside:
        raise UsageError(
            f"there are no namespaces in the sandbox {one_line(sandbox.scenario.name, 60)}",
            hint="Leave out --namespace: it is an account of AWS, and all of its alarms are read.",
        )
    # The namespaces and kinds that a file allows are those of real clusters.
    options["namespaces"] = allowed_namespaces(settings, of_file=False)
    return options | inside | ({"context": chosen} if chosen and "context" in inside else {})


def allowed_namespaces(settings: Settings, *, of_file: bool = True) -> tuple[str, ...]:
    """Return the namespaces that no request may leave; empty where there is no such boundary.

    Arguments:
        of_file: those of the config file count, too, not only ``--namespace`` and those of a program's scope.

    Raises:
        UsageError: the namespace that is looked at is none of those that the file allows.
    """
    of_scope = settings.provenance.get("namespaces") == OF_SCOPE
    allowed = settings.namespaces if of_file or of_scope else ()
    chosen = settings.namespace
    if chosen and allowed and chosen not in allowed:
        raise UsageError(
            f"namespace {one_line(chosen, 63)} is outside the namespaces you allowed ({', '.join(allowed)})",
            hint="They stand in the config file, under kubernetes.namespaces.",
        )
    return (chosen,) if chosen and settings.provenance.get("namespace") == "flag" else allowed


def _rule_files(settings: Settings) -> tuple[Path, ...]:
    """Return the files of rules; a path in the config file is relative to its folder."""
    near = settings.folders.config if settings.provenance.get("rules", "").startswith("file ") else Path()
    return tuple(near / Path(name).expanduser() for name in settings.rules)


def provider_context(settings: Settings) -> ProviderContext:
    """Return what providers are opened with outside a run: the settings, and nobody to tell anything."""
    return ProviderContext(
        options=provider_options(settings, None),
        cache=settings.folders.cache,
        clock=utc_now,
        learn=lambda _secret: None,
    )


def flags_again(settings: Settings, scenario: str | None) -> str:
    """Return the options that lead a later run to where the settings lead; in a sandbox, only what was typed counts."""
    where = {name: getattr(settings, name) for name in ("context", "namespace")}
    if scenario is not None:
        where = {name: value for name, value in where.items() if settings.provenance.get(name) == "flag"}
    aws = {
        name.replace("_", "-"): getattr(settings, name)
        for name in ("aws_profile", "aws_region")
        if settings.provenance.get(name) == "flag"
    }
    return flags_to(where.get("context"), where.get("namespace"), settings.kubeconfig, scenario, aws)


def flags_to(
    context: str | None,
    namespace: str | None,
    kubeconfig: Path | None,
    scenario: str | None,
    aws: Mapping[str, str | None],
) -> str:
    """Return the options that lead a later run to the same place, each with a space before it.

    Arguments:
        scenario: the sandbox's; None for a real place.
        aws: the options that name an account, by name.
    """
    if scenario is not None:
        chosen = options_line({"context": context, "namespace": namespace})
        return f" {quoted(f'--sandbox={scenario}')}{chosen}"
    return options_line({"context": context, "namespace": namespace, "kubeconfig": kubeconfig, **aws})

"""What a pod template says besides its references to ConfigMaps and Secrets: claims, ports, variables and their hosts.

Comes in: a pod spec. Goes out: names and values, with the path at which each stands. Whether it exists is not asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agentops.providers.kubernetes.objects.fields import containers_of, items, mapping, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """An environment variable with a literal value."""

    container: str
    name: str
    value: str
    path: str


def claim_names(spec: Any) -> list[str]:
    """Return the PersistentVolumeClaims that a pod spec mounts."""
    return [name for volume in items(spec, "volumes") if (name := text(volume, "persistentVolumeClaim", "claimName"))]


def has_claims(pod: Any) -> bool:
    """Return whether a pod keeps data on a PersistentVolumeClaim, a generic ephemeral volume included."""
    volumes = items(pod, "spec", "volumes")
    return any(mapping(volume, "persistentVolumeClaim") or mapping(volume, "ephemeral") for volume in volumes)


def has_empty_dir(pod: Any) -> bool:
    """Return whether a pod has a volume whose content goes with it."""
    return any("emptyDir" in volume for volume in items(pod, "spec", "volumes"))


def variables(spec: dict[str, Any]) -> Iterator[Variable]:
    """Yield the literal environment variables of a pod spec."""
    for listing, container in containers_of(spec):
        name = text(container, "name")
        for entry in items(container, "env"):
            value = text(entry, "value")
            if value:
                path = f"{listing}[{name}].env[{text(entry, 'name')}].value"
                yield Variable(container=name, name=text(entry, "name"), value=value, path=path)


_LABEL = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_HOST = re.compile(
    rf"(?:[a-zA-Z][a-zA-Z0-9+.-]*://)?(?:[^\s/@,]*@)?({_LABEL}(?:\.{_LABEL})*)(?::(\d{{1,5}}))?(?:[/?#,;\s]|$)"
)
_HOST_NAME = re.compile(r"(?i)(host|url|uri|addr|endpoint|server|service|dsn|upstream|backend|broker|bootstrap|target)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host that a value names; ``port`` is 0 when none is written."""

    name: str
    port: int


def hosts_in(name: str, value: str) -> list[Host]:
    """Return the hosts that an environment variable's value names.

    A bare word counts only when it carries a port or a scheme, or when the variable's name says that it is a host.
    """
    if len(value) > 2000 or value.startswith(("/", "{", "[")):
        return []
    by_name = _HOST_NAME.search(name) is not None
    found: list[Host] = []
    for piece in re.split(r"[,;\s]+", value.strip()):
        match = _HOST.match(piece + " ")
        if match is None or not (by_name or "://" in piece or match.group(2)):
            continue
        host, port = match.group(1), int(match.group(2) or 0)
        bare_port = "://" not in piece and not match.group(2)
        if host.replace(".", "").isdigit() or host in ("localhost", "true", "false", "none"):
            continue
        if bare_port and not re.fullmatch(rf"(?:{_LABEL})(?:\.{_LABEL})*", piece.split("/")[0]):
            continue
        found.append(Host(name=host, port=port if port < 65536 else 0))
    return found


def service_of_host(host: str, namespace: str) -> tuple[str, str] | None:
    """Return ``(namespace, service)`` that a host name means inside the cluster, or None for a host outside it.

    Source: Kubernetes DNS: ``svc``, ``svc.ns``, ``svc.ns.svc``, ``svc.ns.svc.cluster.local``; a StatefulSet's pod is
    ``pod.svc.ns.svc...``.
    """
    parts = host.rstrip(".").split(".")
    if parts[-2:] == ["cluster", "local"]:
        parts = parts[:-2]
    if "svc" in parts[1:]:
        parts = parts[: parts.index("svc", 1)]
        return (parts[-1], parts[-2]) if len(parts) >= 2 else None
    if len(parts) == 1:
        return namespace, parts[0]
    return (parts[1], parts[0]) if len(parts) == 2 else None

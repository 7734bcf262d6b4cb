"""The Pod Security Standards, baseline and restricted, in the words of the admission plugin.

Comes in: a pod's spec and a level. Goes out: what violates the level, as one sentence. Must never: let through what the
level forbids. Windows pods and AppArmor annotations are not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from agentops.sandbox.admission.conditions import holds
from agentops.sandbox.data import data
from agentops.sandbox.store import Key, Obj, ObjectStore
from agentops.sandbox.wire.causes import StatusCause, invalid
from agentops.sandbox.wire.cells import at

_LABEL = "pod-security.kubernetes.io/"
_LEVELS = ("privileged", "baseline", "restricted")


def level_of(store: ObjectStore, namespace: str, mode: str) -> str:
    """Return the level that a namespace has for ``enforce`` or ``warn``."""
    home = store.peek(Key("", "Namespace", "", namespace)) or {"metadata": {}}
    return str(at(home, "metadata", "labels", default={}).get(_LABEL + mode, "privileged"))


def label_problems(namespace: Obj) -> Iterator[StatusCause]:
    """Yield which of a namespace's levels are none."""
    for name, value in sorted(at(namespace, "metadata", "labels", default={}).items()):
        mode = name.removeprefix(_LABEL)
        if name.startswith(_LABEL) and not mode.endswith("-version") and value not in _LEVELS:
            yield invalid(f"metadata.labels[{name}]", value, f"must be one of {', '.join(_LEVELS)}")


def violations(spec: Obj, level: str) -> str:
    """Return what a pod's spec has that the level forbids; empty when it keeps to it."""
    if level == "privileged":
        return ""
    checks = [check for check in data("pod_security.yaml") if check.get("level") in (None, level)]
    found = ", ".join(problem for check in checks for problem in _found(check, spec))
    return f'PodSecurity "{level}:latest": {found}' if found else ""


def _found(check: Mapping[str, str], spec: Obj) -> Iterator[str]:
    if "code" in check:
        yield from _CODED[check["code"]](spec)
        return
    condition = check.get("each") or check["either"]
    names = _those(spec, lambda container: holds(container, condition))
    own = "either" in check and holds(spec, condition)
    if (names or own) and not ("unless" in check and holds(spec, check["unless"])):
        before = "pod or " if "unless" in check else ""
        who = " and ".join(filter(None, ["pod" if own else "", names]))
        yield f"{check['title']} ({before}{who} {check['say']})"


def _containers(spec: Obj) -> list[Obj]:
    return [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]


def _setting(holder: Obj, *path: str) -> Any:
    return at(holder, "securityContext", *path, default=None)


def _those(spec: Obj, test: Callable[[Obj], bool]) -> str:
    """Return the containers for which something holds, as messages name them; empty when it holds for none."""
    names = [f'"{one.get("name", "")}"' for one in _containers(spec) if test(one)]
    return f"container{'s' if len(names) > 1 else ''} {', '.join(names)}" if names else ""


def _added(container: Obj, allowed: Sequence[str]) -> list[str]:
    return [one for one in _setting(container, "capabilities", "add") or () if one not in allowed]


def _forbidden_capabilities(spec: Obj, allowed: Sequence[str]) -> str:
    names = _those(spec, lambda one: bool(_added(one, allowed)))
    listed = ", ".join(sorted({f'"{cap}"' for one in _containers(spec) for cap in _added(one, allowed)}))
    return f"{names} must not include {listed} in securityContext.capabilities.add" if names else ""


def _capabilities_baseline(spec: Obj) -> Iterator[str]:
    why = _forbidden_capabilities(spec, data("values.yaml")["capabilities"])
    if why:
        yield f"non-default capabilities ({why})"


def _capabilities_restricted(spec: Obj) -> Iterator[str]:
    names = _those(spec, lambda one: "ALL" not in (_setting(one, "capabilities", "drop") or ()))
    kept = f'{names} must set securityContext.capabilities.drop=["ALL"]' if names else ""
    why = [part for part in (kept, _forbidden_capabilities(spec, ["NET_BIND_SERVICE"])) if part]
    if why:
        yield f"unrestricted capabilities ({'; '.join(why)})"


def _host_namespaces(spec: Obj) -> Iterator[str]:
    used = [f"{field}=true" for field in ("hostNetwork", "hostPID", "hostIPC") if spec.get(field)]
    if used:
        yield f"host namespaces ({', '.join(used)})"


def _host_path(spec: Obj) -> Iterator[str]:
    names = [f'"{volume["name"]}"' for volume in spec.get("volumes") or () if volume.get("hostPath") is not None]
    if names:
        yield f"hostPath volumes (volume{'s' if len(names) > 1 else ''} {', '.join(names)})"


def _host_ports(spec: Obj) -> Iterator[str]:
    names = _those(spec, lambda one: any(port.get("hostPort") for port in one.get("ports") or ()))
    ports = sorted({p["hostPort"] for one in _containers(spec) for p in one.get("ports") or () if p.get("hostPort")})
    if names:
        uses = f"use{'' if names.startswith('containers') else 's'} hostPort{'s' if len(ports) > 1 else ''}"
        yield f"hostPort ({names} {uses} {', '.join(map(str, ports))})"


def _selinux(spec: Obj) -> Iterator[str]:
    setters = [("pod", spec), *((f'container "{one.get("name", "")}"', one) for one in _containers(spec))]
    for who, holder in setters:
        options = _setting(holder, "seLinuxOptions") or {}
        wrong = (
            [f'type "{options["type"]}"'] if options.get("type", "") not in data("values.yaml")["selinux-types"] else []
        )
        wrong += [f"{field} may not be set" for field in ("user", "role") if options.get(field)]
        if wrong:
            yield f"seLinuxOptions ({who} set forbidden securityContext.seLinuxOptions: {'; '.join(wrong)})"


def _sysctls(spec: Obj) -> Iterator[str]:
    names = [
        one["name"] for one in _setting(spec, "sysctls") or () if one.get("name") not in data("values.yaml")["sysctls"]
    ]
    if names:
        yield f"forbidden sysctls ({', '.join(names)})"


def _volume_types(spec: Obj) -> Iterator[str]:
    kinds = {one["name"]: next((kind for kind in one if kind != "name"), "") for one in spec.get("volumes") or ()}
    for name, kind in kinds.items():
        if kind not in data("values.yaml")["volumes"]:
            yield f'restricted volume types (volume "{name}" uses restricted volume type "{kind}")'


_CODED: dict[str, Callable[[Obj], Iterator[str]]] = {
    "default-capabilities": _capabilities_baseline,
    "capabilities": _capabilities_restricted,
    "host-namespaces": _host_namespaces,
    "host-paths": _host_path,
    "host-ports": _host_ports,
    "selinux": _selinux,
    "sysctls": _sysctls,
    "volume-types": _volume_types,
}

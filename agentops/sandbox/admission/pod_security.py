"""The Pod Security Standards, baseline and restricted, in the words of the admission plugin.

Comes in: a pod's spec and a level. Goes out: what violates the level, as one sentence. Must never: let through what the
level forbids. Windows pods and AppArmor annotations are not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from agentops.sandbox.admission.causes import Cause, invalid
from agentops.sandbox.store import Key, Obj, ObjectStore
from agentops.sandbox.wire.cells import at

_LABEL = "pod-security.kubernetes.io/"
_LEVELS = ("privileged", "baseline", "restricted")
_CAPABILITIES = {
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
}
_SYSCTLS = {
    "kernel.shm_rmid_forced",
    *(f"net.ipv4.{name}" for name in ("ip_local_port_range", "ip_local_reserved_ports", "ip_unprivileged_port_start")),
    *(f"net.ipv4.tcp_{name}" for name in ("syncookies", "keepalive_time", "fin_timeout", "keepalive_intvl")),
    *("net.ipv4.tcp_keepalive_probes", "net.ipv4.ping_group_range", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"),
}
_SELINUX_TYPES = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
_ALLOWED_PROFILES = ("RuntimeDefault", "Localhost")


def level_of(store: ObjectStore, namespace: str, mode: str) -> str:
    """Return the level that a namespace has for ``enforce`` or ``warn``."""
    home = store.peek(Key("", "Namespace", "", namespace)) or {"metadata": {}}
    return str(at(home, "metadata", "labels", default={}).get(_LABEL + mode, "privileged"))


def label_problems(namespace: Obj) -> Iterator[Cause]:
    """Yield which of a namespace's levels are none."""
    for name, value in sorted(at(namespace, "metadata", "labels", default={}).items()):
        mode = name.removeprefix(_LABEL)
        if name.startswith(_LABEL) and not mode.endswith("-version") and value not in _LEVELS:
            yield invalid(f"metadata.labels[{name}]", value, f"must be one of {', '.join(_LEVELS)}")


def violations(spec: Obj, level: str) -> str:
    """Return what a pod's spec has that the level forbids; empty when it keeps to it."""
    if level == "privileged":
        return ""
    checks = [one for one, wanted in _CHECKS if wanted in ("", level)]
    found = ", ".join(problem for check in checks for problem in check(spec))
    return f'PodSecurity "{level}:latest": {found}' if found else ""


def _containers(spec: Obj) -> list[Obj]:
    return [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]


def _context(holder: Obj) -> Obj:
    found: Obj = holder.get("securityContext") or {}
    return found


def _named(names: Sequence[str]) -> str:
    listed = ", ".join(f'"{name}"' for name in names)
    return f"container{'s' if len(names) > 1 else ''} {listed}"


def _those(spec: Obj, test: Callable[[Obj], bool]) -> list[str]:
    return [str(container.get("name", "")) for container in _containers(spec) if test(container)]


def _added(container: Obj, allowed: set[str]) -> list[str]:
    return [one for one in at(_context(container), "capabilities", "add", default=()) if one not in allowed]


def _forbidden_capabilities(spec: Obj, allowed: set[str]) -> str:
    names = _those(spec, lambda one: bool(_added(one, allowed)))
    listed = ", ".join(sorted({f'"{cap}"' for one in _containers(spec) for cap in _added(one, allowed)}))
    return f"{_named(names)} must not include {listed} in securityContext.capabilities.add" if names else ""


def _capabilities_baseline(spec: Obj) -> Iterator[str]:
    why = _forbidden_capabilities(spec, _CAPABILITIES)
    if why:
        yield f"non-default capabilities ({why})"


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
        uses = f"{'uses' if len(names) == 1 else 'use'} hostPort{'s' if len(ports) > 1 else ''}"
        yield f"hostPort ({_named(names)} {uses} {', '.join(map(str, ports))})"


def _privileged(spec: Obj) -> Iterator[str]:
    names = _those(spec, lambda one: bool(_context(one).get("privileged")))
    if names:
        yield f"privileged ({_named(names)} must not set securityContext.privileged=true)"


def _proc_mount(spec: Obj) -> Iterator[str]:
    names = _those(spec, lambda one: _context(one).get("procMount") not in (None, "Default"))
    if names:
        yield f'procMount ({_named(names)} must not set securityContext.procMount to "Unmasked")'


def _selinux(spec: Obj) -> Iterator[str]:
    setters = [("pod", spec), *((_named([one.get("name", "")]), one) for one in _containers(spec))]
    for who, holder in setters:
        options = _context(holder).get("seLinuxOptions") or {}
        wrong = [f'type "{options["type"]}"'] if options.get("type", "") not in _SELINUX_TYPES else []
        wrong += [f"{field} may not be set" for field in ("user", "role") if options.get(field)]
        if wrong:
            yield f"seLinuxOptions ({who} set forbidden securityContext.seLinuxOptions: {'; '.join(wrong)})"


def _profile(holder: Obj) -> str:
    return str(at(_context(holder), "seccompProfile", "type", default=""))


def _seccomp_baseline(spec: Obj) -> Iterator[str]:
    names = _those(spec, lambda one: _profile(one) == "Unconfined")
    setters = [*(["pod"] if _profile(spec) == "Unconfined" else []), *([_named(names)] if names else [])]
    if setters:
        where = 'must not set securityContext.seccompProfile.type to "Unconfined"'
        yield f"seccompProfile ({' and '.join(setters)} {where})"


def _seccomp_restricted(spec: Obj) -> Iterator[str]:
    if list(_seccomp_baseline(spec)):
        yield from _seccomp_baseline(spec)
        return
    names = _those(spec, lambda one: not _profile(one))
    if _profile(spec) not in _ALLOWED_PROFILES and names:
        where = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
        yield f"seccompProfile (pod or {_named(names)} {where})"


def _sysctls(spec: Obj) -> Iterator[str]:
    names = [one["name"] for one in _context(spec).get("sysctls") or () if one.get("name") not in _SYSCTLS]
    if names:
        yield f"forbidden sysctls ({', '.join(names)})"


def _escalation(spec: Obj) -> Iterator[str]:
    names = _those(spec, lambda one: _context(one).get("allowPrivilegeEscalation") is not False)
    if names:
        setting = "must set securityContext.allowPrivilegeEscalation=false"
        yield f"allowPrivilegeEscalation != false ({_named(names)} {setting})"


def _capabilities_restricted(spec: Obj) -> Iterator[str]:
    names = _those(spec, lambda one: "ALL" not in at(_context(one), "capabilities", "drop", default=()))
    kept = f'{_named(names)} must set securityContext.capabilities.drop=["ALL"]' if names else ""
    why = [part for part in (kept, _forbidden_capabilities(spec, {"NET_BIND_SERVICE"})) if part]
    if why:
        yield f"unrestricted capabilities ({'; '.join(why)})"


def _volume_types(spec: Obj) -> Iterator[str]:
    kinds = {one["name"]: next((kind for kind in one if kind != "name"), "") for one in spec.get("volumes") or ()}
    for name, kind in kinds.items():
        if kind not in _VOLUMES:
            yield f'restricted volume types (volume "{name}" uses restricted volume type "{kind}")'


def _non_root(spec: Obj) -> Iterator[str]:
    refusing = _those(spec, lambda one: _context(one).get("runAsNonRoot") is False)
    silent = _those(spec, lambda one: _context(one).get("runAsNonRoot") is None)
    if refusing:
        yield f"runAsNonRoot != true ({_named(refusing)} must not set securityContext.runAsNonRoot=false)"
    elif silent and not _context(spec).get("runAsNonRoot"):
        yield f"runAsNonRoot != true (pod or {_named(silent)} must set securityContext.runAsNonRoot=true)"


def _root(spec: Obj) -> Iterator[str]:
    names = _those(spec, lambda one: _context(one).get("runAsUser") == 0)
    setters = [*(["pod"] if _context(spec).get("runAsUser") == 0 else []), *([_named(names)] if names else [])]
    if setters:
        yield f"runAsUser=0 ({' and '.join(setters)} must not set runAsUser=0)"


# In the plugin's order; the second part names the only level at which a check is made, empty for both.
_CHECKS: tuple[tuple[Callable[[Obj], Iterator[str]], str], ...] = (
    (_capabilities_baseline, "baseline"),
    (_host_namespaces, ""),
    (_host_path, "baseline"),
    (_host_ports, ""),
    (_privileged, ""),
    (_proc_mount, ""),
    (_selinux, ""),
    (_seccomp_baseline, "baseline"),
    (_sysctls, ""),
    (_escalation, "restricted"),
    (_capabilities_restricted, "restricted"),
    (_volume_types, "restricted"),
    (_non_root, "restricted"),
    (_root, "restricted"),
    (_seccomp_restricted, "restricted"),
)

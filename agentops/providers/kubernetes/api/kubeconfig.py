"""Where the cluster is and who we are there: kubeconfig, else the pod's own service account.

Comes in: the choice of file and context. Goes out: a configured ``kubernetes`` ApiClient and what it is pinned to:
context, namespace, server. The file is never written (a refreshed token stays in memory), the package's default is
never read nor set, and every mistake in the file is one line that says what to do.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from agentops.core.errors import NO_CLUSTER, ClusterError, UsageError
from agentops.core.foreign_files import read_foreign_text
from agentops.core.foreign_yaml import YamlError, read_yaml
from agentops.core.place_identity import PlaceIdentity
from agentops.core.text import one_line
from agentops.core.whole_deadline import WholeDeadline
from agentops.providers.kubernetes.api.identity import pinned_identity
from agentops.providers.kubernetes.api.kubeconfig_names import MOST_BYTES
from agentops.providers.kubernetes.api.transport import captured_errors

IN_CLUSTER = "in-cluster"
_NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_POOL_SIZE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterConnection:
    """A client that is ready to send, and what it is pinned to."""

    api: Any
    context: str
    namespace: str
    server: str
    identity: PlaceIdentity

    @property
    def secrets(self) -> tuple[str, ...]:
        """The credentials that the client sends in a header: tokens with and without their scheme, passwords."""
        configuration = self.api.configuration
        values = [*(configuration.api_key or {}).values(), configuration.password]
        texts = [str(value) for value in values if value]
        return tuple(dict.fromkeys([*texts, *(text.rpartition(" ")[2] for text in texts)]))


def open_connection(
    *,
    kubeconfig: Path | None,
    context: str | None,
    namespace: str | None,
    learn: Callable[[str], None] | None = None,
) -> ClusterConnection:
    """Load the credentials of one context.

    Arguments:
        kubeconfig: the file; None means ``$KUBECONFIG``, then ``~/.kube/config``, then the pod's service account.
        context: the context's name; None means the file's current one.
        namespace: overrides the context's namespace.
        learn: told each credential that the connection will send (token, password).

    Raises:
        UsageError: the file is missing or malformed, or the context is not in it.
        ClusterError: no cluster is configured, or the credential plugin failed.
    """
    opened = _opened(_files(kubeconfig), context, namespace)
    if learn is not None:
        for secret in opened.secrets:
            learn(secret)
    return opened


def identity_of(kubeconfig: Path | None, context: str | None) -> PlaceIdentity:
    """Return what proves the cluster of a context; no credential is loaded, no plugin is run and nothing is sent.

    Raises:
        UsageError, ClusterError: as ``open_connection``.
    """
    files = _files(kubeconfig)
    if files:
        return _from_files(files, context, None, is_anonymous=True).identity
    return _opened("", context, None).identity


def _opened(files: str, context: str | None, namespace: str | None) -> ClusterConnection:
    if files:
        return _from_files(files, context, namespace)
    if context:
        raise UsageError(
            f"there is no kubeconfig to find the context {one_line(context, 80)!r} in",
            hint="Name the file with --kubeconfig or KUBECONFIG.",
        )
    return _in_cluster(namespace)


_SANDBOX_ENDED = "the sandbox of this kubeconfig has ended"


def _of_sandbox(listed: str) -> bool:
    """Return whether a kubeconfig that is not there is one that a sandbox wrote for as long as it was served."""
    return Path(listed).parent.name.startswith("agentops-sandbox-")


def _files(kubeconfig: Path | None) -> str:
    """Return the file list in KUBECONFIG's own form, existing files only; empty when there is none."""
    if kubeconfig is not None:
        path = kubeconfig.expanduser()
        if not path.is_file():
            if _of_sandbox(str(path)):
                hint = "Leave out --kubeconfig, or serve another: agentops sandbox up -d"
                raise UsageError(_SANDBOX_ENDED, hint=hint)
            _require_no_other_kind(path)
            raise UsageError(f"the kubeconfig {one_line(str(path), 160)} does not exist", hint="Check --kubeconfig.")
        return str(path)
    listed = os.environ.get("KUBECONFIG", "")
    if listed:
        parts = [part for part in listed.split(os.pathsep) if part]
        for part in parts:
            _require_no_other_kind(Path(part).expanduser())
        found = [part for part in parts if Path(part).expanduser().is_file()]
        if not found:
            if _of_sandbox(listed):
                raise UsageError(f"{_SANDBOX_ENDED}, and KUBECONFIG still names it", hint="Type: unset KUBECONFIG")
            said = f"KUBECONFIG names no file that exists: {one_line(listed, 160)}"
            raise UsageError(said, hint="Fix or unset it.", code=NO_CLUSTER)
        return os.pathsep.join(found)
    default = Path("~/.kube/config").expanduser()
    _require_no_other_kind(default)
    return str(default) if default.is_file() else ""


def _require_no_other_kind(path: Path) -> None:
    """Raise where a pipe, a folder or a device stands: the file is read twice, and skipping it leads elsewhere."""
    if path.exists() and not path.is_file():
        read_foreign_text(path, "a kubeconfig", MOST_BYTES, hint="Check --kubeconfig and KUBECONFIG.")


def _from_files(
    files: str, context: str | None, namespace: str | None, *, is_anonymous: bool = False
) -> ClusterConnection:
    from kubernetes.client import Configuration
    from kubernetes.config import kube_config
    from kubernetes.config.config_exception import ConfigException
    from yaml import YAMLError

    where = one_line(files, 160)
    for file in files.split(os.pathsep):
        _require_usable(Path(file).expanduser())
    try:
        merged = kube_config.KubeConfigMerger(files).config
        names, current = _contexts(merged, where)
        chosen = _choose(context, names, current, where)
        configuration = Configuration()
        if is_anonymous:
            for entry in merged.value.get("users", []):
                entry.value["user"] = {}
        loader = kube_config.KubeConfigLoader(config_dict=merged, active_context=chosen, config_base_path=None)
        with captured_errors() as complaints:
            loader.load_and_set(configuration)
        active = loader.current_context["context"]
        user = _user_of(merged, active.get("user", ""))
    except (
        ConfigException,
        YAMLError,
        OSError,
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
        RecursionError,
    ) as error:
        # The package takes the form of the file for granted; what a wrong form raises depends on the place.
        raise UsageError(
            f"the kubeconfig {where} cannot be used: {one_line(str(error), 240)}",
            hint="Check it with: kubectl config view",
        ) from error
    if "exec" in user and not configuration.api_key and not configuration.cert_file:
        said = one_line(complaints[0], 240) if complaints else "it returned no credentials"
        command = one_line(str(user["exec"].get("command", "")), 80)
        raise ClusterError(
            f"the credential plugin {command!r} of context {chosen!r} failed: {said}",
            hint="Run it by hand, or log in again.",
            code="unauthorized",
        )
    _check_server(str(configuration.host), "host" in vars(loader), where)
    identity = replace(_identity(configuration), place=chosen)
    return ClusterConnection(
        api=_hardened(configuration),
        context=chosen,
        namespace=namespace or active.get("namespace") or "default",
        server=str(configuration.host),
        identity=identity,
    )


def _require_usable(path: Path) -> None:
    """Raise unless the file is one that the package can be given: it opens it again, and reads it without a limit."""
    text = read_foreign_text(path, "a kubeconfig", MOST_BYTES, hint="Check --kubeconfig and KUBECONFIG.")
    try:
        read_yaml(text, aliases=True, odd_numbers_as_text=True, unique_names=False)
    except YamlError as error:
        raise UsageError(
            f"the kubeconfig {one_line(str(path), 160)} cannot be used: {error}",
            hint="Check it with: kubectl config view",
        ) from error


def _contexts(merged: Any, where: str) -> tuple[list[str], str]:
    if merged is None:
        raise UsageError(f"the kubeconfig {where} is empty", hint="Name another file with --kubeconfig.")
    value = merged.value if hasattr(merged, "value") else merged
    names = [str(entry.value["name"]) for entry in value.get("contexts", [])]
    return names, str(value.get("current-context") or "")


def _choose(context: str | None, names: list[str], current: str, where: str) -> str:
    known = ", ".join(one_line(name, 80) for name in names[:20]) or "none"
    if context and context not in names:
        raise UsageError(
            f"the kubeconfig {where} has no context {one_line(context, 80)!r}", hint=f"Its contexts are: {known}"
        )
    chosen = context or current
    if not chosen:
        raise UsageError(
            f"the kubeconfig {where} has no current context", hint=f"Choose one with --context; there are: {known}"
        )
    if chosen not in names:
        raise UsageError(
            f"the current context {one_line(chosen, 80)!r} of {where} does not exist in it",
            hint=f"Choose one with --context; there are: {known}",
        )
    return chosen


def _check_server(server: str, was_given: bool, where: str) -> None:
    """Refuse a server that is missing or no URL; the package would quietly use localhost instead."""
    try:
        parts = urlsplit(server)
        fits = was_given and parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        said = one_line(server, 80) if was_given else "none"
        raise UsageError(
            f"the kubeconfig {where} has no usable server for this context: {said}",
            hint="Set clusters[].cluster.server to a URL such as https://10.0.0.1:6443",
        )


def _user_of(merged: Any, name: str) -> dict[str, Any]:
    for entry in merged.value.get("users", []):
        if entry.value.get("name") == name:
            user = entry.value.get("user")
            return user if isinstance(user, dict) else {}
    return {}


def _in_cluster(namespace: str | None) -> ClusterConnection:
    from kubernetes.client import Configuration
    from kubernetes.config import load_incluster_config
    from kubernetes.config.config_exception import ConfigException

    configuration = Configuration()
    try:
        load_incluster_config(client_configuration=configuration)
    except (ConfigException, OSError) as error:
        raise ClusterError(
            "no Kubernetes cluster is configured: no kubeconfig was found and this is not a pod",
            hint="Set KUBECONFIG or --kubeconfig, or try the built-in one with --sandbox.",
            code=NO_CLUSTER,
        ) from error
    own = _NAMESPACE_FILE.read_text().strip() if _NAMESPACE_FILE.is_file() else ""
    identity = replace(_identity(configuration), place=IN_CLUSTER)
    return ClusterConnection(
        api=_hardened(configuration),
        context=IN_CLUSTER,
        namespace=namespace or own or "default",
        server=str(configuration.host),
        identity=identity,
    )


def _identity(configuration: Any) -> PlaceIdentity:
    try:
        return pinned_identity(configuration)
    except OSError as error:
        raise UsageError(
            f"the certificate authorities {one_line(str(configuration.ssl_ca_cert), 160)} cannot be read: "
            f"{error.strerror}",
            hint="Check certificate-authority with: kubectl config view",
        ) from error


def _hardened(configuration: Any) -> Any:
    """Return a client that leaves retries to ``transport.py``, never follows a redirect, and waits for no slow head."""
    configuration.retries = False
    configuration.client_go_retries = False
    configuration.connection_pool_maxsize = _POOL_SIZE
    if not configuration.verify_ssl:
        import urllib3

        # The user's own file says insecure-skip-tls-verify; a warning for each request would bury the report.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    return client_of(configuration)


def client_of(configuration: Any) -> Any:
    """Return a client whose connections wait for no slow handshake or head; its configuration is the caller's."""
    from kubernetes.client import ApiClient

    api = ApiClient(configuration=configuration)
    api.rest_client.pool_manager.pool_classes_by_scheme = _pools()
    return api


def _pools() -> Mapping[str, Any]:
    """Return the connections that a client makes, each with a time for the whole of a response's head."""
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

    plain = type("PlainConnection", (WholeDeadline, HTTPConnection), {})
    secure = type("SecureConnection", (WholeDeadline, HTTPSConnection), {})
    return {
        "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }

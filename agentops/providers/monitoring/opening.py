"""From settings to an ``HttpEndpoint``: the address, who asks, and whose certificates are trusted.

Comes in: the settings that name a place. Goes out: an endpoint that has sent nothing yet. Must never: send a credential
in the clear to another machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from agentops.core.errors import UsageError
from agentops.providers.monitoring.credential import authorization
from agentops.providers.monitoring.endpoint import HttpEndpoint

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_TITLES = {"prometheus": "Prometheus", "alertmanager": "Alertmanager", "loki": "Loki"}


def endpoint_of(
    which: str, options: Mapping[str, Any], environ: Mapping[str, str], learn: Callable[[str], None]
) -> HttpEndpoint:
    """Return the endpoint of ``prometheus``, ``alertmanager`` or ``loki``.

    Raises:
        UsageError: no setting says where it is, the credential cannot be had, or would travel in the clear.
    """
    title, setting, auth_setting = _TITLES[which], f"{which}_url", f"{which}_auth"
    url = str(options.get(setting) or "")
    if not url:
        hint = f'In config.toml under [monitoring]: {setting} = "https://…", or AGENTOPS_{setting.upper()}'
        raise UsageError(f"no setting says where {title} is", hint=hint)
    auth = authorization(str(options.get(auth_setting) or ""), auth_setting, environ, learn)
    parts = urlsplit(url)
    if auth and parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        hint = "Use https, or a port-forward to localhost."
        raise UsageError(f"{auth_setting} would be sent to {url} in the clear", hint=hint)
    ca_file = str(options.get("monitoring_ca_file") or "")
    return HttpEndpoint(
        title=title,
        url=url,
        setting=setting,
        auth_setting=auth_setting,
        authorization=auth,
        tenant=str(options.get(f"{which}_tenant") or ""),
        ca_file=str(Path(ca_file).expanduser()) if ca_file else "",
    )

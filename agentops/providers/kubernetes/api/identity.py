"""What proves which cluster a connection leads to: its server, and the authorities of the server's certificate.

A context's name proves nothing: anybody can write another one into a kubeconfig.

Comes in: a client's configuration. Goes out: a ``PlaceIdentity``; one without a proof where nothing is checked (plain
HTTP, ``insecure-skip-tls-verify``). The authorities are read once, and what was read is what the client checks with.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from agentops.core.place_identity import PlaceIdentity, fingerprint, server_address

PUBLIC = "public"
"""The proof of a server whose certificate is checked against the authorities of the system."""


def pinned_identity(configuration: Any) -> PlaceIdentity:
    """Return what proves the server of a configuration, and pin its authorities: a file could be replaced later.

    Raises:
        OSError: the file of authorities cannot be read.
    """
    server = server_address(str(configuration.host), str(configuration.tls_server_name or ""))
    if urlsplit(server).scheme != "https" or not configuration.verify_ssl or configuration.assert_hostname is False:
        return PlaceIdentity(server=server, proof="")
    if not configuration.ssl_ca_cert:
        return PlaceIdentity(server=server, proof=PUBLIC)
    data = Path(configuration.ssl_ca_cert).read_bytes()
    configuration.ca_cert_data, configuration.ssl_ca_cert = data.decode("ascii", "replace"), None
    return PlaceIdentity(server=server, proof=fingerprint(data))

"""``PlaceIdentity``: what proves which place a connection leads to, whatever it is called on this machine.

Comes in: an address, certificate authorities as PEM. Goes out: one text by which settings name the place. Pure.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceIdentity:
    """What proves which place a connection leads to, whatever it is called on this machine.

    Arguments:
        server: its address.
        proof: what its server must show: ``sha256:HEX`` of its certificate authorities, ``public`` for those of the
            system; empty where nothing is checked.
        place: what it is called on this machine; proves nothing.
    """

    server: str
    proof: str
    place: str = ""

    @property
    def key(self) -> str:
        """The identity as one text, as settings name it; empty where nothing proves it."""
        return f"{self.server} {self.proof}" if self.proof else ""


def fingerprint(authorities: bytes) -> str:
    """Return ``sha256:HEX`` of the certificates in a PEM text; of one, as ``openssl x509 -fingerprint -sha256`` has it.

    Empty where there is none, or one cannot be read.
    """
    try:
        found = [base64.b64decode(b"".join(body.split()), validate=True) for body in _PEM.findall(authorities)]
    except ValueError:
        return ""
    digests = sorted({hashlib.sha256(one).digest() for one in found})
    if not digests:
        return ""
    whole = digests[0] if len(digests) == 1 else hashlib.sha256(b"".join(digests)).digest()
    return f"sha256:{whole.hex()}"


def server_address(url: str, tls_name: str = "") -> str:
    """Return a server's address in one spelling; with the name that its certificate is checked for where it differs."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    port = parts.port or _PORTS.get(parts.scheme, 0)
    named = f"[{host}]" if ":" in host else host
    whole = f"{parts.scheme}://{named}:{port}{parts.path.rstrip('/')}"
    return f"{whole}#{tls_name.lower()}" if tls_name and tls_name.lower() != host else whole

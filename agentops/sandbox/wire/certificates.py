"""The sandbox's own certificate authority: a CA for one run, a server certificate, and client certificates for users.

Comes in: names and times. Goes out: PEM text. Keys live as long as the process; nothing is written by this module.
Must never: sign for anything but loopback.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from agentops.sandbox.wire.request import User

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

_LIFETIME = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A certificate and its private key, both PEM."""

    certificate: str
    key: str


class Authority:
    """A certificate authority that exists for one sandbox.

    Arguments:
        now: the real time, aware; certificates are valid from an hour before it for seven days.
    """

    def __init__(self, now: datetime) -> None:
        from cryptography.hazmat.primitives.asymmetric import ec

        self._now = now
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = self._sign(self._name("agentops-sandbox-ca"), self._key, authority=True)

    @property
    def certificate(self) -> str:
        """The CA's certificate, PEM."""
        return _pem(self._certificate)

    def server(self) -> Pair:
        """Return a certificate for 127.0.0.1 and localhost."""
        return self._pair(self._name("agentops-sandbox"), server=True)

    def client(self, user: User) -> Pair:
        """Return a certificate that identifies ``user``: the name is its CN, the groups are its O."""
        return self._pair(self._name(user.name, user.groups), server=False)

    def _name(self, common: str, organizations: tuple[str, ...] = ()) -> x509.Name:
        from cryptography import x509
        from cryptography.x509.oid import NameOID

        parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in organizations]
        return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common)])

    def _pair(self, name: x509.Name, *, server: bool) -> Pair:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        encoded = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return Pair(certificate=_pem(self._sign(name, key, server=server)), key=encoded.decode())

    def _sign(
        self, name: x509.Name, key: EllipticCurvePrivateKey, *, authority: bool = False, server: bool = False
    ) -> x509.Certificate:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.x509.oid import ExtendedKeyUsageOID

        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name if authority else self._certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - timedelta(hours=1))
            .not_valid_after(self._now + _LIFETIME)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .add_extension(_key_usage(authority=authority), critical=True)
        )
        if not authority:
            usage = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if server:
            addresses = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
            builder = builder.add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM).decode()

"""TLS as clusters use it: a private CA, client certificates, and what is said when the server is another."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509  # noqa: TID253 - only this test makes certificates
from cryptography.hazmat.primitives import hashes, serialization  # noqa: TID253 - only this test makes certificates
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: TID253 - only this test makes certificates
from cryptography.x509.oid import NameOID  # noqa: TID253 - only this test makes certificates

from agentops.core.errors import Unreachable
from agentops.providers.kubernetes.api.client import Cluster, connect
from agentops.providers.kubernetes.api.transport import Patience


class Authority:
    """A certificate authority of one test."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._sign("test CA", self.key.public_key(), is_authority=True)

    def _sign(self, name: str, public: Any, *, is_authority: bool = False) -> x509.Certificate:
        now = datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test CA")])
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )
        if not is_authority:
            names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def issue(self, name: str) -> tuple[bytes, bytes]:
        """Return a certificate for ``name`` and its key, as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return pem(self._sign(name, key.public_key())), private


def pem(certificate: x509.Certificate) -> bytes:
    """Return a certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM)


class Quiet(HTTPServer):
    """A server whose failed handshakes are nobody's news."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        return


class Who(BaseHTTPRequestHandler):
    """Answers with the name in the client's certificate."""

    def do_GET(self) -> None:
        certificate: Any = self.connection.getpeercert()  # type: ignore[attr-defined]
        name = dict(pair[0] for pair in certificate["subject"])["commonName"] if certificate else "nobody"
        body = json.dumps({"gitVersion": name}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def authority() -> Authority:
    """A fresh CA."""
    return Authority()


@pytest.fixture
def port(authority: Authority, tmp_path: Path) -> Iterator[int]:
    """An HTTPS server that asks for client certificates of the same CA."""
    certificate, key = authority.issue("server")
    chain, ca = tmp_path / "server.pem", tmp_path / "ca.pem"
    chain.write_bytes(certificate + key)
    ca.write_bytes(pem(authority.certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    context.load_verify_locations(ca)
    context.verify_mode = ssl.CERT_OPTIONAL
    server = Quiet(("127.0.0.1", 0), Who)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


def join(folder: Path, port: int, cluster: dict[str, Any], user: dict[str, Any]) -> Cluster:
    """Connect with these parts of a kubeconfig."""
    document = {
        "current-context": "x",
        "clusters": [{"name": "x", "cluster": {"server": f"https://127.0.0.1:{port}", **cluster}}],
        "users": [{"name": "x", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
    }
    path = folder / "config"
    path.write_text(json.dumps(document))
    patience = Patience(attempts=2, backoff_s=0.01)
    return connect(kubeconfig=path, context=None, namespace=None, cache_dir=folder / "cache", patience=patience)


def data(content: bytes) -> str:
    """Return bytes as a kubeconfig holds them."""
    return base64.b64encode(content).decode()


def test_a_client_certificate_is_who_we_are(authority: Authority, port: int, tmp_path: Path) -> None:
    """CA, certificate and key in the kubeconfig are enough; the server sees the name."""
    certificate, key = authority.issue("operator")
    user = {"client-certificate-data": data(certificate), "client-key-data": data(key)}
    ca = {"certificate-authority-data": data(pem(authority.certificate))}
    assert join(tmp_path, port, ca, user).version() == "operator"


def test_a_server_of_another_authority_is_refused(port: int, tmp_path: Path) -> None:
    """The message says TLS, and the hint where the CA is set; nothing is sent."""
    ca = {"certificate-authority-data": data(pem(Authority().certificate))}
    with pytest.raises(Unreachable) as caught:
        join(tmp_path, port, ca, {}).version()
    assert ": TLS failed: " in caught.value.message
    assert "certificate-authority" in caught.value.hint


def test_the_user_may_switch_verification_off(port: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """insecure-skip-tls-verify in the user's own file is obeyed without a warning for each request."""
    assert join(tmp_path, port, {"insecure-skip-tls-verify": True}, {}).version() == "nobody"
    assert capfd.readouterr().err == ""

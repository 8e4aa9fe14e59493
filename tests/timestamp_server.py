"""A timestamp authority (RFC 3161) of the tests: OpenSSL's, behind real HTTP."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CONFIG = """
[tsa]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass
class TimestampServer:
    """Where it is, how it misbehaves next, and how often it was asked."""

    folder: Path
    url: str = ""
    asked: int = 0
    #: One for each coming answer: a status, or a change to the query before it is answered.
    misdeeds: list[int | Callable[[tsp.TimeStampReq], tsp.TimeStampReq]] = field(
        default_factory=list
    )

    @property
    def root(self) -> Path:
        """The authority's own root certificate."""
        return self.folder / "tsa-root.pem"

    def answer(self, query: bytes) -> tuple[int, bytes]:
        """Status and body for a query."""
        self.asked += 1
        misdeed = self.misdeeds.pop(0) if self.misdeeds else 200
        if isinstance(misdeed, int):
            if misdeed != 200:
                return misdeed, b""
        else:
            query = misdeed(tsp.TimeStampReq.load(query)).dump(force=True)
        path = self.folder / f"query-{self.asked}"
        path.write_bytes(query)
        made = subprocess.run(
            [
                "openssl", "ts", "-reply", "-config", self.folder / "tsa.cnf", "-section", "tsa",
                "-queryfile", path, "-signer", self.folder / "tsa.pem",
                "-inkey", self.folder / "tsa.key", "-chain", self.root,
            ],
            capture_output=True,
            check=True,
            timeout=30,
        )  # fmt: skip
        return 200, made.stdout


@contextmanager
def serve_timestamps(folder: Path) -> Iterator[TimestampServer]:
    """An authority on a loopback port, with keys of its own."""
    folder.mkdir()
    (folder / "serial").write_text("01")
    (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder))
    _make_keys(folder)
    served = TimestampServer(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/timestamp-query"
            status, body = served.answer(query)
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _make_keys(folder: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Time root")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Time")])

    def build(name: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
        )

    root = (
        build(issuer, root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(root_key, SHA256())
    )
    certificate = (
        build(subject, key.public_key())
        .add_extension(
            x509.KeyUsage(True, False, False, False, False, False, False, False, False),
            critical=True,
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(root_key, SHA256())
    )
    (folder / "tsa-root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    (folder / "tsa.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "tsa.key").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )

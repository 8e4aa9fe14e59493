"""Outgoing requests go to the address that was checked, and end."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from coalition.outgoing.pinned import NoAnswer, PinnedClient, Response
from coalition.outgoing.targets import TargetRefused

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Two: a\r\nX-Two: b\r\n\r\nok"


@contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server on loopback that does with each connection what it is told; gives its port."""
    listening = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                taken, _ = listening.accept()
            except OSError:
                return
            with taken, suppress(OSError):
                answer(taken)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        ended.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def at_once(taken: socket.socket) -> None:
    taken.recv(65536)
    taken.sendall(OK)


def ask(
    url: str, *, seconds: float = 5.0, most_bytes: int | None = 100, address: str = "127.0.0.1"
) -> Response:
    client = PinnedClient(allow_private=True, resolve=lambda *_: [address], seconds=seconds)
    return client.send(method="GET", url=url, headers={}, body=b"", most_bytes=most_bytes)


def test_an_answer_is_read_whole_with_every_header_field() -> None:
    with serving(at_once) as port:
        got = ask(f"http://shop.example:{port}/x")
    assert (got.status, got.body) == (200, b"ok")
    assert [pair for pair in got.headers if pair[0] == "X-Two"] == [("X-Two", "a"), ("X-Two", "b")]


def test_a_host_is_reached_at_whichever_of_its_addresses_takes_a_connection() -> None:
    """All of them were judged; nobody listens at the first."""
    client = PinnedClient(allow_private=True, resolve=lambda *_: ["::1", "127.0.0.1"])
    with serving(at_once) as port:
        url = f"http://shop.example:{port}/x"
        got = client.send(method="GET", url=url, headers={}, body=b"", most_bytes=100)
    assert got.body == b"ok"


def test_an_answer_that_is_too_long_is_none() -> None:
    def endless(taken: socket.socket) -> None:
        taken.recv(65536)
        taken.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            taken.sendall(b"x" * 1000)

    with serving(endless) as port, pytest.raises(NoAnswer, match="more than 100 bytes"):
        ask(f"http://shop.example:{port}/x")


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"]
)
def test_an_answer_that_drips_is_cut_off(head: bytes) -> None:
    stop = threading.Event()

    def drips(taken: socket.socket) -> None:
        taken.recv(65536)
        taken.sendall(head)
        while not stop.wait(0.02):
            taken.sendall(b"x")

    with serving(drips) as port:
        began = time.monotonic()
        with pytest.raises(NoAnswer, match=r"within 0\.5 s"):
            ask(f"http://shop.example:{port}/x", seconds=0.5, most_bytes=10**6)
        stop.set()
    assert time.monotonic() - began < 4


@pytest.mark.parametrize(
    "said", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"]
)
def test_an_answer_that_is_none_or_breaks_off_is_none(said: bytes) -> None:
    def breaks_off(taken: socket.socket) -> None:
        taken.recv(65536)
        taken.sendall(said)

    with serving(breaks_off) as port, pytest.raises(NoAnswer):
        ask(f"http://shop.example:{port}/x")


def test_a_name_with_a_private_address_among_public_ones_is_refused() -> None:
    client = PinnedClient(allow_private=False, resolve=lambda *_: ["93.184.215.14", "127.0.0.1"])
    with pytest.raises(TargetRefused, match="public address"):
        client.send(method="GET", url="https://shop.example/", headers={}, body=b"", most_bytes=10)


def test_the_certificate_must_be_the_names_and_not_the_addresss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = certificate_of("shop.example", tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def secure(taken: socket.socket) -> None:
        taken.settimeout(5)
        with context.wrap_socket(taken, server_side=True) as wrapped:
            at_once(wrapped)

    with serving(secure) as port:
        with pytest.raises(NoAnswer, match="Cert"):
            ask(f"https://shop.example:{port}/x")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert ask(f"https://shop.example:{port}/x").body == b"ok"
        with pytest.raises(NoAnswer, match="Cert"):
            ask(f"https://other.example:{port}/x")


def certificate_of(name: str, folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate of a host: files of its key and of itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    key_file, file = folder / "key.pem", folder / "certificate.pem"
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return key_file, file

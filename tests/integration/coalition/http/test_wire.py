"""Bytes on a socket: what no client library would send, to the hub under gunicorn."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace

import psycopg
import pytest

from coalition.config import Config
from coalition.db.embedded import EmbeddedServer
from coalition.db.engine import create_engine_for
from coalition.db.migrate import upgrade
from coalition.supervisor import Supervisor
from tests.coalition_world import World
from tests.hub_http import HttpHub


@dataclass(frozen=True)
class Socket:
    """Speaks to a hub in raw bytes, with a partner's bearer key."""

    port: int
    token: str

    def ask(self, line: bytes, *headers: bytes, body: bytes = b"", cut: bool = False) -> bytes:
        """The answer's beginning; `cut` ends our side after the body."""
        head = [
            line + b" HTTP/1.1",
            b"Host: 127.0.0.1:%d" % self.port,
            b"Authorization: Bearer " + self.token.encode(),
            b"Content-Type: application/json",
            *headers,
        ]
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(b"\r\n".join(head) + b"\r\n\r\n" + body)
            if cut:
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            while b"\r\n\r\n" not in answer or len(answer) < 150:
                read = connection.recv(65536)
                if not read:
                    break
                answer += read
            return answer

    def status(self, line: bytes, *headers: bytes, body: bytes = b"", cut: bool = False) -> int:
        return int(self.ask(line, *headers, body=body, cut=cut).split(b" ")[1])


@pytest.fixture(scope="module")
def module_database_url(server: EmbeddedServer) -> Iterator[str]:
    name = "wire"
    address = server.address_of(database="postgres")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    yield server.address_of(database=name)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory, module_database_url: str) -> Iterator[Socket]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = Config(
        database_url=module_database_url,
        data_folder=tmp_path_factory.mktemp("wire"),
        secret_key=b"0123456789abcdef" * 2,
        bind=f"127.0.0.1:{port}",
        workers=1,
        log_level="error",
    )
    engine = create_engine_for(module_database_url)
    upgrade(engine)
    world = World(engine)
    world.partner("grocer")
    token = HttpHub(world, replace(config, log_format="console")).caller("grocer").token
    engine.dispose()
    with Supervisor(config=config, jobs=False):
        yield Socket(port, token)


LOOKUP = b"POST /v1/members/lookup"
CHUNKED = b"Transfer-Encoding: chunked"


def test_a_body_in_chunks_is_read_whole(wire: Socket) -> None:
    body = b'10\r\n{"reference":"x"\r\n1\r\n}\r\n0\r\n\r\n'
    assert wire.status(LOOKUP, CHUNKED, body=body) == 404


def test_a_body_in_chunks_that_is_too_large_is_refused(wire: Socket) -> None:
    body = (b"10000\r\n" + b" " * 65536 + b"\r\n") * 5 + b"2\r\n{}\r\n0\r\n\r\n"
    assert wire.status(LOOKUP, CHUNKED, body=body) == 413


def test_a_body_declared_too_large_is_refused_at_once(wire: Socket) -> None:
    assert wire.status(LOOKUP, b"Content-Length: 10000000", body=b"{}") == 413


def test_half_a_body_never_passes_for_a_whole_one(wire: Socket) -> None:
    whole = b'{"reference":"x"}'
    assert wire.status(LOOKUP, b"Content-Length: 17", body=whole) == 404
    assert wire.status(LOOKUP, b"Content-Length: 40", body=whole, cut=True) == 400


def test_a_broken_chunk_is_the_clients_fault(wire: Socket) -> None:
    assert wire.status(LOOKUP, CHUNKED, body=b"zz\r\nabc\r\n0\r\n\r\n") == 400


def test_lengths_that_contradict_each_other_are_refused(wire: Socket) -> None:
    for headers in (
        (b"Content-Length: -5",),
        (b"Content-Length: 2", b"Content-Length: 3"),
        (b"Content-Length: 2", CHUNKED),
    ):
        assert wire.status(LOOKUP, *headers, body=b"{}") == 400


def test_a_compressed_body_is_refused(wire: Socket) -> None:
    headers = (b"Content-Encoding: gzip", b"Content-Length: 2")
    assert wire.status(LOOKUP, *headers, body=b"{}") == 415


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"GET /v1/webhooks/%00%ff", 404),
        (b"GET /v1/webhooks?limit=%zz&%ff=%fe", 422),
        (b"GET /v1/webhooks?x=" + b"a" * 9000, 414),
        (b"GET http://[", 400),
        (b"GET /v1/webhooks/\xff\xfe", 400),
        (b"GET /v1/%2e%2e/webhooks", 404),
        (b"GET /v1/webhooks;x=1", 404),
    ],
)
def test_a_target_that_is_none_is_refused(wire: Socket, line: bytes, status: int) -> None:
    assert wire.status(line) == status


def test_an_answer_to_head_has_no_body(wire: Socket) -> None:
    head, _, body = wire.ask(b"HEAD /v1/webhooks", b"Connection: close").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert body == b""

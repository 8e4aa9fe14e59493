"""Over HTTP: the hub under gunicorn as production runs it, and a bare Flask route beside it."""

from __future__ import annotations

import json
import os
import random
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import coalition
from coalition.config import Config
from coalition.db.database import Database
from coalition.db.engine import create_engine_for
from coalition.directory import read_snapshot
from coalition.ids import IdSource
from coalition.partners.service import add_bearer_key, add_public_key
from coalition.settings import child_environment
from coalition.supervisor import Supervisor
from partner_sdk.wire import ids
from partner_sdk.wire.signing import sign_headers
from tests.bench import bare
from tests.bench.bed import Bed
from tests.bench.http_load import run_load
from tests.bench.turns import Sample

CONNECTIONS = 32
_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Keys:
    """A partner's two ways to prove who it is."""

    key_id: UUID
    private: Ed25519PrivateKey
    token: str


class Till:
    """Makes requests beforehand, and sends them as one turn."""

    def __init__(self, *, bed: Bed, hub_port: int, bare_port: int, requests: int) -> None:
        self._bed = bed
        self.hub = (_HOST, hub_port)
        self._bare = (_HOST, bare_port)
        self._requests = requests
        self._random = random.Random(7)
        self._keys = _make_keys(bed)
        self._count = 0

    def signed(self) -> Sample:
        """Sales, each signed by the partner's Ed25519 key."""
        return self._turn(self.hub, [self._sale(signed=True) for _ in range(self._requests)])

    def unsigned(self) -> Sample:
        """Sales under the sandbox's bearer key."""
        return self._turn(self.hub, [self._sale(signed=False) for _ in range(self._requests)])

    def redeemed(self) -> Sample:
        """Redemptions, signed as the sales are."""
        return self._turn(self.hub, [self._redemption() for _ in range(self._requests)])

    def bare(self) -> Sample:
        """The same bodies to the bare route."""
        host = f"{_HOST}:{self._bare[1]}"
        requests = []
        for _ in range(self._requests):
            name, body = self._body()
            requests.append(raw_request("PUT", f"/rows/{name}", host, {}, body))
        return self._turn(self._bare, requests)

    def _turn(self, address: tuple[str, int], requests: list[bytes]) -> Sample:
        return run_load(address=address, requests=requests, connections=CONNECTIONS)

    def _body(self) -> tuple[str, bytes]:
        self._count += 1
        member = ids.encode("mem", self._random.choice(self._bed.members))
        amount = {"amount": f"{10 + self._count % 40}.00", "currency": "EUR"}
        body = {
            "revision": 1,
            "occurred_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "member": {"id": member},
            "store": {"id": "12", "time_zone": "Europe/Bucharest"},
            "till": "3",
            "receipt": f"R{self._count}",
            "currency": "EUR",
            "lines": [
                {"id": "1", "category": "dairy", "quantity": "1", "amount": amount},
                {
                    "id": "2",
                    "category": "bakery",
                    "quantity": "2",
                    "amount": {"amount": "2.50", "currency": "EUR"},
                },
                {
                    "id": "3",
                    "category": "produce",
                    "quantity": "1.25",
                    "amount": {"amount": "3.99", "currency": "EUR"},
                },
            ],
        }
        return f"{time.time_ns():x}-{self._count}", json.dumps(body).encode()

    def _sale(self, *, signed: bool) -> bytes:
        name, body = self._body()
        host, target = f"{_HOST}:{self.hub[1]}", f"/v1/sales/{name}"
        keys = self._keys
        if not signed:
            return raw_request("PUT", target, host, {"Authorization": f"Bearer {keys.token}"}, body)
        return self._sign("PUT", target, {}, body)

    def _redemption(self) -> bytes:
        member = ids.encode("mem", self._random.choice(self._bed.members))
        body = {"member": {"id": member}, "points": 7, "reference": "R1", "till": "3"}
        key = {"Idempotency-Key": secrets.token_urlsafe(18)}
        return self._sign("POST", "/v1/redemptions", key, json.dumps(body).encode())

    def _sign(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
        host = f"{_HOST}:{self.hub[1]}"
        proof = sign_headers(
            method=method,
            url=f"http://{host}{target}",
            headers=headers,
            body=body,
            key_id=ids.encode("key", self._keys.key_id),
            private_key=self._keys.private,
            created=int(time.time()),
            nonce=secrets.token_urlsafe(18),
        )
        return raw_request(method, target, host, {**headers, **proof}, body)


def raw_request(
    method: str, target: str, host: str, headers: Mapping[str, str], body: bytes
) -> bytes:
    """A request of JSON as it goes over the wire."""
    lines = [
        f"{method} {target} HTTP/1.1",
        f"Host: {host}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _make_keys(bed: Bed) -> Keys:
    engine = create_engine_for(bed.address, pool_size=1)
    new_id, now = IdSource(), datetime.now(UTC)
    private = Ed25519PrivateKey.generate()
    key_id = new_id()
    try:
        with Database(engine).transaction() as connection:
            party = read_snapshot(connection=connection).parties[bed.partners[1]]
            _, token = add_bearer_key(
                connection=connection,
                party=party,
                environment="test",
                key_id=new_id(),
                label="bench",
                random=secrets.token_bytes(24),
                event_id=new_id(),
                now=now,
            )
            add_public_key(
                connection=connection,
                party=party,
                key_id=key_id,
                public_key=private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw),
                label="bench",
                event_id=new_id(),
                now=now,
            )
    finally:
        engine.dispose()
    return Keys(key_id, private, token)


@contextmanager
def served(*, bed: Bed, requests: int) -> Iterator[Till]:
    """The hub and the bare route, each under gunicorn with the hub's own settings."""
    hub_port, bare_port = _free_port(), _free_port()
    log = Path(bed.data_folder, "http.log")
    # As it ships: JSON lines for each request, here into a file.
    config = bed.config(bind=f"{_HOST}:{hub_port}", log_level="info")
    with _errors_to(log), Supervisor(config=config, jobs=False), _bare(config, bare_port):
        yield Till(bed=bed, hub_port=hub_port, bare_port=bare_port, requests=requests)


@contextmanager
def _bare(config: Config, port: int) -> Iterator[None]:
    with psycopg.connect(str(config.database_url), autocommit=True) as connection:
        connection.execute(bare.TABLE)
    environment = child_environment(config=config, extra={"COALITION_BIND": f"{_HOST}:{port}"})
    settings = str(Path(coalition.__file__).with_name("gunicorn_settings.py"))
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", settings, "tests.bench.bare:create_app()"],
        env=environment,
        stdin=subprocess.DEVNULL,
    )
    try:
        _await_port(port)
        yield
    finally:
        process.terminate()
        process.wait(40)


@contextmanager
def _errors_to(path: Path) -> Iterator[None]:
    """What processes started in this block write to standard error goes into a file."""
    kept = os.dup(2)
    with path.open("ab") as file:
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: Any = probe.getsockname()[1]
    return int(port)


def _await_port(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection((_HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the bare route does not come up")

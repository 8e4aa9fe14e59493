"""The hub's HTTP application over a test coalition, and callers who sign or bear a key."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from werkzeug.test import TestResponse

from coalition.app import NOUNS, create_app
from coalition.config import Config
from coalition.partners.service import add_bearer_key, add_public_key
from partner_sdk.wire import ids
from partner_sdk.wire.signing import sign_headers
from tests.coalition_world import World

BASE = "http://hub.test"


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The raw public key."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


@dataclass
class HttpHub:
    """A hub that is called in process; `wall` is what its wall clock shows, None the real one."""

    world: World
    config: Config
    nouns: Sequence[str] = NOUNS
    wall: datetime | None = None
    app: Flask = field(init=False)

    def __post_init__(self) -> None:
        self.app = create_app(
            self.config,
            engine=self.world.engine,
            wall=self.now,
            nouns=self.nouns,
        )

    def now(self) -> datetime:
        """The wall clock."""
        return self.wall or datetime.now(UTC)

    def caller(self, slug: str, *, person: str = "ana.pop") -> Caller:
        """A caller with a signing key and a bearer key of the party; of the operator, a person."""
        world = self.world
        party = world.snapshot().party_by_slug[slug]
        private = Ed25519PrivateKey.generate()
        key_id = world.new_id()
        with world.database.transaction() as connection:
            _, token = add_bearer_key(
                connection=connection,
                party=party,
                environment=self.config.environment,
                key_id=world.new_id(),
                label="test",
                random=secrets.token_bytes(24),
                event_id=world.new_id(),
                now=self.now(),
                person=person if party.kind == "operator" else None,
            )
            if party.kind == "partner":
                add_public_key(
                    connection=connection,
                    party=party,
                    key_id=key_id,
                    public_key=public_bytes(private),
                    label="test",
                    event_id=world.new_id(),
                    now=self.now(),
                )
        return Caller(self, token, key_id, private)


@dataclass
class Caller:
    """Calls the hub for one party."""

    hub: HttpHub
    token: str
    key_id: UUID
    private: Ed25519PrivateKey

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
        key: str | None = None,
    ) -> TestResponse:
        """Call with the bearer key; a POST gets an Idempotency-Key of its own unless told."""
        sent, data = self._prepared(method, body, raw, headers, key)
        sent = {"Authorization": f"Bearer {self.token}", **sent}
        return self._call(method, path, sent, data)

    def sign(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
        key: str | None = None,
        created: datetime | None = None,
        nonce: str | None = None,
    ) -> TestResponse:
        """Call with a signature."""
        sent, data = self.signed_headers(
            method, path, body, headers=headers, raw=raw, key=key, created=created, nonce=nonce
        )
        return self._call(method, path, sent, data)

    def pages(self, path: str, *, limit: int) -> list[list[dict[str, Any]]]:
        """All pages of a list."""
        found: list[list[dict[str, Any]]] = []
        cursor: str | None = ""
        while cursor is not None:
            answer = self.send("GET", f"{path}?limit={limit}" + (cursor and f"&cursor={cursor}"))
            assert answer.status_code == 200, answer.get_data()
            found.append(answer.json["items"])
            cursor = answer.json["next_cursor"]
        return found

    def signed_headers(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
        key: str | None = None,
        created: datetime | None = None,
        nonce: str | None = None,
    ) -> tuple[dict[str, str], bytes | None]:
        """Headers and body of a signed request."""
        sent, data = self._prepared(method, body, raw, headers, key)
        added = sign_headers(
            method=method,
            url=BASE + path,
            headers=sent,
            body=data,
            key_id=ids.encode("key", self.key_id),
            private_key=self.private,
            created=int((created or self.hub.now()).timestamp()),
            nonce=nonce or secrets.token_urlsafe(18),
        )
        return sent | added, data

    def _prepared(
        self,
        method: str,
        body: Any,
        raw: bytes | None,
        headers: Mapping[str, str] | None,
        key: str | None,
    ) -> tuple[dict[str, str], bytes | None]:
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        sent = {} if data is None else {"Content-Type": "application/json"}
        if method == "POST":
            sent["Idempotency-Key"] = secrets.token_hex(8) if key is None else key
        return sent | dict(headers or {}), data

    def _call(
        self, method: str, path: str, headers: Mapping[str, str], data: bytes | None
    ) -> TestResponse:
        client = self.hub.app.test_client()
        # Buffered: a streamed file is read and closed here.
        return client.open(
            path, method=method, base_url=BASE, headers=headers, data=data, buffered=True
        )

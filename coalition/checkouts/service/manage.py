"""Opening, changing and closing connections. Each change tells the directory that it moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection as Database

from adapters.contract import Manifest, Secrets, Settings
from adapters.registry import UnknownAdapter, adapter_named
from coalition.checkouts.domain import (
    MAX_CONNECTIONS,
    PREVIOUS_SECRET_LASTS,
    Connection,
    ConnectionState,
    Guests,
    UnknownConnection,
)
from coalition.checkouts.sealed import seal_secrets, unseal_secrets
from coalition.checkouts.settings import (
    SIGNING,
    changed_settings,
    from_document,
    read_secrets,
    to_document,
)
from coalition.checkouts.store import connections as rows
from coalition.checkouts.store.connections import StoredConnection
from coalition.db.state import bump_directory
from coalition.errors import FieldError, HubError


@dataclass(frozen=True, slots=True)
class Opening:
    """What a connection is opened with; `secrets` in the clear, by the platform's names."""

    party_no: int
    name: str
    platform: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)
    guests: Guests = "keep"
    state: ConnectionState = "live"


@dataclass(frozen=True, slots=True)
class Means:
    """What sealing and checking need of the process."""

    key: bytes
    random: Callable[[int], bytes]
    allow_private: bool
    wall_now: datetime


def manifest_of(platform: str) -> Manifest:
    """What is true of a platform.

    Raises:
        HubError: `platform_unknown`.
    """
    try:
        return adapter_named(platform).manifest
    except UnknownAdapter as unknown:
        fault = FieldError("/platform", "must be the name of an installed adapter")
        raise HubError("platform_unknown", str(unknown), errors=(fault,)) from None


def open_connection(
    *, connection: Database, opening: Opening, connection_id: UUID, means: Means
) -> StoredConnection:
    """Open a connection of a partner.

    Raises:
        HubError: `platform_unknown`, `validation_failed`, `connection_name_taken`.
    """
    manifest = manifest_of(opening.platform)
    settings = changed_settings(
        settings=Settings(currency="", time_zone=""),
        changes=opening.settings,
        manifest=manifest,
        allow_private=means.allow_private,
    )
    secrets = read_secrets(opening.secrets, manifest)
    if SIGNING in manifest.secrets and not secrets.signing:
        fault = FieldError(f"/secrets/{SIGNING}", f"is needed: {manifest.secrets[SIGNING]}")
        raise HubError("validation_failed", "A secret is missing.", errors=(fault,))
    if rows.lock_connections(connection=connection, party_no=opening.party_no) >= MAX_CONNECTIONS:
        fault = FieldError("", f"a partner has at most {MAX_CONNECTIONS} connections")
        raise HubError("validation_failed", "Close a connection first.", errors=(fault,))
    if rows.find_by_name(connection=connection, party_no=opening.party_no, name=opening.name):
        raise HubError(
            "connection_name_taken", f"There is, or was, a connection called {opening.name}."
        )
    rows.insert_connection(
        connection=connection,
        connection_id=connection_id,
        party_no=opening.party_no,
        name=opening.name,
        platform=opening.platform,
        state=opening.state,
        settings=to_document(settings),
        guests=opening.guests,
        secrets=seal_secrets(
            key=means.key, connection_id=connection_id, secrets=secrets, random=means.random
        ),
        secret_names=_names(secrets),
        created_at=means.wall_now,
    )
    bump_directory(connection=connection)
    return connection_named(
        connection=connection, connection_id=connection_id, party_no=opening.party_no
    )


def connection_named(
    *, connection: Database, connection_id: UUID, party_no: int | None, lock: bool = False
) -> StoredConnection:
    """A party's connection, or (`party_no` None) anybody's.

    Raises:
        HubError: `connection_not_found`, also for another partner's.
    """
    found = rows.find_connection(connection=connection, connection_id=connection_id, lock=lock)
    if found is None or party_no not in (None, found.party_no):
        raise UnknownConnection
    return found


def change_connection(
    *,
    connection: Database,
    connection_id: UUID,
    party_no: int | None,
    changes: Mapping[str, Any],
    means: Means,
) -> StoredConnection:
    """Change the settings named, and what guests get; others stay.

    Raises:
        HubError: `connection_not_found`, `connection_closed`, `validation_failed`.
    """
    stored = _to_change(connection, connection_id, party_no)
    settings = changed_settings(
        settings=from_document(stored.settings),
        changes=changes,
        manifest=manifest_of(stored.platform),
        allow_private=means.allow_private,
    )
    return _changed(
        connection,
        stored,
        settings=to_document(settings),
        guests=changes.get("guests", stored.guests),
    )


def change_state(
    *,
    connection: Database,
    connection_id: UUID,
    party_no: int | None,
    state: ConnectionState,
    means: Means,
) -> StoredConnection:
    """Pause, close, or let go on. What is closed forgets its secrets, and does not come back.

    Raises:
        HubError: `connection_not_found`, `connection_closed`.
    """
    if state != "closed":
        return _changed(connection, _to_change(connection, connection_id, party_no), state=state)
    stored = connection_named(
        connection=connection, connection_id=connection_id, party_no=party_no, lock=True
    )
    if stored.state == "closed":
        return stored
    none = seal_secrets(
        key=means.key, connection_id=connection_id, secrets=Secrets(()), random=means.random
    )
    return _changed(connection, stored, state=state, secrets=none, secret_names=[])


def rotate_secrets(
    *,
    connection: Database,
    connection_id: UUID,
    party_no: int | None,
    given: Mapping[str, str],
    means: Means,
    lasts: timedelta = PREVIOUS_SECRET_LASTS,
) -> StoredConnection:
    """Set secrets anew. A new signing secret holds at once, the one before for `lasts` more.

    Secrets that are not named stay; other secrets than the signing one are replaced at once.

    Raises:
        HubError: `connection_not_found`, `connection_closed`, `validation_failed`.
    """
    stored = _to_change(connection, connection_id, party_no)
    new = read_secrets(given, manifest_of(stored.platform))
    before = unseal_secrets(key=means.key, connection_id=connection_id, sealed=stored.secrets)
    columns: dict[str, Any] = {"rotated_at": means.wall_now}
    signing = before.signing
    if new.signing and new.signing != before.signing[:1]:
        signing = (*new.signing, *before.signing[:1])
        columns["previous_until"] = means.wall_now + lasts
    secrets = Secrets(signing, {**before.extra, **new.extra})
    sealed = seal_secrets(
        key=means.key, connection_id=connection_id, secrets=secrets, random=means.random
    )
    return _changed(connection, stored, secrets=sealed, secret_names=_names(secrets), **columns)


def opened(stored: StoredConnection, *, key: bytes) -> Connection:
    """A connection with its secrets in the clear, for the hub's own use.

    Raises:
        SealBroken: they do not open with this hub's secret.
    """
    return Connection(
        no=stored.no,
        id=stored.connection_id,
        party_no=stored.party_no,
        name=stored.name,
        platform=stored.platform,
        state=stored.state,
        settings=from_document(stored.settings),
        guests=stored.guests,
        secrets=unseal_secrets(key=key, connection_id=stored.connection_id, sealed=stored.secrets),
        previous_until=stored.previous_until,
        rotated_at=stored.rotated_at,
        created_at=stored.created_at,
    )


def _to_change(connection: Database, connection_id: UUID, party_no: int | None) -> StoredConnection:
    stored = connection_named(
        connection=connection, connection_id=connection_id, party_no=party_no, lock=True
    )
    if stored.state == "closed":
        raise HubError("connection_closed", "The connection is closed for good.")
    return stored


def _changed(connection: Database, stored: StoredConnection, **columns: Any) -> StoredConnection:
    rows.update_connection(connection=connection, no=stored.no, **columns)
    bump_directory(connection=connection)
    return connection_named(
        connection=connection, connection_id=stored.connection_id, party_no=stored.party_no
    )


def _names(secrets: Secrets) -> list[str]:
    return [*((SIGNING,) if secrets.signing else ()), *sorted(secrets.extra)]

"""Use cases of partners. Every change is recorded and tells the directory that it moved."""

from __future__ import annotations

import zoneinfo
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from sqlalchemy import Connection

from coalition.db.state import bump_directory
from coalition.errors import FieldError, HubError
from coalition.partners import store
from coalition.partners.domain import Party, PartyKey, check_person, check_transition
from coalition.partners.keys import Family, check_public_key, make_token, token_sha256


@lru_cache(maxsize=1)
def time_zones() -> frozenset[str]:
    """Names of the time zones that a partner or store may have."""
    return frozenset(zoneinfo.available_timezones())


def add_partner(
    *,
    connection: Connection,
    party_id: UUID,
    event_id: UUID,
    slug: str,
    name: str,
    time_zone: str,
    now: datetime,
) -> Party:
    """Enter a partner that applied.

    Raises:
        HubError: `partner_slug_taken`, `store_time_zone_unknown`.
    """
    if time_zone not in time_zones():
        fault = FieldError("/time_zone", "must be an IANA time zone, such as Europe/Bucharest")
        raise HubError(
            "store_time_zone_unknown", f"There is no time zone {time_zone}.", errors=(fault,)
        )
    party = store.insert_party(
        connection=connection,
        party_id=party_id,
        slug=slug,
        name=name,
        time_zone=time_zone,
        state="applied",
        now=now,
    )
    if party is None:
        raise HubError("partner_slug_taken", f"There is a party {slug} already.", slug=slug)
    store.insert_party_event(
        connection=connection,
        event_id=event_id,
        party_no=party.no,
        kind="added",
        to_state=party.state,
        reason="applied",
        now=now,
    )
    bump_directory(connection=connection)
    return party


def change_state(
    *,
    connection: Connection,
    party: Party,
    state: str,
    reason: str,
    event_id: UUID,
    now: datetime,
) -> Party:
    """Move a partner to another state; to the one it is in changes nothing.

    Raises:
        HubError: `partner_state_forbids`.
    """
    _require_partner(party)
    before = store.lock_party(connection=connection, party_no=party.no)
    if before.state == state:
        return before
    check_transition(slug=before.slug, from_state=before.state, to_state=state)
    after = store.update_party(connection=connection, party_no=before.no, state=state)
    store.insert_party_event(
        connection=connection,
        event_id=event_id,
        party_no=before.no,
        kind="state",
        from_state=before.state,
        to_state=state,
        reason=reason,
        now=now,
    )
    bump_directory(connection=connection)
    return after


def block_lots(
    *,
    connection: Connection,
    party: Party,
    blocked: bool,
    reason: str,
    event_id: UUID,
    now: datetime,
) -> Party:
    """Block all points that a partner issued from being spent, or free them again.

    Freed points can be spent as far as the partner's state lets them.

    Raises:
        HubError: `partner_not_found` for the coalition's own parties.
    """
    _require_partner(party)
    before = store.lock_party(connection=connection, party_no=party.no)
    if before.lots_blocked == blocked:
        return before
    return _flag(
        connection=connection,
        party_no=before.no,
        columns={"lots_blocked": blocked},
        kind="lots_blocked" if blocked else "lots_freed",
        reason=reason,
        event_id=event_id,
        now=now,
    )


def stop_issuing(
    *,
    connection: Connection,
    party: Party,
    stopped: bool,
    reason: str,
    event_id: UUID,
    now: datetime,
) -> bool:
    """Stop a partner's issuing at its cap, or let it go on; whether anything changed."""
    before = store.lock_party(connection=connection, party_no=party.no)
    if before.issuing_stopped == stopped:
        return False
    _flag(
        connection=connection,
        party_no=before.no,
        columns={"issuing_stopped": stopped},
        kind="issuing_stopped" if stopped else "issuing_resumed",
        reason=reason,
        event_id=event_id,
        now=now,
    )
    return True


def add_public_key(
    *,
    connection: Connection,
    party: Party,
    key_id: UUID,
    public_key: bytes,
    label: str,
    event_id: UUID,
    now: datetime,
) -> PartyKey:
    """Register an Ed25519 public key that the partner signs its requests with.

    A key pair belongs to one registration for ever: a revoked key does not come back.

    Raises:
        HubError: `validation_failed`, `public_key_taken`.
    """
    _require_partner(party)
    added = store.insert_partner_key(
        connection=connection,
        key_id=key_id,
        party_no=party.no,
        public_key=check_public_key(public_key),
        label=label,
        now=now,
    )
    if not added:
        raise HubError("public_key_taken", "This public key is registered already.")
    _record_key(connection, party, "key_added", label, event_id, now)
    return PartyKey(key_id, party.no, public_key, label, None)


def add_bearer_key(
    *,
    connection: Connection,
    party: Party,
    environment: str,
    key_id: UUID,
    label: str,
    random: bytes,
    event_id: UUID,
    now: datetime,
    person: str | None = None,
) -> tuple[PartyKey, str]:
    """Make a bearer key for the operator, or for a partner in a test environment.

    `random` is 24 random bytes. The token is answered here and nowhere else: it is not stored.
    `person` is who holds an operator's key, and is needed there and only there.

    Raises:
        HubError: `validation_failed`, `test_environment_only`; `forbidden` for the pool and the
            clearing house.
    """
    if party.kind not in ("partner", "operator"):
        raise HubError("forbidden", f"The party {party.slug} has no keys.")
    if party.kind == "partner" and environment != "test":
        raise HubError("test_environment_only", "Partners sign their requests here.")
    check_person(party=party, person=person)
    family: Family = "cho" if party.kind == "operator" else "chl"
    token = make_token(family=family, environment=environment, random=random)
    store.insert_bearer_key(
        connection=connection,
        key_id=key_id,
        party_no=party.no,
        secret_sha256=token_sha256(token),
        label=label,
        person=person,
        now=now,
    )
    _record_key(connection, party, "bearer_added", label, event_id, now)
    return PartyKey(key_id, party.no, None, label, None, person), token


def revoke_key(
    *,
    connection: Connection,
    party: Party,
    key_id: UUID,
    event_id: UUID,
    now: datetime,
) -> PartyKey:
    """Revoke a key of either kind; one that is revoked already stays as it is.

    Raises:
        HubError: `not_found` when the party has no such key.
    """
    if store.revoke_key(connection=connection, party_no=party.no, key_id=key_id, now=now):
        _record_key(connection, party, "key_revoked", str(key_id), event_id, now)
    for key in store.list_keys(connection=connection, party_no=party.no):
        if key.key_id == key_id:
            return key
    raise HubError("not_found", f"The party {party.slug} has no such key.")


def _record_key(
    connection: Connection, party: Party, kind: str, label: str, event_id: UUID, now: datetime
) -> None:
    store.insert_party_event(
        connection=connection,
        event_id=event_id,
        party_no=party.no,
        kind=kind,
        reason=label,
        now=now,
    )
    bump_directory(connection=connection)


def _flag(
    *,
    connection: Connection,
    party_no: int,
    columns: dict[str, str | bool],
    kind: str,
    reason: str,
    event_id: UUID,
    now: datetime,
) -> Party:
    after = store.update_party(connection=connection, party_no=party_no, **columns)
    store.insert_party_event(
        connection=connection,
        event_id=event_id,
        party_no=party_no,
        kind=kind,
        reason=reason,
        now=now,
    )
    bump_directory(connection=connection)
    return after


def _require_partner(party: Party) -> None:
    if party.kind != "partner":
        raise HubError("partner_not_found", f"The party {party.slug} is not a partner.")

"""What every request needs to know of the coalition, kept in memory and proven current on write.

Partners, keys, agreements, face values and subscriptions change rarely and are read by every
request, so each process keeps a snapshot of them with its `directory_version`. Reads tolerate a
snapshot up to `MAX_AGE_SECONDS` old. Every posting compares the snapshot's version with the
database's in the statement that writes, and writes nothing when it is not the newest: a point is
never priced, and a revoked key never writes, by stale knowledge.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from coalition.agreements.domain import Agreement, version_in_force
from coalition.agreements.store import load_agreements, load_face_values
from coalition.db.state import hub_state
from coalition.events.store import load_subscribed_types
from coalition.partners.domain import STATE_RULES, Action, Party, PartyKey
from coalition.partners.store import load_bearer_keys, load_parties, load_partner_keys

MAX_AGE_SECONDS = 1.0


_NO_FACES: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True)
class HubInfo:
    """What coalition this database is (`hub_state`)."""

    environment: str
    name: str
    time_zone: ZoneInfo
    currency: str
    business_at: datetime | None
    last_closed: date


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One consistent reading of the directory."""

    version: int
    hub: HubInfo
    parties: Mapping[int, Party]
    keys: Mapping[UUID, PartyKey]
    bearers: Mapping[bytes, PartyKey]
    agreements: Mapping[int, tuple[Agreement, ...]]
    face_values: Mapping[str, tuple[tuple[date, int], ...]]
    subscribed: Mapping[int, frozenset[str]]
    agreement_by_no: Mapping[int, Agreement] = field(default_factory=dict)
    # Issuers whose points cannot be spent: blocked by the operator, or by their state.
    unspendable: frozenset[int] = frozenset()
    party_by_slug: Mapping[str, Party] = field(default_factory=dict)
    party_by_id: Mapping[UUID, Party] = field(default_factory=dict)

    def agreement_at(self, *, party_no: int, instant: datetime) -> Agreement | None:
        """The version of the party's agreement in force at the instant, if any."""
        return version_in_force(self.agreements.get(party_no, ()), instant)

    def face_micros(self, *, currency: str, on: date) -> int | None:
        """Face value of a point in micros of the currency on that date, if one is set."""
        micros = None
        for effective_from, value in self.face_values.get(currency, ()):
            if effective_from <= on:
                micros = value
        return micros

    def other_currencies(self, *, at: datetime) -> tuple[str, ...]:
        """The currencies besides the coalition's in which a point has a face value by then."""
        day = at.astimezone(self.hub.time_zone).date()
        return tuple(self.other_faces(currency=self.hub.currency, on=day))

    def other_faces(self, *, currency: str, on: date) -> Mapping[str, int]:
        """The face values on that date in every other currency; empty where there is but one."""
        if len(self.face_values) <= 1:
            return _NO_FACES
        found = {other: self.face_micros(currency=other, on=on) for other in self.face_values}
        return {each: micros for each, micros in found.items() if micros and each != currency}


def read_snapshot(*, connection: Connection) -> Snapshot:
    """Read the whole directory; the version is read first, so it is never too new."""
    row = connection.execute(select(hub_state)).one()
    parties = load_parties(connection=connection)
    agreements = load_agreements(connection=connection)
    by_party: dict[int, tuple[Agreement, ...]] = {}
    for agreement in agreements:
        by_party[agreement.party_no] = (*by_party.get(agreement.party_no, ()), agreement)
    return Snapshot(
        version=row.directory_version,
        hub=HubInfo(
            environment=row.environment,
            name=row.name,
            time_zone=ZoneInfo(row.time_zone),
            currency=row.currency,
            business_at=row.business_at,
            last_closed=row.last_closed,
        ),
        parties={party.no: party for party in parties},
        keys={key.key_id: key for key in load_partner_keys(connection=connection)},
        bearers=load_bearer_keys(connection=connection),
        agreements=by_party,
        face_values=load_face_values(connection=connection),
        subscribed=load_subscribed_types(connection=connection),
        unspendable=frozenset(
            party.no
            for party in parties
            if party.lots_blocked or Action.SPEND_ELSEWHERE not in STATE_RULES[party.state]
        ),
        agreement_by_no={agreement.no: agreement for agreement in agreements},
        party_by_slug={party.slug: party for party in parties},
        party_by_id={party.id: party for party in parties},
    )


class Directory:
    """A process's copy of the directory. Thread-safe: snapshots are immutable, the swap atomic."""

    def __init__(self, *, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._checked_at = 0.0

    def current(self, *, connection: Connection) -> Snapshot:
        """A snapshot that was the newest at most `MAX_AGE_SECONDS` ago."""
        snapshot = self._snapshot
        if snapshot is not None and self._monotonic() - self._checked_at < MAX_AGE_SECONDS:
            return snapshot
        return self.refresh(connection=connection)

    def peek(self) -> Snapshot | None:
        """The snapshot at hand if it is fresh enough, without going to the database."""
        if self._monotonic() - self._checked_at < MAX_AGE_SECONDS:
            return self._snapshot
        return None

    def refresh(self, *, connection: Connection) -> Snapshot:
        """Check the version now and read the directory again if it moved."""
        with self._lock:
            checked_at = self._monotonic()
            snapshot = self._snapshot
            version = connection.execute(select(hub_state.c.directory_version)).scalar_one()
            if snapshot is None or snapshot.version != version:
                snapshot = read_snapshot(connection=connection)
                self._snapshot = snapshot
            self._checked_at = checked_at
            return snapshot


@dataclass(frozen=True, slots=True)
class Clocks:
    """Business time, settable in a test environment only, and wall time, never settable."""

    wall: Callable[[], datetime]

    def business(self, snapshot: Snapshot) -> datetime:
        """The business instant: the set one where a test environment has set it."""
        return snapshot.hub.business_at or self.wall()


def end_of_date(day: date, zone: ZoneInfo) -> datetime:
    """The first instant after the calendar date in the zone, in UTC (DST nights included)."""
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=zone).astimezone(
        ZoneInfo("UTC")
    )

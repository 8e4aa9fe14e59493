"""Writes the hub's rows straight into its tables, as its postings would leave them.

Settlement is tested against what the hub *wrote*, whatever service wrote it; so are windows that
no till could have filled by hand, such as those of a DST night.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, insert, update

from coalition.agreements.tables import agreement
from coalition.agreements.terms import terms_sha256
from coalition.db.state import hub_state
from coalition.ids import IdSource
from coalition.ledger.domain import OPERATOR, POOL
from coalition.ledger.tables import balance, lot, movement, obligation
from coalition.partners.tables import party
from coalition.redemptions.tables import redemption, slice_
from coalition.sales.tables import sale
from coalition.setup import found_coalition

new_id = IdSource()
Owed = tuple[str, int, int, int]
"""Kind, debtor, creditor, micros."""

TERMS: dict[str, Any] = {
    "currency": "EUR",
    "earn": {"rules": [{"kind": "per_amount", "points": "1", "per": "1.00", "categories": None}]},
    "issue_price": "0.011",
    "redemption_price": "0.010",
    "funding": "redemption",
    "fees": {"issue_per_point": "0.0005", "redemption_share": "0.02"},
    "expiry": {"months": 24, "quarter_end": False},
    "grace_days": 30,
    "pending_days": 14,
    "breakage_issuer_share": "0.5",
}


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot as the tests hold it."""

    account_id: UUID
    lot_id: UUID
    issuer: int
    agreement_no: int


@dataclass(slots=True)
class Books:
    """A coalition in a fresh database, and its rows."""

    engine: Engine
    zone: str = "Europe/Bucharest"
    first_date: date = date(2026, 3, 1)
    currency: str = "EUR"
    environment: str = "test"
    agreements: dict[int, int] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def found(self) -> Books:
        """Write what every database starts with."""
        with self.engine.begin() as connection:
            found_coalition(
                connection=connection,
                environment=self.environment,
                name="Test Coalition",
                time_zone=self.zone,
                currency=self.currency,
                face_micros=10_000,
                first_date=self.first_date,
                now=self.noon(self.first_date),
                new_id=new_id,
            )
        return self

    def noon(self, day: date) -> datetime:
        """An instant well inside the business date, in any zone of Europe or America."""
        return datetime(day.year, day.month, day.day, 15, 0, tzinfo=UTC)

    def set_clock(self, instant: datetime) -> None:
        """Set the business clock."""
        with self.engine.begin() as connection:
            connection.execute(update(hub_state).values(business_at=instant))

    def end(self, day: date) -> None:
        """Set the business clock well past the end of the business date."""
        self.set_clock(self.noon(day) + timedelta(hours=18))

    def partner(self, slug: str, *, state: str = "live", zone: str | None = None) -> int:
        """A partner with one agreement version; gives its number."""
        with self.engine.begin() as connection:
            no = connection.execute(
                insert(party)
                .values(
                    id=new_id(),
                    kind="partner",
                    slug=slug,
                    name=slug.title(),
                    state=state,
                    time_zone=zone or self.zone,
                    created_at=self.noon(self.first_date),
                )
                .returning(party.c.no)
            ).scalar_one()
            self.agreements[no] = connection.execute(
                insert(agreement)
                .values(
                    id=new_id(),
                    party_no=no,
                    version=1,
                    effective_from=datetime(2020, 1, 1, tzinfo=UTC),
                    terms=TERMS,
                    terms_sha256=terms_sha256(TERMS),
                    created_at=self.noon(self.first_date),
                )
                .returning(agreement.c.no)
            ).scalar_one()
        return int(no)

    def account(self) -> UUID:
        """A member's account."""
        account_id = new_id()
        with self.engine.begin() as connection:
            connection.execute(insert(balance).values(account_id=account_id))
        return account_id

    def sale(self, party_no: int, account_id: UUID, *, day: date, **values: Any) -> UUID:
        """A sale; gives the hub's id of it."""
        sale_id = new_id()
        number = next(self._numbers)
        row = {
            "external_id": f"S-{number}",
            "revision": 1,
            "content_sha256": os.urandom(32),
            "occurred_at": self.noon(day),
            "local_date": day,
            "store": "12",
            "store_time_zone": None,
            "till": "3",
            "receipt": f"R{number:05d}",
            "currency": self.currency,
            "agreement_no": self.agreements[party_no],
            "document": json.loads('{"lines": [], "tenders": []}'),
            "refunds": [],
            "window_date": day,
            "first_posted_at": self.noon(day),
            "updated_at": self.noon(day),
        } | values
        with self.engine.begin() as connection:
            connection.execute(
                insert(sale).values(
                    party_no=party_no, sale_id=sale_id, account_id=account_id, **row
                )
            )
        return sale_id

    def lot(self, issuer: int, account_id: UUID, points: int, *, day: date, **values: Any) -> Lot:
        """A lot, all of it active."""
        made = Lot(account_id, new_id(), issuer, self.agreements[issuer])
        row = {
            "funder": issuer,
            "funding": "redemption",
            "issue_price_micros": 11_000,
            "redemption_price_micros": 10_000,
            "currency": self.currency,
            "granted": points,
            "active": points,
            "occurred_at": self.noon(day),
            "posted_at": self.noon(day),
            "activates_at": self.noon(day),
            "expires_at": self.noon(day) + timedelta(days=700),
        } | values
        with self.engine.begin() as connection:
            connection.execute(
                insert(lot).values(
                    account_id=account_id,
                    lot_id=made.lot_id,
                    issuer=issuer,
                    agreement_no=made.agreement_no,
                    **row,
                )
            )
        return made

    def redemption(
        self, redeemer: int, account_id: UUID, points: int, *, day: date, **values: Any
    ) -> UUID:
        """A redemption; gives its id."""
        redemption_id = new_id()
        row = {
            "face_micros": 10_000,
            "reference": f"till-{next(self._numbers)}",
            "store": "77",
            "till": "1",
            "receipt": "B-1",
        } | values
        with self.engine.begin() as connection:
            connection.execute(
                insert(redemption).values(
                    account_id=account_id,
                    redemption_id=redemption_id,
                    party_no=redeemer,
                    agreement_no=self.agreements[redeemer],
                    currency=self.currency,
                    points=points,
                    created_at=self.noon(day),
                    **row,
                )
            )
        return redemption_id

    def slice(
        self, of: Lot, redemption_id: UUID, points: int, movement_id: UUID, position: int = 0
    ) -> None:
        """The part of a lot that a redemption used."""
        with self.engine.begin() as connection:
            connection.execute(
                insert(slice_).values(
                    account_id=of.account_id,
                    redemption_id=redemption_id,
                    lot_id=of.lot_id,
                    position=position,
                    points=points,
                    movement_id=movement_id,
                )
            )

    def move(
        self,
        of: Lot,
        kind: str,
        points: int,
        *,
        day: date,
        at: int,
        cause: tuple[str, UUID],
        owed: Sequence[Owed] = (),
        adjusts: UUID | None = None,
        posted_at: datetime | None = None,
        buckets: tuple[str, str] = ("issued", "active"),
    ) -> UUID:
        """A movement of the window of `day`, at the party `at`, and what is owed for it."""
        movement_id = new_id()
        with self.engine.begin() as connection:
            connection.execute(
                insert(movement).values(
                    account_id=of.account_id,
                    movement_id=movement_id,
                    lot_id=of.lot_id,
                    kind=kind,
                    from_bucket=buckets[0],
                    to_bucket=buckets[1],
                    points=points,
                    window_date=day,
                    posted_at=posted_at or self.noon(day),
                    party_no=at,
                    cause_kind=cause[0],
                    cause_id=cause[1],
                    adjusts=adjusts,
                    reason=f"test {kind}",
                )
            )
            rows = [
                {
                    "account_id": of.account_id,
                    "movement_id": movement_id,
                    "seq": seq,
                    "window_date": day,
                    "kind": owed_kind,
                    "debtor": debtor,
                    "creditor": creditor,
                    "amount_micros": micros,
                    "currency": self.currency,
                }
                for seq, (owed_kind, debtor, creditor, micros) in enumerate(owed)
            ]
            if rows:
                connection.execute(insert(obligation), rows)
        return movement_id


@dataclass(frozen=True, slots=True)
class Story:
    """The story of the design: three brands, two days."""

    grocer: int
    fuel: int
    bakery: int
    ann: UUID
    grocer_lot: Lot
    fuel_lot: Lot
    earned: UUID
    bought: UUID


def tell_day_one(books: Books, *, day: date) -> Story:
    """Ann earns 40 points at Grocer and 60 at Fuel, and spends 70 at Bakery."""
    grocer, fuel, bakery = (books.partner(slug) for slug in ("grocer", "fuel", "bakery"))
    ann = books.account()
    at_grocer = books.sale(grocer, ann, day=day)
    grocer_lot = books.lot(grocer, ann, 40, day=day, sale_id=at_grocer, spent=40, active=0)
    earned = books.move(grocer_lot, "earn", 40, day=day, at=grocer, cause=("sale", at_grocer))
    at_fuel = books.sale(fuel, ann, day=day)
    fuel_lot = books.lot(
        fuel, ann, 60, day=day, sale_id=at_fuel, funding="issue", spent=30, active=30
    )
    books.move(
        fuel_lot,
        "earn",
        60,
        day=day,
        at=fuel,
        cause=("sale", at_fuel),
        owed=[("issue", fuel, POOL, 660_000)],
    )
    hold_id = new_id()
    at_bakery = books.redemption(bakery, ann, 70, day=day)
    for part, points, funder in ((grocer_lot, 40, grocer), (fuel_lot, 30, POOL)):
        books.move(
            part,
            "hold",
            points,
            day=day,
            at=bakery,
            cause=("hold", hold_id),
            buckets=("active", "held"),
        )
        spent = books.move(
            part,
            "capture",
            points,
            day=day,
            at=bakery,
            cause=("redemption", at_bakery),
            owed=[("redemption", funder, bakery, points * 10_000)],
            buckets=("held", "spent"),
        )
        books.slice(part, at_bakery, points, spent, position=int(part is fuel_lot))
    return Story(grocer, fuel, bakery, ann, grocer_lot, fuel_lot, earned, at_grocer)


def tell_day_two(books: Books, story: Story, *, day: date) -> UUID:
    """She returns half of the groceries: 20 of Fuel's points are taken."""
    return books.move(
        story.fuel_lot,
        "take",
        20,
        day=day,
        at=story.grocer,
        cause=("sale", story.bought),
        owed=[("clawback", POOL, story.grocer, 200_000)],
        adjusts=story.earned,
        buckets=("active", "taken"),
    )


__all__ = ["OPERATOR", "POOL", "Books", "Lot", "Story", "new_id", "tell_day_one", "tell_day_two"]

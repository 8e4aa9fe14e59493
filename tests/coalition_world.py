"""A small coalition for tests: founded, with partners under agreements and members, and its clock.

It calls the hub's own services; nothing of the hub is replaced.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Engine, text

from coalition.agreements.service import publish_agreement, set_face_value
from coalition.db.database import Database
from coalition.db.state import bump_directory
from coalition.directory import Directory, Snapshot
from coalition.ids import IdSource
from coalition.ledger.store import open_account
from coalition.members.store import insert_member
from coalition.partners.tables import party
from coalition.posting_context import PostingContext
from coalition.redemptions.domain import Redemption, Till
from coalition.redemptions.service import redeem_points
from coalition.sales.parse import parse_sale
from coalition.sales.service import SaleAnswer, put_sale
from coalition.setup import found_coalition
from partner_sdk.wire.ids import encode

DAY_1 = date(2026, 3, 2)


def terms(**changes: Any) -> dict[str, Any]:
    """One point per 1.00, 24 months, funded on redemption at 0.010, no fees, nothing pending."""
    return {
        "currency": "EUR",
        "earn": {"rules": [{"kind": "per_amount", "points": "1", "per": "1.00"}]},
        "issue_price": "0.010",
        "redemption_price": "0.010",
        "funding": "redemption",
        "expiry": {"months": 24},
        "grace_days": 30,
        **changes,
    }


LEI_TERMS = terms(currency="RON", issue_price="0.05", redemption_price="0.05")
FUEL_TERMS = terms(
    earn={"rules": [{"kind": "per_quantity", "points": "2", "per": "1", "categories": ["fuel"]}]},
    issue_price="0.011",
    funding="issue",
    expiry={"months": 36},
)


@dataclass
class World:
    """A founded coalition in one database."""

    engine: Engine
    zone: str = "Europe/Bucharest"
    first_date: date = DAY_1
    currency: str = "EUR"
    new_id: IdSource = field(default_factory=IdSource)
    numbers: dict[str, int] = field(default_factory=dict)
    ids: dict[str, UUID] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.database = Database(self.engine)
        self.directory = Directory(monotonic=time.monotonic)
        with self.database.transaction() as connection:
            found_coalition(
                connection=connection,
                environment="test",
                name="Testers",
                time_zone=self.zone,
                currency=self.currency,
                face_micros=10_000,
                first_date=self.first_date,
                now=datetime(2026, 1, 1, tzinfo=UTC),
                new_id=self.new_id,
            )
        self.set_clock(datetime(2026, 3, 2, 9, tzinfo=UTC))

    def at(self, engine: Engine) -> World:
        """The same coalition in a copy of its database."""
        made = copy(self)
        made.engine, made.database = engine, Database(engine)
        made.directory = Directory(monotonic=time.monotonic)
        made.numbers, made.ids = dict(self.numbers), dict(self.ids)
        return made

    def snapshot(self) -> Snapshot:
        """The newest directory."""
        with self.database.autocommit() as connection:
            return self.directory.refresh(connection=connection)

    @property
    def now(self) -> datetime:
        """The set business clock."""
        instant = self.snapshot().hub.business_at
        assert instant is not None
        return instant

    def set_clock(self, instant: datetime) -> None:
        """Set the business clock."""
        with self.database.transaction() as connection:
            connection.execute(text("UPDATE hub_state SET business_at = :at"), {"at": instant})
            bump_directory(connection=connection)

    def advance(self, **amount: float) -> None:
        """Move the business clock on by a timedelta's arguments."""
        self.set_clock(self.now + timedelta(**amount))

    def partner(
        self, slug: str, document: Mapping[str, Any] | None = None, state: str = "live"
    ) -> int:
        """A partner under an agreement that began before the first date."""
        with self.database.transaction() as connection:
            partner_id = uuid4()
            number = connection.execute(
                party.insert()
                .values(
                    id=partner_id,
                    kind="partner",
                    slug=slug,
                    name=slug.title(),
                    state=state,
                    time_zone=self.zone,
                    created_at=datetime(2026, 1, 1, tzinfo=UTC),
                )
                .returning(party.c.no)
            ).scalar_one()
            publish_agreement(
                connection=connection,
                existing=(),
                currency="EUR",
                others=self.snapshot().other_currencies(at=datetime(2026, 1, 1, tzinfo=UTC)),
                agreement_id=uuid4(),
                party_no=number,
                effective_from=datetime(2026, 1, 1, tzinfo=UTC),
                effective_to=None,
                document=terms() if document is None else document,
                now=datetime(2026, 1, 1, tzinfo=UTC),
            )
        self.numbers[slug], self.ids[slug] = number, partner_id
        return number

    def price_in_lei(self) -> None:
        """A point is worth 0.05 lei, too: partners may be priced in them."""
        with self.database.transaction() as connection:
            set_face_value(
                connection=connection,
                existing=(),
                currency="RON",
                value="0.05",
                effective_from="2026-01-01",
                today=DAY_1,
            )

    def set_party(self, slug: str, **columns: Any) -> None:
        """Change columns of a party's row, as the operator's use cases do."""
        with self.database.transaction() as connection:
            connection.execute(
                party.update().where(party.c.no == self.numbers[slug]).values(**columns)
            )
            bump_directory(connection=connection)

    def member(self) -> UUID:
        """A member with an open account; its id is its account's."""
        member_id = uuid4()
        by = next(iter(self.numbers.values()))
        with self.database.transaction() as connection:
            insert_member(
                connection=connection,
                member_id=member_id,
                enrolled_by=by,
                wrapped_key=b"-",
                now=self.now,
            )
            open_account(connection=connection, account_id=member_id)
        return member_id

    def context(self, slug: str) -> PostingContext:
        """The partner calling now."""
        snapshot = self.snapshot()
        assert snapshot.hub.business_at is not None
        return PostingContext(
            snapshot=snapshot,
            now=snapshot.hub.business_at,
            new_id=self.new_id,
            party_no=self.numbers[slug],
        )

    def sale_body(
        self,
        member: UUID | None,
        *lines: tuple[str, str, str],
        revision: int = 1,
        occurred_at: datetime | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """A sale's JSON; lines are (category, quantity, amount)."""
        at = occurred_at or self.now
        return {
            "revision": revision,
            "occurred_at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "member": None if member is None else {"id": encode("mem", member)},
            "currency": "EUR",
            "lines": [
                {
                    "id": str(i),
                    "category": category,
                    "quantity": quantity,
                    "amount": {"amount": amount, "currency": "EUR"},
                }
                for i, (category, quantity, amount) in enumerate(lines)
            ],
            **more,
        }

    def put(self, slug: str, sale_id: str, body: Mapping[str, Any]) -> SaleAnswer:
        """State a sale as the partner."""
        context = self.context(slug)
        put = parse_sale(external_id=sale_id, body=dict(body), zone=context.snapshot.hub.time_zone)
        return put_sale(database=self.database, context=context, put=put)

    def redeem(self, slug: str, member: UUID, points: int) -> Redemption:
        """Spend points at the partner in one step."""
        with self.database.transaction() as connection:
            return redeem_points(
                connection=connection,
                context=self.context(slug),
                account_id=member,
                points=points,
                till=Till(),
            )

    def balance(self, member: UUID) -> dict[str, int]:
        """The balance row's counts."""
        with self.database.autocommit() as connection:
            row = connection.execute(
                text("SELECT active, pending, held, debt FROM balance WHERE account_id = :account"),
                {"account": member},
            ).one()
        return dict(row._mapping)

    def positions(self, day: date | None = None) -> dict[str, int]:
        """Net position of every party in micros, of one window or of all; zeros left out."""
        with self.database.autocommit() as connection:
            rows = connection.execute(
                text(
                    "SELECT p.slug, sum(x.amount)::bigint AS net FROM ("
                    " SELECT creditor AS no, amount_micros AS amount, window_date FROM obligation"
                    " UNION ALL SELECT debtor, -amount_micros, window_date FROM obligation) x"
                    " JOIN party p ON p.no = x.no"
                    " WHERE CAST(:day AS date) IS NULL OR x.window_date = :day GROUP BY p.slug"
                ),
                {"day": day},
            )
            return {row.slug: row.net for row in rows if row.net}


def refund(refund_id: str, amount: str, status: str = "succeeded", **more: Any) -> dict[str, Any]:
    """A refund's JSON."""
    return {
        "id": refund_id,
        "status": status,
        "amount": {"amount": amount, "currency": "EUR"},
        **more,
    }

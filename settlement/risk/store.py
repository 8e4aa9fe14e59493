"""The SQL of risk: collateral out of the entries, accounts, plans and exits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Connection, and_, case, func, insert, or_, select, union, update
from sqlalchemy.dialects.postgresql import insert as upsert

from settlement import hub
from settlement.entries.tables import entry
from settlement.risk.domain import PURPOSES, Purpose, WindowClaims
from settlement.risk.tables import default_plan, partner_exit
from settlement.store.tables import pair_net, statement

RISK_LOCK = (7203, 5)
"""Advisory lock: one change of collateral, default or exit at a time."""


@dataclass(frozen=True, slots=True)
class Account:
    """A party's account: the closing of its newest statement, and what was entered since."""

    through: date | None
    closing_micros: int
    entered_micros: int

    @property
    def balance_micros(self) -> int:
        """What it is owed (+) or owes (-)."""
        return self.closing_micros + self.entered_micros


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan for a default, with who released it."""

    plan_sha256: str
    party_no: int
    document: Mapping[str, Any]
    approved_by: str | None
    executed_by: str | None


@dataclass(frozen=True, slots=True)
class Exit:
    """A partner's exit; `began_at` and `closed_at` are business time."""

    party_no: int
    began_at: datetime
    notice_until: date
    currency: str
    liability_micros: int
    points: int
    closed_at: datetime | None


def take_turn(*, connection: Connection) -> None:
    """Wait for others who change collateral, defaults or exits; until the transaction ends."""
    connection.execute(select(func.pg_advisory_xact_lock(*RISK_LOCK)))


def read_collateral(
    *, connection: Connection, currency: str, party_no: int | None = None
) -> dict[tuple[int, Purpose], int]:
    """What each party (or one) has put up, by purpose; micros, zeros left out."""
    purpose = entry.c.about["purpose"].astext
    own = case((entry.c.debtor == hub.CLEARING, entry.c.creditor), else_=entry.c.debtor)
    held = func.sum(
        case(
            (entry.c.creditor == hub.CLEARING, entry.c.amount_micros), else_=-entry.c.amount_micros
        )
    )
    query = (
        select(own, purpose, held)
        .where(
            # What the fund covers of a default is taken from those who gave it, entry by entry.
            or_(
                entry.c.kind == "collateral",
                and_(entry.c.kind == "default_cover", purpose.is_not(None)),
            ),
            entry.c.currency == currency,
        )
        .group_by(own, purpose)
        .having(held != 0)
        .order_by(own, purpose)
    )
    if party_no is not None:
        query = query.where(own == party_no)
    return {
        (no, cast("Purpose", name)): int(micros)
        for no, name, micros in connection.execute(query)
        if name in PURPOSES
    }


def read_currencies(*, connection: Connection, party_no: int) -> tuple[str, ...]:
    """The currencies that a party has accounts or collateral in, the clearing one first.

    The clearing currency is always one of them.
    """
    clearing = hub.read_coalition(connection=connection).currency
    stated = select(statement.c.currency).where(statement.c.party_no == party_no)
    entered = select(entry.c.currency).where(
        or_(entry.c.creditor == party_no, entry.c.debtor == party_no)
    )
    found = set(connection.execute(union(stated, entered)).scalars())
    return (clearing, *sorted(found - {clearing}))


def read_account(*, connection: Connection, party_no: int, currency: str) -> Account:
    """The party's account, with the clearing house's entries of windows not stated yet."""
    newest = connection.execute(
        select(statement.c.business_date, statement.c.closing_micros)
        .where(
            statement.c.party_no == party_no,
            statement.c.currency == currency,
            statement.c.published_at.is_not(None),
        )
        .order_by(statement.c.no.desc())
        .limit(1)
    ).one_or_none()
    through = None if newest is None else newest.business_date
    since = select(
        func.coalesce(
            func.sum(
                case(
                    (entry.c.creditor == party_no, entry.c.amount_micros),
                    else_=-entry.c.amount_micros,
                )
            ),
            0,
        )
    ).where(
        entry.c.currency == currency,
        or_(
            and_(entry.c.creditor == party_no, entry.c.debtor == hub.CLEARING),
            and_(entry.c.debtor == party_no, entry.c.creditor == hub.CLEARING),
        ),
    )
    if through is not None:
        since = since.where(entry.c.window_date > through)
    return Account(
        through=through,
        closing_micros=0 if newest is None else newest.closing_micros,
        entered_micros=int(connection.execute(since).scalar_one()),
    )


def has_entries_after(*, connection: Connection, party_no: int, after: date) -> bool:
    """Whether anything was entered with the party in a window later than the date."""
    return (
        connection.scalar(
            select(entry.c.no)
            .where(
                entry.c.window_date > after,
                or_(entry.c.creditor == party_no, entry.c.debtor == party_no),
            )
            .limit(1)
        )
        is not None
    )


def walk_windows(
    *, connection: Connection, party_no: int, currency: str, through: date
) -> Iterator[WindowClaims]:
    """The party's netted windows up to a date, the newest first, without the clearing house."""
    rows = connection.execute(
        select(pair_net.c.business_date, pair_net.c.a, pair_net.c.b, pair_net.c.rounded_micros)
        .where(
            pair_net.c.business_date <= through,
            pair_net.c.currency == currency,
            or_(pair_net.c.a == party_no, pair_net.c.b == party_no),
            pair_net.c.a != hub.CLEARING,
            pair_net.c.b != hub.CLEARING,
        )
        .order_by(pair_net.c.business_date.desc(), pair_net.c.a, pair_net.c.b)
    )
    day: date | None = None
    claims: dict[int, int] = {}
    for business_date, a, b, rounded in rows:
        if day is not None and business_date != day:
            yield WindowClaims(day, claims)
            claims = {}
        day = business_date
        claims[b if a == party_no else a] = rounded if a == party_no else -rounded
    if day is not None:
        yield WindowClaims(day, claims)


def keep_plan(
    *,
    connection: Connection,
    plan_sha256: str,
    party_no: int,
    document: Mapping[str, Any],
    now: datetime,
) -> None:
    """Keep a plan by its hash; the same plan again changes nothing. `now` is wall time."""
    connection.execute(
        upsert(default_plan)
        .values(plan_sha256=plan_sha256, party_no=party_no, document=dict(document), made_at=now)
        .on_conflict_do_nothing()
    )


def lock_plan(*, connection: Connection, plan_sha256: str) -> StoredPlan | None:
    """A plan by its hash, locked until the transaction ends."""
    row = connection.execute(
        select(
            default_plan.c.plan_sha256,
            default_plan.c.party_no,
            default_plan.c.document,
            default_plan.c.approved_by,
            default_plan.c.executed_by,
        )
        .where(default_plan.c.plan_sha256 == plan_sha256)
        .with_for_update()
    ).one_or_none()
    return None if row is None else StoredPlan(*row)


def approve_plan(*, connection: Connection, plan_sha256: str, person: str, now: datetime) -> None:
    """Record the first of the two people; `now` is wall time."""
    connection.execute(
        update(default_plan)
        .where(default_plan.c.plan_sha256 == plan_sha256)
        .values(approved_by=person, approved_at=now)
    )


def execute_plan(*, connection: Connection, plan_sha256: str, person: str, now: datetime) -> None:
    """Record the second; the database refuses the first one again. `now` is wall time."""
    connection.execute(
        update(default_plan)
        .where(default_plan.c.plan_sha256 == plan_sha256)
        .values(executed_by=person, executed_at=now)
    )


def read_defaulted(*, connection: Connection) -> frozenset[int]:
    """The parties of which a plan for their default was executed."""
    rows = connection.execute(
        select(default_plan.c.party_no).where(default_plan.c.executed_at.is_not(None))
    )
    return frozenset(row.party_no for row in rows)


def insert_exit(*, connection: Connection, made: Exit, person: str) -> None:
    """Record that a partner leaves."""
    connection.execute(
        insert(partner_exit).values(
            party_no=made.party_no,
            began_at=made.began_at,
            notice_until=made.notice_until,
            currency=made.currency,
            liability_micros=made.liability_micros,
            points=made.points,
            person=person,
        )
    )


def read_exits(*, connection: Connection, party_no: int | None = None) -> list[Exit]:
    """Exits, of all partners or one, by party."""
    query = select(
        partner_exit.c.party_no,
        partner_exit.c.began_at,
        partner_exit.c.notice_until,
        partner_exit.c.currency,
        partner_exit.c.liability_micros,
        partner_exit.c.points,
        partner_exit.c.closed_at,
    ).order_by(partner_exit.c.party_no)
    if party_no is not None:
        query = query.where(partner_exit.c.party_no == party_no)
    return [Exit(*row) for row in connection.execute(query)]


def close_exit(*, connection: Connection, party_no: int, now: datetime) -> None:
    """Record that a partner is gone; `now` is business time."""
    connection.execute(
        update(partner_exit).where(partner_exit.c.party_no == party_no).values(closed_at=now)
    )


def is_posted(*, connection: Connection, cause: str) -> bool:
    """Whether anything was entered for the cause."""
    return connection.scalar(select(entry.c.no).where(entry.c.cause == cause).limit(1)) is not None

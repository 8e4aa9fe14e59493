"""What parties have and have put up, out of statements and entries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import cast

from sqlalchemy import Connection, and_, case, func, or_, select, union

from settlement import hub
from settlement.entries.tables import entry
from settlement.locks import RISK
from settlement.risk.domain import PURPOSES, Purpose, WindowClaims
from settlement.store.tables import pair_net, statement


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


def take_turn(*, connection: Connection) -> None:
    """Wait for others who change collateral, defaults or exits; until the transaction ends."""
    connection.execute(select(func.pg_advisory_xact_lock(*RISK)))


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


def is_posted(*, connection: Connection, cause: str) -> bool:
    """Whether anything was entered for the cause."""
    return connection.scalar(select(entry.c.no).where(entry.c.cause == cause).limit(1)) is not None

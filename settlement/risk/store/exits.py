"""Partners' exits, and what they left behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, insert, select, update

from settlement.risk.domain import RunOff
from settlement.risk.tables import exit_run_off, partner_exit


@dataclass(frozen=True, slots=True)
class Exit:
    """A partner's exit; `began_at` and `closed_at` are business time."""

    party_no: int
    began_at: datetime
    notice_until: date
    closed_at: datetime | None


def insert_exit(
    *, connection: Connection, made: Exit, run_offs: Sequence[RunOff], person: str
) -> None:
    """Record that a partner leaves, and what it leaves behind in each currency."""
    connection.execute(
        insert(partner_exit).values(
            party_no=made.party_no,
            began_at=made.began_at,
            notice_until=made.notice_until,
            person=person,
        )
    )
    connection.execute(
        insert(exit_run_off),
        [
            {
                "party_no": made.party_no,
                "currency": each.currency,
                "points": each.points,
                "liability_micros": each.liability_micros,
            }
            for each in run_offs
        ],
    )


def read_exit(*, connection: Connection, party_no: int) -> Exit | None:
    """A partner's exit, if it leaves or left."""
    row = connection.execute(
        select(
            partner_exit.c.party_no,
            partner_exit.c.began_at,
            partner_exit.c.notice_until,
            partner_exit.c.closed_at,
        ).where(partner_exit.c.party_no == party_no)
    ).one_or_none()
    return None if row is None else Exit(*row)


def close_exit(*, connection: Connection, party_no: int, now: datetime) -> None:
    """Record that a partner is gone; `now` is business time."""
    connection.execute(
        update(partner_exit).where(partner_exit.c.party_no == party_no).values(closed_at=now)
    )

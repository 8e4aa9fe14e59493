"""Finding numbered lines again, and how they name agreements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import (
    Connection,
    case,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from partner_sdk.wire import ids
from settlement import hub
from settlement.store.tables import agreement_ref, line, statement


@dataclass(frozen=True, slots=True)
class LineKey:
    """What a numbered line is made of.

    Currencies are None where they are the clearing one; `settlement_micros` is the amount that a
    line in another currency was converted to, if it was.
    """

    line_no: int
    account_id: UUID
    movement_id: UUID
    seq: int
    own: bool
    kind: str
    adjusts_date: date | None
    adjusts_line: int | None
    adjusts_currency: str | None
    currency: str | None
    settlement_micros: int | None


@dataclass(frozen=True, slots=True)
class AgreementLabel:
    """An agreement version as lines name it; the hash is hex."""

    public_id: str
    version: str
    terms_sha256: str


def refresh_agreements(*, connection: Connection) -> None:
    """Take over the agreement versions made since the last night."""
    newest = connection.scalar(select(func.max(agreement_ref.c.no))) or 0
    rows = [
        {
            "no": each.no,
            "public_id": ids.encode("agr", each.id),
            "version": str(each.version),
            "terms_sha256": each.terms_sha256,
        }
        for each in hub.read_agreements(connection=connection, after_no=newest)
    ]
    if rows:
        connection.execute(upsert(agreement_ref).on_conflict_do_nothing(), rows)


def read_agreement_labels(*, connection: Connection) -> dict[int, AgreementLabel]:
    """How lines name agreement versions, by number."""
    return {
        row.no: AgreementLabel(row.public_id, row.version, row.terms_sha256.hex())
        for row in connection.execute(select(agreement_ref))
    }


def read_adjusted_statements(
    *, connection: Connection, business_date: date, parties: Sequence[int], clearing: str
) -> dict[tuple[int, date, str | None], str]:
    """The public ids of the statements that the window's lines correct.

    By party, date, and currency (None: the clearing one).
    """
    rows = connection.execute(
        select(line.c.party_no, line.c.adjusts_date, line.c.adjusts_currency, statement.c.public_id)
        .distinct()
        .join_from(
            line,
            statement,
            (statement.c.business_date == line.c.adjusts_date)
            & (statement.c.party_no == line.c.party_no)
            & (statement.c.currency == func.coalesce(line.c.adjusts_currency, clearing)),
        )
        .where(
            line.c.window_date == business_date,
            line.c.party_no == func.any(list(parties)),
            line.c.adjusts_date.is_not(None),
        )
    )
    return {(party_no, day, currency): public_id for party_no, day, currency, public_id in rows}


def read_line_key(
    *,
    connection: Connection,
    business_date: date,
    party_no: int,
    line_no: int,
    currency: str | None = None,
) -> LineKey | None:
    """The key behind one line of a statement; None for other lines than a movement's.

    `currency` is the statement's, None for the clearing currency.
    """
    row = connection.execute(
        select(
            line.c.line_no,
            line.c.account_id,
            line.c.movement_id,
            line.c.seq,
            line.c.own,
            line.c.kind,
            line.c.adjusts_date,
            line.c.adjusts_line,
            line.c.adjusts_currency,
            line.c.currency,
            line.c.settlement_micros,
        ).where(
            line.c.window_date == business_date,
            line.c.party_no == party_no,
            line.c.line_no == line_no,
            case((line.c.settlement_micros.is_(None), line.c.currency)).is_not_distinct_from(
                currency
            ),
        )
    ).one_or_none()
    return None if row is None else LineKey(*row)

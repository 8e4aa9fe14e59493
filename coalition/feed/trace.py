"""Everything behind one line: its movement, lot, agreement, receipt, and what was owed for it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select

from coalition.agreements.tables import agreement
from coalition.feed.facts import LineFacts, LotFacts, ObligationFacts, SliceFacts
from coalition.ledger.tables import lot, movement, obligation
from coalition.redemptions.tables import redemption, slice_
from coalition.sales.tables import sale


def read_line_facts(
    *, connection: Connection, account_id: UUID, movement_id: UUID
) -> LineFacts | None:
    """The facts behind the lines of a movement, or None if there is no such movement."""
    moved = connection.execute(
        select(movement).where(
            movement.c.account_id == account_id, movement.c.movement_id == movement_id
        )
    ).one_or_none()
    if moved is None:
        return None
    owed = connection.execute(
        select(
            obligation.c.seq,
            obligation.c.kind,
            obligation.c.debtor,
            obligation.c.creditor,
            obligation.c.amount_micros,
            obligation.c.currency,
        )
        .where(obligation.c.account_id == account_id, obligation.c.movement_id == movement_id)
        .order_by(obligation.c.seq)
    )
    spent = _redemption(connection, moved)
    bought = _sale(connection, moved)
    document = spent or bought
    terms = None if spent is None else _agreement(connection, spent.agreement_no)
    return LineFacts(
        movement_id=movement_id,
        kind=moved.kind,
        from_bucket=moved.from_bucket,
        to_bucket=moved.to_bucket,
        points=moved.points,
        window_date=moved.window_date,
        posted_at=moved.posted_at,
        party_no=moved.party_no,
        cause_kind=moved.cause_kind,
        cause_id=moved.cause_id,
        adjusts=moved.adjusts,
        reason=moved.reason,
        lot=_lot(connection, account_id, moved.lot_id),
        obligations=tuple(ObligationFacts(*row) for row in owed),
        document_external_id=(spent.reference if spent else bought.external_id if bought else None),
        store=document.store if document else None,
        till=document.till if document else None,
        receipt=document.receipt if document else None,
        occurred_at=spent.created_at if spent else bought.occurred_at if bought else None,
        face_micros=spent.face_micros if spent else None,
        redemption_points=spent.points if spent else None,
        redeemer_agreement_id=terms.id if terms else None,
        redeemer_agreement_version=terms.version if terms else None,
        redeemer_terms=terms.terms if terms else None,
        slices=_slices(connection, account_id, moved.cause_id) if spent else (),
    )


def _redemption(connection: Connection, moved: Row[Any]) -> Row[Any] | None:
    if moved.cause_kind != "redemption":
        return None
    return connection.execute(
        select(redemption).where(
            redemption.c.account_id == moved.account_id,
            redemption.c.redemption_id == moved.cause_id,
        )
    ).one_or_none()


def _sale(connection: Connection, moved: Row[Any]) -> Row[Any] | None:
    if moved.cause_kind != "sale":
        return None
    return connection.execute(select(sale).where(sale.c.sale_id == moved.cause_id)).one_or_none()


def _agreement(connection: Connection, no: int) -> Row[Any]:
    return connection.execute(select(agreement).where(agreement.c.no == no)).one()


def _lot(connection: Connection, account_id: UUID, lot_id: UUID) -> LotFacts:
    row = connection.execute(
        select(
            lot,
            agreement.c.id.label("agreement_id"),
            agreement.c.version,
            agreement.c.terms,
            agreement.c.terms_sha256,
            sale.c.party_no.label("sale_party"),
            sale.c.external_id,
            sale.c.receipt,
        )
        .join_from(lot, agreement, agreement.c.no == lot.c.agreement_no)
        .outerjoin(sale, sale.c.sale_id == lot.c.sale_id)
        .where(lot.c.account_id == account_id, lot.c.lot_id == lot_id)
    ).one()
    return LotFacts(
        lot_id=lot_id,
        issuer=row.issuer,
        funder=row.funder,
        funding=row.funding,
        issue_price_micros=row.issue_price_micros,
        redemption_price_micros=row.redemption_price_micros,
        currency=row.currency,
        granted=row.granted,
        occurred_at=row.occurred_at,
        expires_at=row.expires_at,
        agreement_id=row.agreement_id,
        agreement_version=row.version,
        terms=row.terms,
        terms_sha256=row.terms_sha256,
        sale_party=row.sale_party,
        sale_external_id=row.external_id,
        sale_receipt=row.receipt,
    )


def _slices(
    connection: Connection, account_id: UUID, redemption_id: UUID
) -> tuple[SliceFacts, ...]:
    rows = connection.execute(
        select(
            slice_.c.position,
            slice_.c.lot_id,
            lot.c.issuer,
            slice_.c.points,
            slice_.c.reversed_points,
            lot.c.redemption_price_micros,
            lot.c.currency,
            slice_.c.face_micros,
        )
        .join_from(
            slice_,
            lot,
            (lot.c.account_id == slice_.c.account_id) & (lot.c.lot_id == slice_.c.lot_id),
        )
        .where(slice_.c.account_id == account_id, slice_.c.redemption_id == redemption_id)
        .order_by(slice_.c.position)
    )
    return tuple(SliceFacts(*row) for row in rows)

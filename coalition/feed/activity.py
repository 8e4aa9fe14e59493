"""What a window is made of, in cells small enough to tell why two windows differ."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, case, func, select

from coalition.agreements.tables import agreement
from coalition.feed.lines import is_late
from coalition.feed.money import Converting
from coalition.ledger.tables import lot, movement, obligation
from coalition.redemptions.tables import redemption


@dataclass(frozen=True, slots=True)
class ActivityCell:
    """All obligations of a window that agree in these; amounts are micros of `currency`.

    `agreement_party` and `version` are the terms that priced it: the redeemer's for its fee, the
    issuer's for all else. `corrects` tells that an earlier window is corrected, `late` that a sale
    that happened before the window was first heard of in it.
    """

    debtor: int
    creditor: int
    kind: str
    movement_kind: str
    agreement_party: int
    version: int
    corrects: bool
    late: bool
    currency: str
    obligations: int
    points: int
    amount_micros: int


def read_activity(
    *,
    connection: Connection,
    business_date: date,
    starts_at: datetime,
    currency: str,
    converting: Converting | None = None,
) -> tuple[ActivityCell, ...]:
    """The window's obligations in a currency by debtor, creditor, kind and the terms behind them.

    The window starts at `starts_at`. With `converting`, each amount is converted before it is
    summed.
    """
    micros = obligation.c.amount_micros
    original = movement.alias("original")
    is_fee = obligation.c.kind == "redemption_fee"
    corrects = func.coalesce(original.c.window_date < business_date, False)
    agreement_no = case((is_fee, redemption.c.agreement_no), else_=lot.c.agreement_no)
    keys = {
        "debtor": obligation.c.debtor,
        "creditor": obligation.c.creditor,
        "kind": obligation.c.kind,
        "movement_kind": movement.c.kind,
        "agreement_no": agreement_no,
        "corrects": corrects,
        "late": is_late(starts_at=starts_at),
        "currency": obligation.c.currency,
    }
    sums = (
        select(
            *(column.label(name) for name, column in keys.items()),
            func.count().label("obligations"),
            func.sum(movement.c.points).label("points"),
            func.sum(converting(micros) if converting else micros).label("amount_micros"),
        )
        .select_from(obligation)
        .join(
            movement,
            and_(
                movement.c.account_id == obligation.c.account_id,
                movement.c.movement_id == obligation.c.movement_id,
            ),
        )
        .join(
            lot, and_(lot.c.account_id == movement.c.account_id, lot.c.lot_id == movement.c.lot_id)
        )
        .outerjoin(
            original,
            and_(
                original.c.account_id == movement.c.account_id,
                original.c.movement_id == movement.c.adjusts,
            ),
        )
        .outerjoin(
            redemption,
            and_(
                is_fee,
                redemption.c.account_id == movement.c.account_id,
                redemption.c.redemption_id == movement.c.cause_id,
            ),
        )
        .where(
            obligation.c.window_date == business_date,
            movement.c.window_date == business_date,
            obligation.c.currency == currency,
        )
        .group_by(*keys.values())
        .subquery("activity")
    )
    rows: Any = connection.execute(
        select(
            sums.c.debtor,
            sums.c.creditor,
            sums.c.kind,
            sums.c.movement_kind,
            agreement.c.party_no.label("agreement_party"),
            agreement.c.version,
            sums.c.corrects,
            sums.c.late,
            sums.c.currency,
            sums.c.obligations,
            sums.c.points,
            sums.c.amount_micros,
        )
        .join_from(sums, agreement, agreement.c.no == sums.c.agreement_no)
        .order_by(*sums.c)
    )
    whole = ("points", "amount_micros")
    return tuple(
        ActivityCell(**{**row._mapping, **{name: int(row._mapping[name]) for name in whole}})
        for row in rows
    )

"""The lines of a window's statements, as SQL over the hub's tables for settlement to compose.

A line is one obligation as one of its two parties sees it, or one movement without any obligation,
with amount 0, as the issuer of its lot sees it. Two kinds of movement make no line: `hold` and
`release` neither owe money nor change what an issuer is liable for.

A party sees all of a line that came of its own till or sale (`own`: it is the movement's party).
Its counterparty's copy has no receipt, till, reference or time of day.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    and_,
    case,
    cast,
    exists,
    func,
    literal_column,
    null,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import array

from coalition.ledger.tables import lot, movement, obligation
from coalition.redemptions.tables import redemption
from coalition.sales.tables import sale
from partner_sdk.wire.lines import LATE_SALE

NO_OBLIGATION = -1
"""The `seq` of a line that stands for a movement without any obligation."""
_SILENT = ("hold", "release")


def unpriced_movements(*, business_date: date) -> Select[Any]:
    """The window's movements that owe nothing, with the issuer on whose statement each stands."""
    # Found apart, so that the planner looks for obligations by window and for lots by key.
    unpriced = (
        select(
            movement.c.account_id,
            movement.c.movement_id,
            movement.c.lot_id,
            movement.c.kind,
            movement.c.party_no,
            movement.c.adjusts,
        )
        .where(
            movement.c.window_date == business_date,
            movement.c.kind.not_in(_SILENT),
            ~exists().where(
                obligation.c.account_id == movement.c.account_id,
                obligation.c.movement_id == movement.c.movement_id,
                obligation.c.window_date == business_date,
            ),
        )
        .cte("unpriced")
        .prefix_with("MATERIALIZED")
    )
    return select(
        lot.c.issuer.label("party_no"),
        unpriced.c.account_id,
        unpriced.c.movement_id,
        cast(literal_column(str(NO_OBLIGATION)), Integer).label("seq"),
        unpriced.c.kind,
        (unpriced.c.party_no == lot.c.issuer).label("own"),
        unpriced.c.adjusts,
        cast(null(), Integer).label("counterparty"),
        cast(literal_column("0"), BigInteger).label("net_micros"),
        lot.c.currency,
    ).join_from(
        unpriced,
        lot,
        and_(lot.c.account_id == unpriced.c.account_id, lot.c.lot_id == unpriced.c.lot_id),
    )


def _obligation_sides(*, business_date: date) -> Select[Any]:
    """Both sides of every obligation of the window."""
    debtor, creditor = obligation.c.debtor, obligation.c.creditor
    micros = obligation.c.amount_micros
    sides = (
        select(
            func.unnest(array([debtor, creditor])).label("party_no"),
            func.unnest(array([creditor, debtor])).label("counterparty"),
            func.unnest(array([-micros, micros])).label("net_micros"),
            movement.c.account_id,
            movement.c.movement_id,
            cast(obligation.c.seq, Integer).label("seq"),
            obligation.c.kind,
            movement.c.party_no.label("at_party"),
            movement.c.adjusts,
            obligation.c.currency,
        )
        .join_from(
            obligation,
            movement,
            and_(
                movement.c.account_id == obligation.c.account_id,
                movement.c.movement_id == obligation.c.movement_id,
            ),
        )
        .where(obligation.c.window_date == business_date, movement.c.window_date == business_date)
        .subquery("sides")
    )
    return select(
        sides.c.party_no,
        sides.c.account_id,
        sides.c.movement_id,
        sides.c.seq,
        sides.c.kind,
        (sides.c.at_party == sides.c.party_no).label("own"),
        sides.c.adjusts,
        sides.c.counterparty,
        sides.c.net_micros,
        sides.c.currency,
    )


def line_keys(*, business_date: date) -> FromClause:
    """Every line of the window's statements, by what it is made of.

    Columns: party_no, account_id, movement_id, seq, kind, own, adjusts (the movement corrected),
    counterparty (a party's number), net_micros (signed for the party: + receives), currency.
    """
    return union_all(
        _obligation_sides(business_date=business_date),
        unpriced_movements(business_date=business_date),
    ).subquery("line_key")


def adjusting_lines(*, business_date: date) -> FromClause:
    """Those of the window's lines that correct a movement of an earlier window.

    Columns: account_id, movement_id, seq, party_no, kind, adjusts, original_date (the window of
    the movement corrected).
    """
    original = movement.alias("original")
    corrections = (
        select(
            movement.c.account_id,
            movement.c.movement_id,
            movement.c.lot_id,
            movement.c.kind,
            movement.c.adjusts,
            original.c.window_date.label("original_date"),
        )
        .join_from(
            movement,
            original,
            (original.c.account_id == movement.c.account_id)
            & (original.c.movement_id == movement.c.adjusts),
        )
        .where(
            movement.c.window_date == business_date,
            movement.c.adjusts.is_not(None),
            original.c.window_date < business_date,
        )
        .cte("correction")
    )
    sides = select(
        corrections.c.account_id,
        corrections.c.movement_id,
        func.coalesce(obligation.c.seq, NO_OBLIGATION).label("seq"),
        func.unnest(
            case(
                (obligation.c.seq.is_(None), array([lot.c.issuer])),
                else_=array([obligation.c.debtor, obligation.c.creditor]),
            )
        ).label("party_no"),
        func.coalesce(obligation.c.kind, corrections.c.kind).label("kind"),
        corrections.c.adjusts,
        corrections.c.original_date,
    ).select_from(
        corrections.join(
            lot,
            (lot.c.account_id == corrections.c.account_id) & (lot.c.lot_id == corrections.c.lot_id),
        ).outerjoin(
            obligation,
            (obligation.c.account_id == corrections.c.account_id)
            & (obligation.c.movement_id == corrections.c.movement_id),
        )
    )
    return sides.subquery("adjusting")


def is_late(*, starts_at: datetime) -> ColumnElement[bool]:
    """Whether a movement, joined with its lot, is of a sale first heard of after its own window.

    The movement's own window starts at `starts_at`.
    """
    return (movement.c.reason == "sale") & (lot.c.occurred_at < starts_at)


def late_movements(*, business_date: date, starts_at: datetime) -> FromClause:
    """The window's movements of sales that happened before it: account_id, movement_id."""
    return (
        select(movement.c.account_id, movement.c.movement_id)
        .join_from(
            movement,
            lot,
            (lot.c.account_id == movement.c.account_id) & (lot.c.lot_id == movement.c.lot_id),
        )
        .where(movement.c.window_date == business_date, is_late(starts_at=starts_at))
        .subquery("late")
    )


def refresh_statistics(*, connection: Connection) -> None:
    """Let the planner know the rows of a large window before it is read."""
    connection.execute(text("ANALYZE movement, obligation, lot"))


def line_details(*, lines: FromClause, business_date: date, starts_at: datetime) -> Select[Any]:
    """The details of a window's lines, one row each, named columns; the caller orders them.

    `lines` has the columns own, account_id, movement_id, kind and net_micros. Parties and
    agreements come by number. What a counterparty may not see is not even read. The window starts
    at `starts_at`; a sale that happened before it and is first heard of in it is late.
    """
    own = lines.c.own
    of_redemption = movement.c.cause_kind == "redemption"
    is_activation = movement.c.kind == "activate"
    is_redemption_fee = lines.c.kind == "redemption_fee"
    sale_id = case(
        (~own, None),
        (movement.c.cause_kind == "sale", movement.c.cause_id),
        (is_activation, lot.c.sale_id),
    )
    redemption_id = case((of_redemption & (own | is_redemption_fee), movement.c.cause_id))
    occurred_at = case(
        (movement.c.kind.in_(("earn", "activate")), lot.c.occurred_at),
        (
            movement.c.kind.in_(("redeem", "capture")),
            func.coalesce(redemption.c.created_at, movement.c.posted_at),
        ),
        else_=movement.c.posted_at,
    )
    document_kind = case(
        (movement.c.cause_kind.in_(("sale", "redemption")), movement.c.cause_kind),
        (is_activation & lot.c.sale_id.is_not(None), "sale"),
        else_="lot",
    )
    details = {
        "movement": movement.c.movement_id,
        "at_party": movement.c.party_no,
        "document_kind": document_kind,
        # A sale is named by the partner's text, all else by the hub's id.
        "sale": sale.c.external_id,
        "document": case(
            (~own, None),
            (of_redemption, movement.c.cause_id),
            (document_kind == "lot", movement.c.lot_id),
        ),
        "partner_ref": func.coalesce(sale.c.external_id, _of(own, redemption.c.reference)),
        "store": func.coalesce(sale.c.store, _of(own, redemption.c.store)),
        "store_time_zone": sale.c.store_time_zone,
        "till": func.coalesce(sale.c.till, _of(own, redemption.c.till)),
        "receipt": func.coalesce(sale.c.receipt, _of(own, redemption.c.receipt)),
        "account": movement.c.account_id,
        "reason": case(
            (is_late(starts_at=starts_at), LATE_SALE),
            else_=movement.c.reason,
        ),
        "occurred_at": _of(own, occurred_at),
        "posted_at": _of(own, movement.c.posted_at),
        "issuer": lot.c.issuer,
        "is_redemption": of_redemption,
        "campaign": lot.c.campaign,
        "agreement_no": case(
            (is_redemption_fee, redemption.c.agreement_no), else_=lot.c.agreement_no
        ),
        "lot": movement.c.lot_id,
        "points": movement.c.points,
        "price_micros": _price_micros(lines.c.kind, func.abs(lines.c.net_micros, type_=BigInteger)),
    }
    joined = (
        lines.join(
            movement,
            (movement.c.account_id == lines.c.account_id)
            & (movement.c.movement_id == lines.c.movement_id)
            & (movement.c.window_date == business_date),
        )
        .join(
            lot, (lot.c.account_id == movement.c.account_id) & (lot.c.lot_id == movement.c.lot_id)
        )
        .outerjoin(sale, sale.c.sale_id == sale_id)
        .outerjoin(
            redemption,
            (redemption.c.account_id == lines.c.account_id)
            & (redemption.c.redemption_id == redemption_id),
        )
    )
    return select(*(column.label(name) for name, column in details.items())).select_from(joined)


def _of(condition: ColumnElement[bool], value: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((condition, value))


def _price_micros(
    kind: ColumnElement[str], amount_micros: ColumnElement[int]
) -> ColumnElement[int | None]:
    """The price that was applied to a point, where one was.

    What is shared out (breakage), owes nothing, or comes of a whole that is not a multiple of the
    points, has the lot's frozen price; a share of a redemption has none.
    """
    frozen = case(
        (lot.c.funding == "issue", lot.c.issue_price_micros), else_=lot.c.redemption_price_micros
    )
    return case(
        (kind == "redemption_fee", None),
        (kind == "breakage", lot.c.issue_price_micros),
        (
            (amount_micros > 0) & (amount_micros % movement.c.points == 0),
            amount_micros // movement.c.points,
        ),
        else_=frozen,
    )

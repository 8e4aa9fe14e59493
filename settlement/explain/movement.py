"""The line of a movement: receipt → movement → lots → agreement version → arithmetic."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from partner_sdk.wire import ids
from partner_sdk.wire.amounts import format_micros6
from partner_sdk.wire.instants import format_instant
from partner_sdk.wire.lines import LATE_SALE
from settlement import hub
from settlement.currencies import store as currencies
from settlement.domain.arithmetic import Pricing, explain_amount
from settlement.explain.sight import View
from settlement.explain.values import Step
from settlement.store import statements


def title_and_amount(view: View) -> tuple[str, int | None]:
    """What the line is, and its amount in the currency of the movement, if it has one."""
    owed, head = view.owed, f"Line {view.key.line_no}: {view.key.kind}"
    if owed is None:
        return f"{head}, no amount: nothing is owed for this movement of points", None
    if owed.creditor == view.party_no:
        amount = f"+{format_micros6(owed.amount_micros)} {owed.currency}"
        return f"{head}, {amount}, owed by {view.slug(owed.debtor)}", owed.amount_micros
    amount = f"-{format_micros6(owed.amount_micros)} {owed.currency}"
    return f"{head}, {amount}, owed to {view.slug(owed.creditor)}", -owed.amount_micros


def steps_of(*, connection: Connection, view: View) -> tuple[Step, ...]:
    """Everything that leads to the line, as far as it may be seen."""
    return (
        *_movement(connection, view),
        *_receipt(view),
        *_lots(view),
        *_terms(view),
        *_arithmetic(view),
        *_conversion(connection, view),
        *_correction(connection, view),
    )


def _movement(connection: Connection, view: View) -> Iterator[Step]:
    facts = view.facts
    window = hub.read_window(connection=connection, business_date=facts.window_date)
    late = (
        window is not None and facts.reason == "sale" and facts.lot.occurred_at < window.starts_at
    )
    told = "its own receipt" if view.key.own else "the counterparty's copy"
    posted = f"posted {format_instant(facts.posted_at)}, " if view.receipts else ""
    yield Step(
        "Movement",
        f"{view.name('mov', facts.movement_id)} ({facts.kind}): {facts.points} points from "
        f"{facts.from_bucket} to {facts.to_bucket}, {posted}reason "
        f"{LATE_SALE if late else facts.reason}; {told}",
    )
    if late:
        yield Step(
            "Late",
            f"the sale happened before the window of {facts.window_date} and was first heard of "
            "in it: an ordinary line there, at the terms in force when it happened",
        )


def _receipt(view: View) -> Iterator[Step]:
    facts = view.facts
    names = {"sale": "mov", "redemption": "red", "hold": "hld", "lot": "lot"}
    parts = [f"{facts.cause_kind} at {view.slug(facts.party_no)}"]
    if view.receipts:
        if facts.cause_kind != "sale":
            parts.append(ids.encode(names[facts.cause_kind], facts.cause_id))
        if facts.document_external_id:
            parts.append(f"partner's reference {facts.document_external_id}")
        for name in ("store", "till", "receipt"):
            value = getattr(facts, name)
            if value:
                parts.append(f"{name} {value}")
        if facts.occurred_at:
            parts.append(f"occurred {format_instant(facts.occurred_at)}")
    else:
        parts.append("whose receipt is that party's own")
    yield Step("Receipt", ", ".join(parts))


def _lots(view: View) -> Iterator[Step]:
    facts, lot = view.facts, view.facts.lot
    said = f"issued by {view.slug(lot.issuer)}, funded by {view.slug(lot.funder)} on {lot.funding}"
    if view.origin:
        origin = ""
        if lot.sale_external_id:
            origin = f", from the sale {lot.sale_external_id}"
            if lot.sale_receipt:
                origin += f" (receipt {lot.sale_receipt})"
        said = (
            f"{lot.granted} points {said}, earned {format_instant(lot.occurred_at)}{origin}, "
            f"expiring {format_instant(lot.expires_at)}"
        )
    yield Step("Lot", f"{view.name('lot', lot.lot_id)}: {said}")
    if not facts.slices or not view.receipts:
        return
    yield Step("Redemption", f"{facts.redemption_points} points, soonest expiry first:")
    for each in facts.slices:
        mark = "   <- this line" if each.lot_id == lot.lot_id else ""
        price = f" at {format_micros6(each.redemption_price_micros)}" if view.sight.sees_all else ""
        back = f", {each.reversed_points} of them given back" if each.reversed_points else ""
        yield Step(
            "",
            f"{each.points} of {ids.encode('lot', each.lot_id)} ({view.slug(each.issuer)})"
            f"{price}{back}{mark}",
        )


def _terms(view: View) -> Iterator[Step]:
    facts, lot = view.facts, view.facts.lot
    prices = ""
    if view.terms:
        prices = (
            f": issue price {format_micros6(lot.issue_price_micros)}, redemption price "
            f"{format_micros6(lot.redemption_price_micros)} {lot.currency} a point"
        )
    yield Step(
        "Agreement",
        f"{ids.encode('agr', lot.agreement_id)}, version {lot.agreement_version} of "
        f"{view.slug(lot.issuer)}{prices} (terms SHA-256 {lot.terms_sha256.hex()})",
    )
    if view.key.kind == "redemption_fee" and facts.redeemer_agreement_id is not None:
        yield Step(
            "Fees by",
            f"{ids.encode('agr', facts.redeemer_agreement_id)}, version "
            f"{facts.redeemer_agreement_version} of {view.slug(facts.party_no)}",
        )


def _arithmetic(view: View) -> Iterator[Step]:
    owed, facts, lot = view.owed, view.facts, view.facts.lot
    if owed is None:
        return
    amount = f"{format_micros6(owed.amount_micros)} {owed.currency}"
    if view.terms or (owed.kind == "redemption_fee" and view.receipts):
        text = explain_amount(
            kind=owed.kind,
            amount_micros=owed.amount_micros,
            pricing=Pricing(
                points=facts.points,
                currency=owed.currency,
                issue_price_micros=lot.issue_price_micros,
                redemption_price_micros=lot.redemption_price_micros,
                issuer_terms=lot.terms,
                face_micros=facts.face_of(owed.kind),
                redemption_points=facts.redemption_points,
                redeemer_terms=facts.redeemer_terms,
            ),
        )
    elif owed.amount_micros % facts.points == 0:
        price = format_micros6(owed.amount_micros // facts.points)
        text = f"{facts.points} points × {price} {owed.currency} (the price of the line) = {amount}"
    else:
        text = f"a part of what {facts.points} points are worth = {amount}"
    yield Step("Arithmetic", text)
    yield Step(
        "Owed", f"{view.slug(owed.debtor)} owes {view.slug(owed.creditor)} {amount} ({owed.kind})"
    )


def _conversion(connection: Connection, view: View) -> Iterator[Step]:
    """The amount in the statement's currency, where the line is in another one."""
    owed, settled = view.owed, view.key.settlement_micros
    if owed is None or settled is None:
        return
    rate = currencies.read_window_rates(
        connection=connection, business_date=view.found.plan.business_date
    )[owed.currency]
    days = ", ".join(day.isoformat() for day in rate.quoted_on)
    yield Step(
        "Converted",
        f"{format_micros6(owed.amount_micros)} {owed.currency} × {rate.text} = "
        f"{format_micros6(abs(settled))} {rate.clearing}; 1 {rate.currency} = {rate.text} "
        f"{rate.clearing}, {rate.method} of {rate.source}, quoted on {days}",
    )


def _correction(connection: Connection, view: View) -> Iterator[Step]:
    key = view.key
    if key.adjusts_date is None:
        return
    currency = key.adjusts_currency or hub.read_coalition(connection=connection).currency
    for each in statements.read_window_statements(
        connection=connection, business_date=key.adjusts_date
    ):
        if (each.plan.party_no, each.plan.currency) == (view.party_no, currency):
            yield Step(
                "Corrects",
                f"line {key.adjusts_line} of statement {each.plan.public_id} ({key.adjusts_date})",
            )

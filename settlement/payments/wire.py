"""Payments as the API, the commands and the advice show them."""

from __future__ import annotations

import csv
import io
from typing import Any

from partner_sdk.wire import ids
from partner_sdk.wire.amounts import Money
from settlement.payments.domain.accounts import Account
from settlement.payments.domain.aging import BUCKETS, Aged
from settlement.payments.domain.items import Item
from settlement.payments.domain.references import printed
from settlement.payments.store.bank import StoredEntry

ADVICE_COLUMNS = (
    "payment", "party", "window", "direction", "amount", "open", "currency", "due_date",
    "reference", "iban", "bic", "account_holder",
)  # fmt: skip


def item_document(*, item: Item, party: str, pay_to: Account | None) -> dict[str, Any]:
    """A payment that is due: for its party the advice of what to pay, where to and by when."""
    return {
        "id": ids.encode("pay", item.item_id),
        "party": party,
        "window": ids.encode_window(item.business_date),
        "direction": item.direction,
        "state": item.state,
        "amount": Money(item.amount_micros, item.currency).to_wire(),
        "paid": Money(item.paid_micros, item.currency).to_wire(),
        "open": Money(item.open_micros, item.currency).to_wire(),
        "due_date": item.due_date.isoformat(),
        "reference": item.reference,
        "reference_printed": printed(item.reference),
        "pay_to": None
        if pay_to is None
        else {"iban": pay_to.iban, "bic": pay_to.bic, "account_holder": pay_to.holder},
    }


def advice_row(document: dict[str, Any]) -> dict[str, str]:
    """A payment as a row of the advice's CSV."""
    pay_to = document["pay_to"] or {}
    return {
        "payment": document["id"],
        "party": document["party"],
        "window": document["window"],
        "direction": document["direction"],
        "amount": document["amount"]["amount"],
        "open": document["open"]["amount"],
        "currency": document["amount"]["currency"],
        "due_date": document["due_date"],
        "reference": document["reference"],
        "iban": pay_to.get("iban") or "",
        "bic": pay_to.get("bic") or "",
        "account_holder": pay_to.get("account_holder") or "",
    }


def advice_csv(documents: list[dict[str, Any]]) -> str:
    """Payments as CSV (RFC 4180), with a row of headings."""
    out = io.StringIO()
    writer = csv.DictWriter(out, ADVICE_COLUMNS)
    writer.writeheader()
    writer.writerows(advice_row(each) for each in documents)
    return out.getvalue()


def entry_document(*, entry: StoredEntry, party: str | None) -> dict[str, Any]:
    """An entry of the bank, and whose it is."""
    booked = entry.booked
    return {
        "id": ids.encode("bnk", booked.entry_id),
        "account": entry.account,
        "booked_on": booked.booked_on.isoformat(),
        "value_on": entry.value_on.isoformat(),
        "amount": Money(
            booked.amount_micros if booked.credit else -booked.amount_micros, booked.currency
        ).to_wire(),
        "counterparty_name": entry.counterparty_name,
        "counterparty_iban": booked.counterparty_iban or "",
        "end_to_end": entry.end_to_end,
        "details": entry.details,
        "references": list(booked.references),
        "party": party,
        "matched": entry.how,
        "reason": entry.reason,
        "on_account": Money(entry.rest_micros, booked.currency).to_wire(),
    }


def aged_document(*, aged: Aged, party: str) -> dict[str, Any]:
    """What is open of one party by age."""
    return {
        "party": party,
        "direction": aged.direction,
        "total": Money(aged.total_micros, aged.currency).to_wire(),
        **{
            name: Money(micros, aged.currency).to_wire()
            for name, micros in zip(BUCKETS, aged.micros, strict=True)
        },
    }

"""What a release is: one document with everything that two people answer for.

The document is canonical JSON (sorted names, no blanks, UTF-8), so what is the same has the same
hash, and any change another: of a statement's bytes, a position, an amount, an account or a date.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from partner_sdk.wire import ids
from partner_sdk.wire.amounts import Money
from settlement.payments.domain.accounts import Account
from settlement.payments.domain.planning import Plan

SCHEMA = "coalition.release/1"
State = Literal["proposed", "approved", "withdrawn", "void"]
STATES: tuple[State, ...] = ("proposed", "approved", "withdrawn", "void")


@dataclass(frozen=True, slots=True)
class StatementRef:
    """A statement as a release names it; the hash is that of `statement.json`, in hex."""

    public_id: str
    party: str
    statement_no: int
    closing: Money
    sha256: str


@dataclass(frozen=True, slots=True)
class Release:
    """A release as it stands; times are wall time."""

    release_id: UUID
    business_date: date
    state: State
    document: bytes
    sha256: bytes
    maker: str
    proposed_at: datetime
    proposed_on: date
    approver: str | None
    decided_at: datetime | None
    reason: str | None

    @property
    def public_id(self) -> str:
        """Its id outside."""
        return ids.encode("rel", self.release_id)


def release_document(
    *,
    coalition: str,
    environment: str,
    business_date: date,
    proposed_on: date,
    statements: Sequence[StatementRef],
    plan: Plan,
    slugs: dict[int, str],
) -> bytes:
    """The document of a window's release, as its hash is taken of it."""
    document = {
        "schema": SCHEMA,
        "coalition": coalition,
        "environment": environment,
        "window": ids.encode_window(business_date),
        "proposed_on": proposed_on.isoformat(),
        "statements": [
            {
                "id": each.public_id,
                "party": each.party,
                "statement_no": each.statement_no,
                "closing": each.closing.to_wire(),
                "sha256": each.sha256,
            }
            for each in statements
        ],
        "positions": [
            {
                "party": slugs[each.party_no],
                "direction": each.direction,
                "amount": Money(each.amount_micros, each.currency).to_wire(),
                "reference": each.reference,
                "due_date": each.due_date.isoformat(),
                "pay_to": _account(each.collect_at),
                "interest_per_annum_ppm": each.late.interest_ppm,
                "day_count": each.late.day_count,
                "penalty": Money(each.late.penalty_micros, each.currency).to_wire(),
                "penalty_after_days": each.late.penalty_after_days,
            }
            for each in plan.items
        ],
        "instructions": [
            {
                "party": slugs[each.party_no],
                "reference": each.reference,
                "amount": Money(each.amount_micros, each.currency).to_wire(),
                "from": _account(each.from_account),
                "to": _account(each.to_account),
                "on": each.on.isoformat(),
            }
            for each in plan.instructions
        ],
        "set_off": [
            {
                "party": slugs[each.party_no],
                "pay": each.pay_reference,
                "collect": each.collect_reference,
                "amount": Money(each.amount_micros, each.currency).to_wire(),
            }
            for each in plan.set_off
        ],
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def document_sha256(document: bytes) -> bytes:
    """The hash that an approval binds."""
    return hashlib.sha256(document).digest()


def first_difference(*, before: bytes, after: bytes) -> str:
    """Where two documents differ, for people: the first path of which the value is another."""
    return _difference(json.loads(before), json.loads(after), "") or "nothing"


def _difference(before: Any, after: Any, path: str) -> str | None:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted({*before, *after}):
            found = _difference(before.get(name), after.get(name), f"{path}/{name}")
            if found:
                return found
        return None
    if isinstance(before, list) and isinstance(after, list):
        for number in range(max(len(before), len(after))):
            one = before[number] if number < len(before) else None
            other = after[number] if number < len(after) else None
            found = _difference(one, other, f"{path}/{number}")
            if found:
                return found
        return None
    return None if before == after else path


def _account(account: Account | None) -> dict[str, str | None] | None:
    if account is None:
        return None
    return {"iban": account.iban, "bic": account.bic, "holder": account.holder}

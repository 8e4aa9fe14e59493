"""Telling the platform: making what the shopper pays with, and taking it back.

A spend is leased, the platform asked outside of any transaction, and the outcome recorded if the
lease still stands. Killed anywhere, it is done again from the start: the calls have keys, so what
was made is found made.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection as Session

from adapters.contract import (
    Adapter,
    Answer,
    Call,
    Capability,
    Customer,
    Malformed,
    NotNow,
    Spend,
    SpendResult,
)
from adapters.registry import adapter_named
from coalition.checkouts.domain import Connection, Refused, Unreachable, next_delay
from coalition.checkouts.spends import store
from coalition.checkouts.spends.domain import LEASE, MOST_ROUNDS, StoredSpend
from coalition.checkouts.spends.means import Means
from coalition.checkouts.spends.settling import release_hold
from coalition.posting_context import PostingContext
from coalition.sealing import place, seal, unseal
from partner_sdk.wire.ids import encode

_ROUND = timedelta(minutes=2)
"""The longest that the calls of one round may last, a login for them among them."""
_LONGEST_PROBLEM = 300


def step(*, means: Means, spend_id: UUID) -> bool:
    """Do what is due for a spend now; False if nothing is, or another does it."""
    wall_now = means.clocks.wall()
    with means.database.transaction() as connection:
        row = store.lease_spend(
            connection=connection, spend_id=spend_id, wall_now=wall_now, until=wall_now + LEASE
        )
    if row is None:
        return False
    checkout = means.connection(row.connection_no)
    if checkout is None:
        # Closed: there is nothing left to ask with. The hold runs out by itself.
        _record(means, row, {"state": _after_undo(row), "problem": "connection_closed"} | _OVER)
    elif row.undo or row.state != "wanted" or row.expires_at <= wall_now:
        _take_back(means, checkout, row)
    else:
        _make(means, checkout, row)
    return True


def _make(means: Means, checkout: Connection, row: StoredSpend) -> None:
    adapter = adapter_named(checkout.platform)
    spend = contract_spend(row, customer=open_customer(means.key, row))
    try:
        result = _rounds(
            means,
            checkout,
            row,
            adapter.redeem(spend=spend, settings=checkout.settings),
            lambda answers: adapter.redeemed(
                spend=spend, answers=answers, settings=checkout.settings
            ),
        )
    except (Unreachable, Refused, NotNow) as trouble:
        _again(means, row, trouble)
        return
    except Malformed as malformed:
        result = SpendResult(problem=f"the platform's answer was not as promised: {malformed}")
    if result.problem is not None:
        # Of several calls one may have made something: what is there is taken back.
        columns = {"state": "failed", "undo": True, "due_at": means.clocks.wall(), "customer": None}
        _record(means, row, {**columns, "problem": result.problem[:_LONGEST_PROBLEM]})
        return
    made = {"state": "made", "code": result.code, "problem": None, "customer": None, "attempts": 1}
    _record(means, row, {**made, "due_at": row.expires_at})


def _take_back(means: Means, checkout: Connection, row: StoredSpend) -> None:
    asked_before = row.attempts > 1 or row.state != "wanted"
    if not asked_before:
        _undone(means, row, None)
        return
    adapter = adapter_named(checkout.platform)
    spend = contract_spend(row)
    try:
        result = _rounds(
            means,
            checkout,
            row,
            adapter.undo(spend=spend, result=SpendResult(row.code), settings=checkout.settings),
            lambda answers: adapter.undone(
                spend=spend, answers=answers, settings=checkout.settings
            ),
        )
    except (Unreachable, Refused, Malformed) as trouble:
        _again(means, row, trouble)
        return
    _undone(means, row, result.problem)


def _rounds(means: Means, checkout: Connection, row: StoredSpend, calls: Any, read: Any) -> Any:
    """Ask and read, while there is more to ask. Raises Unreachable, Refused, Malformed."""
    ask: tuple[Call, ...] = calls
    for _ in range(MOST_ROUNDS):
        if row.leased_until is None or means.clocks.wall() + _ROUND > row.leased_until:
            raise Unreachable("the platform is too slow")
        answers: tuple[Answer, ...] = means.ask.ask(checkout, ask)
        result: SpendResult = read(answers)
        if not result.more:
            return result
        ask = result.more
    raise Malformed("it never comes to an end")


def _again(means: Means, row: StoredSpend, trouble: Unreachable | Refused | Malformed) -> None:
    """Try later, until the code would be over; and take back for as long as that may help."""
    wall_now = means.clocks.wall()
    delay = next_delay(attempts=row.attempts, jitter=means.jitter())
    problem = str(trouble)[:_LONGEST_PROBLEM]
    if delay is None:
        _record(means, row, {"state": _after_undo(row, "failed"), "problem": problem} | _OVER)
        return
    due_at = wall_now + delay
    if isinstance(trouble, Unreachable) and trouble.retry_at is not None:
        due_at = max(due_at, trouble.retry_at)
    if row.state == "wanted" and not row.undo:
        due_at = min(due_at, max(row.expires_at, wall_now))
    _record(means, row, {"problem": problem, "due_at": due_at})


_OVER: dict[str, Any] = {"undo": False, "due_at": None, "customer": None}


def _after_undo(row: StoredSpend, else_: str = "undone") -> str:
    return row.state if row.state in ("used", "failed") else else_


def _undone(means: Means, row: StoredSpend, problem: str | None) -> None:
    """The platform takes it no more, or (`problem`) says that it cannot take it back.

    Then an order may have used it: the hold is left to be captured, or to run out. So is the hold
    of a code that was over, for an order that was made in time may be told late.
    """
    if problem is not None:
        # Of one that was never made, why it was not is the better answer.
        told = row.problem if row.state == "failed" and row.problem else problem
        columns = {"state": _after_undo(row, "failed"), "problem": told[:_LONGEST_PROBLEM]}
        _record(means, row, columns | _OVER)
        return

    def work(connection: Session, context: PostingContext) -> None:
        now = store.find_spend(connection=connection, spend_id=row.spend_id, lock=True)
        if now is None or now.leased_until != row.leased_until:
            return
        if now.undo and now.redemption_id is None:
            release_hold(connection, context, now)
        store.settle_spend(
            connection=connection,
            spend_id=row.spend_id,
            wall_now=means.clocks.wall(),
            state=_after_undo(now),
            **_OVER,
        )

    means.post(row.party_no, work)


def _record(means: Means, row: StoredSpend, columns: dict[str, Any]) -> None:
    """Write what came of it, if nobody else settled the spend meanwhile."""
    with means.database.transaction() as connection:
        now = store.find_spend(connection=connection, spend_id=row.spend_id, lock=True)
        if now is None or now.leased_until != row.leased_until:
            return
        if now.undo and not row.undo and "undo" not in columns:
            # It was asked to take it back while it was being made.
            columns = {**columns, "due_at": means.clocks.wall()}
        store.settle_spend(
            connection=connection,
            spend_id=row.spend_id,
            wall_now=means.clocks.wall(),
            **columns,
        )


def contract_spend(row: StoredSpend, customer: Customer | None = None) -> Spend:
    """The spend as adapters know it."""
    return Spend(
        id=encode("spd", row.spend_id),
        amount_micros=row.amount_micros,
        currency=row.currency,
        order=row.order_id,
        customer=customer,
        expires_at=row.expires_at,
    )


def seal_customer(means: Means, spend_id: UUID, customer: Customer | None) -> bytes | None:
    """Who buys, sealed for the row of the spend."""
    if customer is None:
        return None
    said = {"id": customer.id, "phone": customer.phone, "email": customer.email}
    return seal(
        key=means.key,
        secret=json.dumps(said).encode(),
        at=_place(spend_id),
        nonce=means.random(12),
    )


def open_customer(key: bytes, row: StoredSpend) -> Customer | None:
    """Who buys, while it is known. Raises SealBroken."""
    if row.customer is None:
        return None
    said = json.loads(unseal(key=key, sealed=row.customer, at=_place(row.spend_id)))
    return Customer(id=said["id"], phone=said["phone"], email=said["email"])


def _place(spend_id: UUID) -> bytes:
    return place(table="spend", row=str(spend_id), column="customer")


def can_redeem(adapter: Adapter) -> bool:
    """Whether points can be paid at the platform by its own means."""
    return Capability.REDEEM in adapter.manifest.capabilities

"""The shapes of balances, lots and entries on the wire."""

from __future__ import annotations

from coalition.http import fields
from coalition.http.schemas import AnswerSchema, Query
from coalition.ledger.domain import BUCKETS

KINDS = (
    "earn",
    "activate",
    "hold",
    "release",
    "capture",
    "redeem",
    "restore",
    "expire",
    "clawback",
    "take",
    "adjust",
)


class NextExpiry(AnswerSchema):
    """The points that expire soonest."""

    points = fields.WholeNumber(min=1, required=True)
    expires_at = fields.Instant(required=True)


class BalanceAnswer(AnswerSchema):
    """A member's points: active ones can be spent unless blocked; debt is owed."""

    member = fields.PublicId("mem", required=True)
    active = fields.WholeNumber(min=0, required=True)
    pending = fields.WholeNumber(min=0, required=True)
    held = fields.WholeNumber(min=0, required=True)
    blocked = fields.WholeNumber(min=0, required=True)
    debt = fields.WholeNumber(min=0, required=True)
    next_expiry = fields.Nested(NextExpiry, required=True, allow_none=True)
    as_of = fields.Instant(required=True)


class LotAnswer(AnswerSchema):
    """An open lot."""

    id = fields.PublicId("lot", required=True)
    issuer = fields.Text(max_length=40, required=True)
    granted = fields.WholeNumber(min=1, required=True)
    pending = fields.WholeNumber(min=0, required=True)
    active = fields.WholeNumber(min=0, required=True)
    held = fields.WholeNumber(min=0, required=True)
    spent = fields.WholeNumber(min=0, required=True)
    expired = fields.WholeNumber(min=0, required=True)
    clawed_back = fields.WholeNumber(min=0, required=True)
    taken = fields.WholeNumber(min=0, required=True)
    activates_at = fields.Instant(required=True)
    expires_at = fields.Instant(required=True)


class EntryAmount(AnswerSchema):
    """What was owed for an entry, signed for the caller: what it receives is positive."""

    kind = fields.Text(max_length=32, required=True)
    counterparty = fields.Text(max_length=40, required=True)
    amount = fields.MoneyField(signed=True, required=True)


class EntryAnswer(AnswerSchema):
    """One movement of points of one lot, and what it made the caller owe or receive."""

    id = fields.PublicId("mov", required=True)
    kind = fields.Choice(KINDS, required=True)
    member = fields.PublicId("mem", required=True)
    lot = fields.PublicId("lot", required=True)
    points = fields.WholeNumber(min=1, required=True)
    from_ = fields.Choice(("issued", *BUCKETS), required=True, data_key="from")
    to = fields.Choice(BUCKETS, required=True)
    posted_at = fields.Instant(required=True)
    window = fields.Text(max_length=12, pattern="win_[0-9]{8}", required=True)
    sale = fields.Text(max_length=64, required=True, allow_none=True)
    redemption = fields.PublicId("red", required=True, allow_none=True)
    reason = fields.Text(max_length=64, required=True)
    amounts = fields.ListOf(fields.Nested(EntryAmount), required=True)


class EntriesQuery(Query):
    """Which span of posting time: from (included) to (excluded)."""

    from_ = fields.Instant(data_key="from")
    to = fields.Instant()

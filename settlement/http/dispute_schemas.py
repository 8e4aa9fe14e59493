"""What the routes of disputes take and answer."""

from __future__ import annotations

from coalition.http import fields
from coalition.http.schemas import AnswerSchema, Body, Query
from settlement.disputes.domain import MAX_LINES, OUTCOMES, REASONS, STATES

MAX_PIECES = 5
MAX_PIECE_BYTES = 64 * 1024
_SHA256 = "[0-9a-f]{64}"
_BASE64 = "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
_CLOSED_BY = ("answer", "no_answer", "not_escalated", "ruling", "withdrawal")
_EVENTS = (
    "opened", "accepted", "rejected", "escalated", "withdrawn", "proposed", "ruled", "lapsed",
)  # fmt: skip


def _text(*, required: bool = True) -> fields.Text:
    return fields.Text(
        max_length=2000, required=required, doc="Why, for the other side to read; kept for ever."
    )


class EvidenceBody(Body):
    """A piece of evidence: its SHA-256, and the bytes themselves or where they are kept."""

    name = fields.Text(max_length=120, required=True, example="receipt.pdf")
    sha256 = fields.Text(max_length=64, pattern=_SHA256, required=True)
    content = fields.Text(
        max_length=MAX_PIECE_BYTES * 4 // 3 + 4,
        pattern=_BASE64,
        expected="must be base64",
        doc=f"Base64 of at most {MAX_PIECE_BYTES} bytes.",
    )
    reference = fields.Text(max_length=500, doc="Where the other side finds it.")
    exactly_one = ("content", "reference")


def _evidence() -> fields.ListOf:
    return fields.ListOf(fields.Nested(EvidenceBody), max_items=MAX_PIECES)


class DisputedLineBody(Body):
    """A line of your statement; `amount`: a part of it, else all."""

    line = fields.WholeNumber(min=1, max=2_000_000_000, required=True)
    amount = fields.MoneyField()


class DisputeBody(Body):
    """Lines of one of your statements, all with the same counterparty, and why."""

    statement = fields.PublicId("stm", required=True)
    lines = fields.ListOf(
        fields.Nested(DisputedLineBody), min_items=1, max_items=MAX_LINES, required=True
    )
    reason = fields.Choice(REASONS, required=True)
    text = _text()
    evidence = _evidence()


class DisputeAnswerBody(Body):
    """Whether you agree that the lines are wrong."""

    decision = fields.Choice(("accept", "reject"), required=True)
    text = _text()
    evidence = _evidence()


class DisputeStepBody(Body):
    """What you say to it."""

    text = _text()
    evidence = _evidence()


class WithdrawBody(Body):
    """What you say to it."""

    text = _text()


class RulingBody(Body):
    """All of it upheld or rejected, or `upheld`: how much in all is undone."""

    outcome = fields.Choice(("uphold", "reject", "split"), required=True)
    upheld = fields.MoneyField(doc="With split only; spread over the lines in proportion.")
    text = _text()


class DisputesQuery(Query):
    """Which disputes."""

    state = fields.Choice(STATES)


class DisputedLineAnswer(AnswerSchema):
    """A disputed line as it stands on your statement; amounts are signed for you."""

    line = fields.WholeNumber(min=1, required=True)
    kind = fields.Text(max_length=40, required=True)
    disputed = fields.MoneyField(signed=True, required=True)
    upheld = fields.MoneyField(signed=True, required=True, allow_none=True)


class DisputeListItem(AnswerSchema):
    """A dispute as you see it; `statement` and lines are those of your own statement."""

    id = fields.PublicId("dsp", required=True)
    state = fields.Choice(STATES, required=True)
    reason = fields.Choice(REASONS, required=True)
    claimant = fields.Text(max_length=40, required=True)
    respondent = fields.Text(max_length=40, required=True)
    statement = fields.PublicId("stm", required=True)
    window = fields.Text(max_length=12, pattern="win_[0-9]{8}", required=True)
    lines = fields.ListOf(fields.Nested(DisputedLineAnswer), required=True)
    withheld = fields.MoneyField(required=True, doc="What is disputed in all.")
    upheld = fields.MoneyField(required=True, doc="What was undone in all; 0 until it is closed.")
    due_at = fields.Instant(
        required=True, allow_none=True, doc="When the default outcome comes about."
    )
    outcome = fields.Choice(OUTCOMES, required=True, allow_none=True)
    closed_by = fields.Choice(_CLOSED_BY, required=True, allow_none=True)
    opened_at = fields.Instant(required=True)
    closed_at = fields.Instant(required=True, allow_none=True)
    proposal = fields.MoneyField(
        required=True, allow_none=True, doc="What one person would uphold; for the operator only."
    )


class DisputeEventAnswer(AnswerSchema):
    """What happened; `by` is null where the night did it."""

    kind = fields.Choice(_EVENTS, required=True)
    by = fields.Text(max_length=40, required=True, allow_none=True)
    text = fields.Text(min_length=0, max_length=2000, required=True)
    at = fields.Instant(required=True)


class EvidenceAnswer(AnswerSchema):
    """A piece of evidence; `bytes` is null where only a reference was given."""

    no = fields.WholeNumber(min=1, required=True)
    by = fields.Text(max_length=40, required=True)
    name = fields.Text(max_length=120, required=True)
    sha256 = fields.Text(max_length=64, pattern=_SHA256, required=True)
    bytes = fields.WholeNumber(min=0, required=True, allow_none=True)
    reference = fields.Text(max_length=500, required=True, allow_none=True)


class DisputeDocument(DisputeListItem):
    """A dispute with its history and evidence."""

    history = fields.ListOf(fields.Nested(DisputeEventAnswer), required=True)
    evidence = fields.ListOf(fields.Nested(EvidenceAnswer), required=True)

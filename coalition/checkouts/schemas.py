"""Bodies and answers of connections, as the API publishes them."""

from __future__ import annotations

from typing import Any

from coalition.checkouts.domain import (
    CONNECTION_STATES,
    GUESTS,
    MAX_BODY,
    MEMBER_BY,
    MESSAGE_STATES,
    NAME_PATTERN,
)
from coalition.checkouts.settings import MAX_ENTRIES, MAX_SECRET, MAX_TEXT
from coalition.http import fields
from coalition.http.schemas import AnswerSchema, Body, Query
from coalition.outgoing.targets import MAX_URL_LENGTH

_STATES = ("test", "live", "paused")


def _texts(doc: str, *, required: bool = False, longest: int = MAX_TEXT) -> fields.AnyObject:
    """An object of texts by names."""
    schema: dict[str, Any] = {
        "type": "object",
        "maxProperties": MAX_ENTRIES,
        "additionalProperties": {"type": "string", "maxLength": longest},
    }
    return fields.AnyObject(schema=schema, required=required, doc=doc)


def _store_url(**options: Any) -> fields.Text:
    return fields.Text(
        min_length=0,
        max_length=MAX_URL_LENGTH,
        pattern=r"(https?://[!-~]+)?",
        expected="must be an https URL, or nothing where the hub asks nothing",
        doc="The address of the shop, or of the platform's API: where the hub asks for orders.",
        example="https://shop.example",
        **options,
    )


def _currency(**options: Any) -> fields.Text:
    return fields.Text(
        min_length=3,
        max_length=3,
        pattern="[A-Z][A-Z][A-Z]",
        expected="must be ISO 4217",
        **options,
    )


def _time_zone(**options: Any) -> fields.Text:
    return fields.Text(
        max_length=64,
        doc="IANA time zone of the store: its date is the day of a cap per member-day.",
        example="Europe/Bucharest",
        **options,
    )


def _member_by() -> fields.ListOf:
    return fields.ListOf(
        fields.Choice(MEMBER_BY),
        max_items=len(MEMBER_BY),
        unique=True,
        doc="How a member is recognised; the first way that finds one is believed.",
    )


_CATEGORIES = "The platform's categories, product types or SKUs → the agreement's categories."
_TENDERS = "The platform's payment methods → kinds of tender."
_OPTIONS = "Options of the platform (see the table of platforms), and `hook_url`."


class ConnectionBody(Body):
    """A new connection to a platform."""

    partner = fields.PublicId("prt", doc="Whose it is; for the operator, who opens for others.")
    name = fields.Text(
        required=True,
        max_length=20,
        pattern=NAME_PATTERN,
        expected="must be 1 to 20 of a-z 0-9 - and begin with a letter",
        doc="The ids of its sales begin with it. Never changed, never used again.",
        example="web",
    )
    platform = fields.Text(required=True, max_length=64, example="shopify")
    state = fields.Choice(_STATES, doc="`live` unless given.")
    store_url = _store_url()
    currency = _currency(required=True)
    time_zone = _time_zone(required=True)
    categories = _texts(_CATEGORIES)
    tenders = _texts(_TENDERS)
    member_by = _member_by()
    options = _texts(_OPTIONS)
    guests = fields.Choice(GUESTS, doc="`keep` (claimable later; the default) or `ignore`.")
    secrets = _texts(
        "By the platform's names; a PEM key in one line, with `\\n` for its line ends. Sealed at "
        "rest; never answered.",
        required=True,
        longest=MAX_SECRET,
    )


class ConnectionChangeBody(Body):
    """What is to be changed; what is not named stays."""

    at_least_one = (
        "store_url", "currency", "time_zone", "categories", "tenders", "member_by", "options",
        "guests",
    )  # fmt: skip
    store_url = _store_url()
    currency = _currency()
    time_zone = _time_zone()
    categories = _texts(_CATEGORIES)
    tenders = _texts(_TENDERS)
    member_by = _member_by()
    options = _texts(_OPTIONS)
    guests = fields.Choice(GUESTS)


class SecretsBody(Body):
    """Secrets to be set anew."""

    secrets = _texts("Those to change, by name.", required=True, longest=MAX_SECRET)
    previous_lasts_seconds = fields.WholeNumber(
        min=0,
        max=30 * 86_400,
        doc="For how long the signing secret before holds too; a day unless given.",
    )


class ConnectionStateBody(Body):
    """A connection's next state."""

    state = fields.Choice(CONNECTION_STATES, required=True)


class ConnectionQuery(Query):
    """Which connections."""

    partner = fields.PublicId("prt", doc="For the operator: this partner's only.")


class MessageQuery(Query):
    """Which messages."""

    state = fields.Choice(MESSAGE_STATES)


class ConnectionAnswer(AnswerSchema):
    """A connection. Of its secrets only which are set."""

    id = fields.PublicId("con", required=True)
    partner = fields.PublicId("prt", required=True)
    name = fields.Text(required=True, max_length=20)
    platform = fields.Text(required=True, max_length=64)
    state = fields.Choice(CONNECTION_STATES, required=True)
    hook = fields.Text(
        required=True, max_length=64, doc="The path to tell the platform, at this hub's address."
    )
    store_url = fields.Text(required=True, min_length=0, max_length=MAX_URL_LENGTH)
    currency = fields.Text(required=True, max_length=3)
    time_zone = fields.Text(required=True, max_length=64)
    categories = _texts(_CATEGORIES, required=True)
    tenders = _texts(_TENDERS, required=True)
    member_by = fields.ListOf(fields.Choice(MEMBER_BY), required=True)
    options = _texts(_OPTIONS, required=True)
    guests = fields.Choice(GUESTS, required=True)
    secrets = fields.ListOf(fields.Text(max_length=64), required=True, doc="Which are set.")
    previous_secret_until = fields.Instant(required=True, allow_none=True)
    rotated_at = fields.Instant(required=True, allow_none=True)
    created_at = fields.Instant(required=True)


class MessageAnswer(AnswerSchema):
    """A message of the platform's, and what became of it."""

    id = fields.PublicId("msg", required=True)
    state = fields.Choice(MESSAGE_STATES, required=True)
    reason = fields.Text(max_length=1000, required=True, allow_none=True)
    about = fields.Text(
        max_length=300, required=True, allow_none=True, doc="The order that it is about."
    )
    delivery_key = fields.Text(
        max_length=200, required=True, doc="The same when it is delivered again."
    )
    received_at = fields.Instant(required=True)
    attempts = fields.WholeNumber(min=0, required=True)
    due_at = fields.Instant(required=True, allow_none=True, doc="When it is worked on (again).")
    settled_at = fields.Instant(required=True, allow_none=True)
    result = fields.AnyObject(
        required=True, doc="Of each order its sale, revision, outcome and points."
    )
    bytes = fields.WholeNumber(min=0, required=True)


class WholeMessageAnswer(MessageAnswer):
    """A message with what was received, credentials left out."""

    method = fields.Text(max_length=20, required=True)
    url = fields.Text(max_length=4000, required=True)
    headers = fields.AnyObject(required=True)
    body = fields.Text(required=True, min_length=0, max_length=MAX_BODY, pattern=r"[\s\S]*")


class RejectionAnswer(AnswerSchema):
    """A delivery that was refused; nothing of its body is kept."""

    at = fields.Instant(required=True)
    reason = fields.Text(max_length=64, required=True)
    detail = fields.Text(max_length=500, required=True)
    bytes = fields.WholeNumber(min=0, required=True)

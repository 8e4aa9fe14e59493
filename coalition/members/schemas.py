"""What the routes of members take and answer."""

from __future__ import annotations

from coalition.http import fields
from coalition.http.schemas import AnswerSchema, Body
from coalition.members.contacts import EMAIL_MAX_LENGTH, EMAIL_PATTERN, PHONE_PATTERN
from coalition.members.domain import CARD_DIGITS, STATES


def _reference(*, required: bool = False) -> fields.Text:
    return fields.Text(
        max_length=64,
        required=required,
        doc="The partner's own name for the member; only this partner sees it.",
        example="C-10042",
    )


def _phone(*, allow_none: bool = False) -> fields.Text:
    return fields.Text(
        max_length=16,
        pattern=PHONE_PATTERN,
        expected="must be E.164, such as +40721234567",
        allow_none=allow_none,
        doc="E.164.",
        example="+40721234567",
    )


def _email(*, allow_none: bool = False) -> fields.Text:
    return fields.Text(
        max_length=EMAIL_MAX_LENGTH,
        pattern=EMAIL_PATTERN,
        expected="must be an e-mail address, such as ann@example.org",
        allow_none=allow_none,
        doc="Capitals make no difference.",
        example="ann@example.org",
    )


class EnrolBody(Body):
    """What is known of the person; all of it is optional."""

    reference = _reference()
    phone = _phone()
    email = _email()


class LookupBody(Body):
    """One name of the member."""

    exactly_one = ("card", "reference", "phone", "email")
    card = fields.Text(max_length=24, pattern="[0-9]{8,24}", expected="must be 8 to 24 digits")
    reference = _reference()
    phone = _phone()
    email = _email()


class ReferenceBody(Body):
    """The partner's own reference from now on."""

    reference = _reference(required=True)


class ContactsBody(Body):
    """Contacts to change: null forgets one, and one that is not named stays."""

    at_least_one = ("phone", "email")
    phone = _phone(allow_none=True)
    email = _email(allow_none=True)


class SpendLockBody(Body):
    """Whether spending is locked."""

    locked = fields.Flag(required=True)


class MemberStateBody(Body):
    """The state to bring the member to, and why. Closing is for good."""

    state = fields.Choice(STATES, required=True)
    reason = fields.Text(
        max_length=500, required=True, doc="Kept for ever: put no personal data in it."
    )


class CardAnswer(AnswerSchema):
    """A card; a replaced or closed one is not accepted."""

    number = fields.Text(
        min_length=CARD_DIGITS, max_length=CARD_DIGITS, pattern="[0-9]{16}", required=True
    )
    state = fields.Choice(("active", "replaced", "closed"), required=True)


class MemberAnswer(AnswerSchema):
    """A member as the caller sees it."""

    id = fields.PublicId("mem", required=True)
    state = fields.Choice(STATES, required=True)
    spend_locked = fields.Flag(required=True)
    cards = fields.ListOf(fields.Nested(CardAnswer), required=True)
    reference = _reference()
    enrolled_at = fields.Instant(required=True)

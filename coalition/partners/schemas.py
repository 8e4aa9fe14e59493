"""What the routes of partners take and answer."""

from __future__ import annotations

from coalition.http import fields
from coalition.http.schemas import AnswerSchema, Body
from coalition.partners.domain import STATES

SLUG_PATTERN = "[a-z0-9][a-z0-9-]{0,39}"
TOKEN_PATTERN = "ch[lo]_(test|live)_[0-9A-Za-z]{32}_[0-9a-f]{6}"  # noqa: S105 - not a secret
# 32 bytes are 43 digits and one =; of the last digit only the first four bits are used.
_KEY_PATTERN = "[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="


def _slug() -> fields.Text:
    return fields.Text(
        max_length=40,
        pattern=SLUG_PATTERN,
        expected="must be 1 to 40 lower-case letters, digits and hyphens",
        required=True,
        doc="The short name that statements and folders have; never changed, never used again.",
        example="grocer",
    )


def _reason() -> fields.Text:
    return fields.Text(max_length=500, required=True, doc="Kept for ever.")


def _label() -> fields.Text:
    return fields.Text(max_length=80, required=True, doc="To tell the keys apart.", example="tills")


class PartnerBody(Body):
    """A partner that applied."""

    slug = _slug()
    name = fields.Text(max_length=200, required=True)
    time_zone = fields.Text(
        max_length=64,
        pattern="[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}",
        expected="must be an IANA time zone, such as Europe/Bucharest",
        doc="IANA name of the zone of its stores; the coalition's where it is not given.",
        example="Europe/Bucharest",
    )


class PartnerStateBody(Body):
    """The state to bring the partner to, and why."""

    state = fields.Choice(STATES, required=True)
    reason = _reason()


class PublicKeyBody(Body):
    """An Ed25519 public key."""

    public_key = fields.Text(
        min_length=44,
        max_length=44,
        pattern=_KEY_PATTERN,
        expected="must be base64 of the 32 bytes of an Ed25519 public key",
        required=True,
        doc="Base64 of the 32 bytes (RFC 8032).",
    )
    label = _label()


class BearerKeyBody(Body):
    """A bearer key to make."""

    label = _label()


class BlockBody(Body):
    """Whose points to block from being spent, or to free again."""

    partner = fields.PublicId("prt", required=True)
    blocked = fields.Flag(required=True)
    reason = _reason()


class KeyAnswer(AnswerSchema):
    """A key; a revoked one is not accepted any more."""

    id = fields.PublicId("key", required=True)
    kind = fields.Choice(("ed25519", "bearer"), required=True)
    label = fields.Text(max_length=80, required=True)
    revoked_at = fields.Instant(required=True, allow_none=True)


class TokenAnswer(KeyAnswer):
    """A bearer key with its token, which is shown only here."""

    token = fields.Text(max_length=64, pattern=TOKEN_PATTERN, required=True)


class PartnerListItem(AnswerSchema):
    """A partner. `issuing_stopped`: its uncovered points reached the cap."""

    id = fields.PublicId("prt", required=True)
    slug = _slug()
    name = fields.Text(max_length=200, required=True)
    state = fields.Choice(STATES, required=True)
    time_zone = fields.Text(max_length=64, required=True)
    lots_blocked = fields.Flag(required=True)
    issuing_stopped = fields.Flag(required=True)


class PartnerAnswer(PartnerListItem):
    """A partner with its keys."""

    keys = fields.ListOf(fields.Nested(KeyAnswer), required=True)

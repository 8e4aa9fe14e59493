"""What the routes of agreements take and answer; the published description of terms."""

from __future__ import annotations

from typing import Any

from coalition.agreements.terms import FUNDINGS, MAX_POINTS_CAP, MAX_RULES, ROUNDINGS
from coalition.http import fields
from coalition.http.schemas import AnswerSchema, Body

Json = dict[str, Any]

_SHARE: Json = {"type": "string", "pattern": r"^(0(\.[0-9]{1,6})?|1(\.0{1,6})?)$"}
_CAP: Json = {"type": ["integer", "null"], "minimum": 0, "maximum": MAX_POINTS_CAP}
_CATEGORY: Json = {"type": "string", "minLength": 1, "maxLength": 64}
_CATEGORIES: Json = {"type": "array", "items": _CATEGORY, "maxItems": MAX_RULES}


def _decimal(*, positive: bool = False, or_null: bool = False) -> Json:
    schema = fields.decimal_schema(6)
    if positive:
        schema["not"] = {"pattern": r"^0(\.0+)?$"}
    if or_null:
        schema["type"] = ["string", "null"]
    return schema


def _whole(least: int, most: int) -> Json:
    return {"type": "integer", "minimum": least, "maximum": most}


def _object(properties: Json, *, required: tuple[str, ...] = ()) -> Json:
    schema: Json = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        schema["required"] = list(required)
    return schema


_RULE = _object(
    {
        "kind": {"type": "string", "enum": ["per_amount", "per_quantity"]},
        "points": _decimal(positive=True),
        "per": _decimal(positive=True),
        "categories": {**_CATEGORIES, "type": ["array", "null"]},
    },
    required=("kind", "points", "per"),
)
_MULTIPLIER = _object(
    {"category": {"type": ["string", "null"]}, "factor": _decimal(positive=True)},
    required=("factor",),
)
_EARN = _object(
    {
        "rules": {"type": "array", "items": _RULE, "minItems": 1, "maxItems": MAX_RULES},
        "multipliers": {"type": "array", "items": _MULTIPLIER, "maxItems": MAX_RULES},
        "exclusions": _CATEGORIES,
        "minimum": _decimal(or_null=True),
        "cap_per_sale": _CAP,
        "cap_per_member_day": _CAP,
        "rounding": {"type": "string", "enum": list(ROUNDINGS)},
        "round_each": {"type": "string", "enum": ["sale", "line"]},
    },
    required=("rules",),
)
TERMS_SCHEMA: Json = _object(
    {
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
        "earn": _EARN,
        "issue_price": _decimal(),
        "redemption_price": _decimal(),
        "funding": {"type": "string", "enum": list(FUNDINGS)},
        "fees": _object({"issue_per_point": _decimal(), "redemption_share": _SHARE}),
        "expiry": _object(
            {"months": _whole(1, 600), "quarter_end": {"type": "boolean"}}, required=("months",)
        ),
        "grace_days": _whole(0, 3660),
        "pending_days": _whole(0, 366),
        "breakage_issuer_share": _SHARE,
        "cap": _decimal(or_null=True),
    },
    required=("currency", "earn", "issue_price", "redemption_price", "funding", "expiry"),
)
"""JSON Schema of terms. `agreements.terms` also checks what no schema can say: that the currency
is the coalition's, and that points funded on issue do not cost the pool more than they brought."""


class AgreementBody(Body):
    """A version of a partner's terms. It never changes once published."""

    effective_from = fields.Instant(
        required=True,
        doc="A first version may begin in the past; a later one after the one before it, "
        "and not before now.",
    )
    effective_to = fields.Instant(
        allow_none=True, doc="When it ends; null: when the next version begins."
    )
    terms = fields.AnyObject(schema=TERMS_SCHEMA, required=True)


class AgreementAnswer(AnswerSchema):
    """A version of a partner's terms, exactly as agreed."""

    id = fields.PublicId("agr", required=True)
    partner = fields.PublicId("prt", required=True)
    version = fields.WholeNumber(min=1, required=True)
    effective_from = fields.Instant(required=True)
    effective_to = fields.Instant(required=True, allow_none=True)
    terms = fields.AnyObject(schema=TERMS_SCHEMA, required=True)
    terms_sha256 = fields.Text(
        min_length=64,
        max_length=64,
        pattern="[0-9a-f]{64}",
        required=True,
        doc="SHA-256 of the terms as canonical JSON: names sorted, no blanks, UTF-8.",
    )

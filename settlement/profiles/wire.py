"""A finance profile as a document: what the API answers, the command shows and the table keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from partner_sdk.wire.amounts import InvalidAmount, format_micros, parse_decimal
from settlement.profiles.domain import InvalidProfile, Profile

__all__ = ["FIELDS", "profile_document", "read_profile"]

FIELDS = (
    "language", "erp", "accounts", "iban", "bic", "account_holder", "tax_id",
    "settlement_currency", "payment_days", "interest_per_annum", "acceptance_certificate",
)  # fmt: skip


def profile_document(profile: Profile) -> dict[str, Any]:
    """The document of a profile, every field in it."""
    return {
        "language": profile.language,
        "erp": profile.erp,
        "accounts": dict(sorted(profile.accounts.items())),
        "iban": profile.iban,
        "bic": profile.bic,
        "account_holder": profile.account_holder,
        "tax_id": profile.tax_id,
        "settlement_currency": profile.settlement_currency,
        "payment_days": profile.payment_days,
        "interest_per_annum": format_micros(profile.interest_micros, min_digits=0),
        "acceptance_certificate": profile.acceptance_certificate,
    }


def read_profile(document: Mapping[str, Any]) -> Profile:
    """The profile that a document describes; what it leaves out has its default.

    Raises InvalidProfile.
    """
    for name in document:
        if name not in FIELDS:
            raise InvalidProfile(str(name), "is not a field of a finance profile")
    values = dict(document)
    rate = values.pop("interest_per_annum", "0")
    try:
        return Profile(interest_micros=parse_decimal(rate), **values)
    except InvalidAmount as error:
        raise InvalidProfile("interest_per_annum", str(error)) from None

"""What a party's finance profile may say, and what holds where it says nothing."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import load_der_x509_certificate

__all__ = [
    "DEFAULT_PROFILE",
    "ERPS",
    "LANGUAGES",
    "InvalidProfile",
    "Profile",
    "check_bic",
    "check_certificate",
    "check_iban",
]

#: English, Ukrainian, Russian, Romanian (ISO 639-1).
LANGUAGES = ("en", "uk", "ru", "ro")
ERPS = ("generic", "sap", "netsuite", "xero", "quickbooks", "1c")

_MAX_ACCOUNTS = 100
_MAX_CERTIFICATE = 12_000
_MAX_DAYS = 365
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_ACCOUNT_KEY = re.compile(r"[a-z][a-z_]{0,39}", re.ASCII)
#: ISO 9362: institution, country, location, branch.
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?", re.ASCII)
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
#: Lengths of IBANs by country (SWIFT's IBAN registry); others are checked by their digits only.
_IBAN_LENGTHS = {
    "AD": 24, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BY": 28, "CH": 21,
    "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24, "FI": 18, "FO": 18, "FR": 27,
    "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IL": 23,
    "IS": 26, "IT": 27, "KZ": 20, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MD": 24,
    "ME": 22, "MK": 19, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "RS": 22,
    "RU": 33, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TR": 26, "UA": 29, "VA": 22, "XK": 20,
}  # fmt: skip


class InvalidProfile(ValueError):  # noqa: N818 - the name says it
    """A field cannot be what was given; ``field`` names it, the message says why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How one party keeps its books.

    ``accounts`` maps a kind of line, ``settlement`` or ``default`` to an account of its chart;
    ``settlement_currency`` None: the coalition's; ``payment_days`` are counted from the business
    date; ``interest_micros`` is the share a year for late payment, in millionths (80000: 8 %);
    ``acceptance_certificate`` is the one (base64 of its DER) that it signs accepted PDFs with.
    """

    language: str = "en"
    erp: str = "generic"
    accounts: Mapping[str, str] = field(default_factory=dict)
    iban: str | None = None
    bic: str | None = None
    account_holder: str | None = None
    tax_id: str | None = None
    settlement_currency: str | None = None
    payment_days: int = 14
    interest_micros: int = 0
    acceptance_certificate: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be; raises InvalidProfile."""
        _require(self.language in LANGUAGES, "language", f"must be one of {', '.join(LANGUAGES)}")
        _require(self.erp in ERPS, "erp", f"must be one of {', '.join(ERPS)}")
        _check_accounts(self.accounts)
        if self.iban is not None:
            check_iban(self.iban)
        if self.bic is not None:
            check_bic(self.bic)
        _check_text(self.account_holder, "account_holder", 70)
        _check_text(self.tax_id, "tax_id", 20)
        currency = self.settlement_currency
        _require(
            currency is None or _CURRENCY.fullmatch(currency) is not None,
            "settlement_currency",
            "must be three capital letters (ISO 4217)",
        )
        _require(
            0 <= self.payment_days <= _MAX_DAYS, "payment_days", f"must be 0 to {_MAX_DAYS} days"
        )
        _require(
            0 <= self.interest_micros <= 1_000_000,
            "interest_per_annum",
            "must be a share from 0 to 1",
        )
        if self.acceptance_certificate is not None:
            check_certificate(self.acceptance_certificate)


def check_certificate(text: str) -> None:
    """Check a certificate: X.509, DER, base64 on one line.

    Raises:
        InvalidProfile: it is none.
    """
    try:
        _require(len(text) <= _MAX_CERTIFICATE, "acceptance_certificate", "is too long")
        load_der_x509_certificate(base64.b64decode(text, validate=True)).public_key()
    except InvalidProfile:
        raise
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidProfile(
            "acceptance_certificate", "must be the base64 of a certificate's DER"
        ) from None


def check_iban(text: str) -> None:
    """Check an IBAN in its electronic form (ISO 13616): length and check digits (ISO 7064).

    Raises:
        InvalidProfile: it is none.
    """
    _require(_IBAN.fullmatch(text) is not None, "iban", "must be an IBAN without blanks")
    length = _IBAN_LENGTHS.get(text[:2], len(text))
    _require(len(text) == length, "iban", f"must have {length} characters in {text[:2]}")
    digits = "".join(str(int(character, 36)) for character in text[4:] + text[:4])
    _require(int(digits) % 97 == 1, "iban", "the check digits are not those of the account")
    _require("02" <= text[2:4] <= "98", "iban", "the check digits are not those of the account")


def check_bic(text: str) -> None:
    """Check the form of a BIC (ISO 9362).

    Raises:
        InvalidProfile: it is none.
    """
    _require(_BIC.fullmatch(text) is not None, "bic", "must be 8 or 11 letters and digits")


def _check_accounts(accounts: Mapping[str, str]) -> None:
    _require(len(accounts) <= _MAX_ACCOUNTS, "accounts", f"must be at most {_MAX_ACCOUNTS}")
    for key, account in accounts.items():
        _require(
            _ACCOUNT_KEY.fullmatch(key) is not None,
            "accounts",
            "must be named by a kind of line, settlement or default",
        )
        _require(bool(account), "accounts", "an account must have a name")
        _require(
            not account.startswith(("=", "+", "-", "@", "'")),
            "accounts",
            "an account must not begin as a formula does",
        )
        _check_text(account, "accounts", 64)


def _check_text(text: str | None, name: str, most: int) -> None:
    if text is None:
        return
    _require(0 < len(text) <= most, name, f"must have 1 to {most} characters")
    _require(
        _CONTROL.search(text) is None and text == text.strip(),
        name,
        "must have no control characters and no blanks at its ends",
    )


def _require(holds: bool, name: str, message: str) -> None:
    if not holds:
        raise InvalidProfile(name, message)


#: What holds for a party without a profile.
DEFAULT_PROFILE = Profile()

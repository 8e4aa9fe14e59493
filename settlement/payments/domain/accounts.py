"""Bank accounts: how an IBAN is checked and written (ISO 13616)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from settlement.payments.domain.references import remainder_97

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}", re.ASCII)
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Account:
    """An account of a bank; `bic` may be unknown, `holder` is the owner's name."""

    iban: str
    bic: str | None
    holder: str


def electronic(text: str) -> str:
    """An account's number without the blanks and in the capitals of its electronic form."""
    return re.sub(r"\s+", "", text).upper()


def is_iban(text: str) -> bool:
    """Whether the text is an IBAN in electronic form, its check digits included."""
    return _IBAN.fullmatch(text) is not None and remainder_97(text[4:] + text[:4]) == 1


def is_bic(text: str) -> bool:
    """Whether the text has the form of a BIC (ISO 9362)."""
    return _BIC.fullmatch(text) is not None

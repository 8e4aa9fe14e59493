"""References that come back with a payment: creditor references after ISO 11649.

`RF`, two check digits (ISO 7064 MOD 97-10), then the window's date, the party's number and the
currency: `RF23` `260301` `00010` `EUR`. Banks carry them both ways, and a mistyped one is noticed.
"""

from __future__ import annotations

import re
from datetime import date

MAX_PARTY_NO = 9_999_999
_OURS = re.compile(r"(?=(RF[0-9]{2}[0-9]{6}[0-9]{5,7}[A-Z]{3}))", re.ASCII)
_CREDITOR_REFERENCE = re.compile(r"RF[0-9]{2}[0-9A-Z]{1,21}", re.ASCII)
_BLANKS = re.compile(r"\s+")


def make_reference(*, business_date: date, party_no: int, currency: str) -> str:
    """The reference of what a party owes, or is owed, for a window in a currency.

    Raises ValueError for a party number that does not fit.
    """
    if not 0 < party_no <= MAX_PARTY_NO:
        raise ValueError(f"party numbers in references go up to {MAX_PARTY_NO}")
    body = f"{business_date:%y%m%d}{party_no:05d}{currency}"
    return f"RF{98 - remainder_97(body + 'RF00'):02d}{body}"


def is_reference(text: str) -> bool:
    """Whether the text is a creditor reference with the right check digits, without blanks."""
    if _CREDITOR_REFERENCE.fullmatch(text) is None:
        return False
    return remainder_97(text[4:] + text[:4]) == 1


def find_references(*texts: str) -> tuple[str, ...]:
    """The references of our form in texts of a bank, in their order, each once.

    Banks print them in groups of four, break lines within them, and write around them.
    """
    found: dict[str, None] = {}
    for text in texts:
        for each in _OURS.findall(_BLANKS.sub("", text.upper())):
            if is_reference(each):
                found[each] = None
    return tuple(found)


def remainder_97(text: str) -> int:
    """The number that letters and digits make (A = 10 … Z = 35), modulo 97 (ISO 7064)."""
    return int("".join(str(int(character, 36)) for character in text)) % 97


def printed(reference: str) -> str:
    """The reference in groups of four, as people read it."""
    return " ".join(reference[at : at + 4] for at in range(0, len(reference), 4))

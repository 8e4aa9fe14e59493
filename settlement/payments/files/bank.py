"""What a bank's file says, whatever its format; and the refusals for what cannot be trusted."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from coalition.errors import HubError
from partner_sdk.wire.amounts import MAX_MICROS, MICROS, InvalidAmount, minor_digits

MAX_BYTES = 16 * 1024 * 1024
MAX_ENTRIES = 50_000
MAX_TEXT = 1000
_AMOUNT = re.compile(r"([0-9]{1,18})(?:[.,]([0-9]{0,9}))?", re.ASCII)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, slots=True)
class BankEntry:
    """One booked entry. `bank_reference` is the bank's own, empty where it gives none.

    `unique` says that the bank's reference names this entry and no other of the account.
    """

    booked_on: date
    value_on: date
    amount_micros: int
    credit: bool
    bank_reference: str
    unique: bool
    end_to_end: str
    counterparty_name: str
    counterparty_iban: str
    details: str

    @property
    def signed_micros(self) -> int:
        """Above zero where money came in."""
        return self.amount_micros if self.credit else -self.amount_micros

    @property
    def content_sha256(self) -> bytes:
        """The hash of all that the bank says of the entry."""
        parts = (
            self.booked_on.isoformat(),
            self.value_on.isoformat(),
            str(self.signed_micros),
            self.bank_reference,
            self.end_to_end,
            self.counterparty_name,
            self.counterparty_iban,
            self.details,
        )
        return hashlib.sha256("\x1f".join(parts).encode()).digest()


@dataclass(frozen=True, slots=True)
class BankStatement:
    """One statement of a file: an account's entries between two balances, where they are given."""

    account: str
    currency: str
    opening_micros: int | None
    closing_micros: int | None
    entries: tuple[BankEntry, ...]


@dataclass(frozen=True, slots=True)
class BankFile:
    """All statements of a file; `kind` is `camt.053` or `mt940`."""

    kind: str
    statements: tuple[BankStatement, ...]


def refused(what: str) -> HubError:
    """The refusal of a file that cannot be read, or does not hold together."""
    return HubError("bank_file_invalid", f"{what}; nothing of the file was taken.")


def clean(text: str | None, *, limit: int = MAX_TEXT) -> str:
    """A bank's text without control characters and idle blanks, and not too long."""
    return " ".join(_UNPRINTABLE.sub(" ", text or "").split())[:limit]


def read_micros(text: str, *, currency: str) -> int:
    """An amount as banks write it (`12.34`, `12,34`, `12,`), in micros. Raises HubError."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        raise refused("an amount is not a plain decimal")
    try:
        digits = minor_digits(currency)
    except InvalidAmount:
        raise refused("a currency is not three capital letters") from None
    decimals = (found[2] or "").rstrip("0")
    if len(decimals) > digits:
        raise refused(f"an amount has more than the {digits} decimals of {currency}")
    micros = int(found[1]) * MICROS + int(decimals.ljust(6, "0"))
    if micros > MAX_MICROS:
        raise refused("an amount is beyond 10^12")
    return micros


def check_statement(statement: BankStatement) -> BankStatement:
    """Refuse a statement whose balances do not add up, or that has one entry twice.

    Raises:
        HubError: `bank_file_invalid`.
    """
    opening, closing = statement.opening_micros, statement.closing_micros
    if opening is not None and closing is not None:
        moved = sum(entry.signed_micros for entry in statement.entries)
        if opening + moved != closing:
            raise refused(
                "the opening balance and the entries do not make the closing balance: "
                "an entry is missing or was changed"
            )
    return statement


def check_file(statements: Sequence[BankStatement], *, kind: str) -> BankFile:
    """A file of statements that hold together, within its limits.

    Raises:
        HubError: `bank_file_invalid`.
    """
    if not statements:
        raise refused("there is no statement in it")
    if sum(len(each.entries) for each in statements) > MAX_ENTRIES:
        raise refused(f"it has more than {MAX_ENTRIES} entries")
    for statement in statements:
        check_statement(statement)
    twice = Counter(
        (each.account, entry.bank_reference)
        for each in statements
        for entry in each.entries
        if entry.unique
    )
    for (_, reference), count in twice.items():
        if count > 1:
            raise refused(f"it has the entry {reference} {count} times")
    return BankFile(kind=kind, statements=tuple(statements))


def entry_keys(entries: Iterable[BankEntry]) -> list[str]:
    """What tells an entry from every other of its account, in whichever file it comes.

    The bank's reference where that is unique; else all that the bank says of the entry, with a
    number for those of which it says the same.
    """
    seen: Counter[str] = Counter()
    keys = []
    for entry in entries:
        if entry.unique:
            keys.append(f"ref:{entry.bank_reference}")
            continue
        content = entry.content_sha256.hex()
        seen[content] += 1
        keys.append(f"sum:{content}:{seen[content]}")
    return keys

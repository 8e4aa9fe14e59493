"""Reading a bank's statement as SWIFT MT940, as many banks still send it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from mt940.models import Amount, Balance, Transaction, Transactions
from mt940.options import Options

from settlement.payments.domain.accounts import electronic, is_iban
from settlement.payments.files.bank import (
    MAX_BYTES,
    BankEntry,
    BankFile,
    BankStatement,
    check_file,
    clean,
    read_micros,
    refused,
)

ENCODINGS = ("utf-8", "windows-1250", "windows-1251", "windows-1252", "iso-8859-2")
_START = re.compile(r"^(?=:20:)", re.MULTILINE)
_ENTRY = re.compile(r"^:61:", re.MULTILINE)
_OPENING = re.compile(r"^:60[FM]:", re.MULTILINE)
_CLOSING = re.compile(r"^:62[FM]:", re.MULTILINE)
_ENVELOPE = re.compile(r"^(?:\{[1-5]:.*|-(?:\}.*)?)$", re.MULTILINE)
_SUBFIELD = re.compile(r"\?([0-9]{2})([^?]*)")
_STRUCTURED = re.compile(r"[0-9]{3}\?[0-9]{2}")
_IBAN = re.compile(r"\b[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}\b", re.ASCII)
_PURPOSE = (*(f"{n}" for n in range(20, 30)), "60", "61", "62", "63")
_NONE = frozenset({"", "NONREF", "NOTPROVIDED"})


def read_mt940(content: bytes, *, encoding: str = "utf-8") -> BankFile:
    """The statements of a file.

    Raises:
        HubError: `bank_file_invalid`.
    """
    if len(content) > MAX_BYTES:
        raise refused(f"it has more than {MAX_BYTES} bytes")
    try:
        text = content.removeprefix(b"\xef\xbb\xbf").decode(encoding)
    except UnicodeDecodeError as error:
        raise refused(
            f"byte {error.start + 1} is not {encoding}; name the file's encoding"
        ) from None
    text = _ENVELOPE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    blocks = [block for block in _START.split(text) if block.startswith(":20:")]
    return check_file([_statement(block) for block in blocks], kind="mt940")


def _statement(block: str) -> BankStatement:
    if len(_OPENING.findall(block)) != 1 or len(_CLOSING.findall(block)) != 1:
        raise refused("a statement has no opening or no closing balance: it is cut off")
    # Field 86 is read here: the library takes it apart and drops what it does not know.
    parsed = Transactions(processors={"post_transaction_details": []}, options=Options.all())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            parsed.parse(block)
    except Exception as error:  # noqa: BLE001 - the library raises whatever a bad field leads to
        raise refused(f"a field of it cannot be read ({type(error).__name__})") from None
    if len(parsed.transactions) != len(_ENTRY.findall(block)):
        raise refused("not every entry of it can be read")
    opening, closing = _balance(parsed, "opening"), _balance(parsed, "closing")
    currency = str(opening.currency)
    if currency != closing.currency:
        raise refused("its balances are in two currencies")
    account = str(parsed.data.get("account_identification") or "")
    if not account:
        raise refused("a statement names no account")
    return BankStatement(
        account=electronic(account),
        currency=currency,
        opening_micros=_micros(opening.amount, currency),
        closing_micros=_micros(closing.amount, currency),
        entries=tuple(_entries(parsed.transactions, currency)),
    )


def _balance(parsed: Transactions, which: str) -> Amount:
    for name in (f"final_{which}_balance", f"intermediate_{which}_balance"):
        found = parsed.data.get(name)
        if isinstance(found, Balance) and isinstance(found.amount, Amount):
            return found.amount
    raise refused(f"the {which} balance cannot be read")


def _entries(transactions: list[Transaction], currency: str) -> Iterator[BankEntry]:
    for each in transactions:
        data: dict[str, Any] = each.data
        micros = _micros(data["amount"].amount, currency)
        if not micros:
            continue
        value = _day(data.get("date"))
        details, name, iban = _details(str(data.get("transaction_details") or ""))
        end_to_end = clean(str(data.get("customer_reference") or ""), limit=100)
        bank_reference = clean(str(data.get("bank_reference") or ""), limit=100)
        yield BankEntry(
            booked_on=_day(data.get("entry_date") or data.get("date")),
            value_on=value,
            amount_micros=abs(micros),
            credit=micros > 0,
            bank_reference="" if bank_reference in _NONE else bank_reference,
            # Banks use these references again, so they alone do not tell entries apart.
            unique=False,
            end_to_end="" if end_to_end in _NONE else end_to_end,
            counterparty_name=clean(name, limit=140),
            counterparty_iban=iban,
            details=clean(f"{data.get('extra_details') or ''} {details}"),
        )


def _details(raw: str) -> tuple[str, str, str]:
    """Field 86 as text, the counterparty's name and its IBAN, as far as they are told."""
    joined = raw.replace("\n", "")
    if _STRUCTURED.match(joined) is None:
        return raw, "", _iban(raw)
    fields: dict[str, str] = {}
    for number, content in _SUBFIELD.findall(joined):
        fields[number] = fields.get(number, "") + content
    # Sub-fields cut words apart, references among them.
    purpose = "".join(fields.get(number, "") for number in _PURPOSE)
    name = fields.get("32", "") + fields.get("33", "")
    return purpose, name, _iban(fields.get("31", "")) or _iban(purpose)


def _iban(text: str) -> str:
    return next((each for each in _IBAN.findall(text) if is_iban(each)), "")


def _day(found: Any) -> date:
    if not isinstance(found, date):
        raise refused("an entry has no date")
    return date(found.year, found.month, found.day)


def _micros(amount: Decimal, currency: str) -> int:
    micros = read_micros(format(abs(amount), "f"), currency=currency)
    return -micros if amount < 0 else micros

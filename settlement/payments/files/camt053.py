"""Reading a bank's statement: ISO 20022 camt.053, versions 001.02 and 001.08.

Only booked entries count. An entry of several transactions is read as those transactions, if the
bank gives each one's amount and they make up the entry's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from lxml import etree

from coalition.errors import HubError
from settlement.payments.domain.accounts import electronic
from settlement.payments.files.bank import (
    BankEntry,
    BankFile,
    BankStatement,
    check_file,
    clean,
    read_micros,
    refused,
)
from settlement.payments.files.safe_xml import read_xml

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001."
VERSIONS = ("02", "08")
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[TZ+-].*)?", re.ASCII)
_NONE = frozenset({"", "NOTPROVIDED", "NONREF"})


def read_camt053(content: bytes) -> BankFile:
    """The statements of a file.

    Raises:
        HubError: `bank_file_invalid`.
    """
    root = read_xml(content)
    namespace, _, name = str(root.tag).rpartition("}")
    version = namespace.removeprefix("{" + NAMESPACE)
    if name != "Document" or version not in VERSIONS:
        raise refused(f"it is not camt.053.001.{' or .'.join(VERSIONS)}")
    return _Reader("{" + NAMESPACE + version + "}").read(root)


class _Reader:
    """Reads one document; `ns` is its namespace in Clark's notation."""

    def __init__(self, ns: str) -> None:
        self._ns = ns

    def read(self, root: etree._Element) -> BankFile:
        found = self._all(root, "BkToCstmrStmt/Stmt")
        return check_file([self._statement(each) for each in found], kind="camt.053")

    def _statement(self, statement: etree._Element) -> BankStatement:
        account = self._text(statement, "Acct/Id/IBAN") or self._text(statement, "Acct/Id/Othr/Id")
        if not account:
            raise refused("a statement names no account")
        currency = self._text(statement, "Acct/Ccy") or self._currency_of(statement)
        return BankStatement(
            account=electronic(account),
            currency=currency,
            opening_micros=self._balance(statement, ("OPBD", "PRCD"), currency),
            closing_micros=self._balance(statement, ("CLBD",), currency),
            entries=tuple(
                entry
                for each in self._all(statement, "Ntry")
                for entry in self._entries(each, currency)
            ),
        )

    def _currency_of(self, statement: etree._Element) -> str:
        for path in ("Bal/Amt", "Ntry/Amt"):
            for amount in self._all(statement, path):
                return amount.get("Ccy", "")
        raise refused("a statement names no currency")

    def _balance(
        self, statement: etree._Element, codes: tuple[str, ...], currency: str
    ) -> int | None:
        found = {self._text(each, "Tp/CdOrPrtry/Cd"): each for each in self._all(statement, "Bal")}
        for code in codes:
            if code in found:
                micros = self._amount(found[code], currency)
                return micros if self._is_credit(found[code]) else -micros
        return None

    def _entries(self, entry: etree._Element, currency: str) -> Iterator[BankEntry]:
        status = self._text(entry, "Sts/Cd") or self._text(entry, "Sts")
        if status != "BOOK":
            return
        total = self._amount(entry, currency)
        details = self._all(entry, "NtryDtls/TxDtls")
        parts = [self._part(each, currency) for each in details]
        known = [part for part in parts if part is not None]
        if len(details) > 1 and len(known) == len(details) and sum(known) == total:
            for number, (each, micros) in enumerate(zip(details, known, strict=True), start=1):
                yield self._entry(entry, each, micros, f"/{number}")
        elif total:
            yield self._entry(entry, details[0] if len(details) == 1 else None, total, "")

    def _part(self, details: etree._Element, currency: str) -> int | None:
        """The amount of one transaction of an entry, where it is in the account's currency."""
        for path in ("Amt", "AmtDtls/TxAmt/Amt"):
            for amount in self._all(details, path):
                if amount.get("Ccy") == currency:
                    return read_micros(amount.text or "", currency=currency)
        return None

    def _entry(
        self,
        entry: etree._Element,
        details: etree._Element | None,
        micros: int,
        part: str,
    ) -> BankEntry:
        credit = self._is_credit(entry)
        booked = self._date(entry, "BookgDt")
        value = self._date(entry, "ValDt")
        if booked is None:
            raise refused("a booked entry has no booking date")
        reference = clean(self._text(entry, "AcctSvcrRef"), limit=100)
        other = "Dbtr" if credit else "Cdtr"
        texts, end_to_end, name, iban = [], "", "", ""
        if details is not None:
            end_to_end = self._text(details, "Refs/EndToEndId")
            name = self._text(details, f"RltdPties/{other}/Pty/Nm") or self._text(
                details, f"RltdPties/{other}/Nm"
            )
            iban = self._text(details, f"RltdPties/{other}Acct/Id/IBAN")
            texts += [each.text or "" for each in self._all(details, "RmtInf/Strd/CdtrRefInf/Ref")]
            texts += [each.text or "" for each in self._all(details, "RmtInf/Ustrd")]
            texts.append(self._text(details, "RtrInf/AddtlInf"))
            texts.append(self._text(details, "AddtlTxInf"))
        texts.append(self._text(entry, "AddtlNtryInf"))
        unique = reference not in _NONE
        return BankEntry(
            booked_on=booked,
            value_on=value or booked,
            amount_micros=micros,
            credit=credit,
            bank_reference=f"{reference}{part}" if unique else "",
            unique=unique,
            end_to_end="" if end_to_end in _NONE else clean(end_to_end, limit=100),
            counterparty_name=clean(name, limit=140),
            counterparty_iban=clean(electronic(iban), limit=34),
            details=clean(" ".join(texts)),
        )

    def _amount(self, parent: etree._Element, currency: str) -> int:
        found = self._all(parent, "Amt")
        if not found:
            raise refused("an amount is missing")
        if found[0].get("Ccy") != currency:
            raise HubError(
                "wrong_currency",
                f"The account is in {currency}, an amount in {found[0].get('Ccy')}; nothing of "
                "the file was taken.",
            )
        return read_micros(found[0].text or "", currency=currency)

    def _is_credit(self, parent: etree._Element) -> bool:
        mark = self._text(parent, "CdtDbtInd")
        if mark not in ("CRDT", "DBIT"):
            raise refused("an amount is neither credit nor debit")
        return mark == "CRDT"

    def _date(self, parent: etree._Element, name: str) -> date | None:
        text = self._text(parent, f"{name}/Dt") or self._text(parent, f"{name}/DtTm")
        if not text:
            return None
        found = _DATE.fullmatch(text)
        try:
            return date.fromisoformat(found[1] if found else text)
        except ValueError:
            raise refused("a date is not one of the calendar") from None

    def _all(self, parent: etree._Element, path: str) -> list[etree._Element]:
        return parent.findall("/".join(self._ns + step for step in path.split("/")))

    def _text(self, parent: etree._Element, path: str) -> str:
        for found in self._all(parent, path):
            return (found.text or "").strip()
        return ""

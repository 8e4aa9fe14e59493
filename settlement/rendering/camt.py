"""``camt.053.xml``: the statement as ISO 20022 Bank-to-Customer Statement, camt.053.001.08.

The account is the party's with the clearing house: its opening and closing are the statement's,
its entries the postings. The party's own bank account stands beside it (``RltdAcct``).
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from lxml import etree

from partner_sdk.wire.amounts import format_micros, minor_digits
from partner_sdk.wire.instants import format_instant
from partner_sdk.wire.lines import clean_text
from settlement.rendering.facts import DerivedFacts
from settlement.rendering.postings import Posting, postings_of

__all__ = ["CAMT_NAMESPACE", "render_camt"]

CAMT_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
#: What the proprietary codes belong to (``BkTxCd/Prtry/Issr``).
_ISSUER = "coalition"


def render_camt(facts: DerivedFacts) -> bytes:
    """Return the file: UTF-8, the elements in the order of the schema."""
    statement = facts.statement
    namespaces: Any = {None: CAMT_NAMESPACE}
    root = etree.Element(f"{{{CAMT_NAMESPACE}}}Document", nsmap=namespaces)
    message = _add(root, "BkToCstmrStmt")
    header = _add(message, "GrpHdr")
    _add(header, "MsgId", statement.statement_id)
    _add(header, "CreDtTm", format_instant(statement.issued_at))
    _add_statement(message, facts, postings_of(statement=statement))
    content: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return content


def _add_statement(message: Any, facts: DerivedFacts, postings: Sequence[Posting]) -> None:
    statement = facts.statement
    made = _add(message, "Stmt")
    _add(made, "Id", statement.statement_id)
    _add(made, "ElctrncSeqNb", str(statement.statement_no))
    _add(made, "LglSeqNb", str(statement.statement_no))
    _add(made, "CreDtTm", format_instant(statement.issued_at))
    span = _add(made, "FrToDt")
    _add(span, "FrDtTm", format_instant(statement.window.starts_at))
    _add(span, "ToDtTm", format_instant(statement.window.ends_at))
    _add_accounts(made, facts)
    day = date.fromisoformat(statement.window.business_date)
    _add_balance(made, "PRCD", statement.opening_micros, day - timedelta(days=1), facts)
    _add_balance(made, "OPBD", statement.opening_micros, day, facts)
    _add_balance(made, "CLBD", statement.closing_micros, day, facts)
    _add_summary(made, postings, statement.currency)
    for posting in postings:
        _add_entry(made, posting, facts)


def _add_accounts(made: Any, facts: DerivedFacts) -> None:
    statement, profile = facts.statement, facts.profile
    account = _add(made, "Acct")
    _add(_add(_add(account, "Id"), "Othr"), "Id", statement.party.id)
    _add(account, "Ccy", statement.currency)
    owner = _add(account, "Ownr")
    _add(owner, "Nm", (profile.account_holder or statement.party.name)[:140])
    if profile.tax_id is not None:
        organisation = _add(_add(owner, "Id"), "OrgId")
        _add(_add(organisation, "Othr"), "Id", profile.tax_id)
    servicer = _add(_add(account, "Svcr"), "FinInstnId")
    if facts.clearing.bic is not None:
        _add(servicer, "BICFI", facts.clearing.bic)
    _add(servicer, "Nm", statement.coalition_name[:140])
    if profile.iban is not None:
        related = _add(made, "RltdAcct")
        _add(_add(related, "Id"), "IBAN", profile.iban)


def _add_balance(made: Any, code: str, micros: int, day: date, facts: DerivedFacts) -> None:
    balance = _add(made, "Bal")
    _add(_add(_add(balance, "Tp"), "CdOrPrtry"), "Cd", code)
    _add_amount(balance, micros, facts.statement.currency)
    _add(_add(balance, "Dt"), "Dt", day.isoformat())


def _add_summary(made: Any, postings: Sequence[Posting], currency: str) -> None:
    received = [p.amount_micros for p in postings if p.amount_micros > 0]
    paid = [-p.amount_micros for p in postings if p.amount_micros < 0]
    net = sum(received) - sum(paid)
    summary = _add(made, "TxsSummry")
    total = _add(summary, "TtlNtries")
    _add(total, "NbOfNtries", str(len(postings)))
    _add(total, "Sum", _text(sum(received) + sum(paid), currency))
    overall = _add(total, "TtlNetNtry")
    _add(overall, "Amt", _text(abs(net), currency))
    _add(overall, "CdtDbtInd", "DBIT" if net < 0 else "CRDT")
    for name, amounts in (("TtlCdtNtries", received), ("TtlDbtNtries", paid)):
        part = _add(summary, name)
        _add(part, "NbOfNtries", str(len(amounts)))
        _add(part, "Sum", _text(sum(amounts), currency))


def _add_entry(made: Any, posting: Posting, facts: DerivedFacts) -> None:
    statement = facts.statement
    entry = _add(made, "Ntry")
    _add(entry, "NtryRef", str(posting.number))
    _add_amount(entry, posting.amount_micros, statement.currency)
    _add(_add(entry, "Sts"), "Cd", "BOOK")
    _add(_add(entry, "BookgDt"), "Dt", statement.window.business_date)
    _add(_add(entry, "ValDt"), "Dt", statement.window.business_date)
    code = _add(_add(entry, "BkTxCd"), "Prtry")
    _add(code, "Cd", posting.kind[:35])
    _add(code, "Issr", _ISSUER)
    details = _add(entry, "NtryDtls")
    if posting.lines:
        _add(_add(details, "Btch"), "NbOfTxs", str(posting.lines))
    transaction = _add(details, "TxDtls")
    _add(_add(transaction, "Refs"), "EndToEndId", f"{statement.statement_id}/{posting.number}"[:35])
    _add_amount(transaction, posting.amount_micros, statement.currency)
    parties = _add(transaction, "RltdPties")
    other = "Dbtr" if posting.amount_micros > 0 else "Cdtr"
    _add(_add(_add(parties, other), "Pty"), "Nm", posting.name[:140])
    _add(entry, "AddtlNtryInf", f"{posting.kind}: {posting.counterparty}"[:500])


def _add_amount(parent: Any, micros: int, currency: str) -> None:
    _add(parent, "Amt", _text(abs(micros), currency)).set("Ccy", currency)
    _add(parent, "CdtDbtInd", "DBIT" if micros < 0 else "CRDT")


def _text(micros: int, currency: str) -> str:
    return format_micros(micros, min_digits=minor_digits(currency))


def _add(parent: Any, name: str, text: str | None = None) -> Any:
    made = etree.SubElement(parent, f"{{{CAMT_NAMESPACE}}}{name}")
    if text is not None:
        made.text = clean_text(text)
    return made

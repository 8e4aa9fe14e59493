"""``camt.053.xml`` against the statement that it renders: who signed it, and every amount in it.

The entries follow from the statement's turnovers: each is rounded half even to the minor unit, what
is received apart from what is paid, and a rounding entry brings a counterparty's entries to its
rounded net. So they are computed here again, and compared.
"""

import xml.etree.ElementTree as ET  # no document type is read, so no entity can be

from cryptography import x509

from partner_sdk.verify.authenticity import check_detached
from partner_sdk.verify.findings import Findings
from partner_sdk.wire.amounts import format_micros, minor_digits, round_half_even_to_minor
from partner_sdk.wire.archive import CAMT, CAMT_SIGNATURE
from partner_sdk.wire.lines import ROUNDING
from partner_sdk.wire.statement import Statement

__all__ = ["check_camt"]

_SPACE = "{urn:iso:std:iso:20022:tech:xsd:camt.053.001.08}"
#: Reference, what it is, credit or debit, amount.
_Entry = tuple[str, str, str, str]


def check_camt(
    *,
    files: dict[str, bytes],
    statement: Statement,
    trusted: x509.Certificate,
    findings: Findings,
) -> None:
    """Check the bank statement's own signature, which its readers rely on without the rest, and
    its figures.
    """
    check_detached(
        content=files[CAMT],
        name=CAMT,
        signature=files[CAMT_SIGNATURE],
        signature_name=CAMT_SIGNATURE,
        trusted=trusted,
        findings=findings,
    )
    try:
        balances, entries = _read(files[CAMT])
    except (ET.ParseError, ValueError):
        findings.add("sum", CAMT, "is not a bank statement that can be read")
        return
    if balances != _balances(statement):
        findings.add("sum", CAMT, "its balances are not those of the statement")
    if entries != _entries(statement):
        findings.add("sum", CAMT, "its entries are not those of the statement")


def _read(content: bytes) -> tuple[list[_Entry], list[_Entry]]:
    if b"<!" in content:
        raise ValueError("a document type, a comment or CDATA")
    root = ET.fromstring(content)  # noqa: S314 - it has no document type
    (made,) = root.findall(f"{_SPACE}BkToCstmrStmt/{_SPACE}Stmt")
    balances = [
        (
            _text(made, "Id"),
            _text(balance, "Tp/CdOrPrtry/Cd"),
            _text(balance, "CdtDbtInd"),
            _amount(balance),
        )
        for balance in made.findall(f"{_SPACE}Bal")
    ]
    entries = [
        (
            _text(entry, "NtryRef"),
            _text(entry, "AddtlNtryInf"),
            _text(entry, "CdtDbtInd"),
            _amount(entry),
        )
        for entry in made.findall(f"{_SPACE}Ntry")
    ]
    return balances, entries


def _text(parent: ET.Element, path: str) -> str:
    (found,) = parent.findall("/".join(_SPACE + name for name in path.split("/")))
    return found.text or ""


def _amount(parent: ET.Element) -> str:
    (found,) = parent.findall(f"{_SPACE}Amt")
    return f"{found.text} {found.get('Ccy')}"


def _balances(statement: Statement) -> list[_Entry]:
    opening, closing = statement.opening_micros, statement.closing_micros
    return [
        (statement.statement_id, code, *_signed(micros, statement.currency))
        for code, micros in (("PRCD", opening), ("OPBD", opening), ("CLBD", closing))
    ]


def _entries(statement: Statement) -> list[_Entry]:
    amounts: dict[str | None, list[tuple[str, int]]] = {}
    for turnover in statement.turnovers:
        if turnover.kind != ROUNDING:
            amounts.setdefault(turnover.counterparty, []).extend(
                (turnover.kind, round_half_even_to_minor(micros, statement.currency))
                for micros in (turnover.receivable_micros, -turnover.payable_micros)
            )
    found: list[_Entry] = []
    for position in statement.positions:
        of_pair = amounts.get(position.counterparty, [])
        left = position.rounded_net_micros - sum(micros for _, micros in of_pair)
        for kind, micros in (*of_pair, (ROUNDING, left)):
            if micros:
                about = f"{kind}: {position.counterparty}"[:500]
                signed = _signed(micros, statement.currency)
                found.append((str(len(found) + 1), about, *signed))
    return found


def _signed(micros: int, currency: str) -> tuple[str, str]:
    amount = format_micros(abs(micros), min_digits=minor_digits(currency))
    return "DBIT" if micros < 0 else "CRDT", f"{amount} {currency}"

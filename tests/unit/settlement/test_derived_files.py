"""Files made of the statement's figures: the same amounts in each, and each in its own format."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from lxml import etree

from partner_sdk.wire.amounts import parse_decimal
from partner_sdk.wire.files import FILES
from partner_sdk.wire.statement import Statement
from settlement.bundles import InvalidCamt, check_camt
from settlement.profiles.domain import ERPS
from settlement.rendering import DERIVED, DerivedFacts
from settlement.rendering.camt import CAMT_NAMESPACE, render_camt
from settlement.rendering.journal import JOURNAL_COLUMNS, render_journal
from settlement.rendering.onec import render_onec
from settlement.rendering.postings import postings_of
from tests.unit.settlement.derived_examples import facts_of, make_statement, statements

_SCHEMA = Path("settlement/rendering/schemas/camt.053.001.08.xsd")
_EXAMPLE = make_statement(
    [
        ("grocer", "redemption", 400_004, 0),
        ("grocer", "clawback", 0, 200_000),
        ("fuel", "redemption", 1_245_000, 55_000),
        ("operator", "redemption_fee", 0, 8_000),
        ("pool", "payment", 100_000_000, 0),
    ],
    opening_micros=-1_500_000,
)


def _camt(facts: DerivedFacts) -> Any:
    return etree.fromstring(render_camt(facts))


def _all(root: Any, path: str) -> list[Any]:
    found: list[Any] = root.findall("/".join(f"{{{CAMT_NAMESPACE}}}{n}" for n in path.split("/")))
    return found


def _signed(element: Any) -> int:
    (amount,) = _all(element, "Amt")
    (side,) = _all(element, "CdtDbtInd")
    return parse_decimal(amount.text) * (1 if side.text == "CRDT" else -1)


def _balances(root: Any) -> dict[str, int]:
    return {
        _all(balance, "Tp/CdOrPrtry/Cd")[0].text: _signed(balance)
        for balance in _all(root, "BkToCstmrStmt/Stmt/Bal")
    }


def _rows(facts: DerivedFacts) -> list[list[str]]:
    return list(csv.reader(io.StringIO(render_journal(facts).decode(), newline="")))


def _items(erp: str, rows: list[list[str]]) -> list[dict[str, str]]:
    """The rows of the entry by column; SAP's template has a header above them."""
    columns = list(JOURNAL_COLUMNS[erp])
    if erp != "sap":
        assert rows[0] == columns
        return [dict(zip(columns, row, strict=True)) for row in rows[1:]]
    at = rows.index(["", *columns])
    return [dict(zip(columns, row[1:], strict=True)) for row in rows[at + 2 :]]


_SIDES = {
    "generic": ("account", "debit", "credit"),
    "netsuite": ("Account", "Debit", "Credit"),
    "quickbooks": ("*AccountName", "*Debits", "*Credits"),
    "sap": ("HKONT", "WRSOL", "WRHAB"),
}


def _booked(erp: str, items: list[dict[str, str]]) -> list[tuple[str, int]]:
    """Account and amount (+ debit) of each row."""
    if erp == "xero":
        return [(item["*AccountCode"], parse_decimal(item["*Amount"])) for item in items]
    account, debit, credit = _SIDES[erp]
    booked = []
    for item in items:
        assert bool(item[debit]) != bool(item[credit])
        amount = parse_decimal(item[debit] or item[credit])
        assert amount > 0
        booked.append((item[account], amount if item[debit] else -amount))
    return booked


def _onec(facts: DerivedFacts) -> tuple[str, dict[str, str], list[dict[str, str]]]:
    """The text, the balances and the documents of a 1C file."""
    content = render_onec(facts)
    text = content.decode("utf-8" if b"=UTF-8\r\n" in content else "windows-1251")
    assert text.endswith("\r\n")
    lines = text.split("\r\n")
    start, end = lines.index("СекцияРасчСчет"), lines.index("КонецРасчСчет")
    balances = dict(line.split("=", 1) for line in lines[start + 1 : end])
    documents: list[dict[str, str]] = []
    for line in lines[end + 1 :]:
        key, _, value = line.partition("=")
        if key == "СекцияДокумент":
            documents.append({})
        elif value or key.endswith("ИНН"):
            documents[-1][key] = value
    return text, balances, documents


@settings(deadline=None)
@given(statements())
def test_every_file_leads_from_the_opening_to_the_closing_to_the_last_digit(
    statement: Statement,
) -> None:
    postings = postings_of(statement=statement)
    amounts = [posting.amount_micros for posting in postings]
    assert statement.opening_micros + sum(amounts) == statement.closing_micros
    for position in statement.positions:
        mine = [p.amount_micros for p in postings if p.counterparty == position.counterparty]
        assert sum(mine) == position.rounded_net_micros

    facts = facts_of(statement)
    root = _camt(facts)
    balances = _balances(root)
    entries = [_signed(entry) for entry in _all(root, "BkToCstmrStmt/Stmt/Ntry")]
    assert entries == amounts
    assert balances == {
        "PRCD": statement.opening_micros,
        "OPBD": statement.opening_micros,
        "CLBD": statement.closing_micros,
    }

    _, account, documents = _onec(facts)
    opening, received, paid, closing = (
        parse_decimal(account[key])
        for key in ("НачальныйОстаток", "ВсегоПоступило", "ВсегоСписано", "КонечныйОстаток")
    )
    assert opening + received - paid == closing == statement.closing_micros
    own = account["РасчСчет"]
    assert own == f"{statement.party.id}-{statement.currency}"
    assert [
        parse_decimal(each["Сумма"]) * (1 if each["ПолучательСчет"] == own else -1)
        for each in documents
    ] == amounts

    for erp in JOURNAL_COLUMNS:
        facts = facts_of(statement, erp=erp)
        booked = _booked(erp, _items(erp, _rows(facts)))
        assert sum(amount for _, amount in booked) == 0
        settled = [amount for account, amount in booked if account == "settlement"]
        assert settled == amounts


@settings(deadline=None)
@given(statements())
def test_any_statement_fits_the_schema(statement: Statement) -> None:
    check_camt(content=render_camt(facts_of(statement)))


@pytest.mark.skipif(shutil.which("xmllint") is None, reason="xmllint is not installed")
def test_xmllint_agrees(tmp_path: Path) -> None:
    file = tmp_path / "camt.053.xml"
    facts = facts_of(
        _EXAMPLE,
        iban="RO49AAAA1B31007593840000",
        bic="AAAAROBU",
        tax_id="RO123",
        account_holder="X",
    )
    file.write_bytes(render_camt(facts))
    command = ["xmllint", "--nonet", "--noout", "--schema", str(_SCHEMA), str(file)]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
    file.write_bytes(render_camt(facts).replace(b"<Ccy>EUR", b"<Ccy>EURO"))
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


def test_what_does_not_fit_the_schema_is_refused_with_the_place() -> None:
    content = render_camt(facts_of(_EXAMPLE)).replace(b"<Ccy>EUR", b"<Ccy>EURO")
    with pytest.raises(InvalidCamt, match="Ccy"):
        check_camt(content=content)


def test_the_bank_statement_names_the_account_and_the_partys_own_bank() -> None:
    root = _camt(facts_of(_EXAMPLE, iban="RO49AAAA1B31007593840000", account_holder="Ганок SRL"))
    (statement,) = _all(root, "BkToCstmrStmt/Stmt")
    assert _all(statement, "Acct/Id/Othr/Id")[0].text == _EXAMPLE.party.id
    assert _all(statement, "Acct/Ownr/Nm")[0].text == "Ганок SRL"
    assert _all(statement, "RltdAcct/Id/IBAN")[0].text == "RO49AAAA1B31007593840000"
    assert _all(_camt(facts_of(_EXAMPLE)), "BkToCstmrStmt/Stmt/RltdAcct") == []


def test_the_summary_of_the_bank_statement_counts_its_entries() -> None:
    (statement,) = _all(_camt(facts_of(_EXAMPLE)), "BkToCstmrStmt/Stmt")
    entries = [_signed(entry) for entry in _all(statement, "Ntry")]
    assert _all(statement, "TxsSummry/TtlNtries/NbOfNtries")[0].text == str(len(entries))
    net = _signed(_all(statement, "TxsSummry/TtlNtries/TtlNetNtry")[0])
    assert net == sum(entries) == _EXAMPLE.net_micros
    received = Decimal(_all(statement, "TxsSummry/TtlCdtNtries/Sum")[0].text)
    assert received == Decimal(sum(e for e in entries if e > 0)) / 1_000_000


@pytest.mark.parametrize("erp", ERPS)
def test_accounts_are_those_of_the_profile_and_unmapped_kinds_carry_their_own_name(
    erp: str,
) -> None:
    accounts = {"settlement": "1310", "redemption": "7010"}
    layout = erp if erp in JOURNAL_COLUMNS else "generic"
    booked = _booked(layout, _items(layout, _rows(facts_of(_EXAMPLE, erp=erp, accounts=accounts))))
    assert {account for account, _ in booked} == {
        "1310", "7010", "clawback", "redemption_fee", "rounding", "payment",
    }  # fmt: skip
    accounts["default"] = "9999"
    booked = _booked(layout, _items(layout, _rows(facts_of(_EXAMPLE, erp=erp, accounts=accounts))))
    assert {account for account, _ in booked} == {"1310", "7010", "9999"}


def test_no_cell_of_a_journal_begins_as_a_formula_does() -> None:
    for erp in ERPS:
        for row in _rows(facts_of(_EXAMPLE, erp=erp)):
            for cell in row:
                if cell.startswith("-"):
                    parse_decimal(cell)
                assert not cell.startswith(("=", "+", "@")), (erp, cell)


def test_dates_and_codes_are_in_the_form_of_each_erp() -> None:
    def first(erp: str, **accounts: str) -> dict[str, str]:
        return _items(erp, _rows(facts_of(_EXAMPLE, erp=erp, accounts=accounts)))[0]

    assert first("xero", tax_rate="BAS Excluded")["*TaxRate"] == "BAS Excluded"
    assert first("xero")["*Date"] == first("quickbooks")["*JournalDate"] == "22/11/2026"
    assert first("netsuite", subsidiary="4")["Subsidiary"] == "4"
    assert first("generic")["date"] == first("netsuite")["Date"] == "2026-11-22"
    rows = _rows(facts_of(_EXAMPLE, erp="sap", accounts={"company_code": "RO01"}))
    header = rows[rows.index(["", "Line Items"]) - 2]
    assert header[1:5] == ["RO01", "SA", "20261122", "20261122"]
    assert header[6:] == ["EUR", "CL261122EUR12"]


def test_the_entries_of_two_currencies_of_a_day_have_numbers_of_their_own() -> None:
    numbers = {
        _rows(facts_of(make_statement([("pool", "issue", 10**6, 0)], currency=currency)))[1][0]
        for currency in ("EUR", "RON")
    }
    assert numbers == {"CL261122EUR12", "CL261122RON12"}


def test_a_1c_file_is_windows_1251_and_utf_8_only_where_it_must_be() -> None:
    text, _, documents = _onec(facts_of(_EXAMPLE))
    assert "Кодировка=Windows" in text
    assert "Отправитель=Coalitia „S“" in text
    assert "Получатель=Пекарня Ґанок" in text
    assert {each["Плательщик"] for each in documents} >= {"Bacania „S“", "Пекарня Ґанок"}
    facts = facts_of(_EXAMPLE, account_holder="面包店")
    text, _, documents = _onec(facts)
    assert "Кодировка=UTF-8" in text
    assert "面包店" in {each["Плательщик"] for each in documents}


def test_the_table_of_derived_files_is_in_the_order_of_the_bundle() -> None:
    names = [n for each in DERIVED for n in (each.name, each.signature) if n is not None]
    assert names == [name for name in FILES if name in names]

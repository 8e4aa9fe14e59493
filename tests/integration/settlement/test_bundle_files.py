"""Whole bundles of a night, judged by the programs that a finance team has."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from lxml import etree

from partner_sdk.verify import verify_bundle
from partner_sdk.wire.amounts import parse_decimal
from settlement.entries.domain import NewEntry
from settlement.entries.service import post_entries
from settlement.profiles.domain import Profile
from settlement.profiles.service import set_profile
from settlement.rendering.camt import CAMT_NAMESPACE
from settlement.steps.chain import settle_date
from settlement.steps.night import Night
from tests.integration.settlement.builder import OPERATOR, Books, tell_day_one, tell_day_two
from tests.integration.settlement.reading import bundle_path, read_lines

ONE, TWO = date(2026, 3, 1), date(2026, 3, 2)
_SLUGS = ("grocer", "fuel", "bakery", "pool", "operator")
_CLEARING = 3
_SCHEMA = Path("settlement/rendering/schemas/camt.053.001.08.xsd").resolve()
_NAMES = {"c": CAMT_NAMESPACE}


@dataclass(frozen=True)
class Read:
    """The amounts of one bundle, as each of its files says them (micros)."""

    opening: int
    amounts: tuple[int, ...]
    closing: int


@pytest.fixture
def settled(books: Books, night: Night) -> Night:
    """Two nights of the story, with amounts below the cent, a payment and each ERP in use."""
    story = tell_day_one(books, day=ONE)
    erps = {
        story.grocer: "sap",
        story.fuel: "xero",
        story.bakery: "quickbooks",
        OPERATOR: "netsuite",
    }
    with night.database.transaction() as connection:
        for party_no, erp in erps.items():
            profile = Profile(erp=erp, iban="RO49AAAA1B31007593840000", account_holder="Ș SRL")
            set_profile(
                connection=connection,
                party_no=party_no,
                profile=profile,
                set_by="operator",
                now=night.wall(),
            )
    books.move(
        story.grocer_lot,
        "redeem",
        7,
        day=ONE,
        at=story.bakery,
        cause=("hold", story.bought),
        owed=[
            ("redemption", story.grocer, story.bakery, 72_345),
            ("margin", story.grocer, OPERATOR, 1_111),
        ],
    )
    books.end(ONE)
    settle_date(night=night, business_date=ONE)
    tell_day_two(books, story, day=TWO)
    with night.database.transaction() as connection:
        post_entries(
            connection=connection,
            entries=[
                NewEntry(
                    kind="payment",
                    debtor=_CLEARING,
                    creditor=story.fuel,
                    amount_micros=660_000,
                    currency="EUR",
                    cause="payment:pay_1",
                )
            ],
        )
    books.end(TWO)
    settle_date(night=night, business_date=TWO)
    return night


def _paths(night: Night) -> list[Path]:
    return [bundle_path(night, day, slug) for day in (ONE, TWO) for slug in _SLUGS]


def _files(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def _of_lines(files: dict[str, bytes], path: Path) -> Read:
    statement = json.loads(files["statement.json"])
    nets = tuple(parse_decimal(line["net"]) for line in read_lines(path))
    return Read(parse_decimal(statement["opening"]), nets, parse_decimal(statement["closing"]))


def _of_camt(files: dict[str, bytes]) -> Read:
    root = etree.fromstring(files["camt.053.xml"])

    def signed(element: Any) -> int:
        amount = parse_decimal(element.findtext("c:Amt", namespaces=_NAMES))
        return amount if element.findtext("c:CdtDbtInd", namespaces=_NAMES) == "CRDT" else -amount

    balances = {
        each.findtext("c:Tp/c:CdOrPrtry/c:Cd", namespaces=_NAMES): signed(each)
        for each in root.iterfind(".//c:Bal", namespaces=_NAMES)
    }
    entries = tuple(signed(each) for each in root.iterfind(".//c:Ntry", namespaces=_NAMES))
    return Read(balances["OPBD"], entries, balances["CLBD"])


def _of_onec(files: dict[str, bytes]) -> Read:
    lines = files["1c.txt"].decode("windows-1251").split("\r\n")
    values = [line.partition("=")[::2] for line in lines]
    (account,) = {value for key, value in values if key == "РасчСчет"}
    opening, closing = (
        next(parse_decimal(value) for key, value in values if key == name)
        for name in ("НачальныйОстаток", "КонечныйОстаток")
    )
    amounts = [parse_decimal(value) for key, value in values if key == "Сумма"]
    payees = [value for key, value in values if key == "ПолучательСчет"]
    signed = (a if payee == account else -a for a, payee in zip(amounts, payees, strict=True))
    return Read(opening, tuple(signed), closing)


#: Account, debit and credit (or the signed amount) in the layouts of the ERPs.
_JOURNALS = (
    ("account", "debit", "credit"),
    ("Account", "Debit", "Credit"),
    ("*AccountName", "*Debits", "*Credits"),
    ("HKONT", "WRSOL", "WRHAB"),
    ("*AccountCode", "*Amount", "*Amount"),
)


def _of_journal(files: dict[str, bytes]) -> tuple[int, ...]:
    """What the settlement account moves by, whatever the ERP; debit and credit are equal."""
    rows = list(csv.reader(io.StringIO(files["journal.csv"].decode(), newline="")))
    at, (account, debit, credit) = next(
        (at, layout)
        for at, row in enumerate(rows)
        for layout in _JOURNALS
        if set(layout) <= set(row)
    )
    # SAP's template has a row of labels below the technical names.
    items = rows[at + (2 if account == "HKONT" else 1) :]
    found = []
    for row in items:
        cells = dict(zip(rows[at], row, strict=True))
        if debit == credit or cells[debit]:
            amount = parse_decimal(cells[debit])
        else:
            amount = -parse_decimal(cells[credit])
        found.append((cells[account], amount))
    assert sum(amount for _, amount in found) == 0
    return tuple(amount for name, amount in found if name == "settlement")


def test_every_file_of_every_bundle_leads_from_the_same_opening_to_the_same_closing(
    settled: Night,
) -> None:
    for path in _paths(settled):
        files = _files(path)
        lines, camt, onec = _of_lines(files, path), _of_camt(files), _of_onec(files)
        for read in (lines, camt, onec):
            assert read.opening + sum(read.amounts) == read.closing, path
            assert (read.opening, read.closing) == (lines.opening, lines.closing), path
        assert camt.amounts == onec.amounts == _of_journal(files), path


def test_a_payment_is_in_the_closing_and_in_every_file(settled: Night) -> None:
    path = bundle_path(settled, TWO, "fuel")
    files = _files(path)
    camt = _of_camt(files)
    assert (camt.opening, camt.closing) == (-660_000, 0)
    assert camt.amounts == (660_000,)
    assert b"payment" in files["journal.csv"]
    assert json.loads(files["statement.json"])["due_on"] is None


def test_openssl_verifies_both_signatures_of_every_bundle(settled: Night, tmp_path: Path) -> None:
    for number, path in enumerate(_paths(settled)):
        folder = tmp_path / str(number)
        with ZipFile(path) as bundle:
            bundle.extractall(folder)
        for name in ("statement.json", "camt.053.xml"):
            command = [
                "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", f"{name}.p7s",
                "-content", name, "-CAfile", str(settled.root_path), "-out", os.devnull,
            ]  # fmt: skip
            done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
            assert done.returncode == 0, done.stderr
            (folder / name).write_bytes((folder / name).read_bytes().replace(b"EUR", b"USD", 1))
            done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
            assert done.returncode != 0


@pytest.mark.skipif(shutil.which("xmllint") is None, reason="xmllint is not installed")
def test_xmllint_finds_every_bank_statement_valid(settled: Night, tmp_path: Path) -> None:
    files = []
    for number, path in enumerate(_paths(settled)):
        files.append(tmp_path / f"{number}.xml")
        files[-1].write_bytes(_files(path)["camt.053.xml"])
    command = ["xmllint", "--nonet", "--noout", "--schema", str(_SCHEMA), *map(str, files)]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr


def test_every_bundle_verifies_and_names_all_of_its_files(settled: Night) -> None:
    root = settled.root_path.read_bytes()
    for path in _paths(settled):
        assert verify_bundle(bundle=path, root=root).findings == ()
        files = _files(path)
        statement = json.loads(files["statement.json"])
        said = {each["name"] for each in statement["files"]} | set(statement["beside"])
        assert said | {"statement.json"} == set(files)

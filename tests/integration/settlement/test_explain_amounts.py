"""Every amount of a statement is explained: by commands, by the API, and by the SDK."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import pytest
from lxml import etree
from sqlalchemy import Engine

from coalition.config import Config
from partner_sdk.client import PartnerClient
from partner_sdk.errors import NotFound
from partner_sdk.wire import ids
from partner_sdk.wire.amounts import parse_decimal
from partner_sdk.wire.statement import Statement
from settlement.entries.domain import NewEntry
from settlement.entries.service import post_entries
from settlement.explain import NothingToExplain, explain_amount_of, parse_subject
from settlement.rendering.pdf.account import gather_sections
from settlement.steps.chain import settle_date
from settlement.steps.night import Night
from tests.coalition_world import DAY_1, FUEL_TERMS, World, refund, terms
from tests.hub_http import HttpHub
from tests.hub_server import serving
from tests.integration.settlement.reading import bundle_path, read_lines, read_statement
from tests.shared_database import config, database_url, engine, night

__all__ = ["config", "database_url", "engine", "night"]

FEES = {"issue_per_point": "0.0005", "redemption_share": "0.025"}


@pytest.fixture(scope="module")
def world(engine: Engine) -> World:
    """Two nights' worth: earning at three brands, spending at two, an entry between two."""
    world = World(engine)
    world.partner("grocer", terms(fees=FEES))
    world.partner("fuel", FUEL_TERMS)
    world.partner("bakery", terms(redemption_price="0.012", fees=FEES))
    return world


@pytest.fixture(scope="module")
def settled(world: World, night: Night) -> World:
    """The world after two nights."""
    ann, bob = world.member(), world.member()
    world.put("grocer", "G-1", world.sale_body(ann, ("food", "1", "40.00"), receipt="R-1"))
    world.put("fuel", "F-1", world.sale_body(ann, ("fuel", "30", "50.00"), receipt="R-2"))
    world.put("bakery", "B-1", world.sale_body(bob, ("bread", "1", "41.00"), receipt="R-77"))
    world.redeem("bakery", ann, 70)
    world.redeem("grocer", bob, 33)
    for day in (DAY_1, DAY_1 + timedelta(days=1)):
        if day != DAY_1:
            world.put("grocer", "G-2", world.sale_body(ann, ("food", "1", "17.00")))
            world.redeem("bakery", ann, 20)
            _charge_interest(world)
            _tell_late(world, ann)
        world.set_clock(datetime(day.year, day.month, day.day, 23, tzinfo=UTC))
        settle_date(night=night, business_date=day)
        world.set_clock(datetime(day.year, day.month, day.day, 9, tzinfo=UTC) + timedelta(days=1))
    return world


def _tell_late(world: World, ann: UUID) -> None:
    """A sale of the day before first heard of now, and a return of what was bought then."""
    yesterday = datetime(DAY_1.year, DAY_1.month, DAY_1.day, 12, tzinfo=UTC)
    late = world.sale_body(ann, ("fuel", "7", "12.00"), receipt="R-9", occurred_at=yesterday)
    world.put("fuel", "F-late", late)
    back = world.sale_body(ann, ("food", "1", "40.00"), receipt="R-1", occurred_at=world.now)
    back["occurred_at"] = f"{DAY_1}T09:00:00Z"
    world.put("grocer", "G-1", {**back, "refunds": [refund("1", "11.00")]})


def _charge_interest(world: World) -> None:
    with world.database.transaction() as connection:
        post_entries(
            connection=connection,
            entries=[
                NewEntry(
                    kind="interest",
                    debtor=world.numbers["grocer"],
                    creditor=2,
                    amount_micros=123_456,
                    currency="EUR",
                    cause="late:payment",
                    about={"days": 3},
                )
            ],
        )


def subjects_of(statement: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every amount of a statement.json, with what names it."""
    for name in ("opening", "net", "closing"):
        yield name, statement[name]
    for row in statement["activity"]:
        yield f"activity:{row['kind']}", row["net"]
    for row in statement["positions"]:
        yield f"position:{row['counterparty']}", row["rounded_net"]


@pytest.mark.parametrize("slug", ["grocer", "fuel", "bakery", "pool", "operator"])
@pytest.mark.parametrize("day", [DAY_1, DAY_1 + timedelta(days=1)])
def test_every_amount_of_a_statement_is_explained_and_its_parts_lead_down_to_its_lines(
    settled: World, night: Night, slug: str, day: date
) -> None:
    path = bundle_path(night, day, slug)
    lines = {line["line_no"]: parse_decimal(line["net"]) for line in read_lines(path)}
    reached: dict[int, int] = {}
    for subject, amount in subjects_of(read_statement(path)):
        found = explain_amount_of(
            night=night, statement=f"{day}/{slug}", subject=parse_subject(subject)
        )
        assert found.amount_micros == parse_decimal(amount), subject
        waiting = [part.see for part in found.parts]
        while waiting:
            see = waiting.pop()
            if not see or see.startswith("stm_"):
                continue
            part = explain_amount_of(
                night=night, statement=f"{day}/{slug}", subject=parse_subject(see)
            )
            if see.startswith("line:"):
                reached[int(see.removeprefix("line:"))] = part.amount_micros or 0
            waiting += [each.see for each in part.parts]
    assert reached == lines


def _files(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def _of_statement(document: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Every amount of turnovers and positions in statement.json, payables below zero."""
    for each in document["turnovers"]:
        party, kind = each["counterparty"], each["kind"]
        if party is None:
            continue
        if kind == "rounding":
            yield (
                f"position:{party}/rounding",
                parse_decimal(each["receivable"]) - parse_decimal(each["payable"]),
            )
            continue
        yield f"receivable:{party}/{kind}", parse_decimal(each["receivable"])
        yield f"payable:{party}/{kind}", -parse_decimal(each["payable"])
        yield f"adjusting:{party}/{kind}", parse_decimal(each["adjusting_net"])
        yield f"late:{party}/{kind}", parse_decimal(each["late_net"])
    for each in document["positions"]:
        party = each["counterparty"]
        yield f"receivable:{party}", parse_decimal(each["receivable"])
        yield f"payable:{party}", -parse_decimal(each["payable"])
        yield f"exact:{party}", parse_decimal(each["exact_net"])
        yield f"residue_in:{party}", parse_decimal(each["residue_in"])
        yield f"residue_out:{party}", parse_decimal(each["residue_out"])
        yield f"position:{party}", parse_decimal(each["rounded_net"])


def _of_camt(content: bytes) -> Iterator[tuple[str, int]]:
    """Every amount of camt.053.xml: balances, totals, entries by both of their references."""
    root = etree.fromstring(content)
    ns = {"c": "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"}

    def amount(of: Any, name: str = "Amt") -> int:
        found = parse_decimal(of.findtext(f"c:{name}", namespaces=ns))
        return -found if of.findtext("c:CdtDbtInd", namespaces=ns) == "DBIT" else found

    for balance in root.iterfind(".//c:Bal", ns):
        code = balance.findtext("c:Tp/c:CdOrPrtry/c:Cd", namespaces=ns)
        yield f"camt:{code}", amount(balance)
    for entry in root.iterfind(".//c:Ntry", ns):
        for name in ("c:NtryRef", "c:NtryDtls/c:TxDtls/c:Refs/c:EndToEndId"):
            yield f"camt:{entry.findtext(name, namespaces=ns)}", amount(entry)
    (summary,) = root.iterfind(".//c:TxsSummry", ns)
    yield "camt:sum", amount(summary.find("c:TtlNtries", ns), "Sum")
    yield "camt:net", amount(summary.find("c:TtlNtries/c:TtlNetNtry", ns))
    yield "camt:credits", amount(summary.find("c:TtlCdtNtries", ns), "Sum")
    yield "camt:debits", -amount(summary.find("c:TtlDbtNtries", ns), "Sum")


def _of_journal(content: bytes) -> Iterator[tuple[str, int]]:
    """Every row of journal.csv; that of the settlement account has the sign of the amount."""
    for number, row in enumerate(csv.DictReader(io.StringIO(content.decode())), 1):
        amount = parse_decimal(row["debit"] or row["credit"])
        receives = (row["account"] == "settlement") == bool(row["debit"])
        yield f"journal:{number}", amount if receives else -amount


def _of_onec(content: bytes) -> Iterator[tuple[str, int]]:
    """Every amount of 1c.txt."""
    totals = {"НачальныйОстаток": "opening", "КонечныйОстаток": "closing",
              "ВсегоПоступило": "received", "ВсегоСписано": "paid"}  # fmt: skip
    values: dict[str, str] = {}
    for text in content.decode("windows-1251").splitlines():
        name, _, value = text.partition("=")
        if name in totals:
            sign = -1 if name == "ВсегоСписано" else 1
            yield f"1c:{totals[name]}", sign * parse_decimal(value)
        values[name] = value
        if name == "КонецДокумента":
            own = values["ПлательщикСчет"].endswith("-EUR")
            amount = parse_decimal(values["Сумма"])
            yield f"1c:{values['Номер']}", -amount if own else amount


def _of_pdf(content: bytes) -> Iterator[tuple[str, int]]:
    """Every amount of the PDF's account and of its picture; it is made of statement.json."""
    statement = Statement.from_bytes(content)
    for section in gather_sections(turnovers=statement.turnovers):
        yield f"pdf:{section.name}", section.net_micros
        kinds = {row.kind for row in section.rows}
        for kind in kinds:
            of_kind = [row.net_micros for row in section.rows if row.kind == kind]
            yield f"section:{section.name}/{kind}", sum(of_kind)
    netted = [p for p in statement.positions if p.counterparty != "clearing"]
    yield "pdf:gross", sum(p.receivable_micros + p.payable_micros for p in netted)
    yield "pdf:bilateral", sum(abs(p.rounded_net_micros) for p in netted)
    yield "pdf:opening", statement.opening_micros
    yield "pdf:closing", statement.closing_micros


def test_every_amount_of_every_file_is_explained_down_to_lines(
    settled: World, night: Night
) -> None:
    kinds: set[str] = set()
    for day in (DAY_1, DAY_1 + timedelta(days=1)):
        for slug in ("grocer", "fuel", "bakery", "pool", "operator"):
            files = _files(bundle_path(night, day, slug))
            amounts = [
                *_of_statement(json.loads(files["statement.json"])),
                *_of_camt(files["camt.053.xml"]),
                *_of_journal(files["journal.csv"]),
                *_of_onec(files["1c.txt"]),
                *_of_pdf(files["statement.json"]),
            ]
            # Each part is followed once, whichever amount leads to it first.
            seen = {
                f"line:{line['line_no']}"
                for line in map(json.loads, files["lines.ndjson"].splitlines())
            }
            for subject, amount in amounts:
                kinds.add(subject.partition(":")[0])
                waiting = [subject]
                while waiting:
                    asked = waiting.pop()
                    found = explain_amount_of(
                        night=night, statement=f"{day}/{slug}", subject=parse_subject(asked)
                    )
                    if asked == subject:
                        assert found.amount_micros == amount, f"{day}/{slug} {subject}"
                    for part in found.parts:
                        if part.see and not part.see.startswith("stm_") and part.see not in seen:
                            seen.add(part.see)
                            waiting.append(part.see)
                        # What leads no further is rounding, or the lines beyond the largest.
                        assert part.see or "rounded" in part.what or "smaller" in part.what
    assert {"camt", "1c", "journal", "pdf", "late", "adjusting", "residue_in"} <= kinds


def test_what_is_late_and_what_corrects_is_told_apart(settled: World, night: Night) -> None:
    day = DAY_1 + timedelta(days=1)
    late = explain_amount_of(
        night=night, statement=f"{day}/fuel", subject=parse_subject("late:pool/issue")
    )
    assert late.amount_micros == -14 * 11_000
    (part,) = late.parts
    line = explain_amount_of(night=night, statement=f"{day}/fuel", subject=parse_subject(part.see))
    told = "\n".join(line.text())
    assert "reason late_sale" in told
    assert "first heard of" in told
    ordinary = explain_amount_of(night=night, statement=f"{DAY_1}/fuel", subject=parse_subject("1"))
    assert "reason sale;" in "\n".join(ordinary.text())


def test_files_without_such_an_item_say_what_they_have(settled: World, night: Night) -> None:
    for subject, told in (
        ("camt:99", "postings"),
        ("journal:99", "rows of journal.csv"),
        ("receivable:nobody", "positions with"),
        ("late:pool/margin", "lines of the kinds"),
        ("section:fees/issue", "ask for section:fees"),
    ):
        with pytest.raises(NothingToExplain, match=told):
            explain_amount_of(
                night=night, statement=f"{DAY_1}/bakery", subject=parse_subject(subject)
            )


def test_the_parts_of_a_sum_say_which_lines_there_are_and_how_they_add_up(
    settled: World, night: Night
) -> None:
    found = explain_amount_of(
        night=night, statement=f"{DAY_1}/bakery", subject=parse_subject("activity:redemption")
    )
    text = "\n".join(found.text())
    assert "Activity redemption: 3 lines, 0.370000 EUR" in text
    assert {part.what: part.micros for part in found.parts} == {
        "pool, 1 line": 300_000,
        "grocer, 2 lines": 400_000 - 330_000,
    }
    position = explain_amount_of(
        night=night, statement=f"{DAY_1}/bakery", subject=parse_subject("position:operator")
    )
    assert "rounded half even" in "\n".join(position.text())
    closing = explain_amount_of(
        night=night,
        statement=f"{DAY_1 + timedelta(days=1)}/bakery",
        subject=parse_subject("opening"),
    )
    assert f"number 1, {DAY_1}" in closing.steps[0].text


def test_an_entry_of_settlement_is_explained_by_its_cause(settled: World, night: Night) -> None:
    found = explain_amount_of(
        night=night,
        statement=f"{DAY_1 + timedelta(days=1)}/grocer",
        subject=parse_subject("activity:interest"),
    )
    assert found.amount_micros == -123_456
    (part,) = found.parts
    line = explain_amount_of(
        night=night,
        statement=f"{DAY_1 + timedelta(days=1)}/grocer",
        subject=parse_subject(part.see),
    )
    assert "late:payment" in "\n".join(line.text())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "line:0",
        "line:x",
        "total",
        "activity:",
        "activity:A B",
        "position:x/",
        "-1",
        "camt:",
        "camt:x",
        "journal:0",
        "1c:-1",
        "pdf:",
        "section:other",
        "late:pool",
        "exact:a/b",
    ],
)
def test_what_names_no_amount_is_refused(text: str) -> None:
    with pytest.raises(NothingToExplain, match="names no amount"):
        parse_subject(text)


def test_what_a_statement_does_not_have_is_told_with_what_it_has(
    settled: World, night: Night
) -> None:
    for subject in ("activity:breakage", "position:nobody", "position:pool/issue", "line:99"):
        with pytest.raises(NothingToExplain, match=r"it has lines of the kinds|has \d+ lines"):
            explain_amount_of(
                night=night, statement=f"{DAY_1}/bakery", subject=parse_subject(subject)
            )


@pytest.fixture(scope="module")
def hub(settled: World, config: Config) -> HttpHub:
    """The hub over the settled world."""
    return HttpHub(settled, config)


def statement_id(night: Night, slug: str) -> str:
    return str(read_statement(bundle_path(night, DAY_1, slug))["statement_id"])


def test_a_partner_asks_for_its_own_statements_only(hub: HttpHub, night: Night) -> None:
    path = f"/v1/statements/{statement_id(night, 'bakery')}/explain"
    answer = hub.caller("bakery").sign("GET", f"{path}?amount=net")
    assert answer.status_code == 200, answer.json
    assert answer.json["subject"] == "net"
    refused = hub.caller("grocer").sign("GET", f"{path}?amount=net")
    assert (refused.status_code, refused.json["code"]) == (404, "statement_not_found")
    unknown = hub.caller("bakery").sign("GET", f"{path}?amount=activity:issue")
    assert (unknown.status_code, unknown.json["code"]) == (404, "amount_not_found")
    assert "redemption" in unknown.json["detail"]
    assert hub.caller("bakery").sign("GET", path).status_code == 422


def test_the_counterpartys_receipt_stays_its_own(hub: HttpHub, night: Night) -> None:
    lines = read_lines(bundle_path(night, DAY_1, "grocer"))
    copy = next(
        line for line in lines if line["kind"] == "redemption" and line["net"].startswith("-")
    )
    path = f"/v1/statements/{statement_id(night, 'grocer')}/explain?amount=line:{copy['line_no']}"
    told = json.dumps(hub.caller("grocer").sign("GET", path).json)
    # What the copy says, and under the names that it says it with.
    assert copy["movement_id"] in told
    assert copy["lot"] in told
    assert "40 points" in told
    everything = json.dumps(hub.caller("operator").send("GET", path).json)
    for secret in ("posted 20", "occurred", "red_", "G-1", "R-1", "soonest expiry"):
        assert secret not in told
    for known in ("posted 20", "occurred", "red_", "G-1", "soonest expiry"):
        assert known in everything


def test_the_redeemer_sees_its_own_receipt_but_not_the_issuers_sale_or_prices(
    hub: HttpHub, night: Night
) -> None:
    lines = read_lines(bundle_path(night, DAY_1, "grocer"))
    own = next(line for line in lines if line["kind"] == "redemption"
               and line["counterparty"] == "bakery" and line["net"].startswith("0.33"))  # fmt: skip
    path = f"/v1/statements/{statement_id(night, 'grocer')}/explain?amount=line:{own['line_no']}"
    told = json.dumps(hub.caller("grocer").sign("GET", path).json, ensure_ascii=False)
    assert own["movement_id"] in told
    assert own["document_id"] in told
    assert "33 points × 0.010000 EUR (the price of the line) = 0.330000 EUR" in told
    for secret in ("B-1", "R-77", "0.012", "expiring", "41 points"):
        assert secret not in told


def test_the_sdk_explains_what_the_hub_tells(hub: HttpHub, night: Night) -> None:
    caller = hub.caller("bakery")
    with (
        serving(hub.app) as url,
        PartnerClient(
            url, key_id=ids.encode("key", caller.key_id), private_key=caller.private
        ) as client,
    ):
        found = client.explain(statement_id(night, "bakery"), "closing")
        assert sum(part.micros for part in found.parts) == found.amount_micros
        assert any("opening" in line for line in found.text())
        with pytest.raises(NotFound):
            client.explain(statement_id(night, "grocer"), "closing")

"""The design's story through the whole night, number by number, from the hub's rows to bundles."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from partner_sdk.verify import verify_bundle
from settlement.steps.chain import settle_date
from settlement.steps.night import Night
from tests.integration.settlement.builder import Books, tell_day_one, tell_day_two
from tests.integration.settlement.reading import bundle_path, read_lines, read_statement

ONE, TWO, THREE = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)


def settle(night: Night, books: Books, day: date) -> None:
    books.end(day)
    settle_date(night=night, business_date=day)


def nets(night: Night, day: date) -> dict[str, str]:
    folder = night.statements_folder / day.isoformat()
    return {path.stem: str(read_statement(path)["net"]) for path in sorted(folder.glob("*.zip"))}


def test_day_one_nets_to_zero_and_day_two_makes_good_what_came_back(
    books: Books, night: Night
) -> None:
    story = tell_day_one(books, day=ONE)
    settle(night, books, ONE)
    assert nets(night, ONE) == {
        "bakery": "0.70", "fuel": "-0.66", "grocer": "-0.40", "operator": "0.00", "pool": "0.36",
    }  # fmt: skip
    tell_day_two(books, story, day=TWO)
    settle(night, books, TWO)
    assert nets(night, TWO) == {
        "bakery": "0.00", "fuel": "0.00", "grocer": "0.20", "operator": "0.00", "pool": "-0.20",
    }  # fmt: skip
    pool = read_statement(bundle_path(night, TWO, "pool"))
    assert (pool["opening"], pool["closing"]) == ("0.36", "0.16")


def test_every_bundle_verifies_offline_and_continues_the_one_before(
    books: Books, night: Night
) -> None:
    story = tell_day_one(books, day=ONE)
    settle(night, books, ONE)
    tell_day_two(books, story, day=TWO)
    settle(night, books, TWO)
    root = night.root_path.read_bytes()
    for slug in ("grocer", "fuel", "bakery", "pool", "operator"):
        previous: Path | None = None
        for number, day in enumerate((ONE, TWO), 1):
            path = bundle_path(night, day, slug)
            verified = verify_bundle(bundle=path, root=root, previous=previous)
            assert verified.ok, (slug, day, verified.findings)
            assert read_statement(path)["statement_no"] == number
            previous = path


def test_each_line_names_its_receipt_to_its_own_partner_and_hides_it_from_the_other(
    books: Books, night: Night
) -> None:
    tell_day_one(books, day=ONE)
    settle(night, books, ONE)
    own = read_lines(bundle_path(night, ONE, "bakery"))
    assert [line["net"] for line in own] == ["0.400000", "0.300000"]
    assert {line["receipt"] for line in own} == {"B-1"}
    assert {line["store"] for line in own} == {"77"}
    assert [(line["issuer"], line["counterparty"]) for line in own] == [
        ("grocer", "grocer"),
        ("fuel", "pool"),
    ]
    assert {line["redeemer"] for line in own} == {"bakery"}
    assert own[0]["document_id"].startswith("red_")
    assert own[0]["agreement_version"] == "1"
    assert own[0]["price"] == "0.010000"
    hidden = ("partner_ref", "store", "till", "receipt", "document_id", "posted_at", "occurred_at")
    grocer = read_lines(bundle_path(night, ONE, "grocer"))
    assert [line["kind"] for line in grocer] == ["earn", "redemption"]
    earned, spent = grocer
    assert earned["receipt"] == "R00001"
    assert earned["document_id"] == "S-1"
    assert earned["net"] == "0.000000"
    assert earned["occurred_local"].startswith("2026-03-01T17:00:00")
    assert all(spent[name] is None for name in hidden)
    assert spent["net"] == "-0.400000"
    assert spent["member"] != own[0]["member"]
    assert spent["movement_id"] != own[0]["movement_id"]


def test_a_line_that_corrects_an_earlier_window_names_its_statement_and_line(
    books: Books, night: Night
) -> None:
    story = tell_day_one(books, day=ONE)
    settle(night, books, ONE)
    tell_day_two(books, story, day=TWO)
    settle(night, books, TWO)
    (line,) = read_lines(bundle_path(night, TWO, "grocer"))
    first = read_statement(bundle_path(night, ONE, "grocer"))
    assert line["adjusts_statement"] == first["statement_id"]
    earned = read_lines(bundle_path(night, ONE, "grocer"))[int(line["adjusts_line"]) - 1]
    assert earned["kind"] == "earn"
    # The pool has no line of that earning, so it has none to name.
    (pools,) = read_lines(bundle_path(night, TWO, "pool"))
    assert (pools["adjusts_statement"], pools["adjusts_line"]) == (None, None)


def test_a_correction_within_the_same_window_is_an_ordinary_line(
    books: Books, night: Night
) -> None:
    story = tell_day_one(books, day=ONE)
    tell_day_two(books, story, day=ONE)
    settle(night, books, ONE)
    lines: list[dict[str, Any]] = read_lines(bundle_path(night, ONE, "grocer"))
    taken = next(line for line in lines if line["kind"] == "clawback")
    assert taken["adjusts_statement"] is None


def test_holds_make_no_lines(books: Books, night: Night) -> None:
    tell_day_one(books, day=ONE)
    settle(night, books, ONE)
    kinds = {
        line["kind"]
        for slug in ("grocer", "fuel", "bakery", "pool", "operator")
        for line in read_lines(bundle_path(night, ONE, slug))
    }
    assert kinds == {"earn", "issue", "redemption"}


def test_rounding_is_a_closing_line_and_its_residue_is_carried(books: Books, night: Night) -> None:
    grocer, bakery = books.partner("grocer"), books.partner("bakery")
    member = books.account()
    lot = books.lot(grocer, member, 100, day=ONE)
    for day, micros in ((ONE, 4_000), (TWO, 4_000), (THREE, 2_000)):
        spent = books.redemption(bakery, member, 1, day=day)
        books.move(
            lot,
            "redeem",
            1,
            day=day,
            at=bakery,
            cause=("redemption", spent),
            owed=[("redemption", grocer, bakery, micros)],
            buckets=("active", "spent"),
        )
        settle(night, books, day)
    nets_of_bakery, residues = [], []
    previous = None
    for day in (ONE, TWO, THREE):
        path = bundle_path(night, day, "bakery")
        statement = read_statement(path)
        nets_of_bakery.append(statement["net"])
        residues.append(statement["positions"][0]["residue_out"])
        assert read_lines(path)[-1]["kind"] == "rounding"
        verified = verify_bundle(bundle=path, root=night.root_path.read_bytes(), previous=previous)
        assert verified.ok, verified.findings
        previous = path
    assert nets_of_bakery == ["0.00", "0.01", "0.00"]
    assert residues == ["0.004000", "-0.002000", "0.000000"]


def test_a_partner_without_lines_gets_an_empty_statement(books: Books, night: Night) -> None:
    books.partner("quiet")
    books.partner("candidate", state="applied")
    books.partner("gone", state="closed")
    settle(night, books, ONE)
    assert set(nets(night, ONE)) == {"quiet", "operator", "pool"}
    path = bundle_path(night, ONE, "quiet")
    assert read_lines(path) == []
    assert verify_bundle(bundle=path, root=night.root_path.read_bytes()).ok


def test_a_closed_partner_still_gets_what_concerns_it(books: Books, night: Night) -> None:
    story = tell_day_one(books, day=ONE)
    with books.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE party SET state = 'closed' WHERE no = %(no)s", {"no": story.grocer}
        )
    settle(night, books, ONE)
    assert nets(night, ONE)["grocer"] == "-0.40"
    json.dumps(nets(night, ONE))

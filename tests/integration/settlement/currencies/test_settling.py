"""Two currencies: netted each by itself, or converted; zero sum, verified, and resumable."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, text

from partner_sdk.verify import verify_bundle
from settlement import hub
from settlement.check import check_books
from settlement.currencies.domain import Method, MissingRate, Policy, Quote
from settlement.currencies.service import import_quotes, set_policy
from settlement.entries.domain import NewEntry
from settlement.entries.service import post_entries
from settlement.explain import explain_line
from settlement.reports import outcome, preview, read_status
from settlement.steps.chain import settle_date
from settlement.steps.night import Night
from tests.integration.settlement.builder import OPERATOR, Books, tell_day_one
from tests.integration.settlement.reading import read_lines, read_statement

ONE, TWO, THREE = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)
WALL = datetime(2026, 3, 1, 12, tzinfo=UTC)


def euros(books: Books) -> dict[str, int]:
    """A day of the story in euros, and a bookshop and a florist that settle in lei."""
    story = tell_day_one(books, day=ONE)
    with books.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO face_value VALUES ('RON', '1970-01-01', 50000)"),
        )
    books.currency = "RON"
    return {
        "grocer": story.grocer,
        "bakery": story.bakery,
        "books": books.partner("bookshop"),
        "florist": books.partner("florist"),
    }


def spend_lei(
    books: Books, issuer: int, redeemer: int, micros: Sequence[int], *, day: date = ONE
) -> None:
    """Points priced in lei are spent: the issuer owes the redeemer those amounts."""
    member = books.account()
    lot = books.lot(issuer, member, 1_000, day=day)
    for amount in micros:
        spent = books.redemption(redeemer, member, 1, day=day)
        books.move(
            lot,
            "redeem",
            1,
            day=day,
            at=redeemer,
            cause=("redemption", spent),
            owed=[("redemption", issuer, redeemer, amount), ("redemption_fee", redeemer, 2, 7)],
            buckets=("active", "spent"),
        )


def convert(night: Night, method: Method = "spot", *, begins: date = ONE) -> None:
    with night.database.transaction() as connection:
        set_policy(
            connection=connection,
            policy=Policy(begins, "convert", method, "ECB"),
            set_at=WALL,
        )


def quote(night: Night, *rates: str, last: date = ONE) -> None:
    """Quotes of that many days up to the last one."""
    with night.database.transaction() as connection:
        import_quotes(
            connection=connection,
            quotes=[
                Quote("ECB", "EUR", "RON", last - timedelta(days=n), rate)
                for n, rate in enumerate(reversed(rates))
            ],
            imported_at=WALL,
        )


def settle(night: Night, books: Books, day: date) -> None:
    books.end(day)
    settle_date(night=night, business_date=day)


def bundles(night: Night, day: date) -> dict[str, dict[str, Any]]:
    """Every statement of a date by the name of its file, each verified."""
    root, found = night.root_path.read_bytes(), {}
    for path in sorted((night.statements_folder / day.isoformat()).glob("*.zip")):
        verified = verify_bundle(bundle=path, root=root)
        assert verified.ok, (path.name, verified.findings)
        found[path.stem] = read_statement(path)
    return found


def lines_of(night: Night, day: date, name: str) -> list[dict[str, Any]]:
    return read_lines(night.statements_folder / day.isoformat() / f"{name}.zip")


def clean(night: Night) -> bool:
    broken = [found for found in check_books(night=night) if found.broken]
    assert not broken, broken
    return True


def rows(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_each_currency_is_netted_by_itself_on_a_statement_of_its_own(
    books: Books, night: Night
) -> None:
    who = euros(books)
    spend_lei(books, who["books"], who["bakery"], [1_234_567, 2_000_001])
    spend_lei(books, who["florist"], who["books"], [900_000])
    settle(night, books, ONE)
    found = bundles(night, ONE)
    in_lei = {name.partition(".")[0]: each for name, each in found.items() if ".RON" in name}
    assert set(in_lei) == {"bakery", "bookshop", "florist", "operator"}
    assert {name: each["net"] for name, each in in_lei.items()} == {
        "bakery": "3.23", "bookshop": "-2.33", "florist": "-0.90", "operator": "0.00",
    }  # fmt: skip
    assert {each["currency"] for each in in_lei.values()} == {"RON"}
    # What is in euros is as if there were no lei.
    assert (found["bakery"]["net"], found["grocer"]["net"]) == ("0.70", "-0.40")
    lines = lines_of(night, ONE, "bookshop.RON")
    assert [line["line_no"] for line in lines] == list(range(1, len(lines) + 1))
    assert {(line["currency"], line["fx_rate"]) for line in lines} == {("RON", "1")}
    assert sum(Decimal(line["settlement_net"]) for line in lines) == Decimal("-2.33")
    sums = "SELECT currency, sum(rounded_micros)::bigint FROM settlement.position GROUP BY 1"
    assert sorted(rows(books.engine, sums)) == [("EUR", 0), ("RON", 0)]
    assert clean(night)


def test_statements_in_a_currency_go_on_while_something_is_open_in_it(
    books: Books, night: Night
) -> None:
    who = euros(books)
    spend_lei(books, who["books"], who["bakery"], [1_234_567])
    settle(night, books, ONE)
    settle(night, books, TWO)
    second = bundles(night, TWO)
    bakery = second["bakery.RON"]
    assert (bakery["statement_no"], bakery["opening"], bakery["closing"]) == (2, "1.23", "1.23")
    assert "florist.RON" not in second
    with night.database.transaction() as connection:
        post_entries(
            connection=connection,
            entries=[
                NewEntry(
                    kind="payment",
                    debtor=debtor,
                    creditor=creditor,
                    amount_micros=1_230_000,
                    currency="RON",
                    cause=f"test:{debtor}",
                )
                for debtor, creditor in (
                    (who["bakery"], hub.CLEARING),
                    (hub.CLEARING, who["books"]),
                )
            ],
        )
    settle(night, books, THREE)
    assert bundles(night, THREE)["bakery.RON"]["closing"] == "0.00"
    assert [line["kind"] for line in lines_of(night, THREE, "bakery.RON")] == ["payment"]
    assert bundles(night, THREE)["bookshop.RON"]["closing"] == "0.00"
    said = "\n".join(explain_line(night=night, statement=f"{THREE}/bakery/RON", line_no=1))
    assert "-1.230000 RON, owed to clearing" in said
    assert clean(night)


def test_lines_in_another_currency_are_converted_with_their_rate_and_its_source(
    books: Books, night: Night
) -> None:
    who = euros(books)
    spend_lei(books, who["books"], who["bakery"], [1_234_567, 2_000_001, *[3] * 5])
    convert(night)
    quote(night, "4.9765")
    before = preview(night=night, business_date=ONE)
    assert rows(books.engine, "SELECT count(*) FROM settlement.window_rate") == [(0,)]
    settle(night, books, ONE)
    found = bundles(night, ONE)
    assert not [name for name in found if ".RON" in name]
    lines = [line for line in lines_of(night, ONE, "bookshop") if line["currency"] == "RON"]
    assert len(lines) == 7
    for line in lines:
        exact = Decimal(line["net"]) * Decimal(line["fx_rate"])
        assert line["fx_rate"] == "0.2009444389"
        assert Decimal(line["settlement_net"]) == exact.quantize(Decimal("0.000001"))
        assert line["reason"] == "test redeem; rate ECB spot 2026-03-01"
    (difference,) = (
        line for line in lines_of(night, ONE, "bookshop") if line["kind"] == "conversion"
    )
    at_once = (Decimal("-3.234583") * Decimal("0.2009444389")).quantize(Decimal("0.000001"))
    by_line = sum(Decimal(line["settlement_net"]) for line in lines)
    assert Decimal(difference["net"]) == at_once - by_line
    assert difference["reason"] == "RON at 0.2009444389; rate ECB spot 2026-03-01"
    assert difference["currency"] == "EUR"
    assert found["bookshop"]["net"] == "-0.65"
    assert found["bakery"]["net"] == "1.35"
    assert {each.party: each.net_micros for each in before.parties}["bookshop"] == -650_000
    assert before.lines == sum(each["lines"]["count"] for each in found.values()) - sum(
        1 for name in found for line in lines_of(night, ONE, name) if line["kind"] == "rounding"
    )
    assert clean(night)
    said = "\n".join(
        explain_line(night=night, statement=f"{ONE}/bookshop", line_no=lines[0]["line_no"])
    )
    assert "RON × 0.2009444389 = " in said
    assert "spot of ECB, quoted on 2026-03-01" in said
    assert outcome(night=night, business_date=ONE, seconds=0)["currency"] == "EUR"


def test_the_mean_of_five_days_is_used_where_the_coalition_sets_it(
    books: Books, night: Night
) -> None:
    who = euros(books)
    spend_lei(books, who["books"], who["bakery"], [10_000_000])
    convert(night, "mean5")
    quote(night, "4", "4.5", "5", "5.5", "6")
    settle(night, books, ONE)
    lines = [line for line in lines_of(night, ONE, "bookshop") if line["currency"] == "RON"]
    assert {line["fx_rate"] for line in lines} == {"0.2"}
    assert lines[0]["reason"].endswith("rate ECB mean5 2026-03-01")
    assert clean(night)


def test_without_a_rate_the_night_stops_and_goes_on_once_there_is_one(
    books: Books, night: Night
) -> None:
    who = euros(books)
    spend_lei(books, who["books"], who["bakery"], [1_234_567])
    convert(night)
    quote(night, "4.9765", last=ONE - timedelta(days=9))
    with pytest.raises(MissingRate, match="has amounts in RON and no rate to EUR: of source ECB"):
        settle(night, books, ONE)
    with pytest.raises(MissingRate):
        preview(night=night, business_date=ONE)
    (status, _) = read_status(night=night, count=5)
    assert (status.state, status.next_step) == ("closed", "net")
    assert "settlement currencies import FILE" in (status.failure or "")
    for table in ("pair_net", "window_rate", "pair_conversion", "entry"):
        assert rows(books.engine, f"SELECT count(*) FROM settlement.{table}") == [(0,)]
    quote(night, "4.9765")
    settle(night, books, ONE)
    assert bundles(night, ONE)["bookshop"]["net"] == "-0.25"


def test_a_correction_names_the_statement_in_the_currency_of_what_it_corrects(
    books: Books, night: Night
) -> None:
    who = euros(books)
    member = books.account()
    lot = books.lot(who["books"], member, 100, day=ONE)
    spent = books.redemption(who["bakery"], member, 10, day=ONE)
    first = books.move(
        lot, "redeem", 10, day=ONE, at=who["bakery"], cause=("redemption", spent),
        owed=[("redemption", who["books"], who["bakery"], 500_000)],
        buckets=("active", "spent"),
    )  # fmt: skip
    settle(night, books, ONE)
    stated = bundles(night, ONE)
    books.move(
        lot, "restore", 10, day=TWO, at=who["bakery"], cause=("redemption", spent),
        owed=[("redemption", who["bakery"], who["books"], 500_000)], adjusts=first,
        buckets=("spent", "active"),
    )  # fmt: skip
    # From the second day on lei are converted: the correction is on the statement in euros.
    convert(night, begins=TWO)
    quote(night, "5", last=TWO)
    settle(night, books, TWO)
    bundles(night, TWO)
    (line,) = (
        line for line in lines_of(night, TWO, "bakery") if line["adjusts_statement"] is not None
    )
    assert line["adjusts_statement"] == stated["bakery.RON"]["statement_id"]
    assert (line["currency"], line["settlement_net"]) == ("RON", "-0.100000")
    said = "\n".join(explain_line(night=night, statement=f"{TWO}/bakery", line_no=line["line_no"]))
    assert (
        f"Corrects    line {line['adjusts_line']} of statement {line['adjusts_statement']}" in said
    )
    assert clean(night)


def test_several_processes_write_statements_in_two_currencies(
    books: Books, make_pipeline: Any
) -> None:
    who = euros(books)
    spend_lei(books, who["books"], who["bakery"], [1_234_567] * 20)
    spend_lei(books, who["florist"], who["grocer"], [77_777] * 20)
    night = make_pipeline(processes=3, lines_per_process=1)
    settle(night, books, ONE)
    assert len(bundles(night, ONE)) == 7 + 5
    assert clean(night)


def test_interest_in_lei_stays_in_lei_where_the_rest_is_converted(
    books: Books, night: Night
) -> None:
    who = euros(books)
    spend_lei(books, who["books"], who["bakery"], [1_000_000])
    convert(night)
    quote(night, "5")
    with night.database.transaction() as connection:
        post_entries(
            connection=connection,
            entries=[
                NewEntry(
                    kind="interest",
                    debtor=who["books"],
                    creditor=OPERATOR,
                    amount_micros=250_000,
                    currency="RON",
                    cause="test:interest",
                )
            ],
        )
    settle(night, books, ONE)
    found = bundles(night, ONE)
    assert (found["bookshop"]["net"], found["bookshop.RON"]["net"]) == ("-0.20", "-0.25")
    assert clean(night)

"""Entries: netted with the rest, a line for both parties, and never lost or in two windows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, text

from partner_sdk.verify import verify_bundle
from settlement import hub
from settlement.entries.domain import EntryDiffers, EntryKind, LineOf, NewEntry, Posted
from settlement.entries.service import post_entries
from settlement.explain import explain_line
from settlement.reports import preview
from settlement.steps.chain import settle_date
from settlement.steps.night import Night
from settlement.store import nets
from tests.integration.settlement.builder import OPERATOR, Books, tell_day_one
from tests.integration.settlement.reading import bundle_path, read_lines, read_statement

ONE, TWO, THREE = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)
CLEARING = hub.CLEARING


def entry(
    kind: EntryKind, debtor: int, creditor: int, micros: int, *, cause: str = "test:1", **more: Any
) -> NewEntry:
    return NewEntry(
        kind=kind,
        debtor=debtor,
        creditor=creditor,
        amount_micros=micros,
        currency="EUR",
        cause=cause,
        **more,
    )


def post(night: Night, *entries: NewEntry) -> list[Posted]:
    with night.database.transaction() as connection:
        return post_entries(connection=connection, entries=entries)


def settle(night: Night, books: Books, *days: date) -> None:
    for day in days:
        books.end(day)
        settle_date(night=night, business_date=day)


def rows(engine: Engine, query: str) -> Sequence[Any]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def statement_of(night: Night, day: date, slug: str) -> dict[str, Any]:
    path = bundle_path(night, day, slug)
    found = verify_bundle(bundle=path, root=night.root_path.read_bytes())
    assert found.ok, (slug, found.findings)
    return read_statement(path)


def test_a_payment_brings_the_closing_down_and_is_not_due_again(books: Books, night: Night) -> None:
    story = tell_day_one(books, day=ONE)
    settle(night, books, ONE)
    assert statement_of(night, ONE, "grocer")["closing"] == "-0.40"
    # Grocer pays: the clearing house owes it that for what it brought.
    post(night, entry("payment", CLEARING, story.grocer, 400_000, reference="RF18 0001"))
    # Bakery is paid out.
    post(night, entry("payment", story.bakery, CLEARING, 700_000, cause="test:2"))
    settle(night, books, TWO)
    grocer = statement_of(night, TWO, "grocer")
    assert (grocer["opening"], grocer["net"], grocer["closing"]) == ("-0.40", "0.40", "0.00")
    assert statement_of(night, TWO, "bakery")["closing"] == "0.00"
    (line,) = read_lines(bundle_path(night, TWO, "grocer"))
    assert (line["kind"], line["net"], line["counterparty"]) == ("payment", "0.400000", "clearing")
    assert (line["partner_ref"], line["reason"]) == ("RF18 0001", "test:1")
    assert line["document_kind"] == "entry"
    assert line["document_id"].startswith("ent_")
    assert (line["movement_id"], line["member"], line["lot"]) == (None, None, None)
    assert line["occurred_at"] is not None
    with night.database.transaction() as connection:
        due = nets.read_positions(connection=connection, business_date=TWO, currency="EUR")
        pairs = nets.read_pairs(connection=connection, business_date=TWO, currency="EUR")
    assert due == ()
    assert {(pair.a, pair.b, pair.rounded_micros) for pair in pairs} == {
        (CLEARING, story.grocer, -400_000),
        (CLEARING, story.bakery, 700_000),
    }
    assert not bundle_path(night, TWO, "clearing").exists()


def test_what_partners_owe_besides_is_due_with_the_rest(books: Books, night: Night) -> None:
    story = tell_day_one(books, day=ONE)
    post(
        night,
        entry("interest", story.grocer, OPERATOR, 12_345),
        entry("penalty", story.grocer, OPERATOR, 5_000_000),
    )
    settle(night, books, ONE)
    with night.database.transaction() as connection:
        due = nets.read_positions(connection=connection, business_date=ONE, currency="EUR")
    assert {each.party: each.rounded_micros for each in due}[story.grocer] == -5_410_000
    assert sum(each.rounded_micros for each in due) == 0
    assert sum(each.exact_micros for each in due) == 0
    for slug, sign in (("grocer", -1), ("operator", 1)):
        lines = read_lines(bundle_path(night, ONE, slug))
        kept = [(line["kind"], Decimal(line["net"]) * sign) for line in lines]
        assert ("interest", Decimal("0.012345")) in kept
        assert ("penalty", Decimal("5.000000")) in kept
        # Behind the movements' lines, before those of rounding.
        assert [line["kind"] for line in lines][-3:] == ["interest", "penalty", "rounding"]
        assert statement_of(night, ONE, slug)["closing"] == ("-5.41" if sign < 0 else "5.01")


def test_posting_twice_changes_nothing_and_another_amount_is_refused(
    books: Books, night: Night
) -> None:
    shop = books.partner("shop")
    (first,) = post(night, entry("payment", CLEARING, shop, 100))
    settle(night, books, ONE)
    (again,) = post(night, entry("payment", CLEARING, shop, 100))
    assert again == first
    assert again.window_date == ONE
    (other,) = post(night, entry("payment", CLEARING, shop, 100, seq=1))
    assert (other.window_date, other.no != first.no) == (TWO, True)
    with pytest.raises(EntryDiffers):
        post(night, entry("payment", CLEARING, shop, 101))
    assert rows(books.engine, "SELECT count(*) FROM settlement.entry") == [(2,)]


def test_what_was_posted_stays_as_it_was(books: Books, night: Night) -> None:
    shop = books.partner("shop")
    post(night, entry("payment", CLEARING, shop, 100))
    for change in (
        "UPDATE settlement.entry SET amount_micros = 1",
        "DELETE FROM settlement.entry",
    ):
        with pytest.raises(Exception, match="append-only"), books.engine.begin() as connection:
            connection.execute(text(change))


@pytest.mark.parametrize(("debtor", "creditor", "micros"), [(10, 10, 5), (10, 11, 0), (10, 11, -1)])
def test_what_is_no_obligation_is_refused(debtor: int, creditor: int, micros: int) -> None:
    with pytest.raises(ValueError, match="two parties"):
        entry("payment", debtor, creditor, micros)


def test_an_entry_names_the_line_of_each_party_that_it_corrects(books: Books, night: Night) -> None:
    story = tell_day_one(books, day=ONE)
    settle(night, books, ONE)
    at = {
        slug: next(
            line["line_no"]
            for line in read_lines(bundle_path(night, ONE, slug))
            if line["kind"] == "redemption"
        )
        for slug in ("grocer", "bakery")
    }
    post(
        night,
        entry(
            "dispute_withheld",
            story.bakery,
            story.grocer,
            400_000,
            cause="dispute:dsp_1",
            adjusts={
                story.grocer: LineOf(ONE, at["grocer"]),
                story.bakery: LineOf(ONE, at["bakery"]),
            },
        ),
    )
    settle(night, books, TWO)
    for slug, net in (("grocer", "0.400000"), ("bakery", "-0.400000")):
        (line,) = read_lines(bundle_path(night, TWO, slug))
        first = statement_of(night, ONE, slug)
        assert line["net"] == net
        assert line["adjusts_statement"] == first["statement_id"]
        assert line["adjusts_line"] == str(at[slug])
        statement_of(night, TWO, slug)
    said = "\n".join(explain_line(night=night, statement=f"{TWO}/grocer", line_no=1))
    assert "Line 1: dispute_withheld, +0.400000 EUR, owed by bakery" in said
    assert "Cause       dispute:dsp_1" in said
    assert f"Corrects    line {at['grocer']} of statement" in said


def test_lines_behind_those_of_entries_are_explained_too(books: Books, night: Night) -> None:
    story = tell_day_one(books, day=ONE)
    post(night, entry("interest", story.grocer, OPERATOR, 12_345, about={"rate": "0.08"}))
    settle(night, books, ONE)
    lines = read_lines(bundle_path(night, ONE, "grocer"))
    said = [
        "\n".join(explain_line(night=night, statement=f"{ONE}/grocer", line_no=line["line_no"]))
        for line in lines
    ]
    assert [line["kind"] for line in lines][-2:] == ["interest", "rounding"]
    assert "Rate        0.08" in said[-2]
    assert "rounding with operator" in said[-1]


def test_a_dry_run_has_the_entries_and_writes_nothing(books: Books, night: Night) -> None:
    story = tell_day_one(books, day=ONE)
    before = preview(night=night, business_date=ONE)
    post(night, entry("penalty", story.grocer, OPERATOR, 1_000_000))
    post(night, entry("payment", CLEARING, story.grocer, 400_000, cause="test:2"))
    found = preview(night=night, business_date=ONE)
    assert found.obligations == before.obligations + 2
    # The clearing house has no statement.
    assert found.lines == before.lines + 3
    nets_of = {each.party: each.net_micros for each in found.parties}
    assert (nets_of["grocer"], nets_of["operator"]) == (-1_400_000, 1_000_000)
    assert "clearing" not in nets_of
    assert rows(books.engine, "SELECT count(*) FROM settlement.entry_line") == [(0,)]


def test_a_closed_window_still_takes_entries_until_it_is_netted(
    books: Books, make_pipeline: Callable[..., Night]
) -> None:
    shop = books.partner("shop")
    posted: dict[str, Posted] = {}

    def watch(_day: date, event: str) -> None:
        if event in ("close:committed", "net:committed"):
            (posted[event],) = post(
                night, entry("payment", CLEARING, shop, 1_000_000, cause=f"test:{event}")
            )

    night = make_pipeline(observe=watch)
    settle(night, books, ONE)
    assert posted["close:committed"].window_date == ONE
    assert posted["net:committed"].window_date == TWO
    assert statement_of(night, ONE, "shop")["closing"] == "1.00"


def test_netting_gives_way_to_an_entry_under_way_and_tries_again(
    books: Books, night: Night
) -> None:
    shop = books.partner("shop")
    released = threading.Event()
    object.__setattr__(night, "pause", lambda _seconds: released.set())
    books.end(ONE)
    with night.database.engine.connect() as slow:
        post_entries(connection=slow, entries=[entry("payment", CLEARING, shop, 1_000_000)])
        netting = threading.Thread(
            target=settle_date, kwargs={"night": night, "business_date": ONE}
        )
        netting.start()
        assert released.wait(timeout=60)
        slow.commit()
    netting.join(timeout=120)
    assert statement_of(night, ONE, "shop")["closing"] == "1.00"


def test_no_entry_is_lost_or_in_two_windows_while_nights_net(books: Books, night: Night) -> None:
    """Four posters go on while five dates are settled; every entry is on exactly one statement."""
    shop = books.partner("shop")
    stop, faults = threading.Event(), list[BaseException]()
    posted = [0] * 4

    def keep_posting(which: int) -> None:
        try:
            while not stop.is_set():
                cause = f"thread:{which}:{posted[which]}"
                post(
                    night,
                    entry("payment", CLEARING, shop, 10_000, cause=cause),
                    *(
                        entry("interest", shop, OPERATOR, 1_000, cause=cause, seq=seq)
                        for seq in range(9)
                    ),
                )
                posted[which] += 1
        except BaseException as error:  # noqa: BLE001 - told by the test
            faults.append(error)

    threads = [threading.Thread(target=keep_posting, args=(which,)) for which in range(4)]
    for thread in threads:
        thread.start()
    days = [ONE + timedelta(days=n) for n in range(5)]
    counted = {}
    count = "SELECT count(*) FROM settlement.entry WHERE window_date = '{}'"
    for day in days:
        settle(night, books, day)
        counted[day] = rows(books.engine, count.format(day))[0][0]
    stop.set()
    for thread in threads:
        thread.join()
    last = days[-1] + timedelta(days=1)
    settle(night, books, last)
    assert faults == []
    for day in days:
        assert rows(books.engine, count.format(day)) == [(counted[day],)], "a netted window grew"
    total = sum(posted) * 10
    assert total > 2_000
    assert rows(books.engine, "SELECT count(*) FROM settlement.entry") == [(total,)]
    stated = sum(
        len([line for line in read_lines(bundle_path(night, day, "shop")) if line["document_id"]])
        for day in (*days, last)
    )
    assert stated == total
    # Nine thousandths of each batch's cent are owed back; half a cent at most is rounding.
    closing = Decimal(statement_of(night, last, "shop")["closing"])
    assert abs(closing - Decimal(sum(posted)) / 1000) <= Decimal("0.005")

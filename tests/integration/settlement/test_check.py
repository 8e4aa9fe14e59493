"""`settlement check`: clean books prove themselves, and each rule that is broken is named."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text

from settlement import hub
from settlement.check import check_books
from settlement.entries.domain import NewEntry
from settlement.entries.service import post_entries
from settlement.steps.chain import settle_date
from settlement.steps.night import Night
from tests.integration.settlement.builder import OPERATOR, Books, tell_day_one, tell_day_two

ONE, TWO = date(2026, 3, 1), date(2026, 3, 2)


def broken(night: Night) -> set[str]:
    return {found.check.name for found in check_books(night=night) if found.broken}


@pytest.fixture
def settled(books: Books, night: Night) -> Night:
    story = tell_day_one(books, day=ONE)
    with night.database.transaction() as connection:
        post_entries(
            connection=connection,
            entries=[
                NewEntry(
                    kind=kind,
                    debtor=debtor,
                    creditor=creditor,
                    amount_micros=micros,
                    currency="EUR",
                    cause="test:1",
                )
                for kind, debtor, creditor, micros in (
                    ("interest", story.grocer, OPERATOR, 12_345),
                    ("payment", hub.CLEARING, story.fuel, 660_000),
                )
            ],
        )
    books.end(ONE)
    settle_date(night=night, business_date=ONE)
    tell_day_two(books, story, day=TWO)
    books.end(TWO)
    settle_date(night=night, business_date=TWO)
    return night


def test_settled_books_are_clean(settled: Night) -> None:
    assert broken(settled) == set()


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (
            "DELETE FROM settlement.line WHERE seq = 0 AND net_micros < 0",
            {"obligation-on-both-statements", "statement-is-its-lines", "net-is-its-lines"},
        ),
        (
            "DELETE FROM settlement.entry_line WHERE party_no = 2",
            {"entry-on-both-statements", "statement-is-its-lines", "net-is-its-lines"},
        ),
        (
            (
                "INSERT INTO settlement.entry (entry_id, window_date, kind, debtor, creditor,"
                " amount_micros, currency, cause, seq, about, posted_at, business_at)"
                " SELECT gen_random_uuid(), '2026-03-01', 'penalty', 10, 11, 5, 'EUR', 'late', 0,"
                " '{}', now(), now()"
            ),
            {"entry-on-both-statements", "cover-is-its-entries"},
        ),
        (
            "UPDATE settlement.entry_line SET line_no = line_no + 1",
            {"statement-is-its-lines"},
        ),
        (
            (
                "UPDATE settlement.statement SET opening_micros = opening_micros + 10000,"
                " closing_micros = closing_micros + 10000 WHERE no = 2 AND party_no = 1"
            ),
            {"statement-goes-on"},
        ),
        (
            (
                "UPDATE settlement.statement SET net_micros = net_micros + 10000,"
                " closing_micros = closing_micros + 10000 WHERE no = 2 AND party_no = 1"
            ),
            {"statement-is-its-nets"},
        ),
        (
            (
                "UPDATE settlement.position SET rounded_micros = rounded_micros + 10000"
                " WHERE party_no = 1 AND business_date = '2026-03-01'"
            ),
            {"position-is-its-nets", "zero-sum"},
        ),
        (
            (
                "UPDATE settlement.pair_net SET residue_in_micros = residue_in_micros + 1,"
                " residue_out_micros = residue_out_micros + 1 WHERE business_date = '2026-03-02'"
            ),
            {"residue-is-carried"},
        ),
        (
            "UPDATE entered_position SET collateral_micros = 1 WHERE party_no = 10",
            {"cover-is-its-entries"},
        ),
    ],
)
def test_a_broken_rule_is_named(damage: str, named: set[str], settled: Night, books: Books) -> None:
    with books.engine.begin() as connection:
        connection.execute(text(damage))
    assert broken(settled) == named

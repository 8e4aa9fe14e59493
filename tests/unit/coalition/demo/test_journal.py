"""The replay goes on where it stopped, also when a kill cut its last word short."""

from datetime import UTC, date, datetime
from pathlib import Path

from coalition.demo.data import Sale
from coalition.demo.journal import Journal
from coalition.demo.messages import PaidWithPoints

SALE = Sale("wine", 5, 7, 300, datetime(2017, 1, 3, tzinfo=UTC), ())
PAID = PaidWithPoints("red_00000000000000000000000000", 120, 120)


def test_a_new_journal_knows_nothing(tmp_path: Path) -> None:
    journal = Journal(path=tmp_path / "demo" / "journal.jsonl")
    assert journal.card(7) is None
    assert journal.meant(SALE) is None
    assert journal.paid(SALE) is None
    assert journal.last_settled is None
    assert journal.last_told is None
    journal.close()


def test_the_next_run_knows_what_the_last_one_wrote(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    first = Journal(path=path)
    first.enrolled(household=7, card="4111")
    first.mean(sale=SALE, points=120)
    first.pay(sale=SALE, paid=PAID)
    first.settled(date(2017, 1, 3))
    first.told(date(2017, 1, 4))
    first.close()
    again = Journal(path=path)
    assert again.card(7) == "4111"
    assert again.meant(SALE) == 120
    assert again.paid(SALE) == PAID
    assert again.last_settled == date(2017, 1, 3)
    assert again.last_told == date(2017, 1, 4)
    again.close()


def test_a_line_that_a_kill_cut_short_does_not_count_and_does_not_spoil_the_next(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.jsonl"
    first = Journal(path=path)
    first.enrolled(household=7, card="4111")
    first.close()
    with path.open("a") as file:
        file.write('{"kind": "card", "househ')
    again = Journal(path=path)
    again.enrolled(household=8, card="4222")
    again.close()
    last = Journal(path=path)
    assert (last.card(7), last.card(8)) == ("4111", "4222")
    last.close()

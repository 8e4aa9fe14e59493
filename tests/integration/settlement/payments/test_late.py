"""What being late costs: a part of the night, once for each date, exact whenever the bank tells."""

from __future__ import annotations

from datetime import date, timedelta

from settlement.payments.service.late import charge_late
from settlement.payments.service.terms import set_late_terms
from settlement.payments.store.accounts import EVERY_PARTY, LateRow
from tests.bank_files import Line
from tests.integration.settlement.payments.desk import ONE, Desk
from tests.integration.settlement.reading import bundle_path, read_lines, read_statement

DUE = date(2026, 3, 15)


def release(desk: Desk, *, rate: int = 365_000, penalty: int = 0) -> None:
    """Fuel owes 0.66; the rate makes 1/1000 of it a day."""
    desk.profile("fuel", interest_micros=rate)
    with desk.connection() as connection:
        set_late_terms(
            connection=connection,
            party_no=EVERY_PARTY,
            late=LateRow("act/365", penalty, 2),
            check=lambda _no: True,
        )
    desk.release()


def charge(desk: Desk, day: int) -> dict[str, int]:
    with desk.connection() as connection:
        return charge_late(connection=connection, business_date=DUE + timedelta(days=day))


def posted(desk: Desk) -> list[tuple[object, ...]]:
    return desk.rows(
        "SELECT kind, debtor, creditor, amount_micros FROM settlement.entry"
        " WHERE kind IN ('interest', 'penalty') ORDER BY no"
    )


def test_each_date_bears_its_days_interest_once(desk: Desk) -> None:
    release(desk)
    assert charge(desk, 0)["interest_micros"] == 0
    fuel = desk.items()["fuel"].party_no
    for day in (1, 2, 2, 2, 3):
        charge(desk, day)
    assert posted(desk) == [("interest", fuel, 2, 660)] * 3


def test_dates_left_out_are_made_up_for_in_one_go(desk: Desk) -> None:
    release(desk)
    assert charge(desk, 10)["interest_micros"] == 6600
    assert len(posted(desk)) == 1


def test_what_the_bank_tells_late_goes_back(desk: Desk) -> None:
    release(desk)
    fuel = desk.items()["fuel"]
    charge(desk, 10)
    desk.pay(Line("0.66", DUE + timedelta(days=4), fuel.reference, "B1"))
    assert charge(desk, 11)["interest_micros"] == 3 * 660 - 6600
    assert posted(desk) == [
        ("interest", fuel.party_no, 2, 6600),
        ("interest", 2, fuel.party_no, 6600 - 3 * 660),
    ]
    assert charge(desk, 400)["interest_micros"] == 0


def test_a_payment_in_part_lowers_the_interest_from_its_booking_on(desk: Desk) -> None:
    release(desk)
    fuel = desk.items()["fuel"]
    desk.pay(Line("0.33", DUE + timedelta(days=2), fuel.reference, "B1"))
    assert charge(desk, 3)["interest_micros"] == 660 + 330 + 330


def test_a_penalty_is_owed_once(desk: Desk) -> None:
    release(desk, rate=0, penalty=5_000_000)
    for day in (1, 2, 3, 4, 50):
        charge(desk, day)
    # Fuel and Grocer are both late.
    assert [row[0] for row in posted(desk)] == ["penalty"] * 2
    assert {row[3] for row in posted(desk)} == {5_000_000}


def test_the_night_charges_and_the_statement_of_that_date_shows_it(desk: Desk) -> None:
    release(desk, rate=1_000_000)
    for number in range(1, 17):
        desk.end(ONE + timedelta(days=number))
    last = ONE + timedelta(days=16)
    lines = read_lines(bundle_path(desk.night, last, "fuel"))
    (line,) = [each for each in lines if each["kind"] == "interest"]
    assert line["net"] == "-0.001808"
    statement = read_statement(bundle_path(desk.night, last, "fuel"))
    assert statement["opening"] == "-0.66"
    facts = desk.rows(
        "SELECT facts FROM settlement.step_run WHERE step = 'charge' ORDER BY business_date DESC"
    )
    assert facts[0][0]["interest_micros"] == 1808

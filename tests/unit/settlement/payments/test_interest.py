"""Interest: exact, the same in one go as day by day, and right again when the bank tells late."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from settlement.payments.domain.interest import (
    LateTerms,
    Paid,
    interest_micros,
    penalty_micros,
)

DUE = date(2026, 3, 15)
EIGHT_PERCENT = LateTerms(interest_ppm=80_000)


def day(number: int) -> date:
    return DUE + timedelta(days=number)


def test_a_year_of_eight_percent_is_eight_percent() -> None:
    micros = interest_micros(
        amount_micros=1_000_000_000, due_date=DUE, payments=(), through=day(365),
        terms=EIGHT_PERCENT,
    )  # fmt: skip
    assert micros == 80_000_000


def test_the_day_count_says_how_long_a_year_is() -> None:
    terms = LateTerms(interest_ppm=80_000, day_count="act/360")
    micros = interest_micros(
        amount_micros=1_000_000_000, due_date=DUE, payments=(), through=day(360), terms=terms
    )
    assert micros == 80_000_000


def test_nothing_is_owed_on_the_due_date_or_before_it() -> None:
    for number in (-400, -1, 0):
        assert not interest_micros(
            amount_micros=10**12, due_date=DUE, payments=(), through=day(number),
            terms=EIGHT_PERCENT,
        )  # fmt: skip


def test_money_stops_the_interest_of_the_day_on_which_the_bank_books_it() -> None:
    paid = (Paid(day(10), 1_000_000_000),)
    for through in (10, 11, 500):
        micros = interest_micros(
            amount_micros=1_000_000_000, due_date=DUE, payments=paid, through=day(through),
            terms=EIGHT_PERCENT,
        )  # fmt: skip
        assert micros == 9 * 1_000_000_000 * 8 // (100 * 365)


PAYMENTS = st.lists(st.tuples(st.integers(-5, 120), st.integers(1, 10**9)), max_size=6)


@given(st.integers(1, 10**10), PAYMENTS, st.integers(0, 150), st.integers(0, 10**6))
def test_it_is_the_sum_of_the_days_without_any_rounding_between_them(
    amount: int, payments: list[tuple[int, int]], through: int, ppm: int
) -> None:
    left, kept = amount, []
    for number, micros in payments:
        part = min(micros, left)
        left -= part
        kept.append(Paid(day(number), part))
    exact = Fraction(0)
    for number in range(1, through + 1):
        open_micros = amount - sum(p.micros for p in kept if p.booked_on <= day(number))
        exact += Fraction(open_micros * ppm, 365 * 10**6)
    found = interest_micros(
        amount_micros=amount, due_date=DUE, payments=kept, through=day(through),
        terms=LateTerms(interest_ppm=ppm),
    )  # fmt: skip
    assert found == exact.numerator // exact.denominator


def test_a_penalty_is_owed_once_the_days_are_over_and_only_for_what_is_open() -> None:
    terms = LateTerms(penalty_micros=25_000_000, penalty_after_days=30)
    for number, open_micros, owed in ((30, 1, 0), (31, 1, 25_000_000), (31, 0, 0)):
        found = penalty_micros(open_micros=open_micros, due_date=DUE, on=day(number), terms=terms)
        assert found == owed

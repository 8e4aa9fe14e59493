"""References that come back: check digits, and finding them in what banks write."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.payments.domain.accounts import electronic, is_bic, is_iban
from settlement.payments.domain.references import (
    MAX_PARTY_NO,
    find_references,
    is_reference,
    make_reference,
    printed,
)

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
PARTIES = st.integers(1, MAX_PARTY_NO)
CURRENCIES = st.sampled_from(["EUR", "RON", "UAH", "MDL", "USD"])


def test_the_example_of_the_standard_is_a_reference() -> None:
    assert is_reference("RF18539007547034")
    assert not is_reference("RF19539007547034")


@given(DAYS, PARTIES, CURRENCIES)
def test_a_reference_of_ours_is_one_of_the_standard(day: date, party: int, currency: str) -> None:
    made = make_reference(business_date=day, party_no=party, currency=currency)
    assert is_reference(made)
    assert len(made) <= 25
    assert f"{day:%y%m%d}" in made


@given(DAYS, PARTIES, CURRENCIES, st.integers(2, 14), st.sampled_from("0123456789"))
def test_a_wrong_digit_is_noticed(
    day: date, party: int, currency: str, at: int, digit: str
) -> None:
    made = make_reference(business_date=day, party_no=party, currency=currency)
    changed = made[:at] + digit + made[at + 1 :]
    assert is_reference(changed) == (changed == made)


@given(DAYS, PARTIES, CURRENCIES)
def test_two_swapped_digits_are_noticed(day: date, party: int, currency: str) -> None:
    made = make_reference(business_date=day, party_no=party, currency=currency)
    for at in range(4, 14):
        swapped = made[:at] + made[at + 1] + made[at] + made[at + 2 :]
        assert is_reference(swapped) == (swapped == made)


@given(DAYS, PARTIES, CURRENCIES, st.integers(0, 17))
def test_a_reference_is_found_however_the_bank_prints_it(
    day: date, party: int, currency: str, cut: int
) -> None:
    made = make_reference(business_date=day, party_no=party, currency=currency)
    for text in (
        made,
        printed(made),
        f"settlement {made.lower()}, thanks",
        f"EREF+{made[:cut]}\n{made[cut:]} SVWZ+2026",
    ):
        assert find_references("", text) == (made,)


def test_each_reference_is_found_once_and_in_its_order() -> None:
    one = make_reference(business_date=date(2026, 3, 1), party_no=10, currency="EUR")
    two = make_reference(business_date=date(2026, 3, 2), party_no=11, currency="EUR")
    assert find_references(two, f"{one} {two}") == (two, one)
    assert find_references("RF00 2603 0100 010E UR", "no reference at all") == ()


def test_a_party_number_that_does_not_fit_is_refused() -> None:
    for party in (0, MAX_PARTY_NO + 1):
        with pytest.raises(ValueError, match="go up to"):
            make_reference(business_date=date(2026, 3, 1), party_no=party, currency="EUR")


def test_ibans_and_bics_are_told_by_their_form_and_check_digits() -> None:
    assert is_iban("DE89370400440532013000")
    assert not is_iban("DE88370400440532013000")
    assert is_iban(electronic("ro49 aaaa 1b31 0075 9384 0000"))
    assert is_bic("COBADEFFXXX")
    assert is_bic("COBADEFF")
    assert not is_bic("COBADEF")

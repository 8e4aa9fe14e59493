"""Amounts are exact: text in, integer micros inside, text out."""

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partner_sdk.wire.amounts import (
    MAX_MICROS,
    InvalidAmount,
    Money,
    format_micros,
    format_micros6,
    minor_digits,
    parse_decimal,
    round_half_even_to_minor,
)

micros = st.integers(-MAX_MICROS, MAX_MICROS)


@given(micros)
def test_micros_read_back_from_what_they_are_written_as(value: int) -> None:
    assert parse_decimal(format_micros(value)) == value
    assert parse_decimal(format_micros6(value)) == value


@given(micros, st.integers(0, 6))
def test_the_text_is_the_decimal_number(value: int, digits: int) -> None:
    text = format_micros(value, min_digits=digits)
    assert Decimal(text) == Decimal(value).scaleb(-6)
    assert len(text.partition(".")[2]) >= digits


@given(micros, st.sampled_from(["EUR", "JPY", "KWD", "CLF"]))
def test_rounding_to_the_minor_unit_is_half_even(value: int, currency: str) -> None:
    unit = Decimal(1).scaleb(-minor_digits(currency))
    expected = Decimal(value).scaleb(-6).quantize(unit, ROUND_HALF_EVEN)
    assert Decimal(round_half_even_to_minor(value, currency)).scaleb(-6) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("12.34", 12_340_000),
        ("-0.5", -500_000),
        ("0.000001", 1),
        ("1000000000000", MAX_MICROS),
    ],
)
def test_plain_decimals_are_read(text: str, expected: int) -> None:
    assert parse_decimal(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", " 1", "1 ", "+1", "1e3", "1.", ".5", "01", "1,5", "0x1", "NaN", "Infinity", "--1",
        "1.0000000", "1000000000000.000001", "99999999999999", "١٢", "1\n", "1_000", "- 1",
    ],
)  # fmt: skip
def test_any_other_spelling_of_a_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidAmount):
        parse_decimal(text)


@pytest.mark.parametrize("value", [1, 1.5, True, None, Decimal(1), b"1", ["1"]])
def test_a_number_that_is_not_text_is_refused(value: object) -> None:
    with pytest.raises(InvalidAmount):
        parse_decimal(value)


def test_a_quantity_has_at_most_three_decimals() -> None:
    assert parse_decimal("30.125", max_digits_after=3) == 30_125_000
    with pytest.raises(InvalidAmount, match="at most 3"):
        parse_decimal("30.1255", max_digits_after=3)


def test_money_is_written_with_the_minor_digits_of_its_currency() -> None:
    assert Money(12_300_000, "EUR").to_wire() == {"amount": "12.30", "currency": "EUR"}
    assert Money(11_000, "EUR").to_wire() == {"amount": "0.011", "currency": "EUR"}
    assert Money(5_000_000, "JPY").to_wire() == {"amount": "5", "currency": "JPY"}
    assert Money(5_000_000, "KWD").to_wire() == {"amount": "5.000", "currency": "KWD"}


@given(micros, st.sampled_from(["EUR", "JPY", "KWD"]))
def test_money_reads_back_from_the_wire(value: int, currency: str) -> None:
    assert Money.from_wire(Money(value, currency).to_wire()) == Money(value, currency)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "12.34",
        12.34,
        {},
        {"amount": "1"},
        {"amount": "1", "currency": "eur"},
        {"amount": "1", "currency": "EURO"},
        {"amount": "1", "currency": None},
        {"amount": 1, "currency": "EUR"},
        {"amount": "1", "currency": "EUR", "more": 1},
        {"amount": "1", "other": "EUR"},
        [("amount", "1"), ("currency", "EUR")],
    ],
)
def test_money_of_another_shape_is_refused(value: object) -> None:
    with pytest.raises(InvalidAmount):
        Money.from_wire(value)


def test_a_currency_is_three_capital_letters() -> None:
    with pytest.raises(InvalidAmount):
        minor_digits("eur")

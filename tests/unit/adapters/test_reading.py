"""Exact numbers, ids as text, instants in UTC."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from adapters.contract import Malformed, Settings
from adapters.reading import (
    category,
    currency_code,
    decimal_micros,
    key_at,
    load,
    local_instant,
    micros_of_minor,
    minor_of_micros,
    number,
    object_at,
    plain,
    quantity_micros,
)


def test_numbers_are_read_by_their_digits() -> None:
    value = load(b'{"a": 0.1, "b": "12.3400", "c": 48, "d": 9007199254740993}')
    assert value["a"] == Decimal("0.1")
    assert [decimal_micros(value[name], name) for name in "abc"] == [
        100_000,
        12_340_000,
        48_000_000,
    ]
    assert value["d"] == 2**53 + 1


@pytest.mark.parametrize(
    "value",
    [
        "0.1234567",
        "1.00000000000000000000000000000000001",
        "1e-999999",
        "1e13",
        "x",
        "",
        None,
        True,
        [],
        "NaN",
        "1e999999",
    ],
)
def test_what_is_no_exact_amount_is_malformed(value: Any) -> None:
    with pytest.raises(Malformed):
        decimal_micros(value, "amount")


@pytest.mark.parametrize(
    ("value", "micros"),
    [("1", 1_000_000), ("0.33333", 333_000), ("0.3333333333", 333_000), (2, 2_000_000)],
)
def test_a_quantity_is_cut_to_the_thousandth(value: Any, micros: int) -> None:
    assert quantity_micros(value, "quantity") == micros


def test_minor_units_go_both_ways_and_never_up() -> None:
    assert micros_of_minor(1234, "JPY", "x") == 1_234_000_000
    assert micros_of_minor(1234, "KWD", "x") == 1_234_000
    assert micros_of_minor(1000, "ISK", "x", digits=2) == 10_000_000
    assert minor_of_micros(3_509_999, "EUR") == 350
    assert minor_of_micros(3_509_999, "JPY") == 3


def test_a_currency_is_three_letters_in_any_case() -> None:
    assert currency_code("eur", "x") == "EUR"
    for wrong in ("EU", "EURO", "€€€", "12A", None):
        with pytest.raises(Malformed):
            currency_code(wrong, "x")


def test_the_first_name_that_is_mapped_is_the_category() -> None:
    settings = Settings("EUR", "UTC", categories={"sku": "fuel"})
    assert category(settings, None, "name", "sku") == "sku"
    assert category(settings, "name", otherwise="plain") == "plain"


def test_a_key_is_found_or_made_of_the_whole_body() -> None:
    assert key_at(b'{"a": {"id": 7}}', "a", "id") == "7"
    assert len(key_at(b'{"a": 1}', "id")) == len(key_at(b"\xff", "id")) == 64
    assert key_at(b"{}", "id") != key_at(b"{ }", "id")


def test_decimals_are_carried_as_text() -> None:
    assert json.dumps(plain(load(b'[{"a": 0.10}, 1]'))) == '[{"a": "0.10"}, 1]'


def test_local_times_are_told_apart_around_a_change_of_the_clock() -> None:
    before = local_instant("2026-03-29 02:30:00", "Europe/Kyiv", "x")
    after = local_instant("2026-03-29T04:30:00", "Europe/Kyiv", "x")
    assert before == datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert after == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_an_id_that_goes_into_an_address_is_digits_alone() -> None:
    assert [number(value, "id") for value in (7, "7", 2**53 + 1)] == ["7", "7", str(2**53 + 1)]
    for value in ("7/refunds", "../7", "٧", "-7", "7.0", "", None, True, 7.0):
        with pytest.raises(Malformed, match="id is not"):
            number(value, "id")


def test_an_object_that_is_not_there_is_malformed_by_its_place() -> None:
    assert object_at({"a": 1}, "order") == {"a": 1}
    for value in (None, [], "x", 1):
        with pytest.raises(Malformed, match="order is not an object"):
            object_at(value, "order")

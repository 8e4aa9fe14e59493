"""Orders as documents: what is read, what is refused, and that the schema says the same."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partner_sdk.wire.orders import InvalidOrder, read_order
from partner_sdk.wire.orders.document import MAX_LINES, MAX_REFUNDS, MAX_TENDERS
from tests.docs.pages import DOCS
from tests.unit.partner_sdk.orders.examples import document

SCHEMA = json.loads((DOCS / "reference" / "order.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema_rs.validator_for(SCHEMA)
#: What a schema cannot say, and this one says in words.
BEYOND = (
    "must differ from those before it",
    "must be the id of a line of this order",
    "must not be less than its lines together",
    "must be a real date and time of day",
)


def faults_of(value: object) -> list[str]:
    try:
        read_order(value)
    except InvalidOrder as error:
        return [str(fault) for fault in error.faults]
    return []


def test_everything_of_an_order_is_read_exactly() -> None:
    order = read_order(document())
    assert (order.id, order.revision, order.status) == ("A-1001", 3, "paid")
    assert order.occurred_at == datetime(2026, 5, 4, 6, 30, 0, 250_000, UTC)
    assert [line.amount.micros for line in order.lines] == [3_500_000, 45_004_567]
    assert order.lines[1].quantity == "30.125"
    assert order.tenders[1].redemption == "red_01j9q5z8e7f3v6k2m4n8p0r1s5"
    assert [refund.status for refund in order.refunds] == ["succeeded", "pending"]
    assert order.refunds[0].lines[0].amount.micros == 1_750_000
    assert order.customer is not None
    assert order.customer.card == "2611 0001"


def test_what_is_written_is_read_again_alike() -> None:
    order = read_order(document())
    assert read_order(json.loads(json.dumps(order.to_wire()))) == order


def test_no_contact_is_shown() -> None:
    assert "ann@example.com" not in repr(read_order(document()))
    assert "380441234567" not in repr(read_order(document()))


def test_all_wrong_places_are_told_and_never_what_stands_there() -> None:
    wrong = document()
    wrong["lines"][1]["amount"] = "secret,50"
    wrong["refunds"][0]["lines"][0]["id"] = 7
    wrong["currency"] = "euro"
    told = faults_of(wrong)
    assert [each.partition(":")[0] for each in told] == [
        "currency",
        "lines[1].amount",
        "refunds[0].lines[0].id",
    ]
    assert "secret" not in " ".join(told)


@pytest.mark.parametrize(
    ("place", "value", "text"),
    [
        (("lines", 1, "id"), "1", "must differ"),
        (("refunds", 1, "id"), "r-1", "must differ"),
        (("refunds", 0, "lines", 0, "id"), "9", "the id of a line"),
        (("refunds", 0, "amount"), "1.74", "less than its lines"),
        (("lines", 0, "amount"), "-1.00", "what comes back is a refund"),
        (("lines", 0, "amount"), 3.5, "as text"),
        (("lines", 0, "quantity"), "1.0001", "at most 3 decimals"),
        (("occurred_at",), "2026-05-04T09:30:00", "with an offset"),
        (("occurred_at",), "2026-02-30T09:30:00Z", "real date"),
        (("tenders", 1, "redemption"), "mem_01j9q5z8e7f3v6k2m4n8p0r1s5", "redemption"),
        (("receipt",), "a\nb", "printable"),
        (("id",), "\ud800", "printable"),
    ],
)
def test_a_wrong_value_is_refused_at_its_place(
    place: tuple[Any, ...], value: object, text: str
) -> None:
    (told,) = faults_of(changed(document(), place, value))
    assert text in told


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    if isinstance(value, dict):
        for name, each in value.items():
            yield from places(each, (*at, name))
    elif isinstance(value, list):
        for i, each in enumerate(value):
            yield from places(each, (*at, i))


def changed(value: Any, place: tuple[Any, ...], new: object) -> Any:
    if not place:
        return new
    value = copy.deepcopy(value)
    inner = value
    for part in place[:-1]:
        inner = inner[part]
    inner[place[-1]] = new
    return value


def assert_they_agree(value: Any) -> None:
    faults = faults_of(value)
    if VALIDATOR.is_valid(value):
        unsaid = [each for each in faults if not any(text in each for text in BEYOND)]
        assert unsaid == [], "the schema takes what the parser refuses"
    else:
        assert faults, f"the parser takes what the schema refuses: {value}"


ODD = (
    None, [], {}, "", "x", " ", "0", "00", "1", "-1", "-0", "+1", "1.", ".5", "1.5", "1.5000000",
    "0.0004", "1e3", "1,5", "٣", "999999999999.999999", "1000000000000", "1000000000000.000",
    "1000000000000.000001", "1000000000001", "paid", "open", "failed", "EUR", "eur", "EURO",
    "2026-05-04T09:30:00Z", "2026-05-04t09:30:00.123456z", "2026-05-04T09:30:00.1234567Z",
    "2026-05-04 09:30:00Z", "2026-05-04T09:30:00", "red_01j9q5z8e7f3v6k2m4n8p0r1s5",
    "hld_71j9q5z8e7f3v6k2m4n8p0r1s5", "red_81j9q5z8e7f3v6k2m4n8p0r1s5", "a\x00", "a\x85", "a\u2028",
    "é" * 64, "é" * 65, "x" * 200, "x" * 201, "x" * 254, "x" * 255, 0, 1, -1, 2**53 - 1, 2**53,
    10**30, 1.5, True, False, [None], [{}], ["1"], {"id": "1"}, {"id": None},
)  # fmt: skip


def test_the_schema_and_the_parser_agree_on_every_odd_value_at_every_place() -> None:
    for place in places(document()):
        for value in ODD:
            assert_they_agree(changed(document(), place, value))


def test_the_schema_and_the_parser_agree_on_what_is_missing() -> None:
    for place in places(document()):
        if place and isinstance(place[-1], str):
            value = copy.deepcopy(document())
            inner = value
            for part in place[:-1]:
                inner = inner[part]
            del inner[place[-1]]
            assert_they_agree(value)


@pytest.mark.parametrize(
    ("name", "most"), [("lines", MAX_LINES), ("tenders", MAX_TENDERS), ("refunds", MAX_REFUNDS)]
)
def test_the_schema_and_the_parser_agree_on_how_many(name: str, most: int) -> None:
    for count in (0, 1, most, most + 1):
        base = document() | {"refunds": []}
        one = document()[name][0]
        if name == "refunds":
            one = {**one, "lines": []}
        listed = [one | {"id": str(i)} for i in range(count)] if "id" in one else [one] * count
        value = base | {name: listed}
        assert_they_agree(value)
        assert bool(faults_of(value)) == (count > most or (name == "lines" and count == 0))


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(
    st.sampled_from(list(places(document()))),
    st.one_of(
        st.text(max_size=12),
        st.from_regex(r"\A[0-9.+-]{0,9}\Z"),
        st.integers(-3, 2**54),
        st.dictionaries(st.sampled_from(["id", "amount", "x"]), st.text(max_size=3), max_size=3),
    ),
)
def test_the_schema_and_the_parser_agree_on_random_values(
    place: tuple[Any, ...], value: object
) -> None:
    assert_they_agree(changed(document(), place, value))


def test_the_schema_is_one_of_its_draft() -> None:
    jsonschema_rs.meta.validate(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"

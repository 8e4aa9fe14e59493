"""Fields: what they take, what they refuse, and that the published schema says the same."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coalition.errors import HubError
from coalition.http import fields
from coalition.http.schemas import Body, load_object, object_schema
from partner_sdk.wire.amounts import Money

MEMBER = "mem_00000000000000000000000001"


class WhoBody(Body):
    """Exactly one way to name a member."""

    exactly_one = ("id", "card")
    id = fields.PublicId("mem")
    card = fields.Text(max_length=24, pattern="[0-9]+")


class AllBody(Body):
    """One of each."""

    who = fields.Nested(WhoBody)
    at = fields.Instant()
    on = fields.DateOnly()
    price = fields.MoneyField()
    change = fields.MoneyField(signed=True)
    quantity = fields.Decimal(max_digits_after=3)
    points = fields.Points()
    flag = fields.Flag(allow_none=True)
    kind = fields.Choice(("a", "b"))
    free = fields.AnyObject()
    many = fields.ListOf(fields.Nested(WhoBody), max_items=2)
    name = fields.Text(max_length=5)


_SCHEMA = AllBody()

GOOD: list[tuple[str, Any, Any]] = [
    ("who", {"id": MEMBER}, {"id": UUID(int=1)}),
    ("at", "2026-11-22T09:30:00+02:00", datetime(2026, 11, 22, 7, 30, tzinfo=UTC)),
    ("on", "2026-02-28", date(2026, 2, 28)),
    ("price", {"amount": "12.30", "currency": "EUR"}, Money(12_300_000, "EUR")),
    ("change", {"amount": "-0.000001", "currency": "EUR"}, Money(-1, "EUR")),
    ("quantity", "1.5", 1_500_000),
    ("points", 1_000_000_000, 1_000_000_000),
    ("flag", None, None),
    ("kind", "b", "b"),
    ("free", {"x": [1]}, {"x": [1]}),
    ("many", [{"card": "1"}], [{"card": "1"}]),
    ("name", "Zoë 😀", "Zoë 😀"),
]

BAD: list[tuple[str, Any, str]] = [
    ("who", {}, "/who"),
    ("who", {"id": MEMBER, "card": "1"}, "/who"),
    ("who", {"id": "mem_x"}, "/who/id"),
    ("who", {"id": MEMBER.upper()}, "/who/id"),
    ("who", {"card": "1", "extra": 1}, "/who/extra"),
    ("who", [], "/who"),
    ("at", "2026-11-22T09:30:00", "/at"),
    ("at", 5, "/at"),
    ("on", "2026-02-30", "/on"),
    ("on", "20260228", "/on"),
    ("price", {"amount": 12.3, "currency": "EUR"}, "/price"),
    ("price", {"amount": "-1.00", "currency": "EUR"}, "/price"),
    ("price", {"amount": "1e3", "currency": "EUR"}, "/price"),
    ("price", {"amount": "1", "currency": "eur"}, "/price"),
    ("price", {"amount": "9999999999999", "currency": "EUR"}, "/price"),
    ("quantity", "1.5555", "/quantity"),
    ("quantity", 1, "/quantity"),
    ("points", 0, "/points"),
    ("points", 1_000_000_001, "/points"),
    ("points", True, "/points"),
    ("points", "5", "/points"),
    ("flag", "true", "/flag"),
    ("kind", "c", "/kind"),
    ("free", [], "/free"),
    ("many", [{"card": "1"}] * 3, "/many"),
    ("many", [{"card": "1"}, {"card": "x"}], "/many/1/card"),
    ("name", "", "/name"),
    ("name", "123456", "/name"),
    ("name", None, "/name"),
    ("nobody", 1, "/nobody"),
]


def _published() -> jsonschema_rs.Draft202012Validator:
    schema, referred = object_schema(AllBody)
    named = {each.__name__: object_schema(each)[0] for each in referred}
    return jsonschema_rs.Draft202012Validator(
        schema | {"components": {"schemas": named}}, validate_formats=True
    )


@pytest.mark.parametrize(("name", "value", "loaded"), GOOD)
def test_good_values_arrive_in_the_hubs_own_terms(name: str, value: Any, loaded: Any) -> None:
    assert load_object(_SCHEMA, {name: value}) == {name: loaded}
    assert _published().is_valid({name: value})


@pytest.mark.parametrize(("name", "value", "pointer"), BAD)
def test_bad_values_are_refused_at_their_place(name: str, value: Any, pointer: str) -> None:
    with pytest.raises(HubError) as refusal:
        load_object(_SCHEMA, {name: value})
    assert refusal.value.code == "validation_failed"
    assert pointer in [each.pointer for each in refusal.value.errors]
    assert not _published().is_valid({name: value})


def test_every_wrong_place_is_told_at_once() -> None:
    with pytest.raises(HubError) as refusal:
        load_object(_SCHEMA, {"points": 0, "kind": "c", "who": {}, "x": 1})
    assert {each.pointer for each in refusal.value.errors} == {"/points", "/kind", "/who", "/x"}


def test_a_free_object_may_not_be_nested_without_end() -> None:
    deep: Any = {}
    for _ in range(20):
        deep = {"a": deep}
    with pytest.raises(HubError):
        load_object(_SCHEMA, {"free": deep})


@settings(max_examples=200)
@given(
    st.sampled_from([name for name, _, _ in GOOD]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
        max_leaves=6,
    ),
)
def test_no_value_makes_reading_fail_otherwise(name: str, value: Any) -> None:
    try:
        load_object(_SCHEMA, {name: value})
    except HubError:
        return
    # What is taken is also valid by the published schema, and the other way round (above).
    assert _published().is_valid({name: value}) or name in ("name", "free")

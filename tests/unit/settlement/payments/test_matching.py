"""Matching: by reference, then amount and date; nothing is lost and nothing invented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from settlement.payments.domain.aging import BUCKETS, age, bucket_of
from settlement.payments.domain.items import Item
from settlement.payments.domain.matching import (
    DAYS_AFTER_DUE,
    Booked,
    Match,
    Rest,
    apply_rests,
    match_by_person,
    match_entry,
)

DAY = date(2026, 3, 2)
IBAN_10, IBAN_11 = "DE89370400440532013000", "GB82WEST12345698765432"
ACCOUNTS = {IBAN_10: 10, IBAN_11: 11}


def item(number: int, amount: int, *, party: int = 10, paid: int = 0, **values: object) -> Item:
    made = Item(
        item_id=UUID(int=number),
        reference=f"RF{number}",
        business_date=DAY - timedelta(days=1),
        party_no=party,
        currency="EUR",
        direction="collect",
        amount_micros=amount,
        paid_micros=paid,
        released_on=DAY,
        due_date=DAY + timedelta(days=14),
    )
    return replace(made, **values)  # type: ignore[arg-type]


def entry(amount: int, *references: str, **values: object) -> Booked:
    made = Booked(
        entry_id=UUID(int=999),
        booked_on=DAY + timedelta(days=3),
        amount_micros=amount,
        currency="EUR",
        credit=True,
        references=references,
        counterparty_iban=None,
    )
    return replace(made, **values)  # type: ignore[arg-type]


def found(entry: Booked, items: Sequence[Item]) -> Match | None:
    return match_entry(entry=entry, items=items, party_of_account=ACCOUNTS)


def given_of(match: Match | None) -> list[tuple[int, int]]:
    assert match is not None
    return [(each.item_id.int, each.micros) for each in match.allocations]


def test_a_reference_decides_whatever_the_amount_and_the_account() -> None:
    items = [item(1, 70), item(2, 50, party=11)]
    match = found(entry(50, "RF1", counterparty_iban=IBAN_11), items)
    assert match is not None
    assert (match.party_no, match.how, match.rest_micros) == (10, "reference", 0)
    assert given_of(match) == [(1, 50)]


def test_what_is_paid_beyond_the_item_is_on_the_partys_account() -> None:
    match = found(entry(100, "RF1"), [item(1, 70)])
    assert match is not None
    assert given_of(match) == [(1, 70)]
    assert match.rest_micros == 30


def test_one_transfer_pays_the_items_that_it_names_in_their_order() -> None:
    items = [item(1, 70), item(2, 50)]
    assert given_of(found(entry(100, "RF2", "RF1"), items)) == [(2, 50), (1, 50)]


def test_references_of_two_parties_are_for_a_person() -> None:
    assert found(entry(120, "RF1", "RF2"), [item(1, 70), item(2, 50, party=11)]) is None


def test_a_reference_that_names_nothing_is_for_a_person_even_if_the_amount_fits() -> None:
    assert found(entry(70, "RF9"), [item(1, 70)]) is None


def test_another_currency_is_for_a_person() -> None:
    assert found(entry(70, "RF1", currency="RON"), [item(1, 70)]) is None


def test_without_a_reference_the_one_item_of_the_amount_is_found() -> None:
    match = found(entry(70), [item(1, 70), item(2, 50, party=11)])
    assert match is not None
    assert (match.how, given_of(match)) == ("amount", [(1, 70)])


def test_two_items_of_the_same_amount_are_told_apart_by_the_payers_account_only() -> None:
    items = [item(1, 70), item(2, 70, party=11)]
    assert found(entry(70), items) is None
    assert given_of(found(entry(70, counterparty_iban=IBAN_11), items)) == [(2, 70)]


def test_of_a_known_payer_the_oldest_item_of_the_amount_is_paid() -> None:
    newer = item(1, 70, due_date=DAY + timedelta(days=20))
    older = item(2, 70)
    match = found(entry(70, counterparty_iban=IBAN_10), [newer, older])
    assert given_of(match) == [(2, 70)]


def test_a_known_payers_amount_never_pays_anothers_item() -> None:
    assert found(entry(70, counterparty_iban=IBAN_11), [item(1, 70)]) is None


def test_the_amount_alone_counts_only_within_the_dates() -> None:
    due = item(1, 70).due_date
    for booked_on, fits in (
        (DAY - timedelta(days=1), False),
        (DAY, True),
        (due + timedelta(days=DAYS_AFTER_DUE), True),
        (due + timedelta(days=DAYS_AFTER_DUE + 1), False),
    ):
        assert (found(entry(70, booked_on=booked_on), [item(1, 70)]) is not None) == fits


def test_money_that_goes_out_pays_what_is_to_be_paid_out() -> None:
    paid_out = item(1, 70, direction="pay")
    assert given_of(found(entry(70, credit=False), [paid_out])) == [(1, 70)]
    assert found(entry(70), [paid_out]) is None


def test_a_transfer_that_comes_back_reopens_what_it_paid() -> None:
    paid_out = item(1, 70, paid=70, direction="pay")
    assert given_of(found(entry(70, "RF1"), [paid_out])) == [(1, -70)]
    assert found(entry(71, "RF1"), [paid_out]) is None


def test_a_person_puts_an_entry_on_items_or_on_account_but_never_on_anothers() -> None:
    items = [item(1, 70)]
    match = match_by_person(entry=entry(100), party_no=10, items=items)
    assert match is not None
    assert (given_of(match), match.rest_micros) == ([(1, 70)], 30)
    on_account = match_by_person(entry=entry(100), party_no=11, items=[])
    assert on_account is not None
    assert (on_account.party_no, on_account.rest_micros) == (11, 100)
    assert match_by_person(entry=entry(100), party_no=11, items=items) is None


ITEMS = st.lists(
    st.builds(
        lambda amount, paid, party, pays: (amount, min(paid, amount), party, pays),
        st.integers(1, 500),
        st.integers(0, 500),
        st.integers(10, 12),
        st.booleans(),
    ),
    max_size=6,
)


@given(
    ITEMS,
    st.integers(1, 900),
    st.booleans(),
    st.lists(st.integers(1, 7), max_size=3, unique=True),
    st.sampled_from([None, IBAN_10, IBAN_11, "unknown"]),
)
def test_matching_never_loses_or_invents_an_amount(
    facts: list[tuple[int, int, int, bool]],
    amount: int,
    credit: bool,
    named: list[int],
    iban: str | None,
) -> None:
    items = [
        item(n, each[0], paid=each[1], party=each[2], direction="pay" if each[3] else "collect")
        for n, each in enumerate(facts, start=1)
    ]
    booked = entry(amount, *(f"RF{n}" for n in named), credit=credit, counterparty_iban=iban)
    match = found(booked, items)
    if match is None:
        return
    by_id = {each.item_id: each for each in items}
    assert sum(abs(each.micros) for each in match.allocations) + match.rest_micros == amount
    assert 0 <= match.rest_micros <= amount
    assert len({each.item_id for each in match.allocations}) == len(match.allocations)
    for each in match.allocations:
        of = by_id[each.item_id]
        assert of.party_no == match.party_no
        assert 0 <= of.paid_micros + each.micros <= of.amount_micros
        assert (each.micros > 0) == (credit == (of.direction == "collect"))


@given(
    st.lists(st.tuples(st.integers(1, 300), st.booleans()), max_size=5),
    st.lists(st.tuples(st.integers(1, 300), st.booleans()), max_size=5),
)
def test_what_is_on_account_is_given_out_once_and_to_nothing_but_open_items(
    rests: list[tuple[int, bool]], dues: list[tuple[int, bool]]
) -> None:
    items = [
        item(n, amount, direction="pay" if pays else "collect")
        for n, (amount, pays) in enumerate(dues, start=1)
    ]
    given_out = apply_rests(
        rests=[Rest(UUID(int=n), credit, micros) for n, (micros, credit) in enumerate(rests)],
        items=items,
    )
    for n, (micros, credit) in enumerate(rests):
        mine = [each for each in given_out if each.entry_id == UUID(int=n)]
        assert sum(each.micros for each in mine) <= micros
        fitting = [i for i in items if (i.direction == "collect") == credit]
        left_open = sum(
            i.open_micros - sum(g.micros for g in given_out if g.item_id == i.item_id)
            for i in fitting
        )
        # Nothing stays on account while something fitting is open.
        assert sum(each.micros for each in mine) == micros or left_open == 0
    for each in items:
        assert sum(g.micros for g in given_out if g.item_id == each.item_id) <= each.open_micros


def test_items_are_aged_by_the_days_since_they_were_due() -> None:
    due = date(2026, 1, 1)
    for days, bucket in (
        (-3, 0),
        (0, 0),
        (1, 1),
        (30, 1),
        (31, 2),
        (60, 2),
        (61, 3),
        (90, 3),
        (91, 4),
    ):
        assert bucket_of(due_date=due, on=due + timedelta(days=days)) == bucket
    (aged,) = age(
        items=[
            item(1, 70, due_date=due),
            item(2, 50, paid=20, due_date=due + timedelta(days=40)),
            item(3, 9, paid=9, due_date=due),
        ],
        on=due + timedelta(days=91),
    )
    assert dict(zip(BUCKETS, aged.micros, strict=True)) == {
        "not_due": 0, "to_30": 0, "to_60": 30, "to_90": 0, "over_90": 70,
    }  # fmt: skip
    assert aged.total_micros == 100

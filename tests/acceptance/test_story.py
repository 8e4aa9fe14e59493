"""The story that every part is held against (docs/explanation/story.md), number by number."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine

from coalition.ledger.check import run_checks
from coalition.redemptions.domain import Till
from coalition.redemptions.service import capture_hold, hold_points
from tests.coalition_world import DAY_1, FUEL_TERMS, World, refund, terms

DAY_2 = date(2026, 3, 3)


@pytest.fixture
def world(engine: Engine) -> World:
    made = World(engine)
    made.partner("grocer")
    made.partner("fuel", FUEL_TERMS)
    made.partner("bakery")
    return made


def pay_with_points(world: World, member: UUID, points: int) -> None:
    """A hold at the bakery's till, captured when the sale closes."""
    with world.database.transaction() as connection:
        hold = hold_points(
            connection=connection,
            context=world.context("bakery"),
            account_id=member,
            points=points,
            till=Till(reference="B-1"),
            lasts=timedelta(minutes=15),
        )
    with world.database.transaction() as connection:
        capture_hold(
            connection=connection,
            context=world.context("bakery"),
            hold_id=hold.hold_id,
            points=None,
        )


def test_the_story_of_ann_number_by_number(world: World) -> None:
    ann = world.member()
    groceries = world.sale_body(ann, ("food", "1", "40.00"))
    assert world.put("grocer", "G-1", groceries).earned == 40
    assert world.positions() == {}

    assert world.put("fuel", "F-1", world.sale_body(ann, ("fuel", "30", "45.00"))).earned == 60
    assert world.positions() == {"fuel": -660_000, "pool": 660_000}

    pay_with_points(world, ann, 70)
    assert world.balance(ann) == {"active": 30, "pending": 0, "held": 0, "debt": 0}
    assert world.positions(DAY_1) == {
        "bakery": 700_000,
        "grocer": -400_000,
        "fuel": -660_000,
        "pool": 360_000,
    }

    world.advance(days=1)
    answer = world.put(
        "grocer", "G-1", {**groceries, "revision": 2, "refunds": [refund("r1", "20.00")]}
    )
    assert (answer.earned, answer.change, answer.debt) == (20, -20, 0)
    assert world.positions(DAY_2) == {"grocer": 200_000, "pool": -200_000}
    assert world.positions()["pool"] == 160_000
    assert world.balance(ann)["active"] == 10


def test_had_she_no_points_left_the_twenty_would_be_a_debt(world: World) -> None:
    ann = world.member()
    groceries = world.sale_body(ann, ("food", "1", "40.00"))
    world.put("grocer", "G-1", groceries)
    pay_with_points(world, ann, 40)
    back = {**groceries, "revision": 2, "refunds": [refund("r1", "20.00")]}
    answer = world.put("grocer", "G-1", back)
    assert answer.debt == 20
    assert world.balance(ann) == {"active": 0, "pending": 0, "held": 0, "debt": 20}
    assert world.positions() == {"bakery": 400_000, "grocer": -400_000}

    # What she earns next pays it back: 20 of the fuel points go to make good the grocer.
    world.put("fuel", "F-1", world.sale_body(ann, ("fuel", "30", "45.00")))
    assert world.balance(ann) == {"active": 40, "pending": 0, "held": 0, "debt": 0}
    assert world.positions() == {
        "bakery": 400_000,
        "grocer": -200_000,
        "fuel": -660_000,
        "pool": 460_000,
    }


def test_the_mirror_when_fuels_lot_expires_first_and_litres_are_credited_back(
    engine: Engine,
) -> None:
    world = World(engine)
    world.partner("grocer", terms(expiry={"months": 36}))
    world.partner("fuel", {**FUEL_TERMS, "expiry": {"months": 24}})
    world.partner("bakery")
    ann = world.member()
    world.put("grocer", "G-1", world.sale_body(ann, ("food", "1", "40.00")))
    petrol = world.sale_body(ann, ("fuel", "30", "45.00"))
    world.put("fuel", "F-1", petrol)
    pay_with_points(world, ann, 60)
    world.advance(days=1)
    litres = [{"id": "0", "quantity": "15", "amount": {"amount": "22.50", "currency": "EUR"}}]
    world.put(
        "fuel",
        "F-1",
        {**petrol, "revision": 2, "refunds": [refund("r1", "22.50", lines=litres)]},
    )
    assert world.balance(ann)["active"] == 10
    assert world.positions(DAY_2) == {"fuel": 330_000, "grocer": -300_000, "pool": -30_000}


def test_the_ledger_check_finds_nothing_wrong_with_the_story(world: World) -> None:
    test_the_story_of_ann_number_by_number(world)
    with world.engine.connect() as connection:
        assert [f.check.name for f in run_checks(connection=connection) if f.broken] == []


def test_the_ledger_check_finds_a_point_that_was_smuggled_in(world: World) -> None:
    test_the_story_of_ann_number_by_number(world)
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE lot SET granted = granted + 1, active = active + 1")
    with world.engine.connect() as connection:
        broken = {f.check.name for f in run_checks(connection=connection) if f.broken}
    assert broken == {"lot-is-its-movements", "balance-is-its-lots", "pool-solvent"}

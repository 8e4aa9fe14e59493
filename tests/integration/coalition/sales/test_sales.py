"""Sales over their life: guests, claims, moves, caps by member-day, points back, late news."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from coalition.errors import HubError
from coalition.ledger.check import run_checks
from coalition.ledger.jobs import activate_points, expire_lots
from coalition.sales.domain import MemberRef
from coalition.sales.service import assign_sale
from partner_sdk.wire.ids import encode
from tests.coalition_world import FUEL_TERMS, World, refund, terms

RULE = {"kind": "per_amount", "points": "1", "per": "1.00"}


@pytest.fixture
def world(engine: Engine) -> World:
    made = World(engine)
    made.partner("grocer")
    made.partner("fuel", FUEL_TERMS)
    made.partner("capped", terms(earn={"rules": [RULE], "cap_per_member_day": 50}))
    made.partner("patient", terms(pending_days=5, funding="issue", issue_price="0.011"))
    return made


def sound(world: World) -> bool:
    with world.engine.connect() as connection:
        return [f.check.name for f in run_checks(connection=connection) if f.broken] == []


def assign(world: World, slug: str, sale_id: str, member: UUID, *, claim: bool) -> None:
    with world.database.transaction() as connection:
        assign_sale(
            connection=connection,
            context=world.context(slug),
            external_id=sale_id,
            member=MemberRef("id", encode("mem", member)),
            claim=claim,
        )


def test_a_guests_sale_is_claimed_later_at_its_original_terms(world: World) -> None:
    ann = world.member()
    body = world.sale_body(None, ("food", "1", "40.00"))
    assert world.put("grocer", "G-1", body).earned == 0
    world.advance(days=3)
    assign(world, "grocer", "G-1", ann, claim=True)
    assert world.balance(ann)["active"] == 40
    # The late repetition of the guest's sale does not take it away again.
    assert world.put("grocer", "G-1", body).outcome == "unchanged"
    assert world.balance(ann)["active"] == 40
    with pytest.raises(HubError, match="sale_already_claimed"):
        assign(world, "grocer", "G-1", world.member(), claim=True)
    assert sound(world)


def test_a_sale_on_the_wrong_card_is_moved_with_its_clawback_on_both_accounts(
    world: World,
) -> None:
    ann, bob = world.member(), world.member()
    world.put("grocer", "G-1", world.sale_body(ann, ("food", "1", "40.00")))
    world.redeem("fuel", ann, 15)
    assign(world, "grocer", "G-1", bob, claim=False)
    assert world.balance(ann) == {"active": 0, "pending": 0, "held": 0, "debt": 15}
    assert world.balance(bob)["active"] == 40
    # And back again, which pays the debt.
    assign(world, "grocer", "G-1", ann, claim=False)
    assert world.balance(ann) == {"active": 25, "pending": 0, "held": 0, "debt": 0}
    assert world.balance(bob)["active"] == 0
    assert sound(world)


def test_a_higher_revision_that_names_another_member_moves_the_sale(world: World) -> None:
    ann, bob = world.member(), world.member()
    world.put("grocer", "G-1", world.sale_body(ann, ("food", "1", "40.00")))
    world.put("grocer", "G-1", world.sale_body(bob, ("food", "1", "40.00"), revision=2))
    assert (world.balance(ann)["active"], world.balance(bob)["active"]) == (0, 40)
    assert sound(world)


def test_a_member_day_earns_its_cap_in_the_order_of_the_sales_however_late_they_are_told(
    world: World,
) -> None:
    ann = world.member()

    def at(hour: int, amount: str, revision: int = 1, **more: Any) -> dict[str, Any]:
        moment = world.now - timedelta(hours=8) + timedelta(hours=hour)
        return world.sale_body(
            ann, ("food", "1", amount), revision=revision, occurred_at=moment, **more
        )

    assert world.put("capped", "C-3", at(3, "30.00")).earned == 30
    assert world.put("capped", "C-2", at(2, "30.00")).earned == 30
    # An earlier sale told late: C-2 keeps its thirty, C-3 is cut to what is left.
    assert world.balance(ann)["active"] == 50
    assert world.put("capped", "C-1", at(1, "10.00")).earned == 10
    assert world.put("capped", "C-3", at(3, "30.00")).earned == 10
    # A refund of the first leaves room for the last.
    world.put("capped", "C-1", at(1, "10.00", 2, refunds=[refund("r1", "10.00")]))
    assert world.put("capped", "C-3", at(3, "30.00")).earned == 20
    assert world.balance(ann)["active"] == 50
    assert sound(world)


def test_a_refund_gives_points_of_the_redemption_back_that_paid(world: World) -> None:
    ann = world.member()
    world.put("fuel", "F-1", world.sale_body(ann, ("fuel", "50", "90.00")))
    redemption = world.redeem("grocer", ann, 100)
    paid = [
        {"kind": "points", "amount": {"amount": "1.00", "currency": "EUR"}},
        {"kind": "card", "amount": {"amount": "39.00", "currency": "EUR"}},
    ]
    groceries = world.sale_body(ann, ("food", "1", "40.00"), tenders=paid)
    assert world.put("grocer", "G-1", groceries).earned == 39
    points = {"redemption": encode("red", redemption.redemption_id), "points": 60}
    back = {**groceries, "revision": 2, "refunds": [refund("r1", "0.60", points=points)]}
    assert world.put("grocer", "G-1", back).earned == 39
    assert world.balance(ann)["active"] == 39 + 60
    too_many = refund("r2", "0.41", points={**points, "points": 41})
    again = {**back, "revision": 3, "refunds": [*back["refunds"], too_many]}
    with pytest.raises(HubError, match="reversal_exceeds_redemption"):
        world.put("grocer", "G-1", again)
    assert sound(world)


def test_points_pend_through_the_return_window_and_a_return_in_it_never_costs_the_issuer(
    world: World,
) -> None:
    ann = world.member()
    body = world.sale_body(ann, ("food", "1", "40.00"))
    answer = world.put("patient", "P-1", body)
    assert (answer.earned, answer.pending) == (40, 40)
    world.put("patient", "P-1", {**body, "refunds": [refund("r1", "10.00")]})
    assert world.positions() == {}
    world.advance(days=6)
    activate_points(database=world.database, directory=world.directory, until=world.now)
    assert world.balance(ann) == {"active": 30, "pending": 0, "held": 0, "debt": 0}
    assert world.positions() == {"patient": -330_000, "pool": 330_000}
    # A second run finds nothing left to do.
    done = activate_points(database=world.database, directory=world.directory, until=world.now)
    assert done == 0
    assert sound(world)


def test_a_sale_heard_of_late_is_priced_by_the_version_of_its_day_and_lands_in_the_open_window(
    world: World,
) -> None:
    ann = world.member()
    happened = world.now
    world.advance(days=40)
    body = world.sale_body(ann, ("food", "1", "40.00"), occurred_at=happened)
    world.put("grocer", "G-1", body)
    with world.engine.connect() as connection:
        row = connection.exec_driver_sql(
            "SELECT window_date, local_date FROM sale WHERE external_id = 'G-1'"
        ).one()
    assert row.local_date == happened.date()
    assert row.window_date == date(2026, 4, 11)


def test_points_that_expired_unspent_are_not_clawed_back_once_more(world: World) -> None:
    ann = world.member()
    body = world.sale_body(ann, ("food", "1", "40.00"))
    world.put("grocer", "G-1", body)
    world.redeem("fuel", ann, 10)
    world.advance(days=800)
    expire_lots(database=world.database, directory=world.directory, until=world.now)
    world.put("fuel", "F-1", world.sale_body(ann, ("fuel", "50", "90.00")))
    world.put("grocer", "G-1", {**body, "refunds": [refund("r1", "40.00")]})
    # Only the ten that were spent come out of the fuel points.
    assert world.balance(ann) == {"active": 90, "pending": 0, "held": 0, "debt": 0}
    assert sound(world)


def test_a_cancelled_sale_earns_nothing_and_earns_again_once_it_is_not(world: World) -> None:
    ann = world.member()
    body = world.sale_body(ann, ("food", "1", "40.00"))
    assert world.put("grocer", "G-1", body).earned == 40
    cancelled = body | {"revision": 2, "cancelled": True}
    assert world.put("grocer", "G-1", cancelled).earned == 0
    assert world.balance(ann)["active"] == 0
    # Late news of before changes nothing; a refund that comes with the cancellation is kept.
    assert world.put("grocer", "G-1", body).outcome == "superseded"
    refunded = cancelled | {"revision": 3, "refunds": [refund("R-1", "40.00")]}
    assert world.put("grocer", "G-1", refunded).earned == 0
    assert world.put("grocer", "G-2", body | {"cancelled": True}).earned == 0
    assert sound(world)


def test_a_sale_of_nothing_that_a_gift_card_paid_earns_nothing(world: World) -> None:
    body = world.sale_body(world.member(), ("food", "1", "0.00"))
    paid = {"kind": "gift_card", "amount": {"amount": "5.00", "currency": "EUR"}}
    assert world.put("grocer", "G-1", body | {"tenders": [paid]}).earned == 0

"""The SDK against the hub itself: signed requests over real HTTP, on the real database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from werkzeug.serving import make_server

from coalition.config import Config
from partner_sdk import errors
from partner_sdk.client import PartnerClient
from partner_sdk.offline import OfflineQueue
from partner_sdk.wire import ids
from partner_sdk.wire.amounts import MICROS, Money
from partner_sdk.wire.sales import MemberRef, Refund, RefundLine, Sale, SaleLine
from tests.coalition_world import FUEL_TERMS, World, terms
from tests.hub_http import HttpHub

ClientOf = Callable[[str], PartnerClient]


@pytest.fixture
def world(engine: Engine) -> World:
    made = World(engine)
    made.partner("grocer", terms())
    made.partner("fuel", FUEL_TERMS)
    made.partner("bakery", terms())
    return made


@pytest.fixture
def client_of(world: World, config: Config) -> Iterator[ClientOf]:
    """A client with a signing key for each partner, against a served hub."""
    hub = HttpHub(world, config)
    server = make_server("127.0.0.1", 0, hub.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()

    with ExitStack() as open_clients:

        def client(slug: str) -> PartnerClient:
            caller = hub.caller(slug)
            return open_clients.enter_context(
                PartnerClient(
                    f"http://127.0.0.1:{server.server_port}",
                    key_id=ids.encode("key", caller.key_id),
                    private_key=caller.private,
                )
            )

        yield client
    server.shutdown()
    thread.join()
    server.server_close()


def euros(units: int) -> Money:
    return Money(units * MICROS, "EUR")


def sale(
    world: World, sale_id: str, category: str, quantity: str, units: int, **more: object
) -> Sale:
    line = SaleLine(id="1", category=category, quantity=quantity, amount=euros(units))
    return Sale(id=sale_id, occurred_at=world.now, currency="EUR", lines=(line,), **more)  # type: ignore[arg-type]


def test_points_of_two_brands_pay_at_a_third_and_come_back_after_a_return(
    world: World, client_of: ClientOf
) -> None:
    grocer, fuel, bakery = client_of("grocer"), client_of("fuel"), client_of("bakery")
    ann = grocer.enrol(reference="ann", phone="+40721234567")
    card = ann.cards[0].number
    assert grocer.find_member(phone="+40721234567") == ann
    assert fuel.find_member(card=card).reference is None

    mine = MemberRef(card=card)
    shopping = sale(world, "G-1", "food", "1", 40, member=MemberRef(reference="ann"))
    earned = grocer.put_sale(shopping)
    assert (earned.outcome, earned.points.earned) == ("created", 40)
    assert earned.agreement is not None
    assert grocer.put_sale(shopping).outcome == "unchanged"
    assert grocer.get_sale("G-1").points.earned == 40
    assert fuel.put_sale(sale(world, "F-1", "fuel", "30", 45, member=mine)).points.earned == 60

    world.advance(minutes=1)
    assert bakery.balance(ann.id).active == 100
    assert bakery.quote(mine).available == 100
    hold = bakery.hold(mine, points=70, reference="slip 1", store="7", till="2")
    paid = bakery.capture(hold.id)
    assert (paid.amount, paid.reference) == (Money(700_000, "EUR"), "slip 1")
    assert bakery.get_redemption(paid.id) == paid
    spent = [entry.points for entry in bakery.iter_transactions() if entry.kind == "capture"]
    assert sorted(spent) == [30, 40]

    line = RefundLine(id="1", amount=euros(20))
    half = Refund(id="r1", amount=euros(20), lines=(line,))
    back = grocer.put_sale(
        sale(
            world,
            "G-1",
            "food",
            "1",
            40,
            member=MemberRef(reference="ann"),
            refunds=(half,),
            revision=2,
        )
    )
    assert (back.points.earned, back.points.change) == (20, -20)
    assert grocer.balance(ann.id).active == 10
    assert [lot.spent for lot in grocer.lots(ann.id)] in ([40], [])

    assert bakery.reverse(paid.id, points=70, reason="returned").reversed_points == 70
    entries = list(bakery.iter_transactions())
    owed = sum(amount.amount.micros for entry in entries for amount in entry.amounts)
    assert owed == 0
    assert list(bakery.member_transactions(ann.id))


def test_what_the_hub_refuses_arrives_as_the_exception_that_says_so(
    world: World, client_of: ClientOf
) -> None:
    grocer = client_of("grocer")
    ann = grocer.enrol()
    with pytest.raises(errors.InsufficientPoints):
        grocer.redeem(ann, points=1)
    with pytest.raises(errors.MemberNotFound):
        grocer.find_member(reference="nobody")
    with pytest.raises(errors.ValidationFailed) as caught:
        grocer.put_sale({**sale(world, "G-1", "food", "1", 4).to_wire(), "nonsense": 1})
    assert [field.pointer for field in caught.value.errors] == ["/nonsense"]
    with pytest.raises(errors.NotFound):
        grocer.get_sale("G-2")
    grocer.set_spend_lock(ann.id, locked=True)
    with pytest.raises(errors.SpendingForbidden):
        grocer.hold(ann, points=1)
    with pytest.raises(errors.AccessDenied):
        grocer.call("GET", "/v1/positions")


def test_a_guests_sale_is_claimed_a_card_replaced_and_a_contact_forgotten(
    world: World, client_of: ClientOf
) -> None:
    grocer = client_of("grocer")
    ann = grocer.enrol(email="ann@example.org")
    grocer.put_sale(sale(world, "G-1", "food", "1", 10))
    assert grocer.claim_sale("G-1", member=ann).points.earned == 10
    bob = grocer.enrol()
    assert grocer.move_sale("G-1", member=bob).member == bob.id
    new = grocer.replace_card(ann.id, ann.cards[0].number)
    assert grocer.find_member(card=new.number).id == ann.id
    grocer.set_contacts(ann.id, email=None, phone="+40721234567")
    with pytest.raises(errors.MemberNotFound):
        grocer.find_member(email="ann@example.org")
    assert grocer.set_reference(ann.id, "ann").reference == "ann"


def test_a_tills_queue_is_sent_once_with_an_answer_for_each_sale(
    world: World, client_of: ClientOf, tmp_path: Path
) -> None:
    grocer = client_of("grocer")
    ann = grocer.enrol(reference="ann")
    mine = MemberRef(reference="ann")
    with OfflineQueue(tmp_path / "queue") as queue:
        for n in range(120):
            queue.put_sale(sale(world, f"S-{n}", "food", "1", 1, member=mine))
        queue.put_sale(sale(world, "S-bad", "food", "1", 1, member=MemberRef(reference="nobody")))
        queue.put_sale({"id": "S-worse", "revision": 1})
        queue.put_sale(sale(world, "S/illegal", "food", "1", 1))
        report = queue.send(grocer)
        assert (report.sent, report.set_aside, report.waiting) == (120, 3, 0)
        assert [one.code for one in queue.set_aside()] == [
            "member_not_found",
            "validation_failed",
            "validation_failed",
        ]
    assert grocer.balance(ann.id).active == 120


def test_a_hold_expires_and_an_idempotency_key_is_kept(world: World, client_of: ClientOf) -> None:
    grocer = client_of("grocer")
    ann = grocer.enrol(reference="ann")
    grocer.put_sale(sale(world, "G-1", "food", "1", 40, member=MemberRef(reference="ann")))
    world.advance(minutes=1)
    one = grocer.redeem(ann, points=10, idempotency_key="till-1-77")
    assert grocer.redeem(ann, points=10, idempotency_key="till-1-77") == one
    with pytest.raises(errors.ValidationFailed, match="idempotency_key_reused"):
        grocer.redeem(ann, points=11, idempotency_key="till-1-77")
    hold = grocer.hold(ann, points=30, expires_in_seconds=60)
    world.set_clock(world.now + timedelta(seconds=61))
    with pytest.raises(errors.HoldExpired):
        grocer.capture(hold.id)


def test_a_list_of_many_is_walked_through(world: World, client_of: ClientOf) -> None:
    grocer = client_of("grocer")
    grocer.enrol(reference="ann")
    mine = MemberRef(reference="ann")
    sales = [sale(world, f"S-{n}", "food", "1", 1, member=mine) for n in range(450)]
    assert all(result.ok for result in grocer.put_sales(sales))
    earned = [entry.sale for entry in grocer.iter_transactions() if entry.kind == "earn"]
    assert sorted(earned, key=str) == sorted((one.id for one in sales), key=str)

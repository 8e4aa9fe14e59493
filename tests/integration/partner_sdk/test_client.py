"""The client against the simulated hub, over real HTTP."""

import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from partner_sdk import errors
from partner_sdk.client import PartnerClient, RetryPolicy
from partner_sdk.testing import HubSimulator
from partner_sdk.wire.amounts import MICROS, Money
from partner_sdk.wire.sales import MemberRef, Refund
from tests.integration.partner_sdk.conftest import MakeSale


def test_a_member_is_enrolled_and_found_by_everything_it_is_known_by(
    client: PartnerClient,
) -> None:
    ann = client.enrol(reference="ann", phone="+37360000000", email="ann@example.org")
    assert client.find_member(reference="ann") == ann
    assert client.find_member(phone="+37360000000") == ann
    assert client.find_member(email="ann@example.org") == ann
    assert client.find_member(card=ann.cards[0].number) == ann
    assert client.member(ann.id) == ann
    with pytest.raises(errors.MemberNotFound):
        client.find_member(reference="bob")
    with pytest.raises(ValueError, match="exactly one"):
        client.find_member(reference="ann", phone="+37360000000")


def test_a_lost_card_is_replaced_and_a_reference_given_later(client: PartnerClient) -> None:
    ann = client.enrol()
    (lost,) = ann.cards
    new = client.replace_card(ann.id, lost.number)
    assert client.find_member(card=new.number).id == ann.id
    with pytest.raises(errors.MemberNotFound):
        client.find_member(card=lost.number)
    other = client.add_card(ann.id)
    states = {card.number: card.state for card in client.member(ann.id).cards}
    assert states == {lost.number: "replaced", new.number: "active", other.number: "active"}
    assert client.set_reference(ann.id, "ann").reference == "ann"


def test_a_purchase_earns_and_its_points_are_held_captured_and_given_back(
    client: PartnerClient, make_sale: MakeSale
) -> None:
    ann = client.enrol(reference="ann")
    assert client.put_sale(make_sale("A1")).points.earned == 40
    quote = client.quote(ann, amount=Money(300_000, "EUR"))
    assert (quote.points, quote.available) == (30, 40)
    assert client.quote(ann).points == 40
    hold = client.hold(ann, points=30, reference="receipt 7", store="12", till="3")
    assert hold.reference == "receipt 7"
    assert client.balance(ann.id).held == 30
    redemption = client.capture(hold.id, points=20)
    assert redemption.amount == Money(200_000, "EUR")
    assert client.get_hold(hold.id).state == "captured"
    assert client.get_redemption(redemption.id) == redemption
    assert client.reverse(redemption.id, points=5, reason="returned").reversed_points == 5
    assert client.void(client.hold(ann, points=25).id).state == "voided"
    assert client.redeem(MemberRef(reference="ann"), points=25).hold is None
    assert client.balance(ann.id).active == 0
    assert [entry.kind for entry in client.iter_transactions()] == [
        "earn",
        "capture",
        "restore",
        "redeem",
    ]


def test_a_sale_is_absolute_and_refunds_take_points_back(
    client: PartnerClient, make_sale: MakeSale
) -> None:
    ann = client.enrol(reference="ann")
    client.put_sale(make_sale("A1"))
    assert client.put_sale(make_sale("A1")).outcome == "unchanged"
    refund = Refund(id="r1", amount=Money(15 * MICROS, "EUR"))
    answer = client.put_sale(make_sale("A1", revision=2, refunds=(refund,)))
    assert (answer.outcome, answer.points.earned, answer.points.change) == ("updated", 25, -15)
    assert client.put_sale(make_sale("A1")).outcome == "superseded"
    with pytest.raises(errors.Conflict, match="sale_revision_conflict"):
        client.put_sale(make_sale("A1", revision=2, units=41))
    more = Refund(id="r1", amount=Money(16 * MICROS, "EUR"))
    with pytest.raises(errors.Conflict, match="refund_conflict"):
        client.put_sale(make_sale("A1", revision=3, refunds=(more,)))
    assert client.balance(ann.id).active == 25


def test_a_guests_sale_is_claimed_and_a_wrong_one_moved(
    client: PartnerClient, make_sale: MakeSale
) -> None:
    ann, bob = client.enrol(reference="ann"), client.enrol(reference="bob")
    client.put_sale(make_sale("G1", member=None))
    assert client.claim_sale("G1", member=bob).member == bob.id
    assert client.move_sale("G1", member=ann.id).member == ann.id
    assert (client.balance(ann.id).active, client.balance(bob.id).active) == (40, 0)


@pytest.mark.parametrize("sale_id", ["A-1", "till_3.000123", "~x", "...", "x" * 64])
def test_a_sale_id_arrives_as_it_was_given(
    client: PartnerClient, make_sale: MakeSale, sale_id: str
) -> None:
    assert client.put_sale(make_sale(sale_id, member=None)).id == sale_id


@pytest.mark.parametrize("sale_id", ["a/b", "ü ñ", "50%25", "a?b#c", "…", "%2F", "a+b", "x" * 65])
def test_a_sale_id_of_other_characters_is_refused_by_its_field(
    client: PartnerClient, make_sale: MakeSale, sale_id: str
) -> None:
    with pytest.raises(errors.ValidationFailed) as caught:
        client.put_sale(make_sale(sale_id, member=None))
    assert [field.pointer for field in caught.value.errors] == ["/id"]


@pytest.mark.parametrize("sale_id", ["", ".", ".."])
def test_a_sale_id_that_a_path_cannot_hold_is_refused_at_once(
    client: PartnerClient, make_sale: MakeSale, sale_id: str
) -> None:
    with pytest.raises(ValueError, match="id"):
        client.put_sale(make_sale(sale_id))


def test_many_sales_go_in_batches_and_each_gets_its_own_answer(
    hub: HubSimulator, client: PartnerClient, make_sale: MakeSale
) -> None:
    client.enrol(reference="ann")
    sales = [make_sale(f"S{n}", units=1) for n in range(2500)]
    sales[1200] = make_sale("S1200", member="nobody")
    results = client.put_sales(sales)
    assert [result.id for result in results] == [sale.id for sale in sales]
    assert [result.id for result in results if not result.ok] == ["S1200"]
    assert results[1200].problem is not None
    assert results[1200].problem.code == "member_not_found"
    assert [r.path for r in hub.requests[-3:]] == ["/v1/sales/batch"] * 3


def test_a_sale_that_comes_twice_is_not_twice_in_one_batch(
    hub: HubSimulator, client: PartnerClient, make_sale: MakeSale
) -> None:
    client.enrol(reference="ann")
    refund = Refund(id="r1", amount=Money(10 * MICROS, "EUR"))
    first = make_sale("A1", refunds=(refund,))
    results = client.put_sales([first, make_sale("B1"), make_sale("A1", revision=2)])
    assert [result.ok for result in results] == [True] * 3
    assert results[2].sale is not None
    assert results[2].sale.points.earned == 30
    assert len([r for r in hub.requests if r.path == "/v1/sales/batch"]) == 2


def test_a_lost_answer_is_asked_for_again_and_the_work_is_done_once(
    hub: HubSimulator, client: PartnerClient
) -> None:
    ann = client.enrol(reference="ann")
    hub.grant(ann.id, 100)
    hub.lose_answers(times=2, path="/v1/redemptions")
    redemption = client.redeem(ann, points=60)
    assert client.balance(ann.id).active == 40
    tries = [r for r in hub.requests if r.path == "/v1/redemptions"]
    assert len(tries) == 3
    assert len({r.headers["Idempotency-Key"] for r in tries}) == 1
    assert len({r.headers["Signature"] for r in tries}) == 3
    assert redemption.points == 60


def test_the_callers_own_idempotency_key_does_the_work_once(
    hub: HubSimulator, client: PartnerClient
) -> None:
    ann = client.enrol(reference="ann")
    hub.grant(ann.id, 100)
    one = client.redeem(ann, points=60, idempotency_key="till-3-000123")
    assert client.redeem(ann, points=60, idempotency_key="till-3-000123") == one
    with pytest.raises(errors.ValidationFailed, match="idempotency_key_reused"):
        client.redeem(ann, points=61, idempotency_key="till-3-000123")
    assert client.balance(ann.id).active == 40


def test_what_may_pass_is_tried_again_within_bounds(
    hub: HubSimulator, client: PartnerClient
) -> None:
    ann = client.enrol(reference="ann")
    before = len(hub.requests)
    hub.fail("service_unavailable", times=3, retry_after=0)
    assert client.balance(ann.id).active == 0
    assert len(hub.requests) == before + 4
    hub.fail("service_unavailable", times=4)
    with pytest.raises(errors.HubUnavailable):
        client.balance(ann.id)
    assert len(hub.requests) == before + 8


def test_what_will_not_pass_is_tried_once(hub: HubSimulator, client: PartnerClient) -> None:
    ann = client.enrol(reference="ann")
    before = len(hub.requests)
    with pytest.raises(errors.InsufficientPoints) as caught:
        client.redeem(ann, points=1)
    assert caught.value.problem.extra["available"] == 0
    assert caught.value.request_id is not None
    assert len(hub.requests) == before + 1


def test_a_hub_that_asks_for_more_patience_than_there_is_is_not_waited_for(
    hub: HubSimulator,
) -> None:
    hub.fail("service_unavailable", retry_after=3600)
    with (
        hub.client(retry=RetryPolicy(patience=1.0)) as client,
        pytest.raises(errors.HubUnavailable),
    ):
        client.find_member(reference="ann")
    assert len(hub.requests) == 1


def test_a_slow_hub_is_a_timeout_and_a_dead_one_a_failed_connection(hub: HubSimulator) -> None:
    hub.delay(0.5)
    once = RetryPolicy(attempts=1)
    keys = {"key_id": hub.key_id, "private_key": hub.private_key}
    with (
        PartnerClient(hub.url, **keys, timeout=0.1, retry=once) as client,
        pytest.raises(errors.TimedOut),
    ):
        client.find_member(reference="ann")
    with (
        PartnerClient("http://127.0.0.1:9", **keys, retry=once) as client,
        pytest.raises(errors.ConnectionFailed),
    ):
        client.find_member(reference="ann")


def test_a_key_that_is_unknown_revoked_or_wrong_is_refused(hub: HubSimulator) -> None:
    stranger = Ed25519PrivateKey.generate()
    hub.register_key("key_old", stranger.public_key())
    hub.revoke_key("key_old")
    for key_id, code in (
        ("key_none", "key_unknown"),
        ("key_old", "key_revoked"),
        (hub.key_id, "signature_invalid"),
    ):
        with (
            PartnerClient(hub.url, key_id=key_id, private_key=stranger) as client,
            pytest.raises(errors.AuthenticationFailed, match=code),
        ):
            client.find_member(reference="ann")


@pytest.mark.parametrize(
    ("ahead", "code"),
    [(timedelta(minutes=6), "signature_stale"), (-timedelta(minutes=2), "clock_skew")],
)
def test_a_till_with_a_wrong_clock_is_told_so(
    hub: HubSimulator, client: PartnerClient, ahead: timedelta, code: str
) -> None:
    hub.wall_now = lambda: datetime.now(UTC) + ahead
    with pytest.raises(errors.AuthenticationFailed, match=code):
        client.find_member(reference="ann")


def test_a_bearer_key_of_the_sandbox_serves_too(hub: HubSimulator) -> None:
    with PartnerClient(hub.url, bearer=hub.bearer) as client:
        assert client.enrol().state == "active"
    with (
        PartnerClient(hub.url, bearer="chl_test_other") as client,
        pytest.raises(errors.AuthenticationFailed),
    ):
        client.enrol()


def test_a_hold_expires_by_the_hubs_clock(hub: HubSimulator, client: PartnerClient) -> None:
    ann = client.enrol(reference="ann")
    hub.grant(ann.id, 10)
    hold = client.hold(ann, points=10, expires_in_seconds=60)
    hub.set_clock(datetime.now(UTC) + timedelta(seconds=61))
    with pytest.raises(errors.HoldExpired):
        client.capture(hold.id)
    assert client.balance(ann.id).active == 10


def test_a_frozen_member_or_a_spend_lock_keeps_points_from_being_spent(
    hub: HubSimulator, client: PartnerClient
) -> None:
    ann = client.enrol(reference="ann")
    hub.grant(ann.id, 10)
    assert client.set_spend_lock(ann.id, locked=True).spend_locked
    with pytest.raises(errors.SpendingForbidden, match="spend_locked"):
        client.redeem(ann, points=1)
    hub.set_member_state(ann.id, "frozen")
    with pytest.raises(errors.SpendingForbidden, match="member_frozen"):
        client.redeem(ann, points=1)


def test_points_pay_at_a_shops_own_checkout_or_are_taken_back(
    hub: HubSimulator, client: PartnerClient
) -> None:
    ann, shop = client.enrol(reference="ann"), hub.add_connection()
    hub.grant(ann.id, 500)
    mine = MemberRef(reference="ann")
    made = client.spend(shop, mine, reference="cart-1", points=350, customer_email="ann@a.example")
    assert (made.state, made.amount, made.reference) == ("made", Money(3_500_000, "EUR"), "cart-1")
    assert made.code is not None
    assert made.code not in repr(made)
    assert client.spend(shop, ann, reference="cart-1", points=350) == made
    with pytest.raises(errors.Conflict, match="spend_reference_taken"):
        client.spend(shop, mine, reference="cart-1", points=351)
    other = client.spend(shop, mine, reference="cart-2", amount=Money(1_009_999, "EUR"), order="O1")
    assert (other.points, other.order, client.balance(ann.id).held) == (100, "O1", 450)
    assert client.undo_spend(shop, other.id).state == "undone"
    assert client.undo_spend(shop, other.id).state == "undone"
    hub.use_spend(made.id, points=300)
    used = client.get_spend(shop, made.id)
    assert used.redemption is not None
    assert (used.state, client.get_redemption(used.redemption).points) == ("used", 300)
    with pytest.raises(errors.Conflict, match="spend_used"):
        client.undo_spend(shop, made.id)
    assert [spend.state for spend in client.spends(shop)] == ["used", "undone"]
    assert (client.balance(ann.id).active, client.balance(ann.id).held) == (200, 0)
    with pytest.raises(errors.NotFound, match="connection_not_found"):
        client.spend("con_other", mine, reference="cart-3", points=1)
    with pytest.raises(errors.ValidationFailed):
        client.spend(shop, mine, reference="cart-3")


def test_a_code_whose_time_is_over_pays_no_more(hub: HubSimulator, client: PartnerClient) -> None:
    ann, shop = client.enrol(), hub.add_connection()
    hub.grant(ann.id, 100)
    hub.set_clock(datetime(2026, 11, 22, 9, tzinfo=UTC))
    made = client.spend(shop, ann, reference="cart-1", points=100, expires_in_seconds=60)
    hub.set_clock(made.expires_at)
    assert client.get_spend(shop, made.id).state == "undone"
    assert client.balance(ann.id).held == 100, "an order made in time may be told late"
    hub.set_clock(made.expires_at + timedelta(minutes=15))
    assert client.balance(ann.id).active == 100


def test_a_list_is_walked_through_page_by_page(
    hub: HubSimulator, client: PartnerClient, make_sale: MakeSale
) -> None:
    client.enrol(reference="ann")
    client.put_sales(make_sale(f"S{n}", units=1) for n in range(450))
    before = len(hub.requests)
    assert [entry.sale for entry in client.iter_transactions()] == [f"S{n}" for n in range(450)]
    assert len(hub.requests) == before + 3


def test_a_bundle_is_downloaded_whole_or_not_at_all(
    hub: HubSimulator, client: PartnerClient, tmp_path: Path
) -> None:
    bundle = bytes(range(256)) * 5000
    hub.add_statement(statement_id="stm_1", business_date=date(2026, 11, 22), bundle=bundle)
    (summary,) = client.statements()
    assert summary.business_date == date(2026, 11, 22)
    hub.lose_answers(path="/v1/statements/stm_1/bundle")
    target = client.download_statement(summary.id, tmp_path / "one.zip")
    assert target.read_bytes() == bundle
    with pytest.raises(errors.NotFound):
        client.download_statement("stm_2", tmp_path / "two.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["one.zip"]


def test_a_subscription_is_made_listed_and_ended(hub: HubSimulator, client: PartnerClient) -> None:
    made = client.create_webhook(url="https://till.example/hook", types=["sale.posted"])
    assert made.secret is not None
    assert [one.id for one in client.webhooks()] == [made.id]
    client.delete_webhook(made.id)
    assert list(client.webhooks()) == []


def test_threads_share_a_client(hub: HubSimulator, client: PartnerClient) -> None:
    ann = client.enrol(reference="ann")
    hub.grant(ann.id, 100)
    done: list[int] = []

    def spend() -> None:
        done.extend(client.redeem(ann, points=1).points for _ in range(10))

    threads = [threading.Thread(target=spend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == 80
    assert client.balance(ann.id).active == 20


def test_an_answer_that_is_none_of_a_hubs_is_told_apart(hub: HubSimulator) -> None:
    hub.add_statement(statement_id="stm_1", business_date=date(2026, 11, 22), bundle=b"PK...")
    with hub.client() as client, pytest.raises(errors.UnexpectedAnswer):
        client.call("GET", "/v1/statements/stm_1/bundle")


@pytest.mark.parametrize(
    "settings",
    [{}, {"key_id": "key_a"}, {"private_key": bytes(32)}, {"bearer": "x", "key_id": "key_a"}],
)
def test_a_client_needs_exactly_one_way_to_prove_itself(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="key_id and private_key, or bearer"):
        PartnerClient("https://hub.example", **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("url", ["hub.example", "ftp://hub.example", "https://", ""])
def test_a_client_needs_an_address(url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        PartnerClient(url, bearer="x")

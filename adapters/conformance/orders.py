"""What is earned, and what is taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from adapters.conformance.base import Base, needs
from adapters.conformance.hub import TinyHub
from adapters.conformance.points import points_of_purchase
from adapters.contract import Capability
from adapters.testing.shop import Item, Purchase, Shop

C = Capability


class OrderCases(Base):
    """Cases of single orders: delivered once, in order."""

    def assert_points(self, shop: Shop, purchase: Purchase, points: int) -> TinyHub:
        """The hub, the shop's truth and the case agree."""
        assert points_of_purchase(purchase) == points, "the case itself is wrong"
        hub = self.heard(shop)
        found = hub.points(shop.order_id(purchase))
        assert found == points, f"{found} points instead of {points}"
        return hub

    def test_what_is_paid_earns(self) -> None:
        shop = self.new_shop()
        purchase = self.bought(shop, 1250, 799)
        hub = self.assert_points(shop, purchase, 20)
        order = hub.orders[shop.order_id(purchase)]
        assert sum(line.amount_micros for line in order.lines) == 20_490_000
        assert order.currency == "EUR"
        assert abs(order.occurred_at - purchase.placed_at) < timedelta(seconds=1)

    def test_discount_and_tax_are_in_the_line(self) -> None:
        shop = self.new_shop()
        purchase = shop.buy([Item("L1", 900, 2, discount=300, tax=150), Item("L2", 500)])
        self.assert_points(shop, purchase, 14)

    @needs(C.SHIPPING)
    def test_shipping_earns_nothing(self) -> None:
        shop = self.new_shop()
        purchase = shop.buy([Item("L1", 1000), Item("S1", 900, kind="shipping")])
        self.assert_points(shop, purchase, 10)

    @needs(C.TIPS)
    def test_a_tip_earns_nothing(self) -> None:
        shop = self.new_shop()
        purchase = shop.buy([Item("L1", 1000), Item("T1", 300, kind="tip")])
        self.assert_points(shop, purchase, 10)

    @needs(C.GIFT_CARD_TENDER)
    def test_what_a_gift_card_paid_earns_nothing(self) -> None:
        shop = self.new_shop()
        purchase = shop.buy(self.basket(1000, 1000), tenders=[("gift_card", 500)])
        self.assert_points(shop, purchase, 15)

    @needs(C.STORE_CREDIT_TENDER)
    def test_what_store_credit_paid_earns_nothing(self) -> None:
        shop = self.new_shop()
        purchase = shop.buy(self.basket(1000, 1000), tenders=[("store_credit", 500)])
        self.assert_points(shop, purchase, 15)

    @needs(C.CANCEL)
    def test_a_cancelled_order_earns_nothing(self) -> None:
        shop = self.new_shop()
        purchase = self.bought(shop, 1250)
        shop.cancel(purchase)
        self.assert_points(shop, purchase, 0)

    @needs(C.EDIT)
    def test_an_edited_order_earns_what_it_is_now(self) -> None:
        shop = self.new_shop()
        purchase = self.bought(shop, 1250, 800)
        shop.edit(purchase, self.basket(1250, 400, 300))
        self.assert_points(shop, purchase, 19)

    @needs(C.REFUND_BY_LINE)
    def test_a_refund_by_line_takes_the_lines_points(self) -> None:
        shop = self.new_shop()
        purchase = shop.buy([Item("L1", 1000, 2), Item("L2", 600)])
        shop.refund(purchase, 500, [("L1", 500, 1)])
        hub = self.assert_points(shop, purchase, 11)
        order = hub.orders[shop.order_id(purchase)]
        assert self.kept(order) == 11_000_000
        for refund in order.refunds:
            assert [part.amount_micros for part in refund.lines] == [5_000_000]

    @needs(C.REFUND_BY_AMOUNT)
    def test_a_refund_by_amount_takes_its_share(self) -> None:
        shop = self.new_shop()
        purchase = self.bought(shop, 1000, 1000)
        shop.refund(purchase, 550)
        self.assert_points(shop, purchase, 14)

    @needs(C.REFUND_BY_LINE, C.SHIPPING)
    def test_a_refund_of_shipping_alone_takes_no_points(self) -> None:
        shop = self.new_shop()
        purchase = shop.buy([Item("L1", 1000), Item("S1", 900, kind="shipping")])
        shop.refund(purchase, 900, [("S1", 900, 1)])
        self.assert_points(shop, purchase, 10)

    @needs(any_of=(C.REFUND_BY_LINE, C.REFUND_BY_AMOUNT))
    def test_partial_refunds_clear_exactly_with_the_last(self) -> None:
        shop = self.new_shop()
        purchase = self.bought(shop, 333, 667)
        parts = (("L1", 333), ("L2", 400), ("L2", 267))
        for item, minor in parts:
            by_line = self.can(C.REFUND_BY_LINE)
            shop.refund(purchase, minor, [(item, minor, 0)] if by_line else ())
        hub = self.assert_points(shop, purchase, 0)
        assert self.kept(hub.orders[shop.order_id(purchase)]) == 0

    @needs(C.REFUND_BY_AMOUNT)
    def test_more_given_back_than_was_paid_leaves_nothing_and_no_less(self) -> None:
        shop = self.new_shop()
        purchase = self.bought(shop, 1000)
        shop.refund(purchase, 700)
        shop.refund(purchase, 700)
        self.assert_points(shop, purchase, 0)

    @needs(C.REFUND_MAY_FAIL)
    def test_a_refund_counts_when_it_comes_through_and_not_before(self) -> None:
        shop = self.new_shop()
        purchase = self.bought(shop, 1000)
        refund = shop.refund(purchase, 400, status="pending")
        self.assert_points(shop, purchase, 10)
        shop.settle(purchase, refund, "succeeded")
        self.assert_points(shop, purchase, 6)

    @needs(C.REFUND_MAY_FAIL)
    def test_a_refund_that_failed_takes_nothing(self) -> None:
        shop = self.new_shop()
        purchase = self.bought(shop, 1000)
        refund = shop.refund(purchase, 400, status="pending")
        shop.settle(purchase, refund, "failed")
        self.assert_points(shop, purchase, 10)

    @needs(C.REFUND_MAY_FAIL)
    def test_a_refund_that_is_reversed_gives_the_points_again(self) -> None:
        shop = self.new_shop()
        purchase = self.bought(shop, 1000)
        refund = shop.refund(purchase, 400)
        self.assert_points(shop, purchase, 6)
        shop.settle(purchase, refund, "failed")
        self.assert_points(shop, purchase, 10)

    @needs(C.CHARGEBACK)
    def test_a_chargeback_takes_the_points_and_one_that_is_won_gives_them_again(self) -> None:
        shop = self.new_shop()
        purchase = self.bought(shop, 1000)
        charged = shop.refund(purchase, 1000, chargeback=True)
        self.assert_points(shop, purchase, 0)
        shop.settle(purchase, charged, "failed")
        self.assert_points(shop, purchase, 10)

    @needs(C.GUEST)
    def test_a_guest_buys_without_a_name_and_may_be_named_later(self) -> None:
        shop = self.new_shop()
        purchase = self.bought(shop, 1250, customer=None)
        hub = self.assert_points(shop, purchase, 12)
        assert hub.sales[shop.order_id(purchase)].member is None, "a guest has a name"
        if not shop.can_identify:
            return
        shop.identify(purchase, "77")
        hub = self.assert_points(shop, purchase, 12)
        member = hub.sales[shop.order_id(purchase)].member
        assert member is not None, "the guest was named, and is not"
        assert member.reference == "77"

    def test_a_customer_is_known_by_the_platforms_id(self) -> None:
        shop = self.new_shop()
        purchase = self.bought(shop, 1250, customer="9007199254740993")
        hub = self.heard(shop)
        member = hub.sales[shop.order_id(purchase)].member
        assert member is not None, "the customer is lost"
        assert member.reference == "9007199254740993"

    def test_the_instant_is_right_around_both_changes_of_the_clock(self) -> None:
        shop = self.new_shop()
        for month, day in ((3, 29), (10, 25)):
            for hour in (0, 1, 2):
                shop.now = shop.now.replace(month=month, day=day, hour=hour, minute=30)
                purchase = self.bought(shop, 1250)
                order = self.heard(shop).orders[shop.order_id(purchase)]
                assert order.occurred_at.utcoffset() == timedelta(0), "the instant is not UTC"
                off = abs(order.occurred_at - purchase.placed_at)
                assert off < timedelta(seconds=1), f"the instant is off by {off}"

    def test_a_later_state_has_a_higher_revision(self) -> None:
        shop = self.new_shop()
        purchase = self.bought(shop, 1000, 500)
        hub = self.new_hub(shop)
        hub.read(shop.sent[-1].request)
        before = hub.orders[shop.order_id(purchase)]
        shop.refund(purchase, 500, [("L2", 500, 1)] if self.can(C.REFUND_BY_LINE) else ())
        hub.read(shop.sent[-1].request)
        after = hub.orders[shop.order_id(purchase)]
        same = replace(before, revision=0, refunds=()) == replace(after, revision=0, refunds=())
        assert after.revision > before.revision or same, "what changed has no higher revision"

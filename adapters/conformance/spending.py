"""Paying with points at the platform's checkout, and taking that back."""

from __future__ import annotations

from dataclasses import replace

from adapters.conformance.base import Base, needs
from adapters.conformance.hub import TinyHub
from adapters.conformance.points import points_of_purchase
from adapters.contract import (
    Answer,
    Call,
    Capability,
    Headers,
    Malformed,
    Order,
    Spend,
    SpendResult,
)
from adapters.testing.shop import Item, Purchase, Shop

C = Capability


class SpendingCases(Base):
    """Cases of `redeem` and `undo`, and of the orders that tell of it."""

    def spend(self, shop: Shop) -> Spend:
        """3.50 of points; where the platform changes an open order, there is one."""
        return self.spend_on(shop, shop.open(self.basket(2000)), 350)

    def spend_on(self, shop: Shop, purchase: Purchase, minor: int) -> Spend:
        """Points worth so much, for an open order."""
        return Spend(
            id="hld_01j9q5z8e7f3v6k2m4n8p0r1s5",
            amount_micros=minor * 10_000,
            currency=shop.currency,
            order=shop.order_id(purchase),
        )

    def paid_with_points(
        self, shop: Shop, minor: int, *items: Item
    ) -> tuple[TinyHub, Purchase, Order]:
        """Goods that points worth so much helped to pay, as a hub hears of them."""
        hub = self.new_hub(shop)
        purchase = shop.open(items)
        result = hub.redeem(self.spend_on(shop, purchase, minor))
        assert result.problem is None, result.problem
        shop.pay(purchase, code=result.code)
        self.hear(shop, hub)
        name = shop.order_id(purchase)
        assert name in hub.orders, "nothing is told of an order that points helped to pay"
        return hub, purchase, hub.orders[name]

    def hear(self, shop: Shop, hub: TinyHub) -> None:
        """Deliver all that was sent."""
        for message in shop.sent:
            hub.deliver(message)

    @needs(C.REDEEM)
    def test_points_pay_by_the_platforms_own_means(self) -> None:
        shop = self.new_shop()
        result = self.new_hub(shop).redeem(self.spend(shop))
        assert result.problem is None, result.problem
        assert result.code, "there is nothing that the shopper or the till could use"
        assert list(shop.spent.values()) == [350], "it is not worth what was spent"

    @needs(C.REDEEM)
    def test_points_spent_twice_by_a_repetition_pay_once(self) -> None:
        shop = self.new_shop()
        hub, spend = self.new_hub(shop), self.spend(shop)
        first, second = hub.redeem(spend), hub.redeem(spend)
        assert (second.problem, second.code) == (None, first.code)
        assert list(shop.spent.values()) == [350], "a repetition pays again"

    @needs(C.REDEEM)
    def test_every_call_that_makes_something_can_be_repeated(self) -> None:
        shop = self.new_shop()
        spend = self.spend(shop)
        seen: list[Call] = []

        def ask(call: Call) -> Answer:
            seen.append(call)
            # The answer to the first try is lost on the way.
            shop.answer(call)
            return shop.answer(call)

        hub = self.new_hub(shop, ask)
        result = hub.redeem(spend)
        assert result.problem is None, result.problem
        assert list(shop.spent.values()) == [350]
        other = self.new_hub(shop).redeem(replace(spend, id="hld_01j9q5z8e7f3v6k2m4n8p0r1s6"))
        assert other.code != result.code, "two spends have one code"
        for call in seen:
            assert call.method in ("GET", "PUT", "DELETE") or call.key, f"{call.path} has no key"

    @needs(C.REDEEM)
    def test_what_was_undone_pays_nothing_however_often(self) -> None:
        shop = self.new_shop()
        hub, spend = self.new_hub(shop), self.spend(shop)
        result = hub.redeem(spend)
        for _ in range(3):
            assert hub.undo(spend, result).problem is None
            assert shop.spent == {}, "the points still pay"

    @needs(C.REDEEM)
    def test_a_platform_that_refuses_is_a_problem_and_not_a_code(self) -> None:
        shop = self.new_shop()
        spend = self.spend(shop)
        for status in (400, 401, 403, 422, 429, 500, 503):
            refusal = Answer(status, Headers({}), b'{"errors":[{"code":"no"}]}')
            hub = self.new_hub(shop, lambda _call, refusal=refusal: refusal)  # type: ignore[misc]  # as in messages
            for verb in ("redeem", "undo"):
                try:
                    result = (
                        hub.redeem(spend)
                        if verb == "redeem"
                        else hub.undo(spend, SpendResult(code="X"))
                    )
                except Malformed:
                    continue
                assert result.problem, f"an answer {status} to {verb} is taken for success"
                assert result.code is None

    @needs(C.REDEEM)
    def test_calls_carry_no_credentials(self) -> None:
        shop = self.new_shop()
        spend = self.spend(shop)
        calls = self.adapter.redeem(spend=spend, settings=shop.settings)
        for call in calls:
            names = {name.lower() for name in call.headers}
            assert "authorization" not in names, "the hub adds credentials"

    @needs(C.REDEEM)
    def test_what_points_paid_is_told_as_a_tender_that_names_the_spend(self) -> None:
        shop = self.new_shop()
        goods = Item("L1", 1000), Item("L2", 701, 2)
        hub, purchase, order = self.paid_with_points(shop, 333, *goods)
        lines = [line.amount_micros for line in order.lines]
        assert lines == [10_000_000, 7_010_000], "what points paid is no discount"
        told = [(each.amount_micros, each.redemption) for each in order.tenders]
        assert told == [
            (13_680_000, None),
            (3_330_000, "hld_01j9q5z8e7f3v6k2m4n8p0r1s5"),
        ], "nothing would capture the points, or not as many as paid"
        assert order.tenders[1].kind == "points"
        assert hub.points(order.id) == points_of_purchase(purchase) == 13

    @needs(C.REDEEM)
    def test_points_that_pay_for_all_of_it_are_told_too(self) -> None:
        shop = self.new_shop()
        hub, _, order = self.paid_with_points(shop, 350, Item("L1", 100))
        assert (order.status, order.lines[0].amount_micros) == ("paid", 1_000_000)
        told = [(each.kind, each.amount_micros) for each in order.tenders]
        assert told == [("points", 1_000_000)], "more was paid than it cost, or less"
        assert hub.points(order.id) == 0

    @needs(C.REDEEM, any_of=(C.REFUND_BY_LINE, C.REFUND_BY_AMOUNT))
    def test_a_refund_of_all_the_money_takes_back_what_points_paid_as_well(self) -> None:
        shop = self.new_shop()
        goods = Item("L1", 1000), Item("L2", 701, 2)
        hub, purchase, _ = self.paid_with_points(shop, 333, *goods)
        assert hub.points(shop.order_id(purchase)) == 13
        left = [13, 5, 0]
        for item in purchase.items:
            minor = item.minor - purchase.off(item)
            by_line = self.can(C.REFUND_BY_LINE)
            shop.refund(purchase, minor, [(item.id, minor, item.count)] if by_line else ())
            self.hear(shop, hub)
            left.pop(0)
            assert points_of_purchase(purchase) == left[0], "the case itself is wrong"
            assert hub.points(shop.order_id(purchase)) == left[0], "the share is another"
        order = hub.orders[shop.order_id(purchase)]
        # Where the platform does not tell what points paid of each line, its cents and ours differ.
        cents = 10_000 * len(order.refunds)
        assert abs(self.kept(order)) < cents, "what points paid is kept"

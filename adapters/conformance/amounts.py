"""Exact numbers: other currencies, large amounts, large ids."""

from __future__ import annotations

from adapters.conformance.base import Base
from adapters.contract import Order
from adapters.testing.shop import Shop


class AmountCases(Base):
    """Cases of money and ids."""

    def only_order(self, shop: Shop) -> Order:
        """The one order of the shop, as the hub has it."""
        hub = self.heard(shop)
        (order,) = hub.orders.values()
        return order

    def test_yen_have_no_hundredths(self) -> None:
        self.assert_amount("JPY", 1234, 1_234_000_000)

    def test_dinars_have_thousandths(self) -> None:
        self.assert_amount("KWD", 1230, 1_230_000)

    def test_hundredths_are_exact(self) -> None:
        for minor in (1, 10, 29, 30, 57, 110, 1999, 4_35, 8_20, 1_005):
            self.assert_amount("EUR", minor, minor * 10_000)

    def test_a_fortune_is_exact_to_the_cent(self) -> None:
        self.assert_amount("EUR", 99_999_999_999_997, 999_999_999_999_970_000)

    def assert_amount(self, currency: str, minor: int, micros: int) -> None:
        """One line of so much is so many micros, and a refund of it as well."""
        shop = self.new_shop(currency=currency)
        purchase = self.bought(shop, minor)
        bought = self.only_order(shop)
        assert bought.currency == currency
        if self.refunds:
            shop.refund(purchase, minor)
        order = self.only_order(shop)
        assert self.refunds or not order.refunds, "there is a refund of nothing"
        amounts = [bought.lines[0].amount_micros, *(r.amount_micros for r in order.refunds)]
        for value in amounts:
            assert type(value) is int, "money is no whole number of micros"
            assert value == micros, f"{value} micros instead of {micros}"
        kept = 0 if self.refunds else micros
        assert self.kept(order) == kept, "something is kept of what was given back, or lost"

    def test_neighbouring_ids_beyond_two_to_the_53rd_are_two_orders(self) -> None:
        shop = self.new_shop(first=2**53)
        purchases = [self.bought(shop, 100), self.bought(shop, 200)]
        hub = self.heard(shop)
        wanted = {shop.order_id(purchase) for purchase in purchases}
        assert len(wanted) == 2
        assert set(hub.sales) == wanted, "two ids were read as one"
        for order in hub.orders.values():
            assert type(order.id) is str, "an id is no text"

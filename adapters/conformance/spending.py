"""Paying with points at the platform's checkout, and taking that back."""

from __future__ import annotations

from dataclasses import replace

from adapters.conformance.base import Base, needs
from adapters.contract import Answer, Call, Capability, Headers, Malformed, Spend, SpendResult
from adapters.testing.shop import Shop

C = Capability


class SpendingCases(Base):
    """Cases of `redeem` and `undo`."""

    def spend(self, shop: Shop, micros: int = 3_500_000) -> Spend:
        """3.50 of points; where the platform changes an order, there is one."""
        purchase = self.bought(shop, 2000)
        return Spend(
            id="hld_01j9q5z8e7f3v6k2m4n8p0r1s5",
            amount_micros=micros,
            currency=shop.currency,
            order=shop.order_id(purchase),
        )

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

"""However messages come, the points are those of the orders' last state."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from math import factorial
from random import Random
from typing import Literal

from adapters.conformance.base import Base, needs
from adapters.conformance.hub import Remembered, TinyHub
from adapters.conformance.points import points_of_purchase
from adapters.contract import Capability
from adapters.testing.shop import Item, Message, Purchase, Shop
from partner_sdk.wire.sales import Sale

C = Capability


class HistoryCases(Base):
    """Cases of many messages: repeated, reordered, lost, half processed."""

    def assert_all_points(self, shop: Shop, hub: TinyHub) -> None:
        """Every order is worth what it is worth."""
        for purchase in shop.purchases.values():
            wanted = points_of_purchase(purchase)
            found = hub.points(shop.order_id(purchase))
            assert found == wanted, f"{found} points instead of {wanted}: {purchase}"

    def story(self, *, heard: bool = False) -> Shop:
        """A purchase and what can happen to it, in few messages.

        `heard`: a hub listens all the while, and each state that it asks for is one on the way.
        """
        shop = self.new_shop()
        hub = self.new_hub(shop)

        def so_far() -> None:
            for message in shop.sent if heard else ():
                hub.deliver(message)
            if heard:
                self.assert_all_points(shop, hub)

        purchase = shop.buy(self.basket(1000, 600))
        so_far()
        if self.can(C.EDIT):
            shop.edit(purchase, self.basket(1100, 600))
            so_far()
        shop.refund(purchase, 600, [("L2", 600, 1)] if self.can(C.REFUND_BY_LINE) else ())
        so_far()
        fails = self.can(C.REFUND_MAY_FAIL)
        refund = shop.refund(purchase, 300, status="pending" if fails else "succeeded")
        so_far()
        if fails:
            shop.settle(purchase, refund, "succeeded")
            so_far()
        return shop

    def test_what_is_heard_while_it_happens_is_right_at_every_step(self) -> None:
        self.story(heard=True)

    def test_a_message_delivered_many_times_counts_once(self) -> None:
        shop = self.story()
        hub = self.new_hub(shop)
        for message in shop.sent:
            for _ in range(4):
                hub.deliver(message)
        self.assert_all_points(shop, hub)
        assert hub.sales == self.heard(shop).sales

    def test_any_order_of_the_messages_ends_alike(self) -> None:
        shop = self.story()
        wanted = _known(self.heard(shop))
        remembered = Remembered(shop.answer)
        for order in _orders(shop.sent):
            hub = self.new_hub(shop, remembered)
            for message in order:
                hub.deliver(message)
            self.assert_all_points(shop, hub)
            assert _known(hub) == wanted, "another order ends otherwise"

    def test_changes_of_one_instant_end_alike_in_any_order(self) -> None:
        shop = self.new_shop()
        shop.step = timedelta(0)
        purchase = shop.buy(self.basket(1000, 600))
        if self.can(C.EDIT):
            shop.edit(purchase, self.basket(900, 600))
        shop.refund(purchase, 600, [("L2", 600, 1)] if self.can(C.REFUND_BY_LINE) else ())
        remembered = Remembered(shop.answer)
        for order in _orders(shop.sent):
            hub = self.new_hub(shop, remembered)
            for message in order:
                hub.deliver(message)
            self.assert_all_points(shop, hub)

    def test_a_replay_after_a_crash_changes_nothing(self) -> None:
        shop = self.story()
        hub = self.new_hub(shop)
        for count in range(len(shop.sent)):
            # Everything up to here was done, and is done again.
            for message in shop.sent[: count + 1]:
                hub.deliver(message)
        self.assert_all_points(shop, hub)

    def test_random_histories_end_in_the_points_of_the_last_state(self) -> None:
        for number in range(self.histories):
            try:
                self.history(Random(number))
            except Exception as error:
                error.add_note(f"It was history {number}, which is the same each time.")
                raise

    def history(self, random: Random) -> None:
        """Purchases and what happens to them, told badly."""
        shop = self.new_shop(page=random.choice((2, 100)))
        shop.step = timedelta(seconds=random.choice((0, 1, 1)))
        hub = self.new_hub(shop)
        for _ in range(random.randrange(1, 9)):
            self._happens(shop, random)
            if random.random() < 0.3:
                # Some come while the shop is still at it: what is fetched then is not the end.
                for message in random.sample(shop.sent, random.randrange(len(shop.sent) + 1)):
                    hub.deliver(message)
        self._rest(shop, hub, random)
        self.assert_all_points(shop, hub)

    def _rest(self, shop: Shop, hub: TinyHub, random: Random) -> None:
        """What is left comes in any order, some of it twice; what is lost is asked for."""
        hub.ask = Remembered(hub.ask)
        rest = shop.sent + random.sample(shop.sent, random.randrange(len(shop.sent) + 1))
        random.shuffle(rest)
        if self.can(C.POLL) and random.random() < 0.5:
            rest = rest[: len(rest) // 2]
            for message in rest:
                hub.deliver(message)
            hub.poll(since=shop.now - timedelta(days=1), until=shop.now + timedelta(seconds=1))
            return
        for message in rest:
            hub.deliver(message)

    def _happens(self, shop: Shop, random: Random) -> None:
        """One thing that people do."""
        kept = [purchase for purchase in shop.purchases.values() if not purchase.cancelled]
        if not kept or random.random() < 0.3:
            shop.buy(
                shop.possible(self._random_items(random)),
                tenders=self._random_tenders(random),
                customer=random.choice(("77", "78", None)) if self.can(C.GUEST) else "77",
            )
            return
        purchase = random.choice(kept)
        verb = random.choice(("refund", "refund", "refund", "cancel", "edit", "identify", "settle"))
        if verb == "refund":
            self._random_refund(shop, purchase, random)
        elif verb == "cancel" and self.can(C.CANCEL) and random.random() < 0.3:
            shop.cancel(purchase)
        elif verb == "edit" and self.can(C.EDIT) and not purchase.refunds:
            shop.edit(purchase, shop.possible(self._random_items(random, least=purchase.total)))
        elif verb == "identify" and self.can(C.GUEST) and purchase.customer is None:
            if shop.can_identify:
                shop.identify(purchase, "79")
        elif verb == "settle" and self.can(C.REFUND_MAY_FAIL) and purchase.refunds:
            refund = random.choice(purchase.refunds)
            if refund.status == "pending":
                shop.settle(purchase, refund, random.choice(("succeeded", "failed")))
            elif refund.status == "succeeded" and random.random() < 0.5:
                shop.settle(purchase, refund, "failed")

    def _random_items(self, random: Random, least: int = 0) -> list[Item]:
        items = [
            Item(
                f"L{i}",
                random.randrange(1, 3000) + (least if i == 1 else 0),
                random.randrange(1, 4),
            )
            for i in range(1, random.randrange(2, 5))
        ]
        if self.can(C.SHIPPING) and random.random() < 0.4:
            items.append(Item("S1", random.randrange(1, 900), kind="shipping"))
        if self.can(C.TIPS) and random.random() < 0.3:
            items.append(Item("T1", random.randrange(1, 500), kind="tip"))
        return items

    def _random_tenders(self, random: Random) -> list[tuple[str, int]]:
        if self.can(C.GIFT_CARD_TENDER) and random.random() < 0.2:
            return [("gift_card", 1)]
        if self.can(C.STORE_CREDIT_TENDER) and random.random() < 0.2:
            return [("store_credit", 1)]
        return []

    def _random_refund(self, shop: Shop, purchase: Purchase, random: Random) -> None:
        left = purchase.total - sum(r.minor for r in purchase.refunds if r.status != "failed")
        if left <= 0:
            return
        status: Literal["pending", "succeeded"] = "succeeded"
        if self.can(C.REFUND_MAY_FAIL) and random.random() < 0.5:
            status = "pending"
        chargeback = self.can(C.CHARGEBACK) and random.random() < 0.1
        by_amount = not self.can(C.REFUND_BY_LINE) or any(not r.items for r in purchase.refunds)
        if self.can(C.REFUND_BY_AMOUNT) and (by_amount or chargeback or random.random() < 0.2):
            minor = left if random.random() < 0.3 else random.randrange(1, left + 1)
            shop.refund(purchase, minor, status=status, chargeback=chargeback)
            return
        if by_amount:
            return
        item = random.choice([i for i in purchase.items if i.kind != "tip"])
        back = [part for r in purchase.refunds if r.status != "failed" for part in r.items]
        rest = item.minor - sum(minor for item_id, minor, _ in back if item_id == item.id)
        pieces = item.count - sum(count for item_id, _, count in back if item_id == item.id)
        if rest > 0 and pieces > 0:
            minor = rest if pieces == 1 else max(1, rest // pieces)
            shop.refund(purchase, minor, [(item.id, minor, 1)], status=status)

    @needs(C.POLL)
    def test_a_backfill_equals_what_the_messages_gave(self) -> None:
        shop = self.story()
        for _ in range(4):
            self.bought(shop, 700)
        shop.page = 2
        hub = self.new_hub(shop)
        hub.poll(since=shop.now - timedelta(days=1), until=shop.now + timedelta(seconds=1))
        assert _known(hub) == _known(self.heard(shop)), "the backfill says something else"
        self.assert_all_points(shop, hub)

    @needs(C.POLL)
    def test_a_backfill_of_a_time_in_which_nothing_happened_is_empty(self) -> None:
        shop = self.story()
        hub = self.new_hub(shop)
        hub.poll(since=shop.now + timedelta(days=2), until=shop.now + timedelta(days=3))
        assert not hub.sales

    def test_the_same_arguments_give_the_same_answer(self) -> None:
        shop = self.story()
        for message in shop.sent:
            asked = [
                self.adapter.parse(request=deepcopy(message.request), settings=shop.settings)
                for _ in range(2)
            ]
            assert asked[0] == asked[1], "parse remembers or guesses"


def _orders(messages: Sequence[Message], most: int = 120) -> Iterator[Sequence[Message]]:
    """Every order of a few messages; of more, so many that differ from the first on."""
    if factorial(len(messages)) <= most:
        yield from itertools.permutations(messages)
        return
    random = Random(len(messages))
    for _ in range(most):
        yield random.sample(messages, len(messages))


def _known(hub: TinyHub) -> dict[str, Sale]:
    """Sales without their revisions, which tell how much was known by when."""
    return {name: replace(sale, revision=0) for name, sale in hub.sales.items()}

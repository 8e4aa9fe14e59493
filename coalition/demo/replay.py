"""Telling the hub a day: enrolments, returns, spending, sales, all through the SDK over HTTP.

The phases of a day follow one another; within a phase several threads work. Every request is safe
to repeat: sales are absolute, the others carry idempotency keys made of ids.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, wait
from dataclasses import dataclass, field

from coalition.demo.data import Sale
from coalition.demo.derive import Day, Return, Spending, points_to_spend
from coalition.demo.journal import Journal
from coalition.demo.messages import (
    PaidWithPoints,
    member_reference,
    returned_message,
    sale_id,
    sale_message,
    usd,
)
from partner_sdk.client import PartnerClient
from partner_sdk.errors import InsufficientPoints, SpendingForbidden
from partner_sdk.wire import sales as wire
from partner_sdk.wire.messages import Redemption

__all__ = ["BrandCount", "Replay", "ReplayError"]

#: Small enough to keep all threads at work, large enough that a request's own cost is small.
BATCH = 250
#: The fuel station's pump holds points before it runs and captures them when the sale closes.
HOLDS_FIRST = "fuel"
_MICROS_PER_CENT = 10_000


class ReplayError(Exception):
    """The hub refused what the demo sent; the message has the sale and the problem."""


@dataclass(slots=True)
class BrandCount:
    """What was replayed of one brand; amounts in cents, points as the hub answered."""

    sales: int = 0
    amount: int = 0
    returns: int = 0
    returned_amount: int = 0
    earned: int = 0
    taken_back: int = 0
    redemptions: int = 0
    spent: int = 0
    enrolled: int = 0


@dataclass(slots=True)
class Replay:
    """One run's replay: who speaks for which brand, and what was counted."""

    clients: Mapping[str, PartnerClient]
    journal: Journal
    threads: Executor
    counts: defaultdict[str, BrandCount] = field(default_factory=lambda: defaultdict(BrandCount))
    without_points: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def play(self, day: Day, *, told: Callable[[int], None] = lambda _: None) -> None:
        """Tell the hub a day whose business clock is already set; `told` gets counts of events.

        Raises:
            ReplayError: a sale was refused.
            CoalitionError: the hub refused something else, or cannot be reached.
        """
        newcomers: dict[int, Sale] = {}
        for sale in day.sales:
            if self.journal.card(sale.household) is None:
                newcomers.setdefault(sale.household, sale)
        self._each(self._enrol, newcomers.values())
        self._tell_returns(day.returns, told)
        self._each(self._spend, day.spendings)
        told(len(day.spendings))
        self._tell_sales(day.sales, told)

    def _each(self, work: Callable[..., None], items: Iterable[object]) -> None:
        futures = [self.threads.submit(work, item) for item in items]
        wait(futures)
        for future in futures:
            future.result()

    def _enrol(self, sale: Sale) -> None:
        member = self.clients[sale.brand].enrol(
            reference=member_reference(sale.household),
            idempotency_key=f"enrol-{sale.household}",
        )
        self.journal.enrolled(household=sale.household, card=member.cards[0].number)
        with self._lock:
            self.counts[sale.brand].enrolled += 1

    def _card(self, household: int) -> str:
        card = self.journal.card(household)
        if card is None:
            raise ReplayError(f"household {household} is not enrolled")
        return card

    # -- spending --------------------------------------------------------------------------------

    def _spend(self, spending: Spending) -> None:
        sale = spending.sale
        if self.journal.paid(sale) is not None:
            return
        points = self.journal.meant(sale)
        if points is None:
            member = wire.MemberRef(card=self._card(sale.household))
            quote = self.clients[sale.brand].quote(member, amount=usd(sale.total))
            points = points_to_spend(available=quote.available, due=sale.total)
            self.journal.mean(sale=sale, points=points)
        redemption = self._redeem(sale, points) if points else None
        with self._lock:
            if redemption is None:
                self.without_points += 1
                return
            count = self.counts[sale.brand]
            count.redemptions += 1
            count.spent += redemption.points
        cents = redemption.amount.micros // _MICROS_PER_CENT
        paid = PaidWithPoints(redemption.id, redemption.points, cents)
        self.journal.pay(sale=sale, paid=paid)

    def _redeem(self, sale: Sale, points: int) -> Redemption | None:
        client = self.clients[sale.brand]
        member = wire.MemberRef(card=self._card(sale.household))
        key, store = f"{sale.brand}-{sale.basket}", str(sale.store)
        try:
            if sale.brand == HOLDS_FIRST:
                hold = client.hold(
                    member,
                    points=points,
                    reference=sale_id(sale),
                    store=store,
                    idempotency_key=f"hold-{key}",
                )
                return client.capture(hold.id, idempotency_key=f"capture-{key}")
            return client.redeem(
                member,
                points=points,
                reference=sale_id(sale),
                store=store,
                receipt=sale_id(sale),
                idempotency_key=f"redeem-{key}",
            )
        except (InsufficientPoints, SpendingForbidden):
            return None

    # -- sales and returns -----------------------------------------------------------------------

    def _tell_sales(self, sales: Iterable[Sale], told: Callable[[int], None]) -> None:
        by_brand: defaultdict[str, list[Sale]] = defaultdict(list)
        for sale in sales:
            by_brand[sale.brand].append(sale)

        def tell(batch: list[Sale]) -> None:
            messages = [
                sale_message(
                    sale=sale, card=self._card(sale.household), paid=self.journal.paid(sale)
                )
                for sale in batch
            ]
            earned, _ = self._put(batch[0].brand, messages)
            with self._lock:
                count = self.counts[batch[0].brand]
                count.sales += len(batch)
                count.amount += sum(sale.total for sale in batch)
                count.earned += earned
            told(len(batch))

        self._each(
            tell,
            [
                of_brand[start : start + BATCH]
                for of_brand in by_brand.values()
                for start in range(0, len(of_brand), BATCH)
            ],
        )

    def _tell_returns(self, returns: Iterable[Return], told: Callable[[int], None]) -> None:
        by_brand: defaultdict[str, list[Return]] = defaultdict(list)
        for back in returns:
            by_brand[back.sale.brand].append(back)

        def tell(batch: list[Return]) -> None:
            messages = [
                returned_message(
                    back=back,
                    card=self._card(back.sale.household),
                    paid=self.journal.paid(back.sale),
                )
                for back in batch
            ]
            _, taken = self._put(batch[0].sale.brand, messages)
            with self._lock:
                count = self.counts[batch[0].sale.brand]
                count.returns += len(batch)
                count.returned_amount += sum(back.amount for back in batch)
                count.taken_back += taken
            told(len(batch))

        self._each(tell, list(by_brand.values()))

    def _put(self, brand: str, messages: list[wire.Sale]) -> tuple[int, int]:
        """Send the sales; points earned and points taken back by this call (0 if told before)."""
        changes: Counter[bool] = Counter()
        for result in self.clients[brand].put_sales(messages):
            if result.sale is None:
                problem = result.problem
                what = f"{problem.code}: {problem.detail}" if problem else f"HTTP {result.status}"
                raise ReplayError(f"{brand} sale {result.id} was refused: {what}")
            change = result.sale.points.change
            changes[change > 0] += abs(change)
        return changes[True], changes[False]

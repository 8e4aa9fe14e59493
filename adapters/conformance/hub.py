"""As much of a hub as an adapter needs to be tried: it takes messages and keeps sales."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from adapters.conformance.desk import Desk
from adapters.conformance.points import points_of_sale
from adapters.contract import (
    Adapter,
    Answer,
    Call,
    Facts,
    Fetch,
    Ignored,
    Malformed,
    Order,
    Outcome,
    Page,
    Parsed,
    Part,
    Parts,
    Question,
    Rejected,
    Reply,
    Request,
    Settings,
    Spend,
    SpendResult,
    Verified,
)
from adapters.sale import to_sale
from adapters.testing.shop import Message, Shop
from partner_sdk.wire.sales import MemberRef, Refund, Sale

Asked = tuple[str, str, bytes]
_RANK = {"pending": 0, "succeeded": 1, "failed": 2}
_MOST_ROUNDS = 10


class Remembered:
    """What a shop that stands still answers: each call is put to it once."""

    def __init__(self, ask: Callable[[Call], Answer]) -> None:
        self.ask = ask
        self.answers: dict[Asked, Answer] = {}

    def __call__(self, call: Call) -> Answer:
        asked = asked_by(call)
        if asked not in self.answers:
            self.answers[asked] = self.ask(call)
        return self.answers[asked]


def asked_by(call: Call) -> Asked:
    """What a platform looks at in a call."""
    return call.method, call.path, call.body


class TinyHub:
    """Takes what a shop's platform sends, by the rules that the hub has for sales."""

    def __init__(
        self,
        *,
        adapter: Adapter,
        shop: Shop,
        ask: Callable[[Call], Answer] | None = None,
    ) -> None:
        self.adapter = adapter
        self.shop = shop
        self.settings: Settings = shop.settings
        self.ask = shop.answer if ask is None else ask
        self.sales: dict[str, Sale] = {}
        self.orders: dict[str, Order] = {}
        self.parts: dict[str, dict[str, Part]] = {}
        self.ignored: list[str] = []
        self.desk = Desk(keep=self.keep, worth=self.points)
        #: Questions that were refused, which the platform asks again.
        self.refused: list[Question] = []

    def deliver(self, message: Message) -> None:
        """Check a message and do all that follows from it."""
        verdict = self.adapter.verify(
            request=message.request, secrets=self.shop.secrets, now=message.at
        )
        assert isinstance(verdict, Verified), f"a message of the platform is refused: {verdict}"
        self.read(message.request)

    def read(self, request: Request) -> None:
        """The same, without looking at the signature."""
        self.take(self.adapter.parse(request=request, settings=self.settings))

    def take(self, parsed: Parsed) -> None:
        """Fetch, assemble and keep, until there is nothing more to do."""
        for _ in range(_MOST_ROUNDS):
            match parsed:
                case Fetch():
                    # What a hub hands back passed through its database.
                    carry = json.loads(json.dumps(dict(parsed.carry)))
                    answers = tuple(self.ask(call) for call in parsed.calls)
                    parsed = self.adapter.resolve(
                        fetch=replace(parsed, carry=carry), answers=answers, settings=self.settings
                    )
                case Parts():
                    for about in self._keep_parts(parsed):
                        self._assemble(about)
                    return
                case Facts():
                    for order in parsed.orders:
                        self.keep(order)
                    return
                case Question():
                    self._asked(parsed)
                    return
                case Ignored():
                    self.ignored.append(parsed.reason)
                    return
        raise AssertionError("the adapter never stops asking")

    def _asked(self, question: Question) -> None:
        """Answer; what is refused is asked again, and may fare better after another question."""
        pending, self.refused = [question, *self.refused], []
        for each in pending:
            if self.desk.answer(each).problem is not None and each not in self.refused:
                self.refused.append(each)

    def answer(self, request: Request, now: datetime) -> Reply:
        """All that follows from a question, in the platform's own form."""
        verdict = self.adapter.verify(request=request, secrets=self.shop.secrets, now=now)
        if isinstance(verdict, Rejected):
            outcome = Outcome("rejected", verdict.reason)
        else:
            try:
                parsed = self.adapter.parse(request=request, settings=self.settings)
            except Malformed:
                outcome = Outcome("rejected", "malformed")
            else:
                outcome = Outcome("kept")
                if isinstance(parsed, Question):
                    outcome = self.desk.answer(parsed)
        return self.adapter.ack(request=request, outcome=outcome, settings=self.settings)

    def _keep_parts(self, parsed: Parts) -> list[str]:
        for part in parsed.parts:
            known = self.parts.setdefault(part.about, {})
            before = known.setdefault(part.key, part)
            assert before == part, "a part once said has changed"
        return sorted({part.about for part in parsed.parts})

    def _assemble(self, about: str) -> None:
        parts = tuple(self.parts[about].values())
        assemble = self.adapter.assemble  # type: ignore[attr-defined]  # those that say Parts have it
        self.take(assemble(about=about, parts=parts, settings=self.settings))

    def keep(self, order: Order) -> None:
        """State an order as the hub would."""
        customer = order.customer
        named = None if customer is None else customer.card or customer.id
        member = None if named is None else MemberRef(reference=named)
        sale = to_sale(order=order, settings=self.settings, member=member)
        if sale is None:
            return
        known = self.sales.get(sale.id)
        refunds = {} if known is None else {refund.id: refund for refund in known.refunds}
        for refund in sale.refunds:
            _merge(refunds, refund)
        if known is None or sale.revision > known.revision:
            self.orders[sale.id] = order
            known = sale
        elif sale.revision == known.revision:
            was, now = replace(known, refunds=()), replace(sale, refunds=())
            assert was == now, f"one revision says two things:\n{was}\n{now}"
        self.sales[sale.id] = replace(known, refunds=tuple(refunds[i] for i in sorted(refunds)))

    def points(self, order_id: str) -> int:
        """What an order is worth; nothing, if it is not known."""
        sale = self.sales.get(order_id)
        return 0 if sale is None else points_of_sale(sale)

    def poll(self, *, since: datetime, until: datetime) -> None:
        """Ask for all that changed."""
        cursor = None
        for _ in range(1000):
            call = self.adapter.poll(
                since=since, until=until, cursor=cursor, settings=self.settings
            )
            page: Page = self.adapter.polled(
                answer=self.ask(call), cursor=cursor, settings=self.settings
            )
            for parsed in page.parsed:
                self.take(parsed)
            cursor = page.cursor
            if cursor is None:
                return
        raise AssertionError("the adapter never stops paging")

    def redeem(self, spend: Spend) -> SpendResult:
        """Make what the shopper pays with."""
        calls = self.adapter.redeem(spend=spend, settings=self.settings)
        for _ in range(_MOST_ROUNDS):
            answers = tuple(self.ask(call) for call in calls)
            result = self.adapter.redeemed(spend=spend, answers=answers, settings=self.settings)
            if not result.more:
                return result
            calls = result.more
        raise AssertionError("the adapter never stops redeeming")

    def undo(self, spend: Spend, result: SpendResult) -> SpendResult:
        """Take it back."""
        calls = self.adapter.undo(spend=spend, result=result, settings=self.settings)
        for _ in range(_MOST_ROUNDS):
            answers = tuple(self.ask(call) for call in calls)
            done = self.adapter.undone(spend=spend, answers=answers, settings=self.settings)
            if not done.more:
                return done
            calls = done.more
        raise AssertionError("the adapter never stops undoing")


def _merge(refunds: dict[str, Refund], refund: Refund) -> None:
    """Add a refund to those known; its amount never changes, its status only moves up."""
    before = refunds.get(refund.id)
    if before is None:
        refunds[refund.id] = refund
        return
    same = (before.amount, before.lines) == (refund.amount, refund.lines)
    assert same, f"refund {refund.id} has another amount or other lines than before"
    if _RANK[refund.status] > _RANK[before.status]:
        refunds[refund.id] = refund

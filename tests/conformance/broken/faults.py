"""Working adapters, each broken in one way that adapters in the field were broken in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from adapters.adyen import Adyen
from adapters.contract import (
    Answer,
    Call,
    Facts,
    Fetch,
    Ignored,
    Line,
    Malformed,
    Order,
    Rejected,
    Reply,
    Request,
    Secrets,
    Verified,
)
from adapters.square import Square
from adapters.stripe import Stripe
from adapters.testing.shop import START


def changed(parsed: Any, change: Any) -> Any:
    """Facts with every order changed; anything else as it is."""
    if not isinstance(parsed, Facts):
        return parsed
    return Facts(tuple(change(order) for order in parsed.orders))


class SignsNothing(Stripe):
    """Takes whatever has a header."""

    def verify(self, **kwargs: Any) -> Verified | Rejected:
        verdict = super().verify(**kwargs)
        wrong = isinstance(verdict, Rejected) and verdict.reason == "signature_wrong"
        return Verified(kwargs["now"]) if wrong else verdict


class ForgetsTheLastByte(Square):
    """Takes a body whatever it ends with."""

    def verify(self, *, request: Request, **kwargs: Any) -> Verified | Rejected:
        start = request.body[:-1]
        tried = [replace(request, body=start + bytes([last])) for last in range(256)]
        verdicts = [super(ForgetsTheLastByte, self).verify(request=r, **kwargs) for r in tried]
        return next((v for v in verdicts if isinstance(v, Verified)), verdicts[0])


class AcceptsTheFuture(Stripe):
    """As the vendor's own verifier does."""

    def verify(self, **kwargs: Any) -> Verified | Rejected:
        verdict = super().verify(**kwargs)
        late = isinstance(verdict, Rejected) and verdict.reason == "from_the_future"
        return Verified(kwargs["now"]) if late else verdict


class AcceptsTheStale(Stripe):
    """Never looks at the time."""

    def verify(self, **kwargs: Any) -> Verified | Rejected:
        verdict = super().verify(**kwargs)
        old = isinstance(verdict, Rejected) and verdict.reason == "stale"
        return Verified(kwargs["now"]) if old else verdict


class KnowsOneSecret(Stripe):
    """Forgets the old secret at once when it is rotated."""

    def verify(self, *, secrets: Secrets, **kwargs: Any) -> Verified | Rejected:
        return super().verify(secrets=replace(secrets, signing=secrets.signing[:1]), **kwargs)


class TrustsTheFirstItem(Adyen):
    """Checks one signature of a batch, as the vendor's helper does."""

    def verify(self, *, request: Request, secrets: Secrets, **kwargs: Any) -> Verified | Rejected:
        try:
            value = json.loads(request.body)
            value["notificationItems"] = value["notificationItems"][:1]
        except (ValueError, KeyError, TypeError):
            return super().verify(request=request, secrets=secrets, **kwargs)
        first = replace(request, body=json.dumps(value).encode())
        return super().verify(request=first, secrets=secrets, **kwargs)


class ForgetsTheAddress(Square):
    """Signs the body only."""

    def verify(self, *, request: Request, **kwargs: Any) -> Verified | Rejected:
        return super().verify(request=replace(request, url=request.url.rstrip("x")), **kwargs)


class KeysByDelivery(Stripe):
    """Every delivery is a new one."""

    count = 0

    def delivery_key(self, **kwargs: Any) -> str:
        KeysByDelivery.count += 1
        return str(KeysByDelivery.count)


class BlamesThePlatform(Stripe):
    """Answers its own trouble with 400, which nobody sends again."""

    def ack(self, **kwargs: Any) -> Reply:
        reply = super().ack(**kwargs)
        return Reply(400) if reply.status >= 500 else reply


class CountsInFloats(Stripe):
    """A hundredth of a whole number of cents."""

    def resolve(self, **kwargs: Any) -> Any:
        def by_float(order: Order) -> Order:
            lines = (
                replace(line, amount_micros=int(line.amount_micros / 10_000 / 100 * 1_000_000))
                for line in order.lines
            )
            return replace(order, lines=tuple(lines))

        return changed(super().resolve(**kwargs), by_float)


class ThinksAllMoneyHasCents(Square):
    """A yen is a hundred of something."""

    def resolve(self, *, answers: tuple[Answer, ...], settings: Any, **kwargs: Any) -> Any:
        def hundredths(order: Order) -> Order:
            if order.currency != "JPY":
                return order
            lines = (replace(x, amount_micros=x.amount_micros // 100) for x in order.lines)
            return replace(order, lines=tuple(lines))

        parsed = super().resolve(answers=answers, settings=settings, **kwargs)
        return changed(parsed, hundredths)


class ReadsIdsAsDoubles(Stripe):
    """As JavaScript would."""

    def resolve(self, **kwargs: Any) -> Any:
        def rounded(order: Order) -> Order:
            return replace(order, id=f"pi_{int(float(order.id[3:]))}")

        return changed(super().resolve(**kwargs), rounded)


class EarnsOnShipping(Square):
    """Everything is goods."""

    def resolve(self, **kwargs: Any) -> Any:
        def goods(order: Order) -> Order:
            return replace(order, lines=tuple(replace(x, category="goods") for x in order.lines))

        return changed(super().resolve(**kwargs), goods)


class EarnsOnGiftCards(Square):
    """Whatever paid, paid."""

    def resolve(self, **kwargs: Any) -> Any:
        return changed(super().resolve(**kwargs), lambda order: replace(order, tenders=()))


class CountsPendingRefunds(Stripe):
    """A refund that is asked for is a refund."""

    def resolve(self, **kwargs: Any) -> Any:
        def done(order: Order) -> Order:
            refunds = (
                replace(r, status="succeeded" if r.status == "pending" else r.status)
                for r in order.refunds
            )
            return replace(order, refunds=tuple(refunds))

        return changed(super().resolve(**kwargs), done)


class ForgetsReversals(Stripe):
    """A refund that once came through has come through."""

    def resolve(self, **kwargs: Any) -> Any:
        def done(order: Order) -> Order:
            return replace(
                order, refunds=tuple(replace(r, status="succeeded") for r in order.refunds)
            )

        return changed(super().resolve(**kwargs), done)


class AddsRefundsUp(Square):
    """One refund, which is the sum so far."""

    def resolve(self, **kwargs: Any) -> Any:
        def total(order: Order) -> Order:
            if not order.refunds:
                return order
            sum_micros = sum(refund.amount_micros for refund in order.refunds)
            first = replace(order.refunds[0], id="all", amount_micros=sum_micros, lines=())
            return replace(order, refunds=(first,))

        return changed(super().resolve(**kwargs), total)


class KnowsNoCancellation(Square):
    """An order that was paid stays paid."""

    def resolve(self, **kwargs: Any) -> Any:
        return changed(super().resolve(**kwargs), lambda order: replace(order, status="paid"))


class LosesTheCustomer(Stripe):
    """Everybody is a guest."""

    def resolve(self, **kwargs: Any) -> Any:
        return changed(super().resolve(**kwargs), lambda order: replace(order, customer=None))


class NeverRevises(Square):
    """Every state is the first."""

    def resolve(self, **kwargs: Any) -> Any:
        return changed(super().resolve(**kwargs), lambda order: replace(order, revision=1))


class RevisesByTheSecond(Square):
    """The revision is the time of the last change, and changes of a second are one."""

    def resolve(self, **kwargs: Any) -> Any:
        def by_time(order: Order) -> Order:
            return replace(order, revision=int(order.occurred_at.timestamp()))

        return changed(super().resolve(**kwargs), by_time)


class BelievesTheLocalClock(Square):
    """Reads UTC as the shop's own time."""

    def resolve(self, *, settings: Any, **kwargs: Any) -> Any:
        def local(order: Order) -> Order:
            naive = order.occurred_at.replace(tzinfo=None)
            return replace(order, occurred_at=naive.replace(tzinfo=ZoneInfo(settings.time_zone)))

        return changed(super().resolve(settings=settings, **kwargs), local)


class CrashesOnOddValues(Stripe):
    """Trusts that what is signed is well-formed."""

    def parse(self, *, request: Request, **kwargs: Any) -> Any:
        json.loads(request.body)["data"]["object"]["id"].lower()
        return super().parse(request=request, **kwargs)


class TakesErrorsForFacts(Stripe):
    """Never looks at the status of an answer."""

    def resolve(self, *, fetch: Fetch, answers: tuple[Answer, ...], **kwargs: Any) -> Any:
        try:
            return super().resolve(fetch=fetch, answers=answers, **kwargs)
        except Malformed:
            order = Order(fetch.about, 1, "paid", START, "EUR", (Line("x", "goods", 0, 1),))
            return Facts((order,))


class RefusesNewFields(Stripe):
    """Knows all fields there will ever be."""

    def parse(self, *, request: Request, **kwargs: Any) -> Any:
        value = json.loads(request.body)
        if isinstance(value, Mapping) and "x_new_field" in value:
            raise Malformed("there is an unknown field")
        return super().parse(request=request, **kwargs)


class SpendsTwice(Stripe):
    """A new coupon for each try."""

    count = 0

    def redeem(self, **kwargs: Any) -> tuple[Call, ...]:
        SpendsTwice.count += 1
        calls = super().redeem(**kwargs)
        again = str(SpendsTwice.count).encode()
        coupon = calls[0].body.split(b"&")[0]
        return tuple(replace(c, body=c.body.replace(coupon[3:], coupon[3:] + again)) for c in calls)


class UndoesNothing(Stripe):
    """Leaves the code to expire."""

    def undo(self, **kwargs: Any) -> tuple[Call, ...]:
        return ()


class TakesRefusalsForCodes(Stripe):
    """Never looks whether the coupon was made."""

    def redeemed(self, *, answers: tuple[Answer, ...], **kwargs: Any) -> Any:
        fine = tuple(replace(answer, status=200) for answer in answers)
        return super().redeemed(answers=fine, **kwargs)


class ForgetsWhatPointsPaid(Square):
    """Takes what was spent for a discount like others: nothing tells that the points were used."""

    def resolve(self, **kwargs: Any) -> Any:
        def forget(order: Order) -> Order:
            paid = {each.kind: each.amount_micros for each in order.tenders}
            first, *rest = order.lines
            first = replace(first, amount_micros=first.amount_micros - paid.get("points", 0))
            kept = tuple(each for each in order.tenders if each.kind != "points")
            return replace(order, lines=(first, *rest), tenders=kept)

        return changed(super().resolve(**kwargs), forget)


class ThinksThatFreeIsNothing(Stripe):
    """Passes over what was bought without money."""

    def parse(self, **kwargs: Any) -> Any:
        parsed = super().parse(**kwargs)
        free = isinstance(parsed, Fetch) and "free" in parsed.carry
        return Ignored("nothing was to pay") if free else parsed


class KeepsThePointsOfRefunds(Stripe):
    """Gives back money alone, though points had paid for a part."""

    def resolve(self, **kwargs: Any) -> Any:
        def keep(order: Order) -> Order:
            whole = sum(line.amount_micros for line in order.lines)
            money = sum(each.amount_micros for each in order.tenders if each.kind != "points")
            less = (
                replace(each, amount_micros=each.amount_micros * money // whole)
                for each in order.refunds
            )
            return replace(order, refunds=tuple(less))

        return changed(super().resolve(**kwargs), keep)


class StopsAtTheFirstPage(Stripe):
    """Never asks for the rest of a list."""

    def polled(self, **kwargs: Any) -> Any:
        return replace(super().polled(**kwargs), cursor=None)


class ForgetsParts(Adyen):
    """Looks at the newest part only."""

    def assemble(self, *, parts: Any, **kwargs: Any) -> Any:
        return super().assemble(parts=parts[-1:], **kwargs)


class TellsContacts(Stripe):
    """Names members by e-mail, in the open."""

    def resolve(self, **kwargs: Any) -> Any:
        return changed(
            super().resolve(**kwargs),
            lambda order: replace(order, receipt="ann.very.private@example.com"),
        )

"""Verify, ask, redeem and poll: Stripe's messages and calls."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from adapters.contract import (
    Answer,
    Call,
    Fetch,
    Headers,
    Ignored,
    Malformed,
    Outcome,
    Page,
    Parsed,
    Rejected,
    Reply,
    Request,
    Secrets,
    Settings,
    Spend,
    SpendResult,
    Verified,
)
from adapters.reading import (
    epoch,
    identifier,
    key_at,
    load,
    optional,
    records,
)
from adapters.signatures import hex_mac, matches
from adapters.stripe.coupons import code_for, exists, made_by, removed_by
from adapters.stripe.facts import kept_of_payment, kept_of_refund, kept_of_session, order_of
from adapters.stripe.manifest import EVENTS, MANIFEST, SIGNATURE, VERSION

_PARTS = re.compile(r"([a-z0-9]+)=([0-9A-Za-z]+)", re.ASCII)


class Stripe:
    """The adapter."""

    manifest = MANIFEST

    def verify(self, *, request: Request, secrets: Secrets, now: datetime) -> Verified | Rejected:
        """`t=…,v1=…` over `t.body`; what is signed in the future is refused as well."""
        header = request.headers.get(SIGNATURE, "")
        if not header.strip():
            return Rejected("signature_missing", f"there is no {SIGNATURE}")
        signed_at: str | None = None
        given: list[str] = []
        for part in header.split(","):
            found = _PARTS.fullmatch(part)
            if found is None:
                return Rejected("malformed", f"{SIGNATURE} is not a list of name=value")
            if found[1] == "t":
                signed_at = found[2] if signed_at is None else ""
            elif found[1] == "v1":
                given.append(found[2])
        if not signed_at or not re.fullmatch("[1-9][0-9]{0,10}", signed_at) or not given:
            return Rejected("signature_missing", f"{SIGNATURE} holds no time or no v1")
        message = signed_at.encode() + b"." + request.body
        wanted = [hex_mac(secret.encode(), message) for secret in secrets.signing]
        if not any(matches(given=each, wanted=wanted) for each in given):
            return Rejected("signature_wrong", "no v1 is by a secret of this connection")
        at = epoch(int(signed_at), "t")
        tolerance = timedelta(seconds=self.manifest.tolerance_seconds)
        if at < now - tolerance:
            return Rejected("stale", "signed too long ago")
        if at > now + tolerance:
            return Rejected("from_the_future", "signed later than now")
        return Verified(at)

    def delivery_key(self, *, request: Request) -> str:
        """The event's id."""
        return key_at(request.body, "id")

    def parse(self, *, request: Request, settings: Settings) -> Parsed:
        """Any event about a payment asks for that payment."""
        return self._event(load(request.body))

    def _event(self, event: Any) -> Parsed:
        if not isinstance(event, Mapping):
            raise Malformed("the event is not an object")
        kind = optional(event.get("type"))
        if kind not in EVENTS:
            return Ignored(f"events {kind or 'without a type'} say nothing of points")
        data = event.get("data")
        about = data.get("object") if isinstance(data, Mapping) else None
        if not isinstance(about, Mapping):
            raise Malformed("data/object is not an object")
        if kind == "payment_intent.canceled":
            return Ignored("nothing was paid")
        if kind.startswith("payment_intent."):
            payment = about.get("id")
        else:
            payment = about.get("payment_intent")
            if isinstance(payment, Mapping):
                payment = payment.get("id")
        if payment is None:
            if _is_free(about):
                return _fetch_free(identifier(about.get("id"), "session/id"))
            return Ignored("it belongs to no payment: nothing was to pay, or an invoice was paid")
        if kind.startswith("checkout.") and about.get("payment_status") != "paid":
            return Ignored("the session is not paid yet")
        return _fetch(identifier(payment, "payment_intent"))

    def resolve(self, *, fetch: Fetch, answers: tuple[Answer, ...], settings: Settings) -> Parsed:
        """First the payment and what hangs on it, then the session's lines."""
        got = [_got(answer) for answer in answers]
        carry = fetch.carry
        if "free" in carry:
            if len(got) != 2:
                raise Malformed("two answers were asked for")
            kept = {"session": kept_of_session(got[0]), "refunds": [], "disputes": []}
            return order_of(kept, _whole_list(got[1], "line_items"), settings)
        if "payment" not in carry:
            if len(got) != 4:
                raise Malformed("four answers were asked for")
            payment, sessions, refunds, disputes = got
            carry = {
                "payment": kept_of_payment(payment),
                "refunds": [kept_of_refund(each) for each in _whole_list(refunds, "refunds")],
                "disputes": [kept_of_refund(each) for each in _whole_list(disputes, "disputes")],
            }
            session = next(iter(_whole_list(sessions, "sessions")), None)
            if session is not None:
                carry["session"] = kept_of_session(session)
                items = _items_of(identifier(session.get("id"), "session/id"))
                return Fetch(fetch.about, (items,), carry)
            got = []
        return order_of(carry, _whole_list(got[0], "line_items") if got else None, settings)

    def ack(self, *, request: Request, outcome: Outcome, settings: Settings) -> Reply:
        """An empty answer; Stripe looks at the status only."""
        statuses = {"kept": 200, "repeated": 200, "answered": 200, "rejected": 400}
        return Reply(statuses.get(outcome.kind, 503))

    def redeem(self, *, spend: Spend, settings: Settings) -> tuple[Call, ...]:
        """A coupon over the amount, and a promotion code for it, each of one use."""
        return made_by(spend)

    def redeemed(
        self, *, spend: Spend, answers: tuple[Answer, ...], settings: Settings
    ) -> SpendResult:
        """What exists already was made by the same spend."""
        for answer in answers:
            if answer.status >= 300 and not exists(answer):
                return SpendResult(problem=f"Stripe answered {answer.status}")
        return SpendResult(code=code_for(spend))

    def undo(self, *, spend: Spend, result: SpendResult, settings: Settings) -> tuple[Call, ...]:
        """Without its coupon, a code takes nothing off."""
        return removed_by(spend)

    def undone(
        self, *, spend: Spend, answers: tuple[Answer, ...], settings: Settings
    ) -> SpendResult:
        """Not found is done too."""
        bad = [a.status for a in answers if a.status >= 300 and a.status != 404]
        return SpendResult(problem=f"Stripe answered {bad[0]}" if bad else None)

    def poll(
        self, *, since: datetime, until: datetime, cursor: str | None, settings: Settings
    ) -> Call:
        """The events themselves, which Stripe keeps for 30 days."""
        query = [
            ("created[gte]", str(int(since.timestamp()))),
            ("created[lt]", str(-int(-until.timestamp() // 1))),
            *(("types[]", kind) for kind in EVENTS),
            ("limit", "100"),
        ]
        return _get("/v1/events", *query, *([("starting_after", cursor)] if cursor else []))

    def polled(self, *, answer: Answer, cursor: str | None, settings: Settings) -> Page:
        """Each event, as if it had been delivered."""
        page = _got(answer)
        events = records(page.get("data"), "data")
        more = page.get("has_more") is True and events
        return Page(
            tuple(self._event(event) for event in events),
            identifier(events[-1].get("id"), "id") if more else None,
        )

    def sample(
        self, *, scenario: str, secrets: Secrets, settings: Settings, now: datetime
    ) -> tuple[Request, ...]:
        """Events of one payment."""
        currency = settings.currency
        payment = "pi_3Sample0000000000000001"
        paid = {"id": payment, "object": "payment_intent", "amount_received": 2500}
        back = {"id": "re_3Sample01", "object": "refund", "payment_intent": payment, "amount": 900}
        charged = {"id": "dp_3Sample01", "object": "dispute", "payment_intent": payment}
        stories: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
            "paid": (("payment_intent.succeeded", paid),),
            "refunded": (("payment_intent.succeeded", paid), ("refund.created", back)),
            "disputed": (("payment_intent.succeeded", paid), ("charge.dispute.created", charged)),
        }
        url = settings.options.get("hook_url", "https://hub.example/hooks/con_sample")
        requests = []
        for kind, about in stories[scenario]:
            event = {
                "id": f"evt_sample_{kind}_{int(now.timestamp())}",
                "object": "event",
                "created": int(now.timestamp()),
                "type": kind,
                "data": {"object": about | {"currency": currency.lower()}},
            }
            body = json.dumps(event).encode()
            requests.append(Request("POST", url, signed_headers(body, secrets, now), body))
        return tuple(requests)


def signed_headers(body: bytes, secrets: Secrets, at: datetime) -> Headers:
    """The headers with which Stripe would send it; one v1 for each secret, as in a rotation."""
    time = str(int(at.timestamp()))
    made = [hex_mac(secret.encode(), f"{time}.".encode() + body) for secret in secrets.signing]
    value = ",".join([f"t={time}", *(f"v1={each}" for each in made)])
    return Headers({SIGNATURE: value, "Content-Type": "application/json; charset=utf-8"})


def _headers() -> dict[str, str]:
    return {"Stripe-Version": VERSION}


def _get(path: str, *query: tuple[str, str]) -> Call:
    return Call("GET", f"{path}?{urlencode(query)}" if query else path, headers=_headers())


def _fetch(payment: str) -> Fetch:
    about = ("payment_intent", payment)
    hundred = ("limit", "100")
    return Fetch(
        payment,
        (
            _get(f"/v1/payment_intents/{quote(payment, safe='')}", ("expand[]", "latest_charge")),
            _get("/v1/checkout/sessions", about, ("limit", "1")),
            _get("/v1/refunds", about, hundred),
            _get("/v1/disputes", about, hundred),
        ),
    )


def _is_free(session: Mapping[str, Any]) -> bool:
    """Whether a session was completed without any payment, for points may have paid for it."""
    done = session.get("payment_status") in ("paid", "no_payment_required")
    return done and session.get("mode") == "payment" and session.get("amount_total") == 0


def _fetch_free(session: str) -> Fetch:
    path = f"/v1/checkout/sessions/{quote(session, safe='')}"
    return Fetch(session, (_get(path), _items_of(session)), {"free": True})


def _items_of(session: str) -> Call:
    return _get(
        f"/v1/checkout/sessions/{quote(session, safe='')}/line_items",
        ("limit", "100"),
        ("expand[]", "data.price.product"),
        ("expand[]", "data.discounts"),
    )


def _got(answer: Answer) -> Mapping[str, Any]:
    if answer.status != 200:
        raise Malformed(f"Stripe answered {answer.status}")
    value = load(answer.body)
    if not isinstance(value, Mapping):
        raise Malformed("the answer is not an object")
    return value


def _whole_list(page: Mapping[str, Any], at: str) -> tuple[Mapping[str, Any], ...]:
    if "data" not in page:
        raise Malformed(f"{at} are not a list")
    if page.get("has_more") is True and at != "sessions":
        raise Malformed(f"there are more than a hundred {at}")
    return tuple(records(page["data"], at))

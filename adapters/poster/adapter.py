"""Poster's tills: what they say, what to ask, and how a guest pays with points there."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

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
from adapters.poster.calls import (
    JSON,
    UNKNOWN,
    ask,
    code_for,
    comment,
    happened,
    read_order,
    response,
    signature,
    transaction,
    words,
)
from adapters.poster.manifest import MANIFEST
from adapters.poster.orders import codes_in, hundredths, order_of, status_of
from adapters.reading import identifier, key_at, load, object_at, records
from adapters.signatures import matches
from adapters.webshop import acknowledge

__all__ = ["ADAPTER", "Poster"]

#: What happens to an order without changing what is paid for it.
_IDLE = frozenset({"open", "print", "sendtokitchen", "settable", "comment"})


class Poster:
    """One order in two answers, a third about its guest: a message only says which."""

    manifest = MANIFEST

    def verify(self, *, request: Request, secrets: Secrets, now: datetime) -> Verified | Rejected:
        try:
            said = object_at(load(request.body), "the body")
        except Malformed as error:
            return Rejected("malformed", str(error))
        given = said.get("verify")
        if not isinstance(given, str) or not given:
            return Rejected("signature_missing", "there is no verify")
        try:
            wanted = [signature(said, secret) for secret in secrets.signing]
        except Malformed as error:
            return Rejected("malformed", str(error))
        if not matches(given=given, wanted=wanted):
            return Rejected("signature_wrong", "is it the secret of the application?")
        return Verified()

    def delivery_key(self, *, request: Request) -> str:
        return key_at(request.body, "verify")

    def parse(self, *, request: Request, settings: Settings) -> Parsed:
        said = object_at(load(request.body), "the body")
        if said.get("object") != "transaction":
            return Ignored("a message that is not about an order")
        if happened(said.get("data")) in _IDLE:
            return Ignored("what is paid for the order did not change")
        return ask(identifier(said.get("object_id"), "object_id"), None)

    def resolve(self, *, fetch: Fetch, answers: tuple[Answer, ...], settings: Settings) -> Parsed:
        orders = response(answers[0])
        told = () if isinstance(orders, Ignored) else records(orders, "response")
        if not told:
            return Ignored("Poster does not know this order any more")
        order = told[0]
        products, clients = (
            None if len(answers) <= place else response(answers[place]) for place in (1, 2)
        )
        client_id = identifier(order.get("client_id") or "0", "client_id")
        by_contact = any(name.startswith(("phone", "email")) for name in settings.member_by)
        if client_id != "0" and by_contact and len(answers) < 3:
            return ask(fetch.about, client_id)
        found = [] if isinstance(clients, Ignored) else records(clients, "clients")
        return order_of(
            order,
            [] if isinstance(products, Ignored) else records(products, "products"),
            found[0] if found else {},
            settings,
        )

    def ack(self, *, request: Request, outcome: Outcome, settings: Settings) -> Reply:
        reply = acknowledge(outcome)
        if reply.status != 200:
            return reply
        return Reply(200, b'{"status":"accept"}', JSON)

    def redeem(self, *, spend: Spend, settings: Settings) -> tuple[Call, ...]:
        return () if spend.order is None else (transaction(spend.order),)

    def redeemed(
        self, *, spend: Spend, answers: tuple[Answer, ...], settings: Settings
    ) -> SpendResult:
        """An order that has the code is done; an open one without any gets it."""
        if not answers:
            return SpendResult(problem="say which order of the till it is")
        code = code_for(spend)
        order, problem = read_order(answers[-1])
        if problem is not None:
            return SpendResult(problem=problem)
        if order is None or code in codes_in(order):
            return SpendResult(code=code)
        if status_of(order) != "open":
            return SpendResult(problem="the order is not open any more")
        if codes_in(order):
            return SpendResult(problem="points pay for this order already")
        return SpendResult(more=(comment(spend, order, [*words(order), code], "redeem"),))

    def undo(self, *, spend: Spend, result: SpendResult, settings: Settings) -> tuple[Call, ...]:
        return self.redeem(spend=spend, settings=settings)

    def undone(
        self, *, spend: Spend, answers: tuple[Answer, ...], settings: Settings
    ) -> SpendResult:
        """An order without the code is done; from an open one it is taken."""
        if not answers:
            return SpendResult()
        code = code_for(spend)
        order, problem = read_order(answers[-1])
        if problem not in (None, UNKNOWN):
            return SpendResult(problem=problem)
        if order is None or code not in codes_in(order):
            return SpendResult()
        if status_of(order) == "open":
            kept = [word for word in words(order) if word != code]
            return SpendResult(more=(comment(spend, order, kept, "undo"),))
        if status_of(order) == "paid" and hundredths(order.get("payed_bonus"), "payed_bonus"):
            return SpendResult(problem="the order is paid, and with the points")
        return SpendResult()

    def poll(
        self, *, since: datetime, until: datetime, cursor: str | None, settings: Settings
    ) -> Call:
        """Orders by when they were closed: Poster has no other time to ask for.

        Its dates are of the account's time zone, and later pages do not heed them.
        """
        zone, day = ZoneInfo(settings.time_zone), timedelta(days=1)
        asked = {
            "dateFrom": (since - day).astimezone(zone).strftime("%Y%m%d"),
            "dateTo": (until + day).astimezone(zone).strftime("%Y%m%d"),
            "after_date_close": str(int(since.timestamp()) - 1),
            "before_date_close": str(int(until.timestamp()) + 1),
            "status": "0",
        }
        if cursor is not None:
            asked["next_tr"] = cursor
        return Call("GET", f"/api/dash.getTransactions?{urlencode(asked)}")

    def polled(self, *, answer: Answer, cursor: str | None, settings: Settings) -> Page:
        found = response(answer)
        if isinstance(found, Ignored):
            raise Malformed("orders: Poster answered that there is no such thing")
        orders = records(found, "response")
        ids = [identifier(one.get("transaction_id"), "transaction_id") for one in orders]
        # Pages are not numbered in the answer; an empty one is the last.
        return Page(
            parsed=tuple(
                ask(one, None)
                for one, order in zip(ids, orders, strict=True)
                if status_of(order) != "open"
            ),
            cursor=ids[-1] if ids else None,
        )

    def sample(
        self, *, scenario: str, secrets: Secrets, settings: Settings, now: datetime
    ) -> tuple[Request, ...]:
        if scenario not in MANIFEST.scenarios:
            raise ValueError(f"Poster has no scenario {scenario}")
        action, entry = {
            "paid": ("closed", "close"),
            "edited": ("changed", "changeitemcount"),
            "cancelled": ("removed", "delete"),
        }[scenario]
        seconds = int(now.timestamp())
        history = {"type_history": entry, "time": seconds * 1000, "spot_tablet_id": 1}
        said: dict[str, Any] = {
            "account": "sample",
            "object": "transaction",
            "object_id": seconds,
            "action": action,
            "time": str(seconds),
            "account_number": "1",
            "data": json.dumps({"transactions_history": history}),
        }
        said["verify"] = signature(said, secrets.signing[0])
        body = json.dumps(said).encode()
        return (Request("POST", "https://hub.example/hooks/sample", Headers(JSON), body),)


ADAPTER = Poster()

"""A working synchronous adapter, broken in one way each."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from adapters.contract import (
    Headers,
    Ignored,
    Outcome,
    Question,
    Rejected,
    Reply,
    Request,
    Secrets,
    Verified,
)
from adapters.reading import load
from adapters.signatures import mac
from adapters.testing.toast import public_key
from adapters.toast import Toast


def with_header(request: Request, name: str, value: str) -> Request:
    return replace(request, headers=Headers(dict(request.headers.items()) | {name: value}))


class TakesExpiredTokens(Toast):
    """Looks at the signature only."""

    def verify(self, *, now: datetime, **kwargs: Any) -> Verified | Rejected:
        verdict = super().verify(now=now, **kwargs)
        stale = isinstance(verdict, Rejected) and verdict.reason == "stale"
        return super().verify(now=now - timedelta(minutes=12), **kwargs) if stale else verdict


class TakesTokensOfAnyIssuer(Toast):
    """Does not ask who made the token."""

    def verify(self, *, secrets: Secrets, **kwargs: Any) -> Verified | Rejected:
        extra = {name: value for name, value in secrets.extra.items() if name != "jwt_issuer"}
        return super().verify(secrets=replace(secrets, extra=extra), **kwargs)


class TakesTokensForAnybody(Toast):
    """Does not ask for whom the token was made."""

    def verify(self, *, secrets: Secrets, **kwargs: Any) -> Verified | Rejected:
        extra = {name: value for name, value in secrets.extra.items() if name != "jwt_audience"}
        return super().verify(secrets=replace(secrets, extra=extra), **kwargs)


class BelievesTheAlgorithmThatATokenNames(Toast):
    """Takes the public key for a shared secret, if the token says so."""

    def verify(self, *, request: Request, secrets: Secrets, **kwargs: Any) -> Verified | Rejected:
        verdict = super().verify(request=request, secrets=secrets, **kwargs)
        signed, _, given = request.headers.get("Authorization", "").rpartition(".")
        made = mac(public_key(secrets.signing[0]).encode(), signed.encode())
        same = base64.urlsafe_b64encode(made).rstrip(b"=").decode() == given
        return Verified() if same else verdict


class TakesTokensWithoutSignature(Toast):
    """Knows the algorithm `none`."""

    def verify(self, *, request: Request, **kwargs: Any) -> Verified | Rejected:
        if request.headers.get("Authorization", "").endswith("."):
            return Verified()
        return super().verify(request=request, **kwargs)


class ReadsHalfATokensSignature(Toast):
    """Decodes base64 as leniently as it can."""

    def verify(self, *, request: Request, **kwargs: Any) -> Verified | Rejected:
        verdict = super().verify(request=request, **kwargs)
        token = request.headers.get("Authorization", "")
        tried = (with_header(request, "authorization", token[:-1] + c) for c in "AQgw")
        again = (super(ReadsHalfATokensSignature, self).verify(request=r, **kwargs) for r in tried)
        return next((v for v in again if isinstance(v, Verified)), verdict)


class SpendsAtEveryDelivery(Toast):
    """A new key for a repetition, as a gateway's request id would be."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def parse(self, **kwargs: Any) -> Any:
        parsed = super().parse(**kwargs)
        if not isinstance(parsed, Question):
            return parsed
        key = parsed.key
        while key in self.seen:
            key += "#"
        self.seen.add(key)
        return replace(parsed, key=key)


class ForgetsWhoseKeyItIs(Toast):
    """The transaction's GUID alone."""

    def parse(self, **kwargs: Any) -> Any:
        parsed = super().parse(**kwargs)
        if not isinstance(parsed, Question):
            return parsed
        return replace(parsed, key=parsed.key.partition(":")[0])


class AnswersRepetitionsShortly(Toast):
    """Says only that it was done before."""

    def ack(self, *, outcome: Outcome, **kwargs: Any) -> Reply:
        reply = super().ack(outcome=outcome, **kwargs)
        short = b'{"transactionStatus":"ACCEPT"}'
        return replace(reply, body=short) if outcome.kind == "repeated" else reply


class CountsAnOfferOnce(Toast):
    """Overlooks the quantity of an offer."""

    def parse(self, *, request: Request, **kwargs: Any) -> Any:
        parsed = super().parse(request=request, **kwargs)
        if not isinstance(parsed, Question) or parsed.kind != "redeem":
            return parsed
        offers = load(request.body)["checkTransactionInformation"]["redemptions"]
        return replace(parsed, amount_micros=sum(int(o["amount"] * 10**6) for o in offers))


class CountsSumsInFloats(Toast):
    """Reads 0.29 as 0.28999999999999998."""

    def parse(self, *, request: Request, **kwargs: Any) -> Any:
        parsed = super().parse(request=request, **kwargs)
        if not isinstance(parsed, Question) or parsed.kind != "redeem":
            return parsed
        offers = json.loads(request.body)["checkTransactionInformation"]["redemptions"]
        cents = sum(int(o["amount"] * 100) * o["quantity"] for o in offers)
        return replace(parsed, amount_micros=cents * 10_000)


class TakesRefusedOffersForPaid(Toast):
    """Never looks whether the points were enough."""

    def ack(self, *, outcome: Outcome, **kwargs: Any) -> Reply:
        if outcome.problem == "insufficient_points":
            outcome = Outcome("answered", facts={**outcome.facts, "redemption": "red_x"})
        return super().ack(outcome=outcome, **kwargs)


class OffersMoreThanThereIsToPay(Toast):
    """Offers all points, whatever the check."""

    def ack(self, *, request: Request, **kwargs: Any) -> Reply:
        body = json.loads(request.body)
        check = (body.get("checkTransactionInformation") or {}).get("check")
        if check:
            check["amount"] = 10_000
            request = replace(request, body=json.dumps(body).encode())
        return super().ack(request=request, **kwargs)


class WelcomesAnybody(Toast):
    """Takes a member who is not there for one without points."""

    def ack(self, *, outcome: Outcome, **kwargs: Any) -> Reply:
        if outcome.problem == "member_not_found":
            outcome = Outcome("answered")
        return super().ack(outcome=outcome, **kwargs)


class UndoesTheUnknown(Toast):
    """Says that it undid what it never heard of."""

    def ack(self, *, outcome: Outcome, **kwargs: Any) -> Reply:
        if outcome.problem == "operation_not_found":
            outcome = Outcome("answered")
        return super().ack(outcome=outcome, **kwargs)


class UndoesTwice(Toast):
    """Says so again, to whoever asks again."""

    def ack(self, *, outcome: Outcome, **kwargs: Any) -> Reply:
        if outcome.problem == "operation_reversed":
            outcome = Outcome("answered")
        return super().ack(outcome=outcome, **kwargs)


class UndoesAllForAPart(Toast):
    """Overlooks of which offers a reversal is."""

    def parse(self, **kwargs: Any) -> Any:
        parsed = super().parse(**kwargs)
        if not isinstance(parsed, Question) or parsed.kind != "reverse":
            return parsed
        return replace(parsed, amount_micros=None)


class AnswersInItsOwnWords(Toast):
    """Writes what it knows, as it knows it."""

    def ack(self, *, outcome: Outcome, **kwargs: Any) -> Reply:
        reply = super().ack(outcome=outcome, **kwargs)
        return replace(reply, body=json.dumps({"status": "ok", **outcome.facts}).encode())


class TakesATransferForAnInquiry(Toast):
    """Answers whatever it does not know with yes."""

    def ack(self, **kwargs: Any) -> Reply:
        reply = super().ack(**kwargs)
        unknown = b"ERROR_INVALID_TOAST_TRANSACTION_TYPE" in reply.body
        return Reply(200, b'{"transactionStatus":"ACCEPT"}', reply.headers) if unknown else reply


class RefusesWhenInTrouble(Toast):
    """Calls the input wrong while its database is away."""

    def ack(self, *, outcome: Outcome, **kwargs: Any) -> Reply:
        if outcome.kind == "unavailable":
            outcome = Outcome("rejected", "malformed")
        return super().ack(outcome=outcome, **kwargs)


class LeavesTaxOut(Toast):
    """Takes prices for what was paid."""

    def parse(self, *, request: Request, **kwargs: Any) -> Any:
        body = json.loads(request.body)
        check = (body.get("checkTransactionInformation") or {}).get("check")
        if check:
            check |= {"taxAmount": 0, "totalAmount": check["amount"]}
        changed = replace(request, body=json.dumps(body).encode())
        parsed = super().parse(request=changed, **kwargs)
        assert not isinstance(parsed, Ignored)
        return parsed


class TellsTheTillWhoItIs(Toast):
    """Repeats the contact by which a member was found."""

    def ack(self, *, request: Request, **kwargs: Any) -> Reply:
        reply = super().ack(request=request, **kwargs)
        criteria = (json.loads(request.body).get("searchTransactionInformation") or {}).get(
            "searchCriteria", {}
        )
        phone = json.dumps(criteria.get("phone") or "").encode()
        return replace(reply, body=reply.body.replace(b'"phone":""', b'"phone":' + phone))

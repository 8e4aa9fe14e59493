"""How Toast's tills read answers: strictly, by the documents of its loyalty API."""

from __future__ import annotations

import json
from abc import ABC
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from adapters.contract import Reply, Request
from adapters.testing.till import Heard
from adapters.testing.toast_checks import ToastChecks
from partner_sdk.wire.amounts import minor_digits

__all__ = ["ToastAnswers"]

_STATUSES = frozenset(
    {
        "ACCEPT",
        "ERROR",
        "ERROR_INVALID_TOAST_TRANSACTION_TYPE",
        "ERROR_ACCOUNT_INVALID",
        "ERROR_INVALID_INPUT_PROPERTIES",
        "ERROR_TRANSACTION_DOES_NOT_EXIST",
        "ERROR_INVALID_TOKEN",
        "ERROR_TRANSACTION_CANNOT_BE_REVERSED",
        "ERROR_INVALID_RESTAURANT",
    }
)


class ToastAnswers(ToastChecks, ABC):
    """A restaurant that reads what it is told."""

    def heard(self, reply: Reply, request: Request) -> Heard:
        assert reply.headers.get("Content-Type") == "application/json", "it is no JSON"
        said = json.loads(reply.body, parse_float=Decimal)
        kind = request.headers["Toast-Transaction-Type"].removeprefix("LOYALTY_")
        parts = {"transactionStatus", "checkResponse", "searchResponse"}
        assert isinstance(said, dict), "it is no object"
        assert set(said) <= parts, "it has other parts"
        assert said["transactionStatus"] in _STATUSES, "its status is none of Toast's"
        accepted = said["transactionStatus"] == "ACCEPT"
        assert accepted == (reply.status == 200), "status and transactionStatus differ"
        if not accepted:
            assert set(said) == {"transactionStatus"}, "a refusal says more"
            return Heard(False)
        if kind == "SEARCH":
            accounts = said["searchResponse"]["accounts"]
            assert accounts, "nobody is found, and the status is 200"
            return Heard(True, members=tuple(_account(each) for each in accounts))
        found = said.get("checkResponse") or {}
        if kind not in ("INQUIRE", "REDEEM"):
            assert set(found) <= {"userMessage"}
            return Heard(True)
        _account(found["accountInfo"])
        return Heard(
            True,
            points=found["accountInfo"]["pointsBalance"],
            applied=tuple(self._worth(each) for each in found["appliedRedemptions"]),
            rejected=tuple(self._rejected(each) for each in found["rejectedRedemptions"]),
            offered=self._offered(found["offers"]),
        )

    def _offered(self, offers: list[dict[str, Any]]) -> tuple[int, ...]:
        names = [each["identifier"] for each in offers]
        assert len(set(names)) == len(names), "two offers have one identifier"
        for each in offers:
            assert each["selectionType"] == "CHECK"
            assert isinstance(each["applicable"], bool)
            assert isinstance(each["name"], str)
        return tuple(self._worth(each | {"quantity": 1}) for each in offers if each["applicable"])

    def _rejected(self, each: dict[str, Any]) -> int:
        assert each["message"], "it is rejected without a word"
        assert each["redemption"]["appliedDiscountGuid"], "the till cannot tell which it is"
        return self._worth(each["redemption"])

    def _worth(self, each: dict[str, Any]) -> int:
        assert isinstance(each["amount"], int | Decimal), "an amount is no number"
        worth = Decimal(each["amount"]) * each["quantity"]
        minor = worth.scaleb(minor_digits(self.currency))
        assert minor == int(minor), "an amount has a fraction of a cent"
        return int(minor)


def _account(said: Mapping[str, Any]) -> str:
    """The account's identifier; no more is told of a member than it."""
    assert set(said) <= {
        "identifier",
        "firstName",
        "lastName",
        "phone",
        "email",
        "pointsBalance",
    }, "an account has other fields"
    assert isinstance(said["pointsBalance"], int)
    return str(said["identifier"])

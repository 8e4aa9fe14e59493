"""Reading a terms document: every wrong place is named, by its JSON pointer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeVar

from coalition.agreements.terms import (
    FUNDINGS,
    MAX_POINTS_CAP,
    MAX_RULES,
    ROUNDINGS,
    EarnRule,
    Multiplier,
    Terms,
)
from coalition.errors import FieldError, HubError
from partner_sdk.wire.amounts import MICROS, InvalidAmount, parse_decimal

_T = TypeVar("_T")
_S = TypeVar("_S", bound=str)


def parse_terms(document: object) -> Terms:
    """Check a terms document and give it as a value.

    Raises:
        HubError: `validation_failed`, with a JSON pointer for every wrong place.
    """
    reader = _Reader()
    terms = reader.read(document)
    if reader.errors or terms is None:
        raise HubError(
            "validation_failed",
            "The terms are not complete and consistent; mend the listed places.",
            errors=tuple(reader.errors),
        )
    return terms


_TOP = frozenset(
    [
        "currency",
        "earn",
        "issue_price",
        "redemption_price",
        "funding",
        "fees",
        "expiry",
        "grace_days",
        "pending_days",
        "breakage_issuer_share",
        "cap",
    ]
)
_EARN = frozenset(
    [
        "rules",
        "multipliers",
        "exclusions",
        "minimum",
        "cap_per_sale",
        "cap_per_member_day",
        "rounding",
        "round_each",
    ]
)


class _Reader:
    """Reads a document and collects every fault instead of stopping at the first."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def read(self, document: object) -> Terms | None:
        top = self._object(document, "", _TOP)
        earn = self._object(top.get("earn"), "/earn", _EARN)
        fees = self._object(
            top.get("fees", {}), "/fees", frozenset({"issue_per_point", "redemption_share"})
        )
        expiry = self._object(top.get("expiry"), "/expiry", frozenset({"months", "quarter_end"}))
        currency = top.get("currency")
        if not (isinstance(currency, str) and len(currency) == 3 and currency.isupper()):
            self._wrong("/currency", "must be an ISO 4217 code such as EUR")
        values: dict[str, Any] = {
            "currency": currency,
            "rules": self._rules(earn.get("rules")),
            "multipliers": self._multipliers(earn.get("multipliers", [])),
            "exclusions": self._categories(earn.get("exclusions", []), "/earn/exclusions"),
            "minimum_micros": self._micros(earn.get("minimum"), "/earn/minimum", optional=True),
            "cap_per_sale": self._cap(earn.get("cap_per_sale"), "/earn/cap_per_sale"),
            "cap_per_member_day": self._cap(
                earn.get("cap_per_member_day"), "/earn/cap_per_member_day"
            ),
            "rounding": self._choice(earn.get("rounding", "floor"), "/earn/rounding", ROUNDINGS),
            "round_each": self._choice(
                earn.get("round_each", "sale"), "/earn/round_each", ("sale", "line")
            ),
            "issue_price_micros": self._micros(top.get("issue_price"), "/issue_price"),
            "redemption_price_micros": self._micros(
                top.get("redemption_price"), "/redemption_price"
            ),
            "funding": self._choice(top.get("funding"), "/funding", FUNDINGS),
            "issue_fee_micros": self._micros(
                fees.get("issue_per_point", "0"), "/fees/issue_per_point"
            ),
            "redemption_fee_ppm": self._share(
                fees.get("redemption_share", "0"), "/fees/redemption_share"
            ),
            "expiry_months": self._integer(expiry.get("months"), "/expiry/months", 1, 600),
            "expiry_quarter_end": self._flag(
                expiry.get("quarter_end", False), "/expiry/quarter_end"
            ),
            "grace_days": self._integer(top.get("grace_days", 0), "/grace_days", 0, 3660),
            "pending_days": self._integer(top.get("pending_days", 0), "/pending_days", 0, 366),
            "breakage_issuer_ppm": self._share(
                top.get("breakage_issuer_share", "1"), "/breakage_issuer_share"
            ),
            "cap_micros": self._micros(top.get("cap"), "/cap", optional=True),
        }
        if (
            not self.errors
            and values["funding"] == "issue"
            # The pool pays a redemption from what the issue brought in (pool solvency).
            and values["issue_price_micros"] < values["redemption_price_micros"]
        ):
            self._wrong("/issue_price", "must not be below redemption_price, funded on issue")
        return None if self.errors else Terms(**values)

    def _wrong(self, pointer: str, detail: str) -> None:
        self.errors.append(FieldError(pointer, detail))

    def _object(self, value: object, pointer: str, known: frozenset[str]) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            self._wrong(pointer, "must be an object")
            return {}
        for name in value:
            if name not in known:
                self._wrong(f"{pointer}/{name}", "is not a known field")
        return value

    def _list(self, value: object, pointer: str, least: int = 0) -> Sequence[Any]:
        if not isinstance(value, list) or not least <= len(value) <= MAX_RULES:
            self._wrong(pointer, f"must be a list of {least} to {MAX_RULES} entries")
            return ()
        return value

    def _decimal(self, value: object, pointer: str) -> int:
        try:
            micros = parse_decimal(value)
        except InvalidAmount as fault:
            self._wrong(pointer, str(fault))
            return 0
        if micros < 0:
            self._wrong(pointer, "must not be negative")
        return micros

    def _micros(self, value: object, pointer: str, *, optional: bool = False) -> int | None:
        if optional and value is None:
            return None
        return self._decimal(value, pointer)

    def _share(self, value: object, pointer: str) -> int:
        ppm = self._decimal(value, pointer)
        if ppm > MICROS:
            self._wrong(pointer, "must be a share from 0 to 1")
        return ppm

    def _integer(self, value: object, pointer: str, least: int, most: int) -> int:
        if type(value) is not int or not least <= value <= most:
            self._wrong(pointer, f"must be a whole number from {least} to {most}")
            return least
        return value

    def _cap(self, value: object, pointer: str) -> int | None:
        return None if value is None else self._integer(value, pointer, 0, MAX_POINTS_CAP)

    def _flag(self, value: object, pointer: str) -> bool:
        if not isinstance(value, bool):
            self._wrong(pointer, "must be true or false")
        return bool(value)

    def _choice(self, value: object, pointer: str, choices: Sequence[_S]) -> _S:
        for choice in choices:
            if value == choice:
                return choice
        self._wrong(pointer, f"must be one of {', '.join(choices)}")
        return choices[0]

    def _categories(self, value: object, pointer: str) -> frozenset[str]:
        names = self._list(value, pointer)
        for i, name in enumerate(names):
            if not isinstance(name, str) or not 1 <= len(name) <= 64:
                self._wrong(f"{pointer}/{i}", "must be a category of 1 to 64 characters")
        return frozenset(name for name in names if isinstance(name, str))

    def _positive(self, value: object, pointer: str) -> Fraction:
        micros = self._decimal(value, pointer)
        if micros == 0:
            self._wrong(pointer, "must be greater than 0")
            micros = MICROS
        return Fraction(micros, MICROS)

    def _rules(self, value: object) -> tuple[EarnRule, ...]:
        return tuple(
            self._each(value, "/earn/rules", 1, {"kind", "points", "per", "categories"}, self._rule)
        )

    def _rule(self, rule: Mapping[str, Any], at: str) -> EarnRule:
        categories = rule.get("categories")
        return EarnRule(
            kind=self._choice(rule.get("kind"), f"{at}/kind", ("per_amount", "per_quantity")),
            points=self._positive(rule.get("points"), f"{at}/points"),
            per=self._positive(rule.get("per"), f"{at}/per"),
            categories=(
                None if categories is None else self._categories(categories, f"{at}/categories")
            ),
        )

    def _multipliers(self, value: object) -> tuple[Multiplier, ...]:
        return tuple(
            self._each(value, "/earn/multipliers", 0, {"category", "factor"}, self._multiplier)
        )

    def _multiplier(self, multiplier: Mapping[str, Any], at: str) -> Multiplier:
        category = multiplier.get("category")
        if category is not None and not isinstance(category, str):
            self._wrong(f"{at}/category", "must be a category or null")
        return Multiplier(category, self._positive(multiplier.get("factor"), f"{at}/factor"))

    def _each(
        self,
        value: object,
        pointer: str,
        least: int,
        known: set[str],
        read: Callable[[Mapping[str, Any], str], _T],
    ) -> list[_T]:
        found = []
        for i, entry in enumerate(self._list(value, pointer, least)):
            at = f"{pointer}/{i}"
            found.append(read(self._object(entry, at, frozenset(known)), at))
        return found

"""How the simulator says no, and the checks of shape that lead to it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from partner_sdk.wire.amounts import MAX_POINTS, InvalidAmount, Money
from partner_sdk.wire.instants import InvalidInstant, parse_instant
from partner_sdk.wire.problems import PROBLEMS, FieldError, problem_document

__all__ = [
    "Refusal",
    "check_fields",
    "instant_of",
    "invalid",
    "money_of",
    "points_of",
    "refusal_document",
    "text_of",
]


class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault
    """A problem to answer with; ``code`` is one of ``partner_sdk.wire.problems``."""

    def __init__(
        self,
        code: str,
        detail: str | None = None,
        *,
        errors: Iterable[FieldError] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.extra = extra


def refusal_document(refusal: Refusal, *, request_id: str | None = None) -> dict[str, Any]:
    """Write a refusal as its problem document."""
    if refusal.code not in PROBLEMS:
        raise KeyError(refusal.code)
    return problem_document(
        code=refusal.code,
        detail=refusal.detail,
        errors=refusal.errors,
        request_id=request_id,
        extra=refusal.extra,
    )


def invalid(pointer: str, message: str) -> Refusal:
    """Return the refusal of one field."""
    return Refusal("validation_failed", errors=[FieldError(pointer, message)])


def check_fields(
    body: object, *, at: str = "", needed: Iterable[str] = (), allowed: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the object if it has all needed members and no unknown one.

    Raises:
        Refusal: ``validation_failed`` with a pointer for each.
    """
    if not isinstance(body, dict):
        raise invalid(at, "must be an object")
    needed = tuple(needed)
    errors = [FieldError(f"{at}/{name}", "is needed") for name in needed if name not in body]
    known = {*needed, *allowed}
    errors += [FieldError(f"{at}/{name}", "is not known") for name in body if name not in known]
    if errors:
        raise Refusal("validation_failed", errors=errors)
    return body


def points_of(value: object, *, at: str) -> int:
    """Return points, 1 to ``MAX_POINTS``."""
    if type(value) is not int:
        raise invalid(at, "must be a whole number")
    if not 1 <= value <= MAX_POINTS:
        raise Refusal(
            "number_out_of_range", errors=[FieldError(at, f"must be from 1 to {MAX_POINTS}")]
        )
    return value


def money_of(value: object, *, at: str, currency: str) -> int:
    """Return the micros of a non-negative amount in the simulator's currency."""
    try:
        money = Money.from_wire(value)
    except InvalidAmount as error:
        raise invalid(at, str(error)) from error
    if money.currency != currency:
        raise Refusal("wrong_currency", f"{at}: amounts are in {currency}")
    if money.micros < 0:
        raise invalid(at, "must not be negative")
    return money.micros


def text_of(value: object, *, at: str, longest: int = 64) -> str:
    """Return text of bounded length without control characters."""
    if not isinstance(value, str) or not 1 <= len(value) <= longest or not value.isprintable():
        raise invalid(at, f"must be printable text of 1 to {longest} characters")
    return value


def instant_of(value: object, *, at: str) -> datetime:
    """Return an instant."""
    try:
        return parse_instant(value)
    except InvalidInstant as error:
        raise invalid(at, str(error)) from error

"""Fields of bodies, queries and answers.

Every field knows its own JSON Schema, so the published description and the check are one thing.
Values arrive as the hub's own types: UUID, datetime in UTC, Money, micros, int.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from marshmallow import ValidationError

from coalition.http.field_base import CURRENCY_PATTERN, Json, WireField, decimal_schema, id_schema
from coalition.http.field_containers import AnyObject, ListOf, Nested
from partner_sdk.wire import ids
from partner_sdk.wire.amounts import MAX_POINTS, MAX_SAFE_INTEGER, InvalidAmount, Money
from partner_sdk.wire.amounts import parse_decimal as _parse_decimal
from partner_sdk.wire.instants import InvalidInstant, parse_instant

__all__ = [
    "AnyObject", "Choice", "DateOnly", "Decimal", "Flag", "Instant", "Json", "ListOf",
    "MoneyField", "Nested", "Points", "PublicId", "Text", "WholeNumber", "WireField",
    "decimal_schema", "id_schema",
]  # fmt: skip

_PLAIN = r"^[^\u0000-\u001F\u007F-\u009F]*$"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class Text(WireField):
    """A string without control characters; lengths in code points."""

    def __init__(
        self,
        *,
        max_length: int,
        min_length: int = 1,
        pattern: str | None = None,
        expected: str = "",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.min_length, self.max_length = min_length, max_length
        self.pattern = pattern
        self.expected = expected
        self._compiled = None if pattern is None else re.compile(pattern, re.ASCII)

    def json_schema(self) -> Json:
        """A string with its lengths and pattern."""
        pattern = _PLAIN if self.pattern is None else f"^{self.pattern}$"
        return {
            "type": "string",
            "minLength": self.min_length,
            "maxLength": self.max_length,
            "pattern": pattern,
        }

    def read(self, value: Any) -> str:
        """Read it; see the class."""
        if not isinstance(value, str):
            raise ValidationError("must be text")
        if not self.min_length <= len(value) <= self.max_length:
            raise ValidationError(f"must have {self.min_length} to {self.max_length} characters")
        if self._compiled is not None and self._compiled.fullmatch(value) is None:
            raise ValidationError(self.expected or f"must fit {self.pattern}")
        return value


class PublicId(WireField):
    """A public id such as `mem_…`, read as the UUID behind it."""

    def __init__(self, prefix: str, **options: Any) -> None:
        super().__init__(**options)
        self.prefix = prefix

    def json_schema(self) -> Json:
        """A string of the prefix and 26 digits."""
        return id_schema(self.prefix)

    def read(self, value: Any) -> UUID:
        """Read it; see the class."""
        try:
            return ids.decode(self.prefix, value)
        except ids.InvalidId:
            raise ValidationError(f"must be a {self.prefix}_ id") from None


class Instant(WireField):
    """An RFC 3339 instant with an offset, read as UTC."""

    def json_schema(self) -> Json:
        """A date-time."""
        return {"type": "string", "format": "date-time"}

    def read(self, value: Any) -> datetime:
        """Read it; see the class."""
        try:
            return parse_instant(value)
        except InvalidInstant as error:
            raise ValidationError(str(error)) from None


class DateOnly(WireField):
    """A calendar date."""

    def json_schema(self) -> Json:
        """A date."""
        return {"type": "string", "format": "date"}

    def read(self, value: Any) -> date:
        """Read it; see the class."""
        try:
            if isinstance(value, str) and _DATE.fullmatch(value) is not None:
                return date.fromisoformat(value)
        except ValueError:
            pass
        raise ValidationError('must be a date of the calendar, such as "2026-11-22"')


class MoneyField(WireField):
    """`{"amount": "12.34", "currency": "EUR"}`, read as exact Money; ≥ 0 unless `signed`."""

    def __init__(self, *, signed: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.signed = signed

    def json_schema(self) -> Json:
        """An object of decimal text and a currency code. Never a number."""
        return {
            "type": "object",
            "properties": {
                "amount": decimal_schema(6, signed=self.signed),
                "currency": {"type": "string", "pattern": CURRENCY_PATTERN, "examples": ["EUR"]},
            },
            "required": ["amount", "currency"],
            "additionalProperties": False,
        }

    def read(self, value: Any) -> Money:
        """Read it; see the class."""
        try:
            money = Money.from_wire(value)
        except InvalidAmount as error:
            raise ValidationError(str(error)) from None
        if money.micros < 0 and not self.signed:
            raise ValidationError("must not be negative")
        return money


class Decimal(WireField):
    """Plain decimal text, read as integer micros; ≥ 0 unless `signed`."""

    def __init__(self, *, max_digits_after: int = 6, signed: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.max_digits_after, self.signed = max_digits_after, signed

    def json_schema(self) -> Json:
        """A string of digits."""
        return decimal_schema(self.max_digits_after, signed=self.signed)

    def read(self, value: Any) -> int:
        """Read it; see the class."""
        try:
            micros = _parse_decimal(value, max_digits_after=self.max_digits_after)
        except InvalidAmount as error:
            raise ValidationError(str(error)) from None
        if micros < 0 and not self.signed:
            raise ValidationError("must not be negative")
        return micros


class WholeNumber(WireField):
    """A JSON integer; true, 12.0 and "12" are not."""

    def __init__(
        self,
        *,
        min: int = -MAX_SAFE_INTEGER,  # noqa: A002 - JSON Schema's word
        max: int = MAX_SAFE_INTEGER,  # noqa: A002 - as marshmallow calls it
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.min, self.max = min, max

    def json_schema(self) -> Json:
        """An integer within its bounds."""
        return {"type": "integer", "minimum": self.min, "maximum": self.max}

    def read(self, value: Any) -> int:
        """Read it; see the class."""
        if type(value) is not int:
            raise ValidationError("must be a whole number")
        if not self.min <= value <= self.max:
            raise ValidationError(f"must be from {self.min} to {self.max}")
        return value


class Points(WholeNumber):
    """Points of one operation: 1 to 10⁹ unless told otherwise."""

    def __init__(
        self,
        *,
        min: int = 1,  # noqa: A002 - JSON Schema's word
        max: int = MAX_POINTS,  # noqa: A002 - as marshmallow calls it
        **options: Any,
    ) -> None:
        super().__init__(min=min, max=max, **options)


class Flag(WireField):
    """true or false."""

    def json_schema(self) -> Json:
        """A boolean."""
        return {"type": "boolean"}

    def read(self, value: Any) -> bool:
        """Read it; see the class."""
        if not isinstance(value, bool):
            raise ValidationError("must be true or false")
        return value


class Choice(WireField):
    """One of a few words."""

    def __init__(self, words: Sequence[str], **options: Any) -> None:
        super().__init__(**options)
        self.words = tuple(words)

    def json_schema(self) -> Json:
        """An enumeration."""
        return {"type": "string", "enum": list(self.words)}

    def read(self, value: Any) -> str:
        """Read it; see the class."""
        if not isinstance(value, str) or value not in self.words:
            raise ValidationError("must be one of " + ", ".join(self.words))
        return value

"""Values → their spelling in a line file, remembered: the same few texts come again and again."""

from datetime import UTC, datetime, timedelta

from partner_sdk.wire.amounts import format_micros6
from partner_sdk.wire.lines import clean_text, csv_field, json_field

__all__ = ["Amounts", "Minutes", "Offsets", "Prices", "Texts", "spell"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def spell(text: str | None) -> tuple[str, str]:
    """Return a text as JSON and as CSV."""
    cleaned = clean_text(text) if text else None
    return json_field(cleaned), csv_field(cleaned)


class Texts(dict[str | None, tuple[str, str]]):
    """Text that repeats (stores, slugs, kinds, reasons) → its JSON and its CSV spelling."""

    def __missing__(self, text: str | None) -> tuple[str, str]:
        found = self[text] = spell(text)
        return found


class Amounts(dict[int, str]):
    """Micros → text with six decimals."""

    def __missing__(self, micros: int) -> str:
        found = self[micros] = format_micros6(micros)
        return found


class Prices(dict[int | None, tuple[str, str]]):
    """Micros of a price → its JSON and its CSV spelling."""

    def __missing__(self, micros: int | None) -> tuple[str, str]:
        found = self[micros] = spell(None if micros is None else format_micros6(micros))
        return found


class Minutes(dict[int, str]):
    """Minutes since 1970 → RFC 3339 up to the minute."""

    def __missing__(self, minute: int) -> str:
        found = self[minute] = (_EPOCH + timedelta(minutes=minute)).isoformat()[:17]
        return found


class Offsets(dict[int, str]):
    """Seconds east of UTC → ``+02:00``."""

    def __missing__(self, seconds: int) -> str:
        minutes = abs(seconds) // 60
        sign = "-" if seconds < 0 else "+"
        found = self[seconds] = f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"
        return found

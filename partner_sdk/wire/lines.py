"""The lines of a statement: their columns, and the two renderings of one line.

A line is written twice, as a JSON object in ``lines.ndjson`` and as a row of ``lines.csv``, and
either can be made from the other byte for byte. The rules that make that true:

- every value is text or null, except ``schema_version``, ``line_no`` and ``points`` (integers);
- an empty text is null; control characters (and U+2028, U+2029) are written as U+FFFD, so that a
  line of the statement is one line of the file;
- JSON: keys in column order, no blanks, only ``"`` and ``\\`` escaped, UTF-8;
- CSV (RFC 4180 with LF): null is an empty field; a field is quoted exactly when it has a comma,
  a double quote or a backslash;
- CSV: a text that begins with ``=``, ``+``, ``-``, ``@`` or an apostrophe has an apostrophe put
  before it, so that no spreadsheet takes it for a formula; amounts and integers are as they are.
"""

import re
import zlib
from collections.abc import Sequence

__all__ = [
    "AMOUNT_COLUMNS",
    "COLUMNS",
    "CSV_HEADER",
    "DISPUTE_KINDS",
    "FEE_KINDS",
    "INTEGER_COLUMNS",
    "LATE_SALE",
    "ROUNDING",
    "SALT_BYTES",
    "SCHEMA_VERSION",
    "SLOT_BYTES",
    "clean_text",
    "csv_field",
    "csv_line",
    "guard_formula",
    "is_late",
    "json_field",
    "ndjson_line",
    "salt_slot",
    "slot_is_intact",
    "split_csv",
]

SCHEMA_VERSION = 1

#: The columns of version 1, in the order of both files. Frozen: a change is a new version.
COLUMNS = (
    "schema_version", "statement_no", "line_no", "movement_id", "adjusts_statement",
    "adjusts_line", "document_kind", "document_id", "partner_ref", "store", "till", "receipt",
    "member", "kind", "reason", "occurred_at", "occurred_local", "posted_at", "value_date",
    "issuer", "redeemer", "counterparty", "campaign", "agreement", "agreement_version", "lot",
    "points", "price", "gross", "fee", "net", "currency", "fx_rate", "settlement_net", "dispute",
)  # fmt: skip
INTEGER_COLUMNS = frozenset({"schema_version", "line_no", "points"})
AMOUNT_COLUMNS = frozenset({"price", "gross", "fee", "net", "fx_rate", "settlement_net"})
CSV_HEADER = ",".join(COLUMNS).encode()

#: Lines of these kinds carry their amount as fee; all others carry it as gross.
FEE_KINDS = frozenset({"issue_fee", "redemption_fee"})
#: Lines of these kinds may name a dispute; no other line does.
DISPUTE_KINDS = frozenset({"dispute_withheld", "dispute_released", "ruling"})
#: The kind of the closing lines that bring a pair's exact net to the minor unit.
ROUNDING = "rounding"
#: The reason on lines of a sale that was first heard of after the window in which it happened.
LATE_SALE = "late_sale"
_LATE_AND_MORE = f"{LATE_SALE}; "

SALT_BYTES = 28
SLOT_BYTES = 32

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_QUOTED = re.compile('[",\\\\]')
#: What a spreadsheet takes for a formula if a cell begins with it, and the guard itself.
_FORMULA_STARTS = ("=", "+", "-", "@", "'")
_IS_INTEGER = tuple(column in INTEGER_COLUMNS for column in COLUMNS)
_IS_NUMBER = tuple(column in INTEGER_COLUMNS | AMOUNT_COLUMNS for column in COLUMNS)
_KEYS = tuple(f'"{column}":' for column in COLUMNS)


def is_late(*, reason: str | None) -> bool:
    """Whether a line's reason says that its sale was first heard of late.

    On a converted line, the source of its rate follows the reason behind a semicolon.
    """
    return reason is not None and (reason == LATE_SALE or reason.startswith(_LATE_AND_MORE))


def clean_text(text: str) -> str:
    """Replace what cannot stand in a line (control characters, lone surrogates) by U+FFFD."""
    return _CONTROLS.sub("\ufffd", text)


def json_field(text: str | None) -> str:
    """Write one clean text as JSON: quoted, or ``null``."""
    if not text:
        return "null"
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def guard_formula(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would take for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def csv_field(text: str | None) -> str:
    """Write one clean text as a CSV field: harmless, and quoted only where it must be."""
    if not text:
        return ""
    text = guard_formula(text)
    if _QUOTED.search(text) is None:
        return text
    return '"' + text.replace('"', '""') + '"'


def ndjson_line(values: Sequence[str | None]) -> bytes:
    """Render the values of one line, in column order, as JSON (no newline)."""
    fields = (
        f"{key}{value if integer else json_field(value)}"
        for key, integer, value in zip(_KEYS, _IS_INTEGER, values, strict=True)
    )
    return ("{" + ",".join(fields) + "}").encode()


def csv_line(values: Sequence[str | None]) -> bytes:
    """Render the values of one line, in column order, as CSV (no newline)."""
    fields = (
        (value or "") if number else csv_field(value)
        for number, value in zip(_IS_NUMBER, values, strict=True)
    )
    return ",".join(fields).encode()


def split_csv(line: str) -> list[str]:
    """Split one CSV line into its values; unquotes, and takes the guards off.

    Raises:
        ValueError: quoting that these rules would not produce.
    """
    return [field.removeprefix("'") for field in _split(line)]


def _split(line: str) -> list[str]:
    if '"' not in line:
        return line.split(",")
    fields: list[str] = []
    at, end = 0, len(line)
    while True:
        if line[at : at + 1] == '"':
            text, at = _quoted(line, at + 1)
        else:
            stop = line.find(",", at)
            stop = end if stop < 0 else stop
            text, at = line[at:stop], stop
        fields.append(text)
        if at == end:
            return fields
        if line[at] != ",":
            raise ValueError("text after a closing quote")
        at += 1


def _quoted(line: str, at: int) -> tuple[str, int]:
    """Read a quoted field whose opening quote is behind ``at``; return it and where it ends."""
    parts: list[str] = []
    while True:
        stop = line.find('"', at)
        if stop < 0:
            raise ValueError("a quote that never closes")
        parts.append(line[at:stop])
        if line[stop + 1 : stop + 2] != '"':
            return "".join(parts), stop + 1
        parts.append('"')
        at = stop + 2


def salt_slot(*, salt: bytes, line_no: int) -> bytes:
    """Return a line's 32-byte slot of salts.bin: 28 random bytes and their CRC-32.

    The CRC, big-endian and seeded with the line's number, proves nothing (the signed hash does
    that); it says which slot was damaged or moved.
    """
    return salt + zlib.crc32(salt, line_no & 0xFFFFFFFF).to_bytes(4, "big")


def slot_is_intact(*, slot: bytes, line_no: int) -> bool:
    """Tell whether a slot's own check agrees with its salt and place."""
    return zlib.crc32(slot[:SALT_BYTES], line_no & 0xFFFFFFFF) == int.from_bytes(
        slot[SALT_BYTES:], "big"
    )

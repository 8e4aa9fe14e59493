"""Lines of a statement: two renderings, each determined by the other."""

from __future__ import annotations

import csv
import io
import json
from importlib import resources

from hypothesis import given
from hypothesis import strategies as st

from partner_sdk.wire.lines import (
    AMOUNT_COLUMNS,
    COLUMNS,
    INTEGER_COLUMNS,
    SALT_BYTES,
    clean_text,
    csv_line,
    guard_formula,
    ndjson_line,
    salt_slot,
    slot_is_intact,
    split_csv,
)
from partner_sdk.wire.merkle import leaf_hash

_texts = st.text(max_size=20).map(clean_text) | st.text("\",\\ =+-@'☕", max_size=6)
_amounts = st.integers(-(10**9), 10**9).map(lambda units: f"{units}.000000")


def _value(column: str) -> st.SearchStrategy[str | None]:
    if column in INTEGER_COLUMNS:
        return st.integers(0, 10**9).map(str)
    return st.none() | (_amounts if column in AMOUNT_COLUMNS else _texts)


_values = st.tuples(*map(_value, COLUMNS))


@given(_values)
def test_any_line_reads_back_from_either_rendering(values: tuple[str | None, ...]) -> None:
    expected = [value or "" for value in values]
    table, line = csv_line(values).decode(), ndjson_line(values).decode()
    assert split_csv(table) == expected
    cells = next(csv.reader(io.StringIO(table, newline="")))
    for column, cell, value in zip(COLUMNS, cells, expected, strict=True):
        number = column in INTEGER_COLUMNS | AMOUNT_COLUMNS
        assert cell == (value if number else guard_formula(value))
        assert number or not cell.startswith(("=", "+", "-", "@"))
    found = json.loads(line)
    assert tuple(found) == COLUMNS
    assert ["" if v is None else str(v) for v in found.values()] == expected
    assert len(table.splitlines()) == len(line.splitlines()) == 1


def test_control_characters_cannot_break_a_line() -> None:
    assert clean_text("a\nb\r\x00c\u2028d\x85") == "a\ufffdb\ufffd\ufffdc\ufffdd\ufffd"


def test_only_what_begins_as_a_formula_does_is_guarded() -> None:
    guarded = ["=1+1", "+7", "-cmd", "@SUM(A1)", "'quoted"]
    assert [guard_formula(text) for text in guarded] == [f"'{text}" for text in guarded]
    assert [guard_formula(text) for text in ("", "a=b", "7-8", " =1")] == ["", "a=b", "7-8", " =1"]


def test_a_slot_tells_when_it_was_damaged_or_moved() -> None:
    slot = salt_slot(salt=bytes(range(SALT_BYTES)), line_no=7)
    assert slot_is_intact(slot=slot, line_no=7)
    assert not slot_is_intact(slot=slot, line_no=8)
    for at in range(len(slot)):
        damaged = slot[:at] + bytes([slot[at] ^ 0x40]) + slot[at + 1 :]
        assert not slot_is_intact(slot=damaged, line_no=7)


def test_the_published_lines_hold() -> None:
    file = resources.files("partner_sdk.wire.vectors") / "lines.json"
    for vector in json.loads(file.read_text(encoding="utf-8"))["lines"]:
        values = vector["values"]
        assert csv_line(values).decode() == vector["csv"]
        line = ndjson_line(values)
        assert line.decode() == vector["ndjson"]
        slot = salt_slot(salt=bytes.fromhex(vector["salt"]), line_no=vector["line_no"])
        assert slot.hex() == vector["slot"]
        assert leaf_hash(slot=slot, line=line).hex() == vector["leaf"]

"""Lines of a statement: two renderings, each determined by the other."""

from __future__ import annotations

import csv
import io
import json
from importlib import resources

from hypothesis import given
from hypothesis import strategies as st

from partner_sdk.wire.lines import (
    COLUMNS,
    INTEGER_COLUMNS,
    SALT_BYTES,
    clean_text,
    csv_line,
    ndjson_line,
    salt_slot,
    slot_is_intact,
    split_csv,
)
from partner_sdk.wire.merkle import leaf_hash

_texts = st.text(max_size=20).map(clean_text) | st.text('",\\ =\t☕', max_size=6).map(clean_text)
_values = st.tuples(
    *[
        st.integers(0, 10**9).map(str) if column in INTEGER_COLUMNS else st.none() | _texts
        for column in COLUMNS
    ]
)


@given(_values)
def test_any_line_reads_back_from_either_rendering(values: tuple[str | None, ...]) -> None:
    expected = [value or "" for value in values]
    table, line = csv_line(values).decode(), ndjson_line(values).decode()
    assert split_csv(table) == expected
    assert next(csv.reader(io.StringIO(table, newline=""))) == expected
    found = json.loads(line)
    assert tuple(found) == COLUMNS
    assert ["" if v is None else str(v) for v in found.values()] == expected
    assert len(table.splitlines()) == len(line.splitlines()) == 1


def test_control_characters_cannot_break_a_line() -> None:
    assert clean_text("a\nb\r\x00c\u2028d\x85") == "a\ufffdb\ufffd\ufffdc\ufffdd\ufffd"


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

"""Files of orders: written, read again, and every fault told by row and column."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partner_sdk.wire.orders import (
    MAX_FAULTS,
    MAX_ROW_BYTES,
    RECORDS,
    Buyer,
    OrderFileReader,
    RowFault,
    StatedOrder,
)
from tests.unit.partner_sdk.orders.examples import HEADER, document, file_of, order

OTHER = replace(
    order(refunds=None, customer=None), id='B "1", 2', store=HEADER.store, status="open"
)
FILE = file_of(order(), OTHER)


def read(content: bytes) -> tuple[OrderFileReader, list[tuple[int, StatedOrder]]]:
    reader = OrderFileReader(io.BytesIO(content))
    return reader, list(reader)


def rows_of(content: bytes) -> list[bytes]:
    return content.splitlines(keepends=True)


def sealed(rows: list[bytes]) -> bytes:
    """The rows with an end whose hash is right again; its other columns as they were."""
    above = b"".join(rows[:-1])
    end = rows[-1].rpartition(b",")[0]
    return above + end + b"," + hashlib.sha256(above).hexdigest().encode() + b"\n"


def faults_after(row: int, old: bytes, new: bytes) -> list[tuple[int, str | None]]:
    """Where faults are found once a row is changed and the file sealed again."""
    rows = rows_of(FILE)
    assert old in rows[row - 1]
    rows[row - 1] = rows[row - 1].replace(old, new, 1)
    reader, _ = read(sealed(rows))
    return [(fault.row, fault.column) for fault in reader.faults]


def test_what_is_written_is_read_again_alike() -> None:
    reader, orders = read(FILE)
    assert reader.faults == []
    assert reader.complete
    assert reader.header == HEADER
    assert orders == [(2, order()), (10, OTHER)]


def test_the_file_looks_as_the_reference_says() -> None:
    lines = FILE.decode().splitlines()
    assert lines[0] == (
        "file,coalition.orders/1,store-7,12,2026-05-04T22:05:00Z,2026-05-04,2026-05-04"
    )
    assert lines[1] == (
        "order,A-1001,3,paid,2026-05-04T06:30:00.250000Z,EUR,store-9,2,7/1001,c-77,2611 0001,"
        "+380441234567,ann@example.com"
    )
    assert lines[2] == 'line,A-1001,1,"bread, „fresh“",2,3.50'
    assert lines[7] == "refund_line,A-1001,r-1,1,1.75,1"
    assert lines[9].startswith('order,"B ""1"", 2",3,open,')
    above = "".join(line + "\n" for line in lines[:-1]).encode()
    assert lines[-1] == f"end,13,2,97.009134,97.009134,5.50,{hashlib.sha256(above).hexdigest()}"
    for line in lines:
        assert line.partition(",")[0] in RECORDS


def test_a_file_without_orders_is_a_file() -> None:
    reader, orders = read(file_of())
    assert (reader.complete, reader.faults, orders) == (True, [], [])
    assert reader.end is not None
    assert reader.end.rows == 0


def test_windows_line_ends_and_a_byte_order_mark_are_taken() -> None:
    rows = [row.replace(b"\n", b"\r\n") for row in rows_of(FILE)]
    rows[0] = b"\xef\xbb\xbf" + rows[0]
    reader, orders = read(sealed(rows))
    assert reader.faults == []
    assert [each for _, each in orders] == [order(), OTHER]


def test_the_last_line_end_may_be_missing() -> None:
    reader, _ = read(FILE.removesuffix(b"\n"))
    assert (reader.complete, reader.faults) == (True, [])


def test_a_file_cut_anywhere_is_not_complete() -> None:
    for length in range(len(FILE) - 1):
        reader, _ = read(FILE[:length])
        assert not reader.complete, f"complete after {length} of {len(FILE)} bytes"


def test_every_changed_byte_is_a_fault_or_makes_the_file_incomplete() -> None:
    for place in range(len(FILE) - 1):
        for bit in (1, 32):
            changed = FILE[:place] + bytes([FILE[place] ^ bit]) + FILE[place + 1 :]
            reader, _ = read(changed)
            assert reader.faults or not reader.complete, f"byte {place}, bit {bit}"


def test_every_lost_or_repeated_row_is_a_fault_even_with_a_right_hash() -> None:
    rows = rows_of(FILE)
    for i in range(len(rows) - 1):
        for changed in (rows[:i] + rows[i + 1 :], rows[: i + 1] + rows[i:]):
            reader, _ = read(sealed(changed))
            assert reader.faults, f"row {i + 1}"


@pytest.mark.parametrize(
    ("row", "old", "new", "column"),
    [
        (1, b"orders/1", b"orders/2", "format"),
        (1, b"store-7", b"store 7", "store"),
        (1, b",12,", b",012,", "sequence"),
        (1, b",12,", b",0,", "sequence"),
        (1, b"22:05:00Z", b"22:05:00", "created_at"),
        (1, b",2026-05-04,", b",2026-02-30,", "first_date"),
        (1, b",2026-05-04,", b",2026-05-05,", "last_date"),
        (2, b"order,", b"orders,", "record"),
        (2, b"A-1001", b"A-1002", "order"),
        (2, b",3,", b",3.0,", "revision"),
        (2, b"paid", b"Paid", "status"),
        (2, b"EUR", b"", "currency"),
        (2, b"c-77", b"c" * 65, "customer_id"),
        (2, b"2611 0001", b"2" * 65, "card"),
        (3, b"3.50", b'"3,50"', "amount"),
        (3, b",2,", b",2.0001,", "quantity"),
        (4, b",2,", b",1,", "id"),
        (5, b"card", b"", "kind"),
        (6, b"red_", b"rex_", "redemption"),
        (7, b"succeeded", b"done", "status"),
        (8, b"r-1", b"r-9", "refund"),
        (8, b",1,", b",9,", "line"),
        (8, b"1.75", b"5.01", "amount"),
        (9, b"r-2", b"r-1", "id"),
        (10, b'"B ""1"", 2"', b"A-1001", "id"),
        (15, b"end,13", b"end,12", "rows"),
        (15, b",2,", b",3,", "orders"),
        (15, b",5.50,", b",5.51,", "refunds_total"),
        (15, b",5.50,", b",5.5O,", "refunds_total"),
    ],
)
def test_a_fault_is_told_by_row_and_column(row: int, old: bytes, new: bytes, column: str) -> None:
    found = faults_after(row, old, new)
    if (row, column) == (8, "amount"):
        # What is too little is the refund.
        assert (7, "amount") in found
    elif (row, column) == (2, "order"):
        assert (3, "order") in found
    else:
        assert (row, column) in found


def test_amounts_that_do_not_add_up_are_a_fault() -> None:
    assert faults_after(3, b"3.50", b"3.51") == [(15, "lines_total")]
    assert faults_after(5, b"47.50", b"47.05") == [(15, "tenders_total")]
    assert faults_after(9, b"0.50", b"0.40") == [(15, "refunds_total")]


def test_all_faults_are_told_at_once_and_none_tells_what_stands_there() -> None:
    rows = rows_of(FILE)
    rows[1] = rows[1].replace(b"paid", b"sssecret")
    rows[2] = rows[2].replace(b"3.50", b"sssecret")
    rows[6] = rows[6].replace(b"5.00", b"sssecret")
    reader, _ = read(sealed(rows))
    assert sorted((f.row, f.column) for f in reader.faults) == [
        (2, "status"),
        (3, "amount"),
        (7, "amount"),
    ]
    assert "sssecret" not in " ".join(str(fault) for fault in reader.faults)


def test_a_row_that_is_no_csv_or_too_long_is_a_fault_of_that_row() -> None:
    for wrong in (
        b'"torn\n',
        b"\xff\n",
        b"a\x00b\n",
        b"\n",
        b"line;A-1001\n",
        b"line,A-1001\n",
        b"line," + b"x" * MAX_ROW_BYTES + b"\n",
    ):
        rows = rows_of(FILE)
        rows.insert(3, wrong)
        reader, _ = read(sealed(rows))
        assert reader.faults[0].row == 4


def test_an_order_without_lines_is_a_fault_of_its_row() -> None:
    rows = rows_of(FILE)
    reader, _ = read(sealed([*rows[:2], *rows[4:6], *rows[8:]]))
    assert str(reader.faults[0]) == "row 2: rows `line`: must be 1 to 1000"


def test_faults_have_an_end() -> None:
    reader, _ = read(b"nonsense\n" * 5_000)
    assert len(reader.faults) == MAX_FAULTS
    assert not reader.complete
    empty, _ = read(b"")
    assert empty.faults == [RowFault(0, None, "the file is empty")]


def test_nothing_may_follow_the_end() -> None:
    reader, _ = read(FILE + b"\n")
    assert [fault.row for fault in reader.faults] == [16]


def test_orders_follow_rows_that_are_not_sealed_yet() -> None:
    rows = rows_of(FILE)
    reader = OrderFileReader(rows[1:-1], rows_only=True)
    assert [row for row, _ in reader] == [1, 9]
    assert reader.faults == []
    sealed_already = OrderFileReader(rows, rows_only=True)
    list(sealed_already)
    assert [fault.column for fault in sealed_already.faults] == ["record", "record"]


TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=20)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(name=TEXT, category=TEXT, receipt=TEXT, phone=TEXT, sequence=st.integers(1, 999_999_999))
def test_any_text_comes_through(
    name: str, category: str, receipt: str, phone: str, sequence: int
) -> None:
    lines = [{"id": name, "category": category, "quantity": "1", "amount": "0.01"}]
    one = order(id=name, lines=lines, receipt=receipt, refunds=None)
    one = replace(one, customer=Buyer(phone=phone))
    header = replace(HEADER, sequence=sequence, created_at=datetime(2026, 1, 1, tzinfo=UTC))
    reader, orders = read(file_of(one, header=header))
    assert reader.faults == []
    assert orders == [(2, one)]
    assert reader.header == header


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_whatever_is_in_a_file_reading_it_raises_nothing(data: st.DataObject) -> None:
    rows = rows_of(FILE)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(rows) - 1))
        verb = data.draw(st.sampled_from(("drop", "swap", "field", "bytes")))
        if verb == "drop":
            del rows[place]
        elif verb == "swap":
            rows.insert(0, rows.pop(place))
        elif verb == "bytes":
            rows[place] = data.draw(st.binary(max_size=30)) + b"\n"
        else:
            fields = rows[place].split(b",")
            fields[data.draw(st.integers(0, len(fields) - 1))] = data.draw(
                st.sampled_from((b"", b"-1", b"9" * 30, b"order", b"\xc3\xa9", b'"', b"\x1b"))
            )
            rows[place] = b",".join(fields)
        if not rows:
            break
    read(b"".join(rows))


def test_the_dates_of_the_header_are_dates() -> None:
    header = replace(HEADER, first_date=date(2026, 5, 3))
    reader, _ = read(file_of(header=header))
    assert reader.header == header


def test_the_document_and_the_row_of_an_order_say_the_same() -> None:
    _, orders = read(file_of(order()))
    assert orders[0][1].to_wire() == order().to_wire()
    assert set(document()) == set(order().to_wire())

"""The workbook says exactly what the bundle says, and nothing in it is a formula."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partner_sdk.cli import main
from partner_sdk.wire.amounts import format_micros6
from partner_sdk.wire.lines import AMOUNT_COLUMNS, COLUMNS, INTEGER_COLUMNS, ndjson_line
from partner_sdk.wire.workbook import write_workbook
from tests.docs.statements import example_statement

_STATEMENT = example_statement()


def _line(**values: str | None) -> bytes:
    whole = dict.fromkeys(INTEGER_COLUMNS, "1") | {"net": "0.000000", "kind": "redemption"} | values
    return ndjson_line([whole.get(column) for column in COLUMNS])


def _workbook(lines: Iterable[bytes], **options: Any) -> io.BytesIO:
    made = io.BytesIO()
    write_workbook(statement=_STATEMENT, lines=lines, target=made, **options)
    return made


def _rows(made: io.BytesIO, sheet: str) -> list[tuple[Any, ...]]:
    opened = openpyxl.load_workbook(made)
    return [tuple(row) for row in opened[sheet].iter_rows()]


def _cell(made: io.BytesIO, column: str, row: int = 1) -> Any:
    return _rows(made, "Lines")[row][COLUMNS.index(column)]


@pytest.mark.parametrize("column", sorted(AMOUNT_COLUMNS - {"fx_rate"}))
def test_amounts_are_numbers_with_their_six_digits(column: str) -> None:
    cell = _cell(_workbook([_line(**{column: "-12.345678"})]), column)
    assert (cell.data_type, cell.value, cell.number_format) == ("n", -12.345678, "#,##0.000000")


@settings(deadline=None)
@given(st.integers(-(10**18), 10**18))
def test_a_number_is_exact_and_text_where_it_could_not_be(micros: int) -> None:
    text = format_micros6(micros)
    made = _workbook([_line(net=text)])
    cell = _cell(made, "net")
    digits = len(str(abs(micros)).rstrip("0"))
    if digits > 15:
        assert (cell.data_type, cell.value) == ("s", text)
        return
    # What a spreadsheet shows of its binary number: 15 significant digits.
    assert cell.data_type == "n"
    assert Decimal(f"{cell.value:.15g}") == Decimal(text)


def test_the_file_itself_holds_the_amount_digit_for_digit() -> None:
    with zipfile.ZipFile(_workbook([_line(net="123456789.123456")])) as opened:
        sheet = opened.read("xl/worksheets/sheet2.xml")
    assert b"<v>123456789.123456</v>" in sheet


def test_no_text_is_a_formula_a_number_or_a_link_even_after_it_is_edited() -> None:
    texts = ["=1+1", "+7", "-2+3", "@SUM(A1)", "'tis", "0012", "https://example.test/"]
    made = _workbook([_line(receipt=text) for text in texts])
    for row, text in enumerate(texts, 1):
        cell = _cell(made, "receipt", row)
        assert (cell.data_type, cell.value, cell.hyperlink) == ("s", text, None)
        assert cell.number_format == "@"
        assert bool(cell.quotePrefix) == text.startswith(("=", "+", "-", "@", "'"))
    with zipfile.ZipFile(made) as opened:
        assert b"<f>" not in b"".join(opened.read(name) for name in opened.namelist())


def test_every_column_and_line_is_there_and_null_is_an_empty_cell() -> None:
    lines = [_line(line_no=str(n), store="Brutăria Ґ") for n in range(1, 8)]
    heading, *rows = _rows(_workbook(lines), "Lines")
    assert tuple(cell.value for cell in heading) == COLUMNS
    for line, row in zip(lines, rows, strict=True):
        found = json.loads(line)
        for column, cell in zip(COLUMNS, row, strict=True):
            if column == "net":
                assert cell.value == 0
            else:
                assert cell.value == found[column]


def test_more_lines_than_a_sheet_can_hold_go_on_in_the_next() -> None:
    made = _workbook([_line(line_no=str(n)) for n in range(1, 8)], max_rows=4)
    assert openpyxl.load_workbook(made).sheetnames == ["Statement", "Lines", "Lines 2", "Lines 3"]
    column = COLUMNS.index("line_no")
    numbers = [
        [row[column].value for row in _rows(made, name)] for name in ("Lines", "Lines 2", "Lines 3")
    ]
    assert numbers == [["line_no", 1, 2, 3], ["line_no", 4, 5, 6], ["line_no", 7]]


def test_the_sheet_of_figures_leads_from_the_opening_to_the_closing() -> None:
    cells = {row[0].value: row[1] for row in _rows(_workbook([]), "Statement") if row[0].value}
    opening, net, closing = (cells[name] for name in ("opening", "net", "closing"))
    assert Decimal(str(opening.value)) + Decimal(str(net.value)) == Decimal(str(closing.value))
    assert closing.number_format == "#,##0.00"
    assert _rows(_workbook([]), "Lines")[0][0].value == "schema_version"


def test_the_same_bundle_gives_the_same_workbook() -> None:
    assert _workbook([_line()]).getvalue() == _workbook([_line()]).getvalue()


def test_memory_does_not_grow_with_the_lines() -> None:
    peaks = []
    for count in (2_000, 8_000):
        target = io.BytesIO()
        tracemalloc.start()
        write_workbook(statement=_STATEMENT, lines=(_line() for _ in range(count)), target=target)
        peaks.append(tracemalloc.get_traced_memory()[1] - len(target.getvalue()))
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5


def test_without_xlsxwriter_the_command_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['xlsxwriter'] = None\n"
        "from partner_sdk.cli import main\n"
        "sys.exit(main(['xlsx', 'partner_sdk/wire/vectors/bakery-1.zip', '--out', sys.argv[1]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "never.xlsx"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "pip install 'coalition-partner-sdk[xlsx]'" in done.stderr


def test_the_command_writes_the_workbook_of_a_bundle(tmp_path: Path) -> None:
    bundle = tmp_path / "bakery-1.zip"
    bundle.write_bytes(Path("partner_sdk/wire/vectors/bakery-1.zip").read_bytes())
    assert main(["xlsx", str(bundle)]) == 0
    with zipfile.ZipFile(bundle) as opened:
        lines = opened.read("lines.ndjson").splitlines()
    (made,) = tmp_path.glob("*.xlsx")
    rows = _rows(io.BytesIO(made.read_bytes()), "Lines")
    assert len(rows) == len(lines) + 1
    assert {path.name for path in tmp_path.iterdir()} == {"bakery-1.zip", "bakery-1.xlsx"}
    assert main(["xlsx", str(tmp_path / "bakery-1.xlsx"), "--out", str(tmp_path / "no")]) == 2
    assert not (tmp_path / "no").exists()

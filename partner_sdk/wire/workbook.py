"""A statement as an XLSX workbook: a sheet of its figures, then its lines, column for column.

Every value is what the bundle says, exactly. Amounts are numbers with a number format as long as a
spreadsheet keeps them exact (15 significant digits), and text beyond; nothing passes through binary
floating point here. Texts are text cells, never formulas, also after somebody edits one.

Rows are written as they come: memory does not grow with the lines. xlsxwriter does it, which the
SDK has as its extra ``xlsx``.
"""

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, BinaryIO

from partner_sdk.wire.amounts import format_micros, format_micros6, minor_digits, parse_decimal
from partner_sdk.wire.lines import AMOUNT_COLUMNS, COLUMNS, INTEGER_COLUMNS, guard_formula
from partner_sdk.wire.statement import Statement

__all__ = ["WorkbookUnavailable", "write_workbook"]

#: The rows that one sheet of a spreadsheet can have; lines beyond go on in the next.
_MAX_ROWS = 1_048_576
#: What a spreadsheet keeps of a number.
_EXACT_DIGITS = 15
_Cell = str | int | Decimal | None


class WorkbookUnavailable(RuntimeError):  # noqa: N818 - the name says it
    """xlsxwriter is not installed."""


def write_workbook(
    *,
    statement: Statement,
    lines: Iterable[bytes],
    target: BinaryIO,
    folder: str | None = None,
    max_rows: int = _MAX_ROWS,
) -> None:
    """Write the workbook of a statement and the lines of its ``lines.ndjson``.

    Args:
        folder: where rows wait until the workbook is put together; None: the system's choice.
        max_rows: how many rows a sheet may have, its heading included.

    Raises:
        WorkbookUnavailable: xlsxwriter is not installed.
    """
    try:
        from xlsxwriter import Workbook
    except ImportError as error:
        raise WorkbookUnavailable(
            "XLSX needs xlsxwriter: pip install 'coalition-partner-sdk[xlsx]'"
        ) from error
    options = {
        "constant_memory": True,
        "tmpdir": folder,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    workbook = Workbook(target, options)
    workbook.set_properties({"created": statement.issued_at.replace(tzinfo=None)})
    forms = _Forms(workbook, statement.currency)
    summary = _Sheet(workbook.add_worksheet("Statement"), forms)
    for row in _summary_rows(statement):
        summary.add(row)
    sheet: _Sheet | None = None
    for line in lines:
        if sheet is None or sheet.rows == max_rows:
            number = len(workbook.worksheets())
            sheet = _lines_sheet(workbook, forms, "Lines" if number == 1 else f"Lines {number}")
        sheet.add(_line_cells(json.loads(line)))
    if sheet is None:
        _lines_sheet(workbook, forms, "Lines")
    workbook.close()


class _Forms:
    """How cells look."""

    def __init__(self, workbook: Any, currency: str) -> None:
        self.heading = workbook.add_format({"bold": True})
        self.text = workbook.add_format({"num_format": "@"})
        # Kept as text even when somebody edits the cell.
        self.guarded = workbook.add_format({"num_format": "@", "quote_prefix": True})
        self.integer = workbook.add_format({"num_format": "0"})
        self.micros = workbook.add_format({"num_format": "#,##0.000000"})
        minor = minor_digits(currency)
        self.minor = workbook.add_format(
            {"num_format": "#,##0" + ("." + "0" * minor) * (minor > 0)}
        )


class _Sheet:
    """A sheet that is written row by row."""

    def __init__(self, sheet: Any, forms: _Forms) -> None:
        self._sheet = sheet
        self._forms = forms
        self.rows = 0

    def add(self, cells: Iterable[_Cell], *, heading: bool = False) -> None:
        """Write the next row; None leaves a cell empty."""
        for column, cell in enumerate(cells):
            if cell is None:
                continue
            if isinstance(cell, str):
                form = self._forms.heading if heading else self._form_of(cell)
                done = self._sheet.write_string(self.rows, column, cell, form)
            else:
                done = self._sheet.write_number(self.rows, column, cell, self._number_form(cell))
            if done != 0:
                raise ValueError(f"a cell of row {self.rows + 1} is beyond what a sheet can hold")
        self.rows += 1

    def _form_of(self, text: str) -> Any:
        return self._forms.guarded if guard_formula(text) != text else self._forms.text

    def _number_form(self, cell: int | Decimal) -> Any:
        if isinstance(cell, int):
            return self._forms.integer
        return self._forms.micros if cell.as_tuple().exponent == -6 else self._forms.minor


def _lines_sheet(workbook: Any, forms: _Forms, name: str) -> _Sheet:
    made = workbook.add_worksheet(name)
    made.freeze_panes(1, 0)
    sheet = _Sheet(made, forms)
    sheet.add(COLUMNS, heading=True)
    return sheet


def _line_cells(line: dict[str, Any]) -> Iterator[_Cell]:
    for column in COLUMNS:
        value = line[column]
        if value is None or column in INTEGER_COLUMNS:
            yield value
        elif column in AMOUNT_COLUMNS:
            yield _amount_cell(value)
        else:
            yield value


def _amount_cell(text: str) -> _Cell:
    """An amount as a number that keeps every digit, or as the text it is."""
    digits = str(abs(parse_decimal(text))).rstrip("0")
    return Decimal(text) if len(digits) <= _EXACT_DIGITS else text


def _summary_rows(statement: Statement) -> Iterator[list[_Cell]]:
    minor = minor_digits(statement.currency)

    def rounded(micros: int) -> _Cell:
        return _amount_cell(format_micros(micros, min_digits=minor))

    def exact(micros: int) -> _Cell:
        return _amount_cell(format_micros6(micros))

    yield ["statement", statement.statement_id]
    yield ["number", statement.statement_no]
    yield ["party", statement.party.name]
    yield ["coalition", statement.coalition_name]
    yield ["business date", statement.window.business_date]
    yield ["currency", statement.currency]
    yield ["due on", statement.due_on]
    yield ["opening", rounded(statement.opening_micros)]
    yield ["net", rounded(statement.net_micros)]
    yield ["closing", rounded(statement.closing_micros)]
    yield []
    yield ["counterparty", "name", "receivable", "payable", "residue in", "net", "residue out"]
    for position in statement.positions:
        yield [
            position.counterparty,
            position.name,
            exact(position.receivable_micros),
            exact(position.payable_micros),
            exact(position.residue_in_micros),
            rounded(position.rounded_net_micros),
            exact(position.residue_out_micros),
        ]
    yield []
    yield ["counterparty", "kind", "receivable", "payable", "lines", "points"]
    for turnover in statement.turnovers:
        yield [
            turnover.counterparty,
            turnover.kind,
            exact(turnover.receivable_micros),
            exact(turnover.payable_micros),
            turnover.lines,
            turnover.points,
        ]

"""Everything that one unit of work writes, as one statement.

A noun's store declares *sections*: "rows like this are inserted into that table" or "these columns
of that table change by so much". A unit of work collects rows by section; `ledger.store` turns
them into one SQL statement whose parts all hang on one gate, so that either all of it is written
or nothing. Of a section that has but a row or two, as most have, each value is a parameter of its
own: the server then neither parses JSON nor scans what came of it, a third of its work. More rows
than that travel as JSON, one parameter a section. So the statement's text depends only on which
sections are present and how few rows they have, and is prepared once a connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import orjson

Row = Mapping[str, Any]
Encoder = Callable[[Any], bytes]

FEW = 2
"""Rows of a section whose values are parameters; more of them are one parameter."""


_PLAIN = frozenset({"uuid", "smallint", "int", "bigint", "boolean", "date", "timestamptz"})
"""Types whose values have neither a comma nor a quote in them."""


def _array(values: Sequence[Any]) -> bytes:
    return b"{%b}" % orjson.dumps(values)[1:-1]


_ENCODERS: Mapping[str, Encoder] = {
    "text": str.encode,
    "uuid[]": _array,
    "bigint[]": _array,
    "jsonb": orjson.dumps,
}
"""How a value of another type is written as PostgreSQL reads it."""


def plain_parameters(values: Sequence[Any]) -> list[bytes | None]:
    """Values of plain types as parameters: written all at once, and then cut.

    To write fifty values as one JSON array and to cut it takes a fifth of writing each by itself.
    """
    written = orjson.dumps(values)[1:-1].replace(b'"', b"").split(b",")
    return [None if value == b"null" else value for value in written]


@dataclass(slots=True)
class Numbers:
    """The next parameters of a statement: plain ones, and the others, which come after."""

    plain: int
    other: int


class Section:
    """One kind of row that a unit of work may write.

    `columns` maps each field of the rows to its PostgreSQL type. `template` is the statement, with
    `{rows}` for the rows `r` joined with the gate's row `g` (posted_at, window_date).
    """

    def __init__(self, *, name: str, columns: Mapping[str, str], template: str) -> None:
        self.name = name
        self.columns = columns
        self.template = template
        self.is_change = name.endswith("_changed")
        plain = [column for column, kind in columns.items() if kind in _PLAIN]
        self.width = len(plain)
        # Of at least two columns: of one, the getter would give the value and not a tuple.
        self.plain: Callable[[Row], tuple[Any, ...]] = itemgetter(*plain)
        self._others = tuple(
            (column, _ENCODERS[kind]) for column, kind in columns.items() if kind not in _PLAIN
        )

    def others(self, row: Row) -> list[bytes | None]:
        """The values of a row that are not plain, as parameters."""
        return [
            None if (value := row[column]) is None else encode(value)
            for column, encode in self._others
        ]

    def sql(self, numbers: Numbers, shape: int) -> str:
        """The section as a common table expression over parameters, which it counts on.

        `shape` is the number of rows that have parameters of their own; 0: all of them are one
        parameter, JSON.
        """
        if shape == 0:
            record = ", ".join(f"{name} {kind}" for name, kind in self.columns.items())
            rows = f"json_to_recordset(${numbers.other}::json) AS r({record})"
            numbers.other += 1
        else:
            values = ", ".join(f"({self._row_of_parameters(numbers)})" for _ in range(shape))
            rows = f"(VALUES {values}) AS r({', '.join(self.columns)})"
        return f"{self.name} AS ({self.template.format(rows=rows + ', gate g')})"

    def _row_of_parameters(self, numbers: Numbers) -> str:
        parameters = []
        for kind in self.columns.values():
            if kind in _PLAIN:
                parameters.append(f"${numbers.plain}::{kind}")
                numbers.plain += 1
            else:
                parameters.append(f"${numbers.other}::{kind}")
                numbers.other += 1
        return ", ".join(parameters)


def insert_section(
    name: str,
    table: str,
    columns: Mapping[str, str],
    *,
    filled: Mapping[str, str] | None = None,
) -> Section:
    """A section that inserts its rows; `filled` gives columns by SQL over `r` and `g`."""
    filled = filled or {}
    targets = [*(column for column in columns if column not in filled), *filled]
    values = [*(f"r.{column}" for column in columns if column not in filled), *filled.values()]
    return Section(
        name=name,
        columns=columns,
        template=(
            f"INSERT INTO {table} ({', '.join(targets)}) SELECT {', '.join(values)} FROM {{rows}}"
        ),
    )


@dataclass(slots=True)
class WriteSet:
    """The rows of one unit of work, by section, in the order in which sections first came."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    sections: dict[str, Section] = field(default_factory=dict)

    def add(self, section: Section, row: Row) -> None:
        """Queue one row."""
        found = self.rows.get(section.name)
        if found is None:
            self.sections[section.name] = section
            self.rows[section.name] = [row]
        else:
            found.append(row)

    def extend(self, section: Section, rows: Sequence[Row]) -> None:
        """Queue rows; none is fine."""
        if not rows:
            return
        found = self.rows.get(section.name)
        if found is None:
            self.sections[section.name] = section
            self.rows[section.name] = list(rows)
        else:
            found.extend(rows)

    def merge(self, other: WriteSet) -> None:
        """Take over another unit's rows: several units written by one statement."""
        for name, rows in other.rows.items():
            self.extend(other.sections[name], rows)

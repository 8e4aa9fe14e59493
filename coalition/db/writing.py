"""Everything that one unit of work writes, as one statement.

A noun's store declares *sections*: "rows like this are inserted into that table" or "these columns
of that table change by so much". A unit of work collects rows by section; `ledger.store` turns
them into one SQL statement whose parts all hang on one gate, so that either all of it is written
or nothing. Rows travel as JSON, one parameter a section: for a handful of rows that is several
times cheaper than arrays by column, and it makes the statement's text depend only on which
sections are present, so it is prepared once a connection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Section:
    """One kind of row that a unit of work may write.

    `columns` maps each field of the JSON rows to its PostgreSQL type. `template` is the statement,
    with `{rows}` for the record set `r` joined with the gate's row `g` (posted_at, window_date).
    """

    name: str
    columns: Mapping[str, str]
    template: str

    def sql(self, parameter: str) -> str:
        """The section as a common table expression over its rows, JSON in that parameter."""
        record = ", ".join(f"{name} {kind}" for name, kind in self.columns.items())
        rows = f"json_to_recordset({parameter}::json) AS r({record}), gate g"
        return f"{self.name} AS ({self.template.format(rows=rows)})"


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

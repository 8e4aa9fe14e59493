"""What settlement tells the hub of its own entries, so that caps count what was paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from coalition.ledger.tables import entered_position


@dataclass(frozen=True, slots=True)
class Cover:
    """Changes of a party's sums (micros): everything entered but collateral, and collateral."""

    covering_micros: int = 0
    collateral_micros: int = 0


def add_cover(*, connection: Connection, changes: Mapping[tuple[int, str], Cover]) -> None:
    """Add to the sums of parties, by party number and currency, in the transaction of the entries.

    Rows are written in one order, so that two who add to the same parties do not wait in a circle.
    """
    for (party_no, currency), change in sorted(changes.items()):
        values = {
            "party_no": party_no,
            "currency": currency,
            "covering_micros": change.covering_micros,
            "collateral_micros": change.collateral_micros,
        }
        statement = insert(entered_position).values(values)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["party_no", "currency"],
                set_={
                    name: entered_position.c[name] + statement.excluded[name]
                    for name in ("covering_micros", "collateral_micros")
                },
            )
        )

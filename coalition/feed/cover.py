"""What settlement tells the hub of its own entries, so that caps count what was paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert

from coalition.db.state import hub_state
from coalition.ledger.exposure import RATE_SCALE
from coalition.ledger.tables import conversion_rate, entered_position


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


def set_conversion_rates(*, connection: Connection, scaled: Mapping[str, int]) -> None:
    """Tell at which rates (times 10^10) what is owed in other currencies counts against caps.

    Those not named keep theirs; with none at all, currencies settle by themselves from now on.
    """
    if not scaled:
        connection.execute(delete(conversion_rate))
    for currency, value in sorted(scaled.items()):
        statement = insert(conversion_rate).values(currency=currency, scaled=value)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["currency"], set_={"scaled": statement.excluded.scaled}
            )
        )


def read_conversion_rates(*, connection: Connection) -> dict[str, int]:
    """The rates that caps count by (times 10^10), the coalition's own currency among them.

    Empty where currencies settle by themselves.
    """
    rows = connection.execute(select(conversion_rate.c.currency, conversion_rate.c.scaled))
    found = {row.currency: row.scaled for row in rows}
    if found:
        found[connection.execute(select(hub_state.c.currency)).scalar_one()] = RATE_SCALE
    return found

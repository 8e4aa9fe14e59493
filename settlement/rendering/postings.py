"""A statement's figures as postings in minor units: what bank files and journals are made of.

Turnovers have six decimals, books have cents. Each turnover is rounded half even, and a
counterparty's rounding posting brings the sum to what the pair really owes (its rounded net); so
the postings lead from the opening to the closing, to the cent, in every file that is made of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from partner_sdk.wire.amounts import round_half_even_to_minor
from partner_sdk.wire.lines import ROUNDING
from partner_sdk.wire.statement import Position, Statement, Turnover

__all__ = ["Posting", "postings_of"]


@dataclass(frozen=True, slots=True)
class Posting:
    """One amount with one counterparty, in micros of whole minor units; + is received.

    ``number`` counts from 1 within the statement; ``lines`` is how many lines it sums up, 0 where
    that cannot be told.
    """

    number: int
    counterparty: str
    name: str
    kind: str
    lines: int
    amount_micros: int


def postings_of(*, statement: Statement) -> tuple[Posting, ...]:
    """Return the postings of a statement, by counterparty and kind, rounding last of each."""
    by_counterparty: dict[str, list[Turnover]] = {}
    for turnover in statement.turnovers:
        if turnover.counterparty is not None:
            by_counterparty.setdefault(turnover.counterparty, []).append(turnover)
    amounts = [
        (position, kind, lines, micros)
        for position in statement.positions
        for kind, lines, micros in _amounts(
            position, by_counterparty.get(position.counterparty, []), statement.currency
        )
        if micros
    ]
    return tuple(
        Posting(number, position.counterparty, position.name, kind, lines, micros)
        for number, (position, kind, lines, micros) in enumerate(amounts, 1)
    )


def _amounts(
    position: Position, turnovers: list[Turnover], currency: str
) -> Iterator[tuple[str, int, int]]:
    """Yield kind, lines and amount; what is received and what is paid stand apart."""
    left = position.rounded_net_micros
    rounding_lines = 0
    for turnover in turnovers:
        if turnover.kind == ROUNDING:
            rounding_lines = turnover.lines
            continue
        both_ways = turnover.receivable_micros and turnover.payable_micros
        for micros in (turnover.receivable_micros, -turnover.payable_micros):
            rounded = round_half_even_to_minor(micros, currency)
            left -= rounded
            yield turnover.kind, 0 if both_ways else turnover.lines, rounded
    yield ROUNDING, rounding_lines, left

"""What the renderer takes: one plain tuple per line, typed but not yet text.

The tuple's shape is what one SQL statement delivers through a binary cursor: ids as 16 bytes
(``uuid_send(id)``), instants as integers of microseconds since 1970 UTC, amounts as micros. A
million such rows are never rows of objects.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from partner_sdk.wire.lines import ROUNDING
from partner_sdk.wire.statement import Turnover

__all__ = [
    "ENTRY",
    "LINE_ROW",
    "Conversion",
    "LineHeading",
    "LineRow",
    "LineTotals",
    "PairTotal",
    "entry_row",
    "rounding_row",
]

#: The document_kind of lines that settlement itself made.
ENTRY = "entry"

#: The names of a row's items, in order.
LINE_ROW = (
    "own",  # bool: the party's own receipt, all filled; else the counterparty's copy
    "movement",  # bytes | None
    "adjusts_statement",  # str | None
    "adjusts_line",  # str | None
    "document_kind",  # sale | redemption | lot | None
    "document_id",  # bytes (spelled by the kind's prefix), str (as is) or None
    "partner_ref",  # str | None
    "store",  # str | None
    "till",  # str | None
    "receipt",  # str | None
    "member",  # bytes | None
    "kind",  # str
    "reason",  # str | None
    "occurred_us",  # int | None
    "local_offset_s",  # int | None: the store's offset from UTC at that instant
    "posted_us",  # int | None
    "issuer",  # str | None: slug of a party
    "redeemer",  # str | None
    "counterparty",  # str | None: None only where net_micros is 0
    "campaign",  # str | None
    "agreement",  # str | None
    "agreement_version",  # str | None
    "lot",  # bytes | None
    "points",  # int
    "price_micros",  # int | None
    "net_micros",  # int, + receives
    "conversion",  # Conversion | None: in another currency than the statement's
    "dispute",  # str | None: a public id, on lines of entries only
)

# A heterogeneous row of 28 items; spelling its type out for mypy would cost a cast per item.
LineRow = Sequence["object"]


@dataclass(frozen=True, slots=True)
class LineHeading:
    """What all lines of a statement have in common; ``value_date`` is YYYY-MM-DD."""

    statement_no: int
    value_date: str
    currency: str


class Conversion(NamedTuple):
    """A line in another currency than its statement's, at a rate; its net in the statement's."""

    currency: str
    rate: str
    settlement_micros: int


@dataclass(frozen=True, slots=True)
class PairTotal:
    """The lines with one counterparty (micros): owed to us, owed by us, brought by rounding."""

    receivable_micros: int
    payable_micros: int
    rounding_micros: int


@dataclass(frozen=True, slots=True)
class LineTotals:
    """Sums over all lines rendered so far, as the statement states them."""

    turnovers: tuple[Turnover, ...]

    @property
    def count(self) -> int:
        """How many lines."""
        return sum(turnover.lines for turnover in self.turnovers)

    @property
    def points(self) -> int:
        """Their points."""
        return sum(turnover.points for turnover in self.turnovers)

    @property
    def net_micros(self) -> int:
        """Their net (+ receives)."""
        return sum(turnover.net_micros for turnover in self.turnovers)

    @property
    def pairs(self) -> dict[str, PairTotal]:
        """The lines with each counterparty."""
        pairs: dict[str, list[int]] = {}
        for turnover in self.turnovers:
            if turnover.counterparty is None:
                continue
            pair = pairs.setdefault(turnover.counterparty, [0, 0, 0])
            if turnover.kind == ROUNDING:
                pair[2] += turnover.net_micros
            else:
                pair[0] += turnover.receivable_micros
                pair[1] += turnover.payable_micros
        return {slug: PairTotal(*pair) for slug, pair in pairs.items()}


def rounding_row(*, counterparty: str, net_micros: int) -> LineRow:
    """Return the closing line that brings a pair's exact net to the minor unit."""
    return _row(kind=ROUNDING, counterparty=counterparty, net_micros=net_micros)


def entry_row(
    *,
    entry_id: str,
    kind: str,
    counterparty: str,
    net_micros: int,
    reason: str,
    reference: str | None,
    at_us: int,
    offset_s: int,
    adjusts: tuple[str, int] | None = None,
    dispute: str | None = None,
) -> LineRow:
    """Return the line of an entry: both of its parties see all of it.

    ``at_us`` is business time in microseconds since 1970, ``offset_s`` the party's offset from UTC
    then; ``adjusts`` is the public id of an earlier statement and a line's number; ``dispute`` is
    the public id of the dispute that the entry is of.
    """
    statement, line = adjusts or (None, None)
    return _row(
        adjusts_statement=statement,
        adjusts_line=None if line is None else str(line),
        document_kind=ENTRY,
        document_id=entry_id,
        partner_ref=reference,
        kind=kind,
        reason=reason,
        occurred_us=at_us,
        local_offset_s=offset_s,
        posted_us=at_us,
        counterparty=counterparty,
        net_micros=net_micros,
        dispute=dispute,
    )


def _row(**items: object) -> LineRow:
    items = {"own": True, "points": 0, **items}
    return tuple(items.get(name) for name in LINE_ROW)

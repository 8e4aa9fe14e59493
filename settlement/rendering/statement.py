"""Facts and totals → ``statement.json``; nothing is written that does not add up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from partner_sdk.wire.amounts import round_half_even_to_minor
from partner_sdk.wire.statement import (
    Activity,
    AgreementRef,
    FileEntry,
    LinesSummary,
    Party,
    Position,
    Previous,
    Statement,
    Window,
)
from settlement.rendering.rows import LineHeading, LineTotals, PairTotal

__all__ = ["BundleInconsistent", "PairPosition", "StatementFacts", "compose_statement"]

_NO_LINES = PairTotal(0, 0, 0)


class BundleInconsistent(ValueError):  # noqa: N818 - the name says it
    """The lines and the netting disagree; the statement must not be issued."""


@dataclass(frozen=True, slots=True)
class PairPosition:
    """What netting found for one counterparty: residue brought, rounded net, residue left."""

    counterparty: str
    residue_in_micros: int
    rounded_net_micros: int
    residue_out_micros: int


@dataclass(frozen=True, slots=True)
class StatementFacts:
    """What a statement says besides its lines (amounts in micros)."""

    statement_id: str
    environment: str
    coalition_name: str
    party: Party
    window: Window
    currency: str
    opening_micros: int
    closing_micros: int
    positions: tuple[PairPosition, ...]
    agreements: tuple[AgreementRef, ...]
    previous: Previous | None
    issued_at: datetime


def compose_statement(
    *,
    facts: StatementFacts,
    heading: LineHeading,
    totals: LineTotals,
    merkle_root: bytes,
    files: Sequence[FileEntry],
) -> Statement:
    """Put the statement together.

    Raises:
        BundleInconsistent: the lines do not lead from the opening to the closing, or a pair's
            lines, rounding and residues do not add up.
    """
    if facts.currency != heading.currency:
        raise BundleInconsistent("the lines are in another currency than the statement")
    if facts.opening_micros + totals.net_micros != facts.closing_micros:
        raise BundleInconsistent("opening and lines do not add up to the closing")
    listed = {pair.counterparty for pair in facts.positions}
    if len(listed) != len(facts.positions) or not listed.issuperset(totals.pairs):
        raise BundleInconsistent("not every counterparty of the lines has exactly one position")
    positions = tuple(
        _position(pair, totals.pairs.get(pair.counterparty, _NO_LINES), facts.currency)
        for pair in sorted(facts.positions, key=lambda pair: pair.counterparty)
    )
    if sum(position.rounded_net_micros for position in positions) != totals.net_micros:
        raise BundleInconsistent("an amount is on a line without a counterparty")
    return Statement(
        statement_id=facts.statement_id,
        statement_no=heading.statement_no,
        environment=facts.environment,
        coalition_name=facts.coalition_name,
        party=facts.party,
        window=facts.window,
        currency=facts.currency,
        opening_micros=facts.opening_micros,
        net_micros=totals.net_micros,
        closing_micros=facts.closing_micros,
        activity=tuple(Activity(kind, *sums) for kind, sums in totals.activity.items()),
        positions=positions,
        agreements=facts.agreements,
        lines=LinesSummary(totals.count, totals.points, totals.net_micros, merkle_root.hex()),
        previous=facts.previous,
        files=tuple(files),
        issued_at=facts.issued_at,
    )


def _position(pair: PairPosition, total: PairTotal, currency: str) -> Position:
    exact = total.receivable_micros - total.payable_micros
    rounded = pair.rounded_net_micros
    if total.rounding_micros != rounded - exact:
        raise BundleInconsistent(
            f"the rounding line with {pair.counterparty} is not its rounded less its exact net"
        )
    if round_half_even_to_minor(exact + pair.residue_in_micros, currency) != rounded:
        raise BundleInconsistent(f"the net with {pair.counterparty} is not rounded half even")
    if pair.residue_in_micros + exact != rounded + pair.residue_out_micros:
        raise BundleInconsistent(f"the residue with {pair.counterparty} is not carried on")
    return Position(
        counterparty=pair.counterparty,
        receivable_micros=total.receivable_micros,
        payable_micros=total.payable_micros,
        exact_net_micros=exact,
        residue_in_micros=pair.residue_in_micros,
        rounded_net_micros=rounded,
        residue_out_micros=pair.residue_out_micros,
    )

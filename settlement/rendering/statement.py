"""Facts and totals → ``statement.json``; nothing is written that does not add up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from partner_sdk.wire.amounts import round_half_even_to_minor
from partner_sdk.wire.statement import (
    AgreementRef,
    LinesSummary,
    Party,
    Position,
    Previous,
    Statement,
    Window,
    sum_by_kind,
)
from settlement.profiles.domain import DEFAULT_PROFILE, Profile
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
    """What a statement says besides its lines (amounts in micros).

    ``names`` are the counterparties' by slug; ``profile`` is how the party keeps its books,
    ``clearing`` that of the clearing house.
    """

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
    names: Mapping[str, str] = field(default_factory=dict)
    profile: Profile = DEFAULT_PROFILE
    clearing: Profile = DEFAULT_PROFILE


def compose_statement(
    *,
    facts: StatementFacts,
    heading: LineHeading,
    totals: LineTotals,
    merkle_root: bytes,
) -> Statement:
    """Put the statement together; of the files it lists none yet.

    Raises:
        BundleInconsistent: the lines do not lead from the opening to the closing, or a pair's
            lines, rounding and residues do not add up.
    """
    if facts.currency != heading.currency:
        raise BundleInconsistent("the lines are in another currency than the statement")
    if facts.opening_micros + totals.net_micros != facts.closing_micros:
        raise BundleInconsistent("opening and lines do not add up to the closing")
    listed = {pair.counterparty for pair in facts.positions}
    pairs = totals.pairs
    if len(listed) != len(facts.positions) or not listed.issuperset(pairs):
        raise BundleInconsistent("not every counterparty of the lines has exactly one position")
    positions = tuple(
        _position(pair, pairs.get(pair.counterparty, _NO_LINES), facts)
        for pair in sorted(facts.positions, key=lambda pair: pair.counterparty)
    )
    if sum(position.rounded_net_micros for position in positions) != totals.net_micros:
        raise BundleInconsistent("an amount is on a line without a counterparty")
    return Statement(
        statement_id=facts.statement_id,
        statement_no=heading.statement_no,
        environment=facts.environment,
        language=facts.profile.language,
        coalition_name=facts.coalition_name,
        party=facts.party,
        window=facts.window,
        currency=facts.currency,
        settlement_currency=facts.profile.settlement_currency or facts.currency,
        due_on=_due_on(facts),
        opening_micros=facts.opening_micros,
        net_micros=totals.net_micros,
        closing_micros=facts.closing_micros,
        activity=sum_by_kind(turnovers=totals.turnovers),
        turnovers=totals.turnovers,
        positions=positions,
        agreements=facts.agreements,
        lines=LinesSummary(totals.count, totals.points, totals.net_micros, merkle_root.hex()),
        previous=facts.previous,
        files=(),
        beside=(),
        issued_at=facts.issued_at,
    )


def _due_on(facts: StatementFacts) -> str | None:
    """The day by which the closing is to be paid, counted from the business date."""
    if not facts.closing_micros:
        return None
    terms = timedelta(days=facts.profile.payment_days)
    return (date.fromisoformat(facts.window.business_date) + terms).isoformat()


def _position(pair: PairPosition, total: PairTotal, facts: StatementFacts) -> Position:
    exact = total.receivable_micros - total.payable_micros
    rounded = pair.rounded_net_micros
    if total.rounding_micros != rounded - exact:
        raise BundleInconsistent(
            f"the rounding line with {pair.counterparty} is not its rounded less its exact net"
        )
    if round_half_even_to_minor(exact + pair.residue_in_micros, facts.currency) != rounded:
        raise BundleInconsistent(f"the net with {pair.counterparty} is not rounded half even")
    if pair.residue_in_micros + exact != rounded + pair.residue_out_micros:
        raise BundleInconsistent(f"the residue with {pair.counterparty} is not carried on")
    return Position(
        counterparty=pair.counterparty,
        name=facts.names.get(pair.counterparty, pair.counterparty),
        receivable_micros=total.receivable_micros,
        payable_micros=total.payable_micros,
        exact_net_micros=exact,
        residue_in_micros=pair.residue_in_micros,
        rounded_net_micros=rounded,
        residue_out_micros=pair.residue_out_micros,
    )

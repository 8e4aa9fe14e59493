"""The line that rounds a pair's net, and what is carried into the next window."""

from __future__ import annotations

from sqlalchemy import Connection

from partner_sdk.wire.amounts import format_micros, format_micros6
from settlement.domain.netting import PairView, views_by_party
from settlement.explain.sight import Parties
from settlement.explain.subjects import Subject
from settlement.explain.values import Explanation, NothingToExplain, Step
from settlement.steps.bundles import rounded_views
from settlement.store import nets
from settlement.store.statements import StoredStatement


def explain_rounding(
    *,
    connection: Connection,
    found: StoredStatement,
    subject: Subject,
    parties: Parties,
    heading: str,
) -> Explanation:
    """A line of rounding. Raises NothingToExplain: the statement has no such line."""
    plan = found.plan
    pairs = nets.read_pairs(
        connection=connection, business_date=plan.business_date, currency=plan.currency
    )
    views = views_by_party(pairs=pairs).get(plan.party_no, ())
    slug_of = {view.counterparty: parties[view.counterparty].slug for view in views}
    rounded = rounded_views(views=views, slug_of=slug_of)
    place = subject.line_no - plan.lines - plan.entry_lines - 1
    if not 0 <= place < len(rounded):
        raise NothingToExplain(f"{plan.public_id} has {plan.all_lines} lines")
    view: PairView = rounded[place]
    return Explanation(
        statement=plan.public_id,
        heading=heading,
        subject=subject.name,
        title=(
            f"Line {subject.line_no}: rounding with {slug_of[view.counterparty]}, "
            f"{format_micros6(view.rounding_micros)} {plan.currency}"
        ),
        amount_micros=view.rounding_micros,
        currency=plan.currency,
        steps=(rounding_step(view, plan.currency), _this_line(view)),
    )


def rounding_step(view: PairView, currency: str) -> Step:
    """How a pair's net was rounded, and what was carried."""
    due = view.residue_in_micros + view.exact_micros
    return Step(
        "Arithmetic",
        f"carried in {format_micros6(view.residue_in_micros)} + lines "
        f"{format_micros6(view.exact_micros)} = {format_micros6(due)}; rounded half even to "
        f"{format_micros(view.rounded_micros)} {currency}; carried on "
        f"{format_micros6(view.residue_out_micros)}",
    )


def _this_line(view: PairView) -> Step:
    return Step(
        "This line",
        f"{format_micros(view.rounded_micros)} - ({format_micros6(view.exact_micros)}) = "
        f"{format_micros6(view.rounding_micros)}",
    )

"""Why a line says what it says: receipt → lots → agreement version → arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import Connection

from partner_sdk.wire import ids
from partner_sdk.wire.amounts import format_micros, format_micros6
from partner_sdk.wire.instants import format_instant
from settlement import hub
from settlement.currencies import store as currencies
from settlement.domain.arithmetic import Pricing, explain_amount
from settlement.domain.netting import PairView, views_by_party
from settlement.entries import store as entries
from settlement.entries.explain import explain_entry
from settlement.steps.bundles import rounded_views
from settlement.steps.night import Night
from settlement.store import lines, nets, statements
from settlement.store.lines import LineKey
from settlement.store.statements import StoredStatement


class NothingToExplain(Exception):  # noqa: N818 - the name says it
    """There is no such statement or line."""


def explain_line(*, night: Night, statement: str, line_no: int) -> tuple[str, ...]:
    """The explanation of a line, as lines of text.

    `statement` is an id (`stm_…`), `DATE/PARTY`, or `DATE/PARTY/CURRENCY` for one in another
    currency than the clearing one. Raises NothingToExplain.
    """
    with night.database.transaction() as connection:
        parties = {party.no: party for party in hub.read_parties(connection=connection)}
        found = _find(connection, statement, parties)
        return tuple(_explain(connection, found, line_no, parties))


def _find(
    connection: Connection, statement: str, parties: Mapping[int, hub.PartyFacts]
) -> StoredStatement:
    found = None
    if statement.startswith("stm_"):
        try:
            statement_id: UUID = ids.decode("stm", statement)
        except ids.InvalidId:
            raise NothingToExplain(f"{statement} is not an id of a statement") from None
        found = statements.read_statement(connection=connection, statement_id=statement_id)
    else:
        day, _, named = statement.partition("/")
        slug, _, wanted = named.partition("/")
        wanted = wanted or hub.read_coalition(connection=connection).currency
        try:
            business_date = date.fromisoformat(day)
        except ValueError:
            raise NothingToExplain(
                f"{statement} is neither an id of a statement (stm_…) nor DATE/PARTY"
            ) from None
        for each in statements.read_window_statements(
            connection=connection, business_date=business_date
        ):
            if (parties[each.plan.party_no].slug, each.plan.currency) == (slug, wanted):
                found = each
    if found is None:
        raise NothingToExplain(f"there is no statement {statement}")
    return found


def _explain(
    connection: Connection,
    found: StoredStatement,
    line_no: int,
    parties: Mapping[int, hub.PartyFacts],
) -> Iterator[str]:
    plan = found.plan
    yield (
        f"Statement {plan.public_id}: number {plan.no} of {parties[plan.party_no].name}, "
        f"business date {plan.business_date}"
    )
    clearing = hub.read_coalition(connection=connection).currency
    key = lines.read_line_key(
        connection=connection,
        business_date=plan.business_date,
        party_no=plan.party_no,
        line_no=line_no,
        currency=None if plan.currency == clearing else plan.currency,
    )
    if key is None:
        of_entries = entries.read_entry_lines(
            connection=connection,
            business_date=plan.business_date,
            party_no=plan.party_no,
            currency=plan.currency,
            line_no=line_no,
        )
        if of_entries:
            yield from explain_entry(line=of_entries[0], party_no=plan.party_no, parties=parties)
        else:
            yield from _rounding(connection, found, line_no, parties)
        return
    facts = hub.read_line_facts(
        connection=connection, account_id=key.account_id, movement_id=key.movement_id
    )
    if facts is None:
        raise NothingToExplain(f"the movement behind line {line_no} is gone")
    yield from _headline(found, key, facts, parties)
    yield from _receipt(facts, parties)
    yield from _lots(facts, parties)
    yield from _terms(key, facts, parties)
    yield from _arithmetic(key, facts, parties)
    yield from _conversion(connection, found, key, facts)
    yield from _correction(connection, found, key)


def _obligation(key: LineKey, facts: hub.LineFacts) -> hub.ObligationFacts | None:
    return next((owed for owed in facts.obligations if owed.seq == key.seq), None)


def _headline(
    found: StoredStatement,
    key: LineKey,
    facts: hub.LineFacts,
    parties: Mapping[int, hub.PartyFacts],
) -> Iterator[str]:
    owed = _obligation(key, facts)
    if owed is None:
        amount = "no amount: nothing is owed for this movement of points"
    elif owed.creditor == found.plan.party_no:
        amount = (
            f"+{format_micros6(owed.amount_micros)} {owed.currency}, "
            f"owed by {parties[owed.debtor].slug}"
        )
    else:
        amount = (
            f"-{format_micros6(owed.amount_micros)} {owed.currency}, "
            f"owed to {parties[owed.creditor].slug}"
        )
    yield f"Line {key.line_no}: {key.kind}, {amount}"
    view = "its own receipt" if key.own else "the counterparty's copy"
    yield (
        f"  Movement    {ids.encode('mov', facts.movement_id)} ({facts.kind}): {facts.points} "
        f"points from {facts.from_bucket} to {facts.to_bucket}, posted "
        f"{format_instant(facts.posted_at)}, reason {facts.reason}; {view}"
    )


def _receipt(facts: hub.LineFacts, parties: Mapping[int, hub.PartyFacts]) -> Iterator[str]:
    names = {"sale": "mov", "redemption": "red", "hold": "hld", "lot": "lot"}
    parts = [f"{facts.cause_kind} at {parties[facts.party_no].slug}"]
    if facts.cause_kind != "sale":
        parts.append(ids.encode(names[facts.cause_kind], facts.cause_id))
    if facts.document_external_id:
        parts.append(f"partner's reference {facts.document_external_id}")
    for name in ("store", "till", "receipt"):
        value = getattr(facts, name)
        if value:
            parts.append(f"{name} {value}")
    if facts.occurred_at:
        parts.append(f"occurred {format_instant(facts.occurred_at)}")
    yield f"  Receipt     {', '.join(parts)}"


def _lots(facts: hub.LineFacts, parties: Mapping[int, hub.PartyFacts]) -> Iterator[str]:
    lot = facts.lot
    origin = ""
    if lot.sale_external_id:
        origin = f", from the sale {lot.sale_external_id}"
        if lot.sale_receipt:
            origin += f" (receipt {lot.sale_receipt})"
    yield (
        f"  Lot         {ids.encode('lot', lot.lot_id)}: {lot.granted} points issued by "
        f"{parties[lot.issuer].slug}, funded by {parties[lot.funder].slug} on {lot.funding}, "
        f"earned {format_instant(lot.occurred_at)}{origin}, expiring "
        f"{format_instant(lot.expires_at)}"
    )
    if facts.slices:
        yield f"  Redemption  {facts.redemption_points} points, soonest expiry first:"
    for each in facts.slices:
        mark = "   <- this line" if each.lot_id == lot.lot_id else ""
        reversed_ = f", {each.reversed_points} of them given back" if each.reversed_points else ""
        yield (
            f"              {each.points} of {ids.encode('lot', each.lot_id)} "
            f"({parties[each.issuer].slug}) at {format_micros6(each.redemption_price_micros)}"
            f"{reversed_}{mark}"
        )


def _terms(
    key: LineKey, facts: hub.LineFacts, parties: Mapping[int, hub.PartyFacts]
) -> Iterator[str]:
    lot = facts.lot
    yield (
        f"  Agreement   {ids.encode('agr', lot.agreement_id)}, version {lot.agreement_version} of "
        f"{parties[lot.issuer].slug}: issue price {format_micros6(lot.issue_price_micros)}, "
        f"redemption price {format_micros6(lot.redemption_price_micros)} {lot.currency} a point "
        f"(terms SHA-256 {lot.terms_sha256.hex()})"
    )
    if key.kind == "redemption_fee" and facts.redeemer_agreement_id is not None:
        yield (
            f"  Fees by     {ids.encode('agr', facts.redeemer_agreement_id)}, version "
            f"{facts.redeemer_agreement_version} of {parties[facts.party_no].slug}"
        )


def _arithmetic(
    key: LineKey, facts: hub.LineFacts, parties: Mapping[int, hub.PartyFacts]
) -> Iterator[str]:
    owed = _obligation(key, facts)
    if owed is None:
        return
    lot = facts.lot
    text = explain_amount(
        kind=owed.kind,
        amount_micros=owed.amount_micros,
        pricing=Pricing(
            points=facts.points,
            currency=owed.currency,
            issue_price_micros=lot.issue_price_micros,
            redemption_price_micros=lot.redemption_price_micros,
            issuer_terms=lot.terms,
            face_micros=facts.face_micros,
            redemption_points=facts.redemption_points,
            redeemer_terms=facts.redeemer_terms,
        ),
    )
    yield f"  Arithmetic  {text}"
    yield (
        f"  Owed        {parties[owed.debtor].slug} owes {parties[owed.creditor].slug} "
        f"{format_micros6(owed.amount_micros)} {owed.currency} ({owed.kind})"
    )


def _conversion(
    connection: Connection, found: StoredStatement, key: LineKey, facts: hub.LineFacts
) -> Iterator[str]:
    """The amount in the statement's currency, where the line is in another one."""
    owed = _obligation(key, facts)
    if owed is None or key.settlement_micros is None:
        return
    rate = currencies.read_window_rates(
        connection=connection, business_date=found.plan.business_date
    )[owed.currency]
    days = ", ".join(day.isoformat() for day in rate.quoted_on)
    yield (
        f"  Converted   {format_micros6(owed.amount_micros)} {owed.currency} × {rate.text} = "
        f"{format_micros6(abs(key.settlement_micros))} {rate.clearing}; 1 {rate.currency} = "
        f"{rate.text} {rate.clearing}, {rate.method} of {rate.source}, quoted on {days}"
    )


def _correction(connection: Connection, found: StoredStatement, key: LineKey) -> Iterator[str]:
    if key.adjusts_date is None:
        return
    currency = key.adjusts_currency or hub.read_coalition(connection=connection).currency
    for each in statements.read_window_statements(
        connection=connection, business_date=key.adjusts_date
    ):
        if (each.plan.party_no, each.plan.currency) == (found.plan.party_no, currency):
            yield (
                f"  Corrects    line {key.adjusts_line} of statement {each.plan.public_id} "
                f"({key.adjusts_date})"
            )


def _rounding(
    connection: Connection,
    found: StoredStatement,
    line_no: int,
    parties: Mapping[int, hub.PartyFacts],
) -> Iterator[str]:
    plan = found.plan
    pairs = nets.read_pairs(
        connection=connection, business_date=plan.business_date, currency=plan.currency
    )
    views = views_by_party(pairs=pairs).get(plan.party_no, ())
    slug_of = {view.counterparty: parties[view.counterparty].slug for view in views}
    rounded = rounded_views(views=views, slug_of=slug_of)
    place = line_no - plan.lines - plan.entry_lines - 1
    if not 0 <= place < len(rounded):
        raise NothingToExplain(f"{plan.public_id} has {plan.all_lines} lines")
    view: PairView = rounded[place]
    due = view.residue_in_micros + view.exact_micros
    yield (
        f"Line {line_no}: rounding with {slug_of[view.counterparty]}, "
        f"{format_micros6(view.rounding_micros)} {plan.currency}"
    )
    yield (
        f"  Arithmetic  carried in {format_micros6(view.residue_in_micros)} + lines "
        f"{format_micros6(view.exact_micros)} = {format_micros6(due)}; rounded half even to "
        f"{format_micros(view.rounded_micros)} {plan.currency}; carried on "
        f"{format_micros6(view.residue_out_micros)}"
    )
    yield (
        f"  This line   {format_micros(view.rounded_micros)} - "
        f"({format_micros6(view.exact_micros)}) = {format_micros6(view.rounding_micros)}"
    )


__all__ = ["NothingToExplain", "explain_line"]

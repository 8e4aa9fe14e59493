"""Why a line says what it says: receipt → movement → lots → agreement version → arithmetic.

The coalition itself sees everything. A party sees what stands on its own receipts; of a
counterparty's copy neither receipt, till, reference nor time of day, and the pairwise pseudonyms
that its lines have; of lots that another party issued neither the sale that made them nor their
prices beyond the one that its own line applied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from partner_sdk.wire import ids
from partner_sdk.wire.amounts import format_micros, format_micros6
from partner_sdk.wire.instants import format_instant
from partner_sdk.wire.lines import LATE_SALE
from settlement import hub
from settlement.currencies import store as currencies
from settlement.domain.arithmetic import Pricing, explain_amount
from settlement.domain.netting import PairView, views_by_party
from settlement.entries import store as entries
from settlement.entries.domain import EntryLine
from settlement.entries.explain import explain_entry
from settlement.explain.subjects import Subject
from settlement.explain.values import Explanation, NothingToExplain, Step
from settlement.rendering import pairwise_pseudonym, pseudonym_key
from settlement.steps.bundles import rounded_views
from settlement.store import lines, nets, statements
from settlement.store.lines import LineKey
from settlement.store.statements import StoredStatement

Parties = Mapping[int, hub.PartyFacts]
_SAID_OF_ENTRIES = ("Entry", "Cause", "Posted", "Owed", "Corrects")


@dataclass(frozen=True, slots=True)
class Sight:
    """Who looks: a party at its own statement, or the coalition (`sees_all`).

    `secret` is what pairwise pseudonyms are made with.
    """

    sees_all: bool
    secret: bytes


@dataclass(frozen=True, slots=True)
class _View:
    """One line, everything behind it, and what of that may be seen."""

    found: StoredStatement
    key: LineKey
    facts: hub.LineFacts
    parties: Parties
    sight: Sight

    @property
    def party_no(self) -> int:
        return self.found.plan.party_no

    @property
    def receipts(self) -> bool:
        """Whether receipt, till and times of the movement are seen."""
        return self.sight.sees_all or self.key.own

    @property
    def terms(self) -> bool:
        """Whether the lot's prices are seen: its issuer's and funder's business."""
        return self.sight.sees_all or self.party_no in (
            self.facts.lot.issuer,
            self.facts.lot.funder,
        )

    @property
    def origin(self) -> bool:
        """Whether the lot's own story is seen: its sale, size and dates."""
        if self.sight.sees_all:
            return True
        return self.key.own and self.party_no == self.facts.lot.issuer

    @property
    def owed(self) -> hub.ObligationFacts | None:
        return next((o for o in self.facts.obligations if o.seq == self.key.seq), None)

    def slug(self, party_no: int) -> str:
        return self.parties[party_no].slug

    def name(self, prefix: str, value: UUID) -> str:
        """A movement's or lot's id as this party's lines spell it."""
        if self.receipts:
            return ids.encode(prefix, value)
        key = pseudonym_key(secret=self.sight.secret, party=self.slug(self.party_no))
        return pairwise_pseudonym(key=key, prefix=prefix, value=value)


def explain_one_line(
    *,
    connection: Connection,
    found: StoredStatement,
    subject: Subject,
    parties: Parties,
    sight: Sight,
    heading: str,
) -> Explanation:
    """A line of a statement, those of rounding included. Raises NothingToExplain."""
    plan = found.plan
    clearing = hub.read_coalition(connection=connection).currency
    key = lines.read_line_key(
        connection=connection,
        business_date=plan.business_date,
        party_no=plan.party_no,
        line_no=subject.line_no,
        currency=None if plan.currency == clearing else plan.currency,
    )
    if key is None:
        of_entries = entries.read_entry_lines(
            connection=connection,
            business_date=plan.business_date,
            party_no=plan.party_no,
            currency=plan.currency,
            line_no=subject.line_no,
        )
        if of_entries:
            return _entry(of_entries[0], found, subject, parties, sight, heading)
        return _rounding(connection, found, subject, parties, heading)
    facts = hub.read_line_facts(
        connection=connection, account_id=key.account_id, movement_id=key.movement_id
    )
    if facts is None:
        raise NothingToExplain(f"the movement behind line {subject.line_no} is gone")
    view = _View(found, key, facts, parties, sight)
    title, amount = _title(view)
    return Explanation(
        statement=plan.public_id,
        heading=heading,
        subject=subject.name,
        title=title,
        amount_micros=amount if key.settlement_micros is None else key.settlement_micros,
        currency=plan.currency,
        steps=(
            *_movement(connection, view),
            *_receipt(view),
            *_lots(view),
            *_terms(view),
            *_arithmetic(view),
            *_conversion(connection, view),
            *_correction(connection, view),
        ),
    )


def _title(view: _View) -> tuple[str, int | None]:
    owed, head = view.owed, f"Line {view.key.line_no}: {view.key.kind}"
    if owed is None:
        return f"{head}, no amount: nothing is owed for this movement of points", None
    if owed.creditor == view.party_no:
        amount = f"+{format_micros6(owed.amount_micros)} {owed.currency}"
        return f"{head}, {amount}, owed by {view.slug(owed.debtor)}", owed.amount_micros
    amount = f"-{format_micros6(owed.amount_micros)} {owed.currency}"
    return f"{head}, {amount}, owed to {view.slug(owed.creditor)}", -owed.amount_micros


def _movement(connection: Connection, view: _View) -> Iterator[Step]:
    facts = view.facts
    window = hub.read_window(connection=connection, business_date=facts.window_date)
    late = (
        window is not None and facts.reason == "sale" and facts.lot.occurred_at < window.starts_at
    )
    told = "its own receipt" if view.key.own else "the counterparty's copy"
    posted = f"posted {format_instant(facts.posted_at)}, " if view.receipts else ""
    yield Step(
        "Movement",
        f"{view.name('mov', facts.movement_id)} ({facts.kind}): {facts.points} points from "
        f"{facts.from_bucket} to {facts.to_bucket}, {posted}reason "
        f"{LATE_SALE if late else facts.reason}; {told}",
    )
    if late:
        yield Step(
            "Late",
            f"the sale happened before the window of {facts.window_date} and was first heard of "
            "in it: an ordinary line there, at the terms in force when it happened",
        )


def _receipt(view: _View) -> Iterator[Step]:
    facts = view.facts
    names = {"sale": "mov", "redemption": "red", "hold": "hld", "lot": "lot"}
    parts = [f"{facts.cause_kind} at {view.slug(facts.party_no)}"]
    if view.receipts:
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
    else:
        parts.append("whose receipt is that party's own")
    yield Step("Receipt", ", ".join(parts))


def _lots(view: _View) -> Iterator[Step]:
    facts, lot = view.facts, view.facts.lot
    said = f"issued by {view.slug(lot.issuer)}, funded by {view.slug(lot.funder)} on {lot.funding}"
    if view.origin:
        origin = ""
        if lot.sale_external_id:
            origin = f", from the sale {lot.sale_external_id}"
            if lot.sale_receipt:
                origin += f" (receipt {lot.sale_receipt})"
        said = (
            f"{lot.granted} points {said}, earned {format_instant(lot.occurred_at)}{origin}, "
            f"expiring {format_instant(lot.expires_at)}"
        )
    yield Step("Lot", f"{view.name('lot', lot.lot_id)}: {said}")
    if not facts.slices or not view.receipts:
        return
    yield Step("Redemption", f"{facts.redemption_points} points, soonest expiry first:")
    for each in facts.slices:
        mark = "   <- this line" if each.lot_id == lot.lot_id else ""
        price = f" at {format_micros6(each.redemption_price_micros)}" if view.sight.sees_all else ""
        back = f", {each.reversed_points} of them given back" if each.reversed_points else ""
        yield Step(
            "",
            f"{each.points} of {ids.encode('lot', each.lot_id)} ({view.slug(each.issuer)})"
            f"{price}{back}{mark}",
        )


def _terms(view: _View) -> Iterator[Step]:
    facts, lot = view.facts, view.facts.lot
    prices = ""
    if view.terms:
        prices = (
            f": issue price {format_micros6(lot.issue_price_micros)}, redemption price "
            f"{format_micros6(lot.redemption_price_micros)} {lot.currency} a point"
        )
    yield Step(
        "Agreement",
        f"{ids.encode('agr', lot.agreement_id)}, version {lot.agreement_version} of "
        f"{view.slug(lot.issuer)}{prices} (terms SHA-256 {lot.terms_sha256.hex()})",
    )
    if view.key.kind == "redemption_fee" and facts.redeemer_agreement_id is not None:
        yield Step(
            "Fees by",
            f"{ids.encode('agr', facts.redeemer_agreement_id)}, version "
            f"{facts.redeemer_agreement_version} of {view.slug(facts.party_no)}",
        )


def _arithmetic(view: _View) -> Iterator[Step]:
    owed, facts, lot = view.owed, view.facts, view.facts.lot
    if owed is None:
        return
    amount = f"{format_micros6(owed.amount_micros)} {owed.currency}"
    if view.terms or (owed.kind == "redemption_fee" and view.receipts):
        text = explain_amount(
            kind=owed.kind,
            amount_micros=owed.amount_micros,
            pricing=Pricing(
                points=facts.points,
                currency=owed.currency,
                issue_price_micros=lot.issue_price_micros,
                redemption_price_micros=lot.redemption_price_micros,
                issuer_terms=lot.terms,
                face_micros=facts.face_of(owed.kind),
                redemption_points=facts.redemption_points,
                redeemer_terms=facts.redeemer_terms,
            ),
        )
    elif owed.amount_micros % facts.points == 0:
        price = format_micros6(owed.amount_micros // facts.points)
        text = f"{facts.points} points × {price} {owed.currency} (the price of the line) = {amount}"
    else:
        text = f"a part of what {facts.points} points are worth = {amount}"
    yield Step("Arithmetic", text)
    yield Step(
        "Owed", f"{view.slug(owed.debtor)} owes {view.slug(owed.creditor)} {amount} ({owed.kind})"
    )


def _conversion(connection: Connection, view: _View) -> Iterator[Step]:
    """The amount in the statement's currency, where the line is in another one."""
    owed, settled = view.owed, view.key.settlement_micros
    if owed is None or settled is None:
        return
    rate = currencies.read_window_rates(
        connection=connection, business_date=view.found.plan.business_date
    )[owed.currency]
    days = ", ".join(day.isoformat() for day in rate.quoted_on)
    yield Step(
        "Converted",
        f"{format_micros6(owed.amount_micros)} {owed.currency} × {rate.text} = "
        f"{format_micros6(abs(settled))} {rate.clearing}; 1 {rate.currency} = {rate.text} "
        f"{rate.clearing}, {rate.method} of {rate.source}, quoted on {days}",
    )


def _correction(connection: Connection, view: _View) -> Iterator[Step]:
    key = view.key
    if key.adjusts_date is None:
        return
    currency = key.adjusts_currency or hub.read_coalition(connection=connection).currency
    for each in statements.read_window_statements(
        connection=connection, business_date=key.adjusts_date
    ):
        if (each.plan.party_no, each.plan.currency) == (view.party_no, currency):
            yield Step(
                "Corrects",
                f"line {key.adjusts_line} of statement {each.plan.public_id} ({key.adjusts_date})",
            )


def _entry(
    line: EntryLine,
    found: StoredStatement,
    subject: Subject,
    parties: Parties,
    sight: Sight,
    heading: str,
) -> Explanation:
    """The line of an entry; what its maker noted with it is for the coalition alone."""
    plan = found.plan
    title, *said = explain_entry(line=line, party_no=plan.party_no, parties=parties)
    steps = [Step(text[2:14].strip(), text[14:]) for text in said]
    return Explanation(
        statement=plan.public_id,
        heading=heading,
        subject=subject.name,
        title=title,
        amount_micros=line.entry.net_of(plan.party_no),
        currency=plan.currency,
        steps=tuple(s for s in steps if sight.sees_all or s.label in _SAID_OF_ENTRIES),
    )


def _rounding(
    connection: Connection,
    found: StoredStatement,
    subject: Subject,
    parties: Parties,
    heading: str,
) -> Explanation:
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

"""Why a sum of a statement says what it says: of which lines it is made, and how they add up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from partner_sdk.wire.amounts import format_micros, format_micros6
from partner_sdk.wire.lines import ROUNDING
from settlement import hub
from settlement.domain.netting import PairView, views_by_party
from settlement.explain import subjects
from settlement.explain.rounding import rounding_step
from settlement.explain.sight import Parties
from settlement.explain.subjects import Subject
from settlement.explain.values import Explanation, NothingToExplain, Part, Step
from settlement.steps.bundles import rounded_views
from settlement.store import line_sums, nets, statements
from settlement.store.line_sums import LineGroup
from settlement.store.statements import StoredStatement

MOST_LINES = 20
"""Lines that an explanation names; the rest is one part, with their count."""


@dataclass(frozen=True, slots=True)
class _Books:
    """One statement's groups of lines and pairs."""

    found: StoredStatement
    parties: Parties
    groups: tuple[LineGroup, ...]
    views: tuple[PairView, ...]
    heading: str
    clearing: str

    def slug(self, party_no: int) -> str:
        return self.parties[party_no].slug

    def rounded(self) -> list[tuple[int, PairView]]:
        """The lines of rounding, by number."""
        plan = self.found.plan
        slug_of = {view.counterparty: self.slug(view.counterparty) for view in self.views}
        views = rounded_views(views=self.views, slug_of=slug_of)
        return list(enumerate(views, plan.lines + plan.entry_lines + 1))

    def explained(
        self,
        subject: Subject,
        title: str,
        micros: int,
        *,
        steps: Iterable[Step] = (),
        parts: Iterable[Part] = (),
    ) -> Explanation:
        plan = self.found.plan
        return Explanation(
            statement=plan.public_id,
            heading=self.heading,
            subject=subject.name,
            title=f"{title}, {format_micros6(micros)} {plan.currency}",
            amount_micros=micros,
            currency=plan.currency,
            steps=tuple(steps),
            parts=tuple(parts),
        )


def explain_sum(
    *,
    connection: Connection,
    found: StoredStatement,
    subject: Subject,
    parties: Parties,
    heading: str,
) -> Explanation:
    """A balance, an activity row or a position of a statement. Raises NothingToExplain."""
    plan = found.plan
    clearing = hub.read_coalition(connection=connection).currency
    pairs = nets.read_pairs(
        connection=connection, business_date=plan.business_date, currency=plan.currency
    )
    books = _Books(
        found=found,
        parties=parties,
        groups=line_sums.read_groups(connection=connection, plan=plan, clearing=clearing),
        views=views_by_party(pairs=pairs).get(plan.party_no, ()),
        heading=heading,
        clearing=clearing,
    )
    if subject.kind == "opening":
        return _opening(connection, books, subject)
    if subject.kind == "closing":
        return _closing(books, subject)
    if subject.kind == "net":
        return books.explained(
            subject, "Net: all lines", plan.net_micros, parts=_by_kind(books, books.groups)
        )
    if subject.kind == "activity":
        return _activity(connection, books, subject)
    return _position(connection, books, subject)


def _opening(connection: Connection, books: _Books, subject: Subject) -> Explanation:
    plan = books.found.plan
    if plan.previous_id is None:
        step = Step("First", "this is the party's first statement: nothing is brought forward")
        return books.explained(subject, "Opening", plan.opening_micros, steps=[step])
    before = statements.read_statement(connection=connection, statement_id=plan.previous_id)
    if before is None:
        raise NothingToExplain(f"the statement before {plan.public_id} is gone")
    step = Step(
        "Brought on",
        f"the closing of statement {before.plan.public_id} (number {before.plan.no}, "
        f"{before.plan.business_date})",
    )
    parts = [
        Part("its opening", before.plan.opening_micros, 0, f"{before.plan.public_id} opening"),
        Part("its lines", before.plan.net_micros, before.plan.all_lines,
             f"{before.plan.public_id} net"),
    ]  # fmt: skip
    return books.explained(subject, "Opening", plan.opening_micros, steps=[step], parts=parts)


def _closing(books: _Books, subject: Subject) -> Explanation:
    plan = books.found.plan
    parts = [
        Part("opening", plan.opening_micros, 0, "opening"),
        Part(f"{plan.all_lines} lines", plan.net_micros, plan.all_lines, "net"),
    ]
    return books.explained(subject, "Closing", plan.closing_micros, parts=parts)


def _by_kind(books: _Books, groups: Iterable[LineGroup], counterparty: str = "") -> list[Part]:
    """A part for each kind of line, those of rounding last."""
    sums: dict[str, list[int]] = {}
    for group in groups:
        of_kind = sums.setdefault(group.kind, [0, 0])
        of_kind[0] += group.lines
        of_kind[1] += group.net_micros
    rounded = [
        view
        for _, view in books.rounded()
        if not counterparty or books.slug(view.counterparty) == counterparty
    ]
    if rounded:
        sums[ROUNDING] = [len(rounded), sum(view.rounding_micros for view in rounded)]
    return [
        Part(
            f"{kind}, {_count(count)}",
            micros,
            count,
            (
                subjects.position(counterparty, kind) if counterparty else subjects.activity(kind)
            ).name,
        )
        for kind, (count, micros) in sums.items()
    ]


def _activity(connection: Connection, books: _Books, subject: Subject) -> Explanation:
    kind = subject.line_kind
    if kind == ROUNDING:
        return _rounding(books, subject, books.rounded())
    groups = [group for group in books.groups if group.kind == kind]
    if not groups:
        raise _no_lines(books, subject)
    count, micros = sum(g.lines for g in groups), sum(g.net_micros for g in groups)
    title = f"Activity {kind}: {_count(count)}"
    with_counterparty = [group for group in groups if group.counterparty is not None]
    if len(with_counterparty) < 2:
        return books.explained(
            subject, title, micros, parts=_lines(connection, books, kind, None, count, micros)
        )
    parts = [
        Part(
            f"{books.slug(group.counterparty)}, {_count(group.lines)}",
            group.net_micros,
            group.lines,
            subjects.position(books.slug(group.counterparty), kind).name,
        )
        for group in with_counterparty
        if group.counterparty is not None
    ]
    return books.explained(subject, title, micros, parts=parts)


def _position(connection: Connection, books: _Books, subject: Subject) -> Explanation:
    view = next(
        (v for v in books.views if books.slug(v.counterparty) == subject.counterparty), None
    )
    if view is None:
        raise _no_lines(books, subject)
    groups = [group for group in books.groups if group.counterparty == view.counterparty]
    kind = subject.line_kind
    if kind == ROUNDING:
        numbered = [each for each in books.rounded() if each[1] is view]
        return _rounding(books, subject, numbered)
    if kind:
        mine = [group for group in groups if group.kind == kind]
        if not mine:
            raise _no_lines(books, subject)
        count, micros = sum(g.lines for g in mine), sum(g.net_micros for g in mine)
        parts = _lines(connection, books, kind, view.counterparty, count, micros)
        title = f"Position with {subject.counterparty}, {kind}: {_count(count)}"
        return books.explained(subject, title, micros, parts=parts)
    currency = books.found.plan.currency
    steps = [
        Step(
            "Exact",
            f"to receive {format_micros6(view.receivable_micros)} - to pay "
            f"{format_micros6(view.payable_micros)} = {format_micros6(view.exact_micros)} "
            f"{currency}",
        ),
        rounding_step(view, currency),
        Step("Rounded", f"{format_micros(view.rounded_micros)} {currency} is what is netted"),
    ]
    return books.explained(
        subject,
        f"Position with {subject.counterparty}",
        view.rounded_micros,
        steps=steps,
        parts=_by_kind(books, groups, subject.counterparty),
    )


def _rounding(books: _Books, subject: Subject, numbered: list[tuple[int, PairView]]) -> Explanation:
    if not numbered:
        raise _no_lines(books, subject)
    parts = [
        Part(
            f"line {line_no}, with {books.slug(view.counterparty)}",
            view.rounding_micros,
            1,
            subjects.line(line_no).name,
        )
        for line_no, view in numbered
    ]
    micros = sum(part.micros for part in parts)
    return books.explained(subject, f"Rounding: {_count(len(parts))}", micros, parts=parts)


def _lines(
    connection: Connection,
    books: _Books,
    kind: str,
    counterparty: int | None,
    count: int,
    micros: int,
) -> list[Part]:
    """The lines themselves, or the largest of them and all others as one part."""
    named = line_sums.read_largest(
        connection=connection,
        plan=books.found.plan,
        clearing=books.clearing,
        kind=kind,
        counterparty=counterparty,
        limit=MOST_LINES,
    )
    parts = [
        Part(f"line {each.line_no}", each.net_micros, 1, subjects.line(each.line_no).name)
        for each in named
    ]
    if count > len(parts):
        rest = micros - sum(part.micros for part in parts)
        parts.append(Part(f"{count - len(parts)} smaller lines", rest, count - len(parts), ""))
    return parts


def _count(lines: int) -> str:
    return f"{lines} line" if lines == 1 else f"{lines} lines"


def _no_lines(books: _Books, subject: Subject) -> NothingToExplain:
    kinds = sorted({group.kind for group in books.groups})
    parties = sorted(books.slug(view.counterparty) for view in books.views)
    return NothingToExplain(
        f"{books.found.plan.public_id} has no {subject.name}; it has lines of the kinds "
        f"{', '.join(kinds) or 'none'} and positions with {', '.join(parties) or 'nobody'}"
    )

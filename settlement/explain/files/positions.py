"""Positions and turnovers: what is received, paid, corrected, late, with one counterparty."""

from __future__ import annotations

from partner_sdk.wire.amounts import format_micros
from partner_sdk.wire.lines import ROUNDING
from settlement.explain import subjects
from settlement.explain.files.issued import SAID, IssuedFiles, sides_of
from settlement.explain.subjects import Kind, Subject
from settlement.explain.values import Explanation, NothingToExplain, Part, Step
from settlement.store import line_sums
from settlement.store.line_sums import Only

_ONLY: dict[Kind, Only] = {
    "receivable": "received",
    "payable": "paid",
    "adjusting": "adjusting",
    "plain": "plain",
    "late": "late",
}


def explain_of_position(file: IssuedFiles, subject: Subject) -> Explanation:
    """The exact net with a counterparty, and what rounding it carries."""
    slug = subject.counterparty
    found = file.position(slug)
    if subject.kind == "exact":
        parts = [
            Part(f"{SAID[side]} {slug}", micros if side == "receivable" else -micros, 0,
                 subjects.part_of(side, slug).name)
            for side, micros in sides_of(found)
        ]  # fmt: skip
        return file.explained(subject, f"Exact net with {slug}", found.exact_net_micros, (), parts)
    if subject.kind == "residue_in":
        step = Step(
            "Carried in",
            f"what rounding the net with {slug} left in the window before; zero at first. It is "
            "residue_out in the statement of that window",
        )
        title, micros = f"Residue brought in with {slug}", found.residue_in_micros
        return file.explained(subject, title, micros, [step], [])
    parts = [
        Part("carried in", found.residue_in_micros, 0,
             subjects.part_of("residue_in", slug).name),
        Part("exact net", found.exact_net_micros, 0, subjects.part_of("exact", slug).name),
        Part(f"less the net, {format_micros(found.rounded_net_micros)}",
             -found.rounded_net_micros, 0, subjects.position(slug).name),
    ]  # fmt: skip
    title, micros = f"Residue carried on with {slug}", found.residue_out_micros
    return file.explained(subject, title, micros, (), parts)


def explain_side(file: IssuedFiles, subject: Subject) -> Explanation:
    """All that is received from, or paid to, a counterparty: by kind, rounding left out."""
    kind, slug = subject.kind, subject.counterparty
    found = file.position(slug)
    sign = 1 if kind == "receivable" else -1
    parts = [
        Part(f"{each.kind}, {SAID[kind]} {slug}", sign * micros, 0,
             subjects.part_of(kind, slug, each.kind).name)
        for each in file.turnovers(slug)
        if each.kind != ROUNDING
        for side, micros in (("receivable", each.receivable_micros),
                             ("payable", each.payable_micros))
        if side == kind and micros
    ]  # fmt: skip
    micros = sign * (found.receivable_micros if sign > 0 else found.payable_micros)
    return file.explained(subject, f"{SAID[kind].capitalize()} {slug}", micros, (), parts)


def explain_turnover(file: IssuedFiles, subject: Subject) -> Explanation:
    """A part of the lines of one kind with one counterparty, down to the lines."""
    kind, slug, line_kind = subject.kind, subject.counterparty, subject.line_kind
    file.position(slug)
    found = next((t for t in file.turnovers(slug) if t.kind == line_kind), None)
    if found is None or line_kind == ROUNDING:
        kinds = ", ".join(t.kind for t in file.turnovers(slug) if t.kind != ROUNDING)
        raise NothingToExplain(f"with {slug} there are lines of the kinds {kinds or 'none'}")
    micros = {
        "receivable": found.receivable_micros,
        "payable": -found.payable_micros,
        "adjusting": found.adjusting_net_micros,
        "plain": found.net_micros - found.adjusting_net_micros,
        "late": found.late_net_micros,
    }[kind]
    count = {
        "adjusting": found.adjusting_lines,
        "plain": found.lines - found.adjusting_lines,
        "late": found.late_lines,
    }.get(kind)
    if count is None:
        count = _count(file, slug, line_kind, kind)
    parts = file.lines(line_kind, slug, _ONLY[kind], count, micros)
    title = f"{line_kind}, {SAID[kind]} {slug}: {count} lines"
    return file.explained(subject, title, micros, (), parts)


def _count(file: IssuedFiles, slug: str, line_kind: str, kind: Kind) -> int:
    """How many of the lines go one way; the statement tells only how many there are in all."""
    party = next(p.no for p in file.parties.values() if p.slug == slug)
    return line_sums.count_lines(
        connection=file.connection,
        plan=file.found.plan,
        clearing=file.clearing,
        kind=line_kind,
        counterparty=party,
        only=_ONLY[kind],
    )

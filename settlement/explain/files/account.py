"""The PDF's account by sections, and its picture of the netting."""

from __future__ import annotations

from partner_sdk.wire.lines import ROUNDING
from settlement.explain import subjects
from settlement.explain.files.issued import SAID, IssuedFiles, sides_of
from settlement.explain.subjects import Subject
from settlement.explain.values import Explanation, NothingToExplain, Part, Step
from settlement.rendering.pdf.account import gather_sections
from settlement.rendering.pdf.positions import CLEARING_HOUSE


def explain_section(file: IssuedFiles, subject: Subject) -> Explanation:
    """A section of the account, by kind of line."""
    (found,) = (
        each
        for each in gather_sections(turnovers=file.statement.turnovers)
        if each.name == subject.name_of_section
    )
    sums: dict[str, list[int]] = {}
    for row in found.rows:
        of_kind = sums.setdefault(row.kind, [0, 0])
        of_kind[0] += row.lines
        of_kind[1] += row.net_micros
    parts = [
        Part(f"{kind}, {lines} lines", micros, lines, subjects.section(found.name, kind).name)
        for kind, (lines, micros) in sums.items()
    ]
    step = Step("Section", f"{found.name} on the first page of statement.pdf")
    title = f"Section {found.name}: {found.lines} lines"
    return file.explained(subject, title, found.net_micros, [step], parts)


def explain_row(file: IssuedFiles, subject: Subject) -> Explanation:
    """The lines of one kind in a section: those that correct stand among the adjustments."""
    kind, name = subject.line_kind, subject.name_of_section
    rows = [
        row
        for section in gather_sections(turnovers=file.statement.turnovers)
        if section.name == name
        for row in section.rows
        if row.kind == kind
    ]
    if not rows:
        raise NothingToExplain(f"the section {name} has no {kind}; ask for section:{name}")
    parts: list[Part] = []
    for turnover in file.statement.turnovers:
        if turnover.kind != kind:
            continue
        slug = turnover.counterparty
        for row in rows:
            if row.points_only != (slug is None):
                continue
            corrects = turnover.adjusting_lines
            lines = corrects if row.correction else turnover.lines - corrects
            micros = turnover.adjusting_net_micros
            if not row.correction:
                micros = turnover.net_micros - micros
            if not lines:
                continue
            if slug is None:
                parts += file.lines(kind, None, "nothing_owed", lines, 0)
                continue
            see = subjects.position(slug, kind)
            if corrects and kind != ROUNDING:
                see = subjects.part_of("adjusting" if row.correction else "plain", slug, kind)
            parts.append(Part(f"{slug}, {lines} lines", micros, lines, see.name))
    micros = sum(row.net_micros for row in rows)
    count = sum(row.lines for row in rows)
    return file.explained(subject, f"{kind} in {name}: {count} lines", micros, (), parts)


def explain_picture(file: IssuedFiles, subject: Subject) -> Explanation:
    """The stages of the PDF's picture; what stands against the clearing house is not netted."""
    netted = [p for p in file.statement.positions if p.counterparty != CLEARING_HOUSE]
    if subject.kind == "bilateral":
        parts = [
            Part(f"net with {p.counterparty}, either way", abs(p.rounded_net_micros), 0,
                 subjects.position(p.counterparty).name)
            for p in netted
        ]  # fmt: skip
        title = "Bilateral: what is left when each counterparty is netted by itself"
    else:
        parts = [
            Part(f"{SAID[side]} {p.counterparty}", micros, 0,
                 subjects.part_of(side, p.counterparty).name)
            for p in netted
            for side, micros in sides_of(p)
            if micros
        ]  # fmt: skip
        title = "Gross: everything owed, either way"
    return file.explained(subject, title, sum(part.micros for part in parts), (), parts)

"""The way from the opening to the closing: sections, their kinds, and bars to look at."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from partner_sdk.wire.statement import Statement, Turnover
from settlement.rendering.pdf.catalogue import Catalogue
from settlement.rendering.pdf.spelling import Speller

__all__ = ["SECTIONS", "Section", "account_view", "bars_view", "gather_sections"]

#: The kinds of each section; any other kind is activity. A line that corrects an earlier
#: statement is an adjustment, whatever its kind.
SECTIONS: Final[Mapping[str, frozenset[str]]] = {
    "activity": frozenset(),
    "adjustments": frozenset(
        {
            "dispute_withheld", "dispute_released", "ruling", "conversion", "default_share",
            "default_cover", "rounding",
        }
    ),
    "fees": frozenset({"issue_fee", "redemption_fee", "interest", "penalty"}),
    "payments": frozenset({"payment", "collateral"}),
}  # fmt: skip
#: The kinds that money is owed for come in this order.
_ORDER: Final = (
    "issue", "redemption", "subsidy", "margin", "clawback", "breakage", "issue_fee",
    "redemption_fee",
)  # fmt: skip


@dataclass(slots=True)
class Row:
    """Lines of one kind: how many, and their net (micros, + receives)."""

    kind: str
    correction: bool
    points_only: bool
    lines: int = 0
    net_micros: int = 0


@dataclass(slots=True)
class Section:
    """A part of the account with its rows."""

    name: str
    rows: list[Row] = field(default_factory=list)

    @property
    def lines(self) -> int:
        """How many lines."""
        return sum(row.lines for row in self.rows)

    @property
    def net_micros(self) -> int:
        """Their net (+ receives)."""
        return sum(row.net_micros for row in self.rows)


def gather_sections(*, turnovers: Iterable[Turnover]) -> tuple[Section, ...]:
    """Return the sections in their order, whatever is in them, each with its kinds summed."""
    rows: dict[tuple[str, str, bool, bool], Row] = {}
    for turnover in turnovers:
        corrects = turnover.adjusting_lines
        parts = (
            (False, turnover.lines - corrects, turnover.net_micros - turnover.adjusting_net_micros),
            (True, corrects, turnover.adjusting_net_micros),
        )
        for correction, lines, net in parts:
            if not lines:
                continue
            name = "adjustments" if correction else _section_of(turnover.kind)
            key = (name, turnover.kind, correction, turnover.counterparty is None)
            row = rows.setdefault(key, Row(turnover.kind, correction, key[3]))
            row.lines += lines
            row.net_micros += net
    sections = tuple(Section(name) for name in SECTIONS)
    by_name = {section.name: section for section in sections}
    for key in sorted(rows, key=_rank):
        by_name[key[0]].rows.append(rows[key])
    return sections


def _section_of(kind: str) -> str:
    return next((name for name, kinds in SECTIONS.items() if kind in kinds), "activity")


def _rank(key: tuple[str, str, bool, bool]) -> tuple[bool, bool, bool, int, str]:
    """Money before points, corrections first among adjustments, rounding last."""
    _, kind, correction, points_only = key
    place = _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
    return (points_only, kind == "rounding", not correction, place, kind)


def account_view(
    *, statement: Statement, sections: Sequence[Section], words: Catalogue, speller: Speller
) -> dict[str, Any]:
    """Return the table as the template takes it."""
    amounts = [row.net_micros for section in sections for row in section.rows]
    digits = speller.digits_for([*amounts, statement.opening_micros, statement.closing_micros])
    late = sum(turnover.late_lines for turnover in statement.turnovers)
    return {
        "heading": words.text("account.heading"),
        "signs": words.text("account.signs"),
        "columns": [
            words.text("account.kind"),
            words.text("account.lines"),
            words.text("account.amount", currency=statement.currency),
        ],
        "opening": [
            words.text("account.opening"),
            speller.split(statement.opening_micros, digits=digits),
        ],
        "sections": [
            {
                "title": words.text(f"account.{section.name}"),
                "lines": speller.count(section.lines),
                "amount": speller.split(section.net_micros, digits=digits),
                "rows": [
                    [
                        _label(row, words),
                        speller.count(row.lines),
                        speller.split(row.net_micros, digits=digits),
                    ]
                    for row in section.rows
                ],
            }
            for section in sections
        ],
        "closing": [
            words.text("account.closing"),
            speller.split(statement.closing_micros, digits=digits),
        ],
        "nothing": "" if statement.lines.count else words.text("account.nothing"),
        "late": words.plural("account.late", late, count=speller.count(late)) if late else "",
    }


def _label(row: Row, words: Catalogue) -> str:
    label = words.known(f"kind.{row.kind}", row.kind)
    if row.points_only and row.kind in _ORDER:
        label = words.text("account.points_only", kind=label)
    if row.correction:
        label = words.text("account.correction", kind=label)
    return label


def bars_view(
    *, statement: Statement, sections: Sequence[Section], words: Catalogue, speller: Speller
) -> dict[str, Any]:
    """Return the bars from the opening to the closing; heights are shares of the picture's."""
    level = statement.opening_micros
    spans: list[tuple[str, int, int, int]] = [("opening", 0, level, level)]
    for section in sections:
        spans.append((section.name, level, level + section.net_micros, section.net_micros))
        level += section.net_micros
    spans.append(("closing", 0, level, level))
    top = max(max(start, end) for _, start, end, _ in spans)
    bottom = min(0, *(min(start, end) for _, start, end, _ in spans))
    height = max(top - bottom, 1)
    return {
        "drawn": any(start or end for _, start, end, _ in spans),
        "zero": -bottom / height,
        "alternative": words.text(
            "account.alternative",
            opening=speller.rounded(statement.opening_micros, currency=statement.currency),
            closing=speller.rounded(statement.closing_micros, currency=statement.currency),
        ),
        "bars": [
            {
                "label": words.text(f"account.{name}"),
                "amount": speller.rounded(micros, currency=statement.currency),
                "from": (start - bottom) / height,
                "to": (end - bottom) / height,
                "balance": name in {"opening", "closing"},
            }
            for name, start, end, micros in spans
        ],
    }

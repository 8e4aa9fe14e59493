"""Which amount of a statement or of its files is meant: a line, a sum, a balance, a posting."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from settlement.explain.values import NothingToExplain

Kind = Literal[
    "line", "opening", "net", "closing", "activity", "position",
    "posting", "journal", "credits", "debits", "sum", "section", "gross", "bilateral",
    "receivable", "payable", "exact", "residue_in", "residue_out", "adjusting", "plain", "late",
]  # fmt: skip
_NAME = re.compile(r"[a-z0-9_-]{1,40}")
_TOTALS: tuple[Kind, ...] = ("opening", "net", "closing", "credits", "debits", "sum", "gross",
                             "bilateral")  # fmt: skip
_NUMBERED: tuple[Kind, ...] = ("line", "posting", "journal")
_WITH_A_PARTY: tuple[Kind, ...] = ("position", "receivable", "payable")
_OF_A_PARTY: tuple[Kind, ...] = ("exact", "residue_in", "residue_out")
_OF_A_TURNOVER: tuple[Kind, ...] = ("adjusting", "plain", "late")
SECTION_NAMES = ("activity", "adjustments", "fees", "payments")
"""The sections of the PDF's account."""

#: What files call amounts that have names here. A number is that of the file's own items.
_IN_FILES = {
    "camt": {"PRCD": "opening", "OPBD": "opening", "CLBD": "closing", "net": "net",
             "credits": "credits", "debits": "debits", "sum": "sum"},
    "1c": {"opening": "opening", "closing": "closing", "received": "credits", "paid": "debits"},
    "pdf": {name: f"section:{name}" for name in SECTION_NAMES},
    "journal": {},
}  # fmt: skip
_ITEMS = {"camt": "posting", "1c": "posting", "journal": "journal", "pdf": "line"}
_END_TO_END = re.compile(r"stm_[0-9a-z]{1,40}/([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Subject:
    """One amount: of a line or posting by `number`, of lines by kind or by counterparty.

    With a `line_kind`, only what lines of that kind make of it. A section (`name_of_section`) is a
    part of the PDF's account.
    """

    kind: Kind
    number: int = 0
    line_kind: str = ""
    counterparty: str = ""
    name_of_section: str = ""

    @property
    def line_no(self) -> int:
        """The number of a line."""
        return self.number

    @property
    def name(self) -> str:
        """The subject as `parse_subject` reads it."""
        if self.kind in _NUMBERED:
            return f"{self.kind}:{self.number}"
        if self.kind == "activity":
            return f"activity:{self.line_kind}"
        head = self.counterparty or self.name_of_section
        if not head:
            return self.kind
        return f"{self.kind}:{head}" + (f"/{self.line_kind}" if self.line_kind else "")


def line(line_no: int) -> Subject:
    """A line by its number."""
    return Subject("line", number=line_no)


def posting(number: int) -> Subject:
    """An entry of camt.053.xml, a document of 1c.txt, a pair of rows of journal.csv."""
    return Subject("posting", number=number)


def activity(line_kind: str) -> Subject:
    """All lines of a kind."""
    return Subject("activity", line_kind=line_kind)


def position(counterparty: str, line_kind: str = "") -> Subject:
    """The net with a counterparty, or what lines of one kind make of it."""
    return Subject("position", counterparty=counterparty, line_kind=line_kind)


def part_of(kind: Kind, counterparty: str, line_kind: str = "") -> Subject:
    """What is received or paid, corrects or is late, with a counterparty."""
    return Subject(kind, counterparty=counterparty, line_kind=line_kind)


def section(name: str, line_kind: str = "") -> Subject:
    """A section of the PDF's account, or its row of one kind of line."""
    return Subject("section", name_of_section=name, line_kind=line_kind)


def parse_subject(text: str) -> Subject:
    """Read the name of an amount: `12`, `closing`, `position:PARTY/KIND`, `camt:3`, `journal:8` …

    Raises NothingToExplain.
    """
    found = _parse(_out_of_file(text))
    if found is None:
        raise NothingToExplain(
            f"{text[:100]} names no amount: give a line's number, opening, net, closing, "
            "activity:KIND, position:COUNTERPARTY[/KIND], section:SECTION[/KIND], camt:ENTRY, "
            "1c:DOCUMENT or journal:ROW"
        )
    return found


def _out_of_file(text: str) -> str:
    """What a file calls an amount, as it is called here."""
    file, colon, rest = text.partition(":")
    if not colon or file not in _ITEMS:
        return text
    reference = _END_TO_END.fullmatch(rest)
    if reference is not None and file == "camt":
        rest = reference[1]
    if rest.isdecimal():
        return f"{_ITEMS[file]}:{rest}"
    return _IN_FILES[file].get(rest, rest if file == "pdf" else "")


def _parse(text: str) -> Subject | None:
    head, _, rest = text.partition(":")
    if text.isdecimal():
        head, rest = "line", text
    for kind in _NUMBERED:
        if head == kind and rest.isascii() and rest.isdecimal() and 0 < int(rest) < 2**31:
            return Subject(kind, number=int(rest))
    if not rest and head in _TOTALS:
        return Subject(_TOTALS[_TOTALS.index(head)])
    if head == "activity" and _NAME.fullmatch(rest):
        return activity(rest)
    named, slash, line_kind = rest.partition("/")
    if not _NAME.fullmatch(named) or (slash and not _NAME.fullmatch(line_kind)):
        return None
    if head == "section" and named in SECTION_NAMES:
        return section(named, line_kind)
    for kind in (*_WITH_A_PARTY, *_OF_A_PARTY, *_OF_A_TURNOVER):
        if head == kind and bool(slash) in _slashes(kind):
            return part_of(kind, named, line_kind)
    return None


def _slashes(kind: Kind) -> tuple[bool, ...]:
    if kind in _OF_A_PARTY:
        return (False,)
    return (True,) if kind in _OF_A_TURNOVER else (False, True)

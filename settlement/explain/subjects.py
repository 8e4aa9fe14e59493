"""Which amount of a statement is meant: a line, a sum, a balance."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from settlement.explain.values import NothingToExplain

Kind = Literal["line", "opening", "net", "closing", "activity", "position"]
_NAME = re.compile(r"[a-z0-9_-]{1,40}")
_TOTALS: tuple[Kind, ...] = ("opening", "net", "closing")


@dataclass(frozen=True, slots=True)
class Subject:
    """One amount: `line` by number, `activity` by kind of line, `position` by counterparty.

    A position with a `line_kind` is that part of it which lines of the kind make.
    """

    kind: Kind
    line_no: int = 0
    line_kind: str = ""
    counterparty: str = ""

    @property
    def name(self) -> str:
        """The subject as `parse_subject` reads it."""
        if self.kind == "line":
            return f"line:{self.line_no}"
        if self.kind == "activity":
            return f"activity:{self.line_kind}"
        if self.kind == "position":
            return f"position:{self.counterparty}" + (
                f"/{self.line_kind}" if self.line_kind else ""
            )
        return self.kind


def line(line_no: int) -> Subject:
    """A line by its number."""
    return Subject("line", line_no=line_no)


def activity(line_kind: str) -> Subject:
    """All lines of a kind."""
    return Subject("activity", line_kind=line_kind)


def position(counterparty: str, line_kind: str = "") -> Subject:
    """The net with a counterparty, or what lines of one kind make of it."""
    return Subject("position", counterparty=counterparty, line_kind=line_kind)


def parse_subject(text: str) -> Subject:
    """Read `12`, `line:12`, `opening`, `net`, `closing`, `activity:KIND`, `position:PARTY[/KIND]`.

    Raises NothingToExplain.
    """
    head, _, rest = text.partition(":")
    if text.isdecimal():
        head, rest = "line", text
    if head == "line" and rest.isdecimal() and 0 < int(rest) < 2**31:
        return line(int(rest))
    if not rest and head in _TOTALS:
        return Subject(_TOTALS[_TOTALS.index(head)])
    if head == "activity" and _NAME.fullmatch(rest):
        return activity(rest)
    if head == "position":
        party, slash, line_kind = rest.partition("/")
        if _NAME.fullmatch(party) and (not slash or _NAME.fullmatch(line_kind)):
            return position(party, line_kind)
    raise NothingToExplain(
        f"{text} names no amount: give a line's number, opening, net, closing, activity:KIND, "
        "position:COUNTERPARTY or position:COUNTERPARTY/KIND"
    )

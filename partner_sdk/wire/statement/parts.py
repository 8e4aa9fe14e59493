"""What a statement is made of, as values. Amounts are integer micros."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

__all__ = [
    "Activity",
    "AgreementRef",
    "FileEntry",
    "InvalidStatement",
    "LinesSummary",
    "Party",
    "Position",
    "Previous",
    "Turnover",
    "Window",
    "sum_by_kind",
]


class InvalidStatement(ValueError):  # noqa: N818 - the name says it
    """The bytes are not a statement of this format; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Party:
    """Whose statement it is."""

    id: str
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Window:
    """The half-open interval that the statement covers."""

    id: str
    business_date: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str


@dataclass(frozen=True, slots=True)
class Activity:
    """All lines of one kind: how many, their points, their net (micros, + receives)."""

    kind: str
    lines: int
    points: int
    net_micros: int


@dataclass(frozen=True, slots=True)
class Turnover:
    """The lines of one kind with one counterparty (None: nothing is owed), either way (micros).

    ``adjusting`` is the part of them that corrects earlier statements, ``late`` the part that was
    first heard of after its own window.
    """

    counterparty: str | None
    kind: str
    lines: int
    points: int
    receivable_micros: int
    payable_micros: int
    adjusting_lines: int
    adjusting_net_micros: int
    late_lines: int
    late_net_micros: int

    @property
    def net_micros(self) -> int:
        """What the lines add up to (+ receives)."""
        return self.receivable_micros - self.payable_micros


def sum_by_kind(*, turnovers: Iterable[Turnover]) -> tuple[Activity, ...]:
    """Return the turnovers by kind, whoever the counterparty is."""
    sums: dict[str, list[int]] = {}
    for turnover in turnovers:
        found = sums.setdefault(turnover.kind, [0, 0, 0])
        found[0] += turnover.lines
        found[1] += turnover.points
        found[2] += turnover.net_micros
    return tuple(Activity(kind, *found) for kind, found in sorted(sums.items()))


@dataclass(frozen=True, slots=True)
class Position:
    """What one counterparty and this party owe each other in the window (micros).

    ``residue_in + exact_net = rounded_net + residue_out``, where ``exact_net`` is
    ``receivable - payable``.
    """

    counterparty: str
    name: str
    receivable_micros: int
    payable_micros: int
    exact_net_micros: int
    residue_in_micros: int
    rounded_net_micros: int
    residue_out_micros: int


@dataclass(frozen=True, slots=True)
class AgreementRef:
    """A version of an agreement that lines refer to, and the SHA-256 of its terms."""

    id: str
    version: int
    terms_sha256: str


@dataclass(frozen=True, slots=True)
class LinesSummary:
    """The control totals of the lines and the root of their Merkle tree (hex)."""

    count: int
    points: int
    net_micros: int
    merkle_root: str


@dataclass(frozen=True, slots=True)
class Previous:
    """The party's statement before this one: its id and the SHA-256 of its statement.json."""

    statement_id: str
    sha256: str


@dataclass(frozen=True, slots=True)
class FileEntry:
    """Another file of the bundle: its length and SHA-256 (hex)."""

    name: str
    bytes: int
    sha256: str

"""What is to be done with a file, by its number and what was taken before. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal, Protocol

from adapters.contract import FileCheck, FileHead, Parsed
from coalition.checkouts.domain import Connection

FileState = Literal["taking", "waiting", "taken", "given_up"]
What = Literal[
    "taken", "repeated", "refused", "held", "waiting", "incomplete", "checked", "misnamed"
]

FILE_STATES: Final[tuple[What, ...]] = (
    "taken", "repeated", "refused", "held", "waiting", "incomplete", "checked", "misnamed",
)  # fmt: skip
STAYING: Final = ("held", "waiting", "incomplete", "checked", "misnamed")
"""Those of files that stay where they were dropped."""
ADVICE: Final[Mapping[What, str]] = {
    "refused": (
        "Mend what is named and drop the file again, under its own number if that was not taken "
        "before."
    ),
    "held": (
        "Drop the file that is missing. If it will not come, ask the operator to wait no longer "
        "for its number: coalition connection files CONNECTION FOLDER --without STORE:NUMBER."
    ),
    "waiting": "Nothing: the orders named are tried again for 36 hours.",
    "incomplete": (
        "Write the file to its row `end`. Until then it can have a name that ends in .part."
    ),
    "misnamed": "Drop it again under another name.",
}
"""What whoever dropped a file does about it."""
MAX_BYTES: Final = 256 * 1024 * 1024
"""Of one file."""
MAX_FILES: Final = 10_000
"""Looked at in one pass."""
MAX_PROBLEMS: Final = 1_000
"""Orders that were not taken, as a report lists them."""
PATIENCE: Final = timedelta(hours=36)
"""How long a file is tried again for orders whose trouble may pass."""
_SOONEST, _LATEST = timedelta(minutes=1), timedelta(hours=1)
MAX_TOLD: Final = 20
"""Lines of a report that are told by the API."""
KEPT: Final = timedelta(days=90)
"""How long it is told what became of a file."""


class Became(Protocol):
    """What became of an order (`coalition.checkouts.processing.Taken`)."""

    @property
    def became(self) -> str: ...
    @property
    def reason(self) -> str | None: ...


class Takes(Protocol):
    """Does what follows from what was read (`coalition.checkouts.processing.Processing`)."""

    def take(self, connection: Connection, parsed: Sequence[Parsed]) -> Sequence[Became]:
        """What became of each."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that was taken, is being taken, or will not come."""

    store: str
    sequence: int
    state: FileState
    name: str | None
    sha256: str | None
    orders: int
    done: int
    problems: Sequence[Mapping[str, Any]]
    started_at: datetime
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a file by its name: what became of it last, since when, and why.

    `lines` are the first of its report and `more` how many there are besides. `stamp` tells whether
    a file that is still there is the same.
    """

    name: str
    what: What
    store: str | None
    sequence: int | None
    text: str
    lines: Sequence[str]
    more: int
    stamp: str
    since: datetime

    @property
    def advice(self) -> str | None:
        """What to do about it, if anything."""
        if self.what == "taken" and self.lines:
            return "State the orders named again in the next file, with a higher revision."
        return ADVICE.get(self.what)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do: `text` says why, where it is not taken."""

    what: Literal["take", "repeated", "refused", "held"]
    text: str = ""


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of a file in one pass; `lines` is the report's text below the first line."""

    name: str
    what: What
    head: FileHead | None
    text: str
    lines: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether nobody needs to look at it."""
        return self.what in ("taken", "repeated", "checked") and not self.lines


def judge(
    *, head: FileHead, sha256: str | None, known: StoredFile | None, expected: int, first: int
) -> Verdict:
    """What to do with a file that is complete and without a fault.

    `known` is the file of the same number, `expected` the number that comes next, `first` the
    number of the store's first file.
    """
    number = head.sequence
    if known is not None and known.state != "given_up":
        if known.sha256 != sha256:
            return Verdict(
                "refused",
                f"number {number} of {known.store} was taken with other content "
                f"({known.name}, sha256 {known.sha256}); what changed goes into the next file",
            )
        return Verdict("repeated" if known.state == "taken" else "take")
    if known is None and number < first:
        return Verdict("refused", f"the first file of {head.store} has number {first}")
    if known is None and number > expected:
        missing = str(expected) if number == expected + 1 else f"{expected} to {number - 1}"
        return Verdict("held", f"waits for number {missing} of {head.store}")
    return Verdict("take")


def next_try(*, started_at: datetime, now: datetime) -> datetime:
    """When a file whose trouble may pass is tried again: the older it is, the later."""
    return now + min(max((now - started_at) / 2, _SOONEST), _LATEST)


def told(check: FileCheck) -> tuple[str, ...]:
    """The faults of a file, as a report lists them."""
    return tuple(
        f"row {fault.row}{f', {fault.column}' if fault.column else ''}: {fault.text}"
        for fault in check.faults
    )


def report(outcome: FileOutcome, *, connection: str, read_at: datetime) -> str:
    """The text beside a file that is done or refused."""
    head = outcome.head
    lines = [f"{outcome.name}: {outcome.what}"]
    if head is not None:
        lines.append(
            f"store {head.store}, number {head.sequence}, {_dates(head.first_date, head.last_date)}"
        )
    lines += [f"read {read_at:%Y-%m-%d %H:%M:%S} UTC by connection {connection}", outcome.text]
    return "\n".join([*lines, *outcome.lines]) + "\n"


def _dates(first: date, last: date) -> str:
    return f"{first}" if first == last else f"{first} to {last}"

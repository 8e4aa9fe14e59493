"""What is to be done with a file, by its number and what was taken before. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from adapters.contract import FileCheck, FileHead

FileState = Literal["taking", "waiting", "taken", "given_up"]
What = Literal["taken", "repeated", "refused", "held", "waiting", "incomplete", "checked"]

MAX_BYTES: Final = 256 * 1024 * 1024
"""Of one file."""
MAX_FILES: Final = 10_000
"""Looked at in one pass."""
MAX_PROBLEMS: Final = 1_000
"""Orders that were not taken, as a report lists them."""
PATIENCE: Final = timedelta(hours=36)
"""How long a file is tried again for orders whose trouble may pass."""


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


def judge(*, check: FileCheck, known: StoredFile | None, expected: int, first: int) -> Verdict:
    """What to do with a file that is complete and without a fault.

    `known` is the file of the same number, `expected` the number that comes next, `first` the
    number of the store's first file.
    """
    if check.head is None:
        return Verdict("refused", "the file has no header")
    number = check.head.sequence
    if known is not None and known.state != "given_up":
        if known.sha256 != check.sha256:
            return Verdict(
                "refused",
                f"number {number} of {known.store} was taken with other content "
                f"({known.name}, sha256 {known.sha256}); what changed goes into the next file",
            )
        return Verdict("repeated" if known.state == "taken" else "take")
    if known is None and number < first:
        return Verdict("refused", f"the first file of {check.head.store} has number {first}")
    if known is None and number > expected:
        missing = str(expected) if number == expected + 1 else f"{expected} to {number - 1}"
        return Verdict("held", f"waits for number {missing} of {check.head.store}")
    return Verdict("take")


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

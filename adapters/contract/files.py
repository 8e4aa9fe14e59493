"""Files of orders, which a platform drops into a folder: for adapters that read such files too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, runtime_checkable

from adapters.contract.facts import Order
from adapters.contract.outcomes import Settings

__all__ = ["FileCheck", "FileFault", "FileHead", "FileReader", "FiledOrder"]


@dataclass(frozen=True, slots=True)
class FileFault:
    """What is wrong in a row (from 1) and column; never what stands there."""

    row: int
    column: str | None
    text: str


@dataclass(frozen=True, slots=True)
class FileHead:
    """Whose file it is, its number among that store's files, and the dates that it is about."""

    store: str
    sequence: int
    created_at: datetime
    first_date: date
    last_date: date


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What was found in a file. Without `complete` it is not written to its end yet.

    `sha256` names the content: two files of one number and one hash say the same.
    """

    complete: bool
    head: FileHead | None
    sha256: str | None
    orders: int
    faults: tuple[FileFault, ...]


@dataclass(frozen=True, slots=True)
class FiledOrder:
    """An order of a file, and the row where it begins."""

    row: int
    order: Order


@runtime_checkable
class FileReader(Protocol):
    """An adapter that reads files. Both methods get a file's lines with their ends, in order."""

    def check_file(self, *, lines: Iterable[bytes], settings: Settings) -> FileCheck:
        """Read all of it and tell all that is wrong; raises nothing for what a file may hold."""

    def read_file(self, *, lines: Iterable[bytes], settings: Settings) -> Iterator[FiledOrder]:
        """The orders of a file that was checked, one by one. Raises Malformed for another."""

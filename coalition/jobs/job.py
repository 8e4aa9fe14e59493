"""What a job is. A module lists its jobs as `JOBS` and is named in `coalition.jobs.registry`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from coalition.config import Config
from coalition.db.database import Database
from coalition.directory import Clocks, Directory
from coalition.once import Once


@dataclass(frozen=True, slots=True, kw_only=True)
class JobContext:
    """What jobs work with; one for each job process."""

    config: Config
    database: Database
    directory: Directory
    clocks: Clocks
    once: Once = field(default_factory=Once)
    """What jobs need one of in each process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a run did: counts for the record, and whether more of the same waits."""

    counts: Mapping[str, int] = field(default_factory=dict)
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedJob:
    """Work found by looking, such as holds that are past their time.

    `run` does one batch in the given transaction, alone among all schedulers (advisory lock), and
    is called again at once while it says `more`. Nothing is recorded: what is done is not found
    again.
    """

    name: str
    every_seconds: int
    run: Callable[[JobContext, Connection], Done]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotJob:
    """Work that is due once for each slot, such as a business date.

    `slots` tells which slots are due; those already recorded may be among them. `run` does a
    slot's work in the transaction that also records it: either both are there or neither is.
    """

    name: str
    every_seconds: int
    slots: Callable[[JobContext, Connection], Sequence[str]]
    run: Callable[[JobContext, Connection, str], Done]


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfLockingJob:
    """Work that talks to others between its transactions, such as webhook delivery.

    `run` leases what it works on by itself; it may run in several schedulers at once.
    """

    name: str
    every_seconds: int
    run: Callable[[JobContext], Done]


Job = RepeatedJob | SlotJob | SelfLockingJob

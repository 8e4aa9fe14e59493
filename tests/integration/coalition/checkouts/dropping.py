"""A till that drops files, and the hub that picks them up; also in a process that is killed."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, event

from adapters.contract import Settings
from coalition.checkouts.domain import Connection
from coalition.checkouts.files.domain import FileOutcome, Takes
from coalition.checkouts.files.folder import DropFolder
from coalition.checkouts.files.service import Pickup
from coalition.checkouts.processing import Processing
from coalition.db.database import Database
from coalition.db.engine import create_engine_for
from coalition.directory import Clocks, Directory
from coalition.members.contacts import ContactKeys
from partner_sdk.wire.ids import encode
from partner_sdk.wire.orders import FileHeader, OrderRows, StatedOrder, read_order

DAY = date(2026, 3, 2)
WALL = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Nobody:
    """A platform that is never asked."""

    def ask(self, connection: object, calls: object) -> Any:
        raise AssertionError("files ask nothing")


def till(party_no: int, **changes: Any) -> Connection:
    """A connection of a partner's tills."""
    about = {
        "no": 1,
        "id": UUID(int=1),
        "party_no": party_no,
        "name": "till",
        "platform": "generic",
        "state": "live",
        "settings": Settings(currency="EUR", time_zone="Europe/Bucharest"),
    }
    return Connection(**{**about, **changes})


def processing(database: Database, directory: Directory) -> Processing:
    """What follows from orders, as in the hub."""
    keys = ContactKeys(lookup=b"l" * 32, wrapping=b"w" * 32, random=os.urandom)
    clocks = Clocks(wall=lambda: WALL)
    return Processing(
        database=database, directory=directory, clocks=clocks, asks=Nobody(), keys=keys
    )


@dataclass
class Till:
    """A folder, the connection it belongs to, and what picks it up."""

    database: Database
    folder: Path
    connection: Connection
    takes: Takes
    now: datetime = WALL
    ran: list[FileOutcome] = field(default_factory=list)

    @property
    def pickup(self) -> Pickup:
        return Pickup(
            database=self.database,
            takes=self.takes,
            connection=self.connection,
            folder=DropFolder(self.folder),
            wall=lambda: self.now,
        )

    def run(self) -> dict[str, str]:
        """Pick up; what became of each file, by name."""
        self.ran = self.pickup.run()
        return {each.name: each.what for each in self.ran}

    def drop(self, name: str, content: bytes) -> None:
        """Drop a file whole."""
        (self.folder / name).write_bytes(content)

    def left(self) -> list[str]:
        """Names of files that are still in the folder."""
        return sorted(each.name for each in self.folder.glob("*") if each.is_file())

    def put_away(self, to: str) -> list[str]:
        """Names of files, without reports, that were put away."""
        return sorted(each.name for each in (self.folder / to).glob("*.csv"))

    def report(self, name: str, to: str = "done") -> str:
        """The report beside a file."""
        return (self.folder / to / f"{name}.txt").read_text("utf-8")


def order(
    order_id: str, amount: str, *, member: UUID | None = None, revision: int = 1, **more: Any
) -> dict[str, Any]:
    """A paid order of one line."""
    return {
        "id": order_id,
        "revision": revision,
        "status": "paid",
        "occurred_at": "2026-03-02T08:00:00Z",
        "currency": "EUR",
        "customer": None if member is None else {"id": encode("mem", member)},
        "lines": [{"id": "1", "category": "bread", "quantity": "1", "amount": amount}],
        **more,
    }


def file_of(
    sequence: int, orders: Sequence[dict[str, Any] | StatedOrder], *, store: str = "s1"
) -> bytes:
    """A file of orders."""
    created = WALL + timedelta(days=sequence)
    rows = OrderRows(FileHeader(store, sequence, created, DAY, DAY))
    begun = rows.begin()
    stated = [each if isinstance(each, StatedOrder) else read_order(each) for each in orders]
    return begun + b"".join(rows.order(each) for each in stated) + rows.finish()


def run_killed(touch: int, url: str, folder: str, party_no: int) -> None:
    """Pick up in this process, and die at its n-th touch of database or folder."""
    engine = create_engine_for(url, pool_size=4)
    _die_at(engine, touch)
    database = Database(engine)
    takes = processing(database, Directory(monotonic=time.monotonic))
    Till(database, Path(folder), till(party_no), takes).run()
    engine.dispose()


def _die_at(engine: Engine, number: int) -> None:
    touches = 0

    def touched(*_args: object, **_kwargs: object) -> None:
        nonlocal touches
        touches += 1
        if touches == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def audited(name: str, _args: object) -> None:
        if name in ("os.rename", "os.mkdir"):
            touched()

    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(engine, name, touched)
    sys.addaudithook(audited)

"""What the processes of a crew do: makers of operations, each through the hub's own service.

A maker is a context manager that is entered once in a process; the operation it gives is called
by all of its threads, with a number that no other call of the process gets.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from coalition.clock import wall_now
from coalition.db.database import Database
from coalition.db.engine import create_engine_for
from coalition.db.transactions import in_transaction
from coalition.directory import Clocks, Directory
from coalition.ids import IdSource
from coalition.posting_context import PostingContext
from coalition.redemptions.domain import Till
from coalition.redemptions.service import capture_hold, hold_points, redeem_points
from coalition.sales.combiner import Combiner
from coalition.sales.domain import Line, MemberRef, SalePut, Tender
from coalition.sales.service import put_sale, put_sales
from partner_sdk.wire.ids import encode
from tests.bench.bed import Bed
from tests.bench.crew import Operation

_POOL = 16
_HELD_FOR = timedelta(minutes=15)


class Desk:
    """One process of the hub as its edge would have it: database, directory, clock, ids."""

    def __init__(self, *, bed: Bed, number: int, pool: int = _POOL) -> None:
        self.bed = bed
        self.engine = create_engine_for(
            bed.address, pool_size=pool, statement_timeout_ms=15_000, lock_timeout_ms=5_000
        )
        self.database = Database(self.engine)
        self.directory = Directory(monotonic=time.monotonic)
        self.clocks = Clocks(wall=wall_now)
        self.new_id = IdSource()
        self.prefix = f"{os.getpid():x}-{time.time_ns():x}"
        self.random = random.Random(number)

    def context(self, party_no: int) -> PostingContext:
        """The partner calling now."""
        snapshot = self.directory.peek()
        if snapshot is None:
            with self.database.autocommit() as connection:
                snapshot = self.directory.refresh(connection=connection)
        return PostingContext(
            snapshot=snapshot,
            now=self.clocks.business(snapshot),
            new_id=self.new_id,
            party_no=party_no,
        )

    def sale(self, number: int, member: UUID, now: datetime) -> SalePut:
        """A basket of three lines, paid by card, as the parser would give it."""
        amount = 10_000_000 + number % 40 * 1_000_000
        return SalePut(
            external_id=f"{self.prefix}-{number}",
            revision=1,
            occurred_at=now,
            member=MemberRef("id", encode("mem", member)),
            store="12",
            store_time_zone="Europe/Bucharest",
            till="3",
            receipt=f"R{number}",
            currency="EUR",
            local_date=now.date(),
            lines=(
                Line("1", "dairy", 1_000_000, amount),
                Line("2", "bakery", 2_000_000, 2_500_000),
                Line("3", "produce", 1_250_000, 3_990_000),
            ),
            tenders=(Tender("card", amount + 6_490_000),),
            refunds=(),
        )

    def party(self, number: int) -> int:
        """Partners take turns."""
        return self.bed.partners[number % len(self.bed.partners)]

    def member(self) -> UUID:
        """Any member."""
        return self.random.choice(self.bed.members)


@contextmanager
def _desk(bed: Bed, number: int) -> Iterator[Desk]:
    desk = Desk(bed=bed, number=number)
    try:
        yield desk
    finally:
        desk.engine.dispose()


@contextmanager
def earn(bed: Bed, number: int) -> Iterator[Operation]:
    """A sale by itself: one statement, one commit."""
    with _desk(bed, number) as desk:

        def operation(call: int) -> None:
            context = desk.context(desk.party(call))
            put = desk.sale(call, desk.member(), context.now)
            put_sale(database=desk.database, context=context, put=put)

        yield operation


@contextmanager
def earn_combined(bed: Bed, number: int) -> Iterator[Operation]:
    """A sale of a thread, written with those of the other threads that come together."""
    with _desk(bed, number) as desk:
        combiner = Combiner(database=desk.database)

        def operation(call: int) -> None:
            context = desk.context(desk.party(call))
            put = desk.sale(call, desk.member(), context.now)
            combiner.put_sale(context=context, put=put)

        yield operation


@contextmanager
def redeem(bed: Bed, number: int) -> Iterator[Operation]:
    """Points spent in one step."""
    with _desk(bed, number) as desk:

        def operation(call: int) -> None:
            context = desk.context(desk.party(call))
            member = desk.member()
            in_transaction(
                database=desk.database,
                work=lambda connection: redeem_points(
                    connection=connection,
                    context=context,
                    account_id=member,
                    points=7,
                    till=Till(reference=f"R{call}", store="12", till="3"),
                ),
            )

        yield operation


@contextmanager
def hold_and_capture(bed: Bed, number: int) -> Iterator[Operation]:
    """Points set aside, and then spent: two calls of a till, counted as one operation."""
    with _desk(bed, number) as desk:

        def operation(call: int) -> None:
            context = desk.context(desk.party(call))
            member = desk.member()
            hold = in_transaction(
                database=desk.database,
                work=lambda connection: hold_points(
                    connection=connection,
                    context=context,
                    account_id=member,
                    points=7,
                    till=Till(reference=f"R{call}", store="12", till="3"),
                    lasts=_HELD_FOR,
                ),
            )
            in_transaction(
                database=desk.database,
                work=lambda connection: capture_hold(
                    connection=connection,
                    context=context,
                    hold_id=hold.hold_id,
                    points=None,
                ),
            )

        yield operation


class Batches:
    """Batches of new sales of one partner each, made before they are stated."""

    def __init__(self, desk: Desk, size: int) -> None:
        self._desk = desk
        self._size = size
        self._ready: dict[int, tuple[PostingContext, list[SalePut]]] = {}

    def prepare(self, call: int) -> None:
        """Make a batch."""
        desk = self._desk
        context = desk.context(desk.party(call))
        first = call * self._size
        self._ready[call] = (
            context,
            [desk.sale(first + i, desk.member(), context.now) for i in range(self._size)],
        )

    def __call__(self, call: int) -> None:
        """State it."""
        context, puts = self._ready.pop(call)
        answers = put_sales(database=self._desk.database, context=context, puts=puts)
        refused = [each for each in answers if isinstance(each, Exception)]
        if refused:
            raise refused[0]


@contextmanager
def batch(bed: Bed, number: int) -> Iterator[Batches]:
    """Batches of 500 sales."""
    with _desk(bed, number) as desk:
        yield Batches(desk, bed.batch)

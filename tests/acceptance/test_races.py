"""Many at once: nobody spends a point twice, nothing is lost, nothing is in two windows."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, Engine

from coalition.db.transactions import in_transaction
from coalition.errors import HubError, StaleDirectory
from coalition.feed.windows import close_window
from coalition.ledger.check import run_checks
from coalition.redemptions.domain import Till
from coalition.redemptions.service import capture_hold, hold_points, redeem_points
from tests.coalition_world import FUEL_TERMS, World, refund, terms

THREADS = 64


@pytest.fixture
def world(engine: Engine) -> World:
    made = World(engine)
    made.partner("grocer")
    made.partner("fuel", FUEL_TERMS)
    made.partner("bakery", terms(fees={"redemption_share": "0.02"}))
    return made


def broken(world: World) -> list[str]:
    with world.engine.connect() as connection:
        return [f.check.name for f in run_checks(connection=connection) if f.broken]


def all_at_once(work: Callable[[int], Any], count: int) -> list[Any]:
    """Run in that many threads that start together."""
    start = threading.Barrier(count)

    def run(i: int) -> Any:
        start.wait()
        return work(i)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def redeem(world: World, member: UUID, points: int) -> bool:
    """Spend at the bakery; whether there was enough."""
    context = world.context("bakery")

    def work(connection: Connection) -> Any:
        return redeem_points(
            connection=connection,
            context=context,
            account_id=member,
            points=points,
            till=Till(),
        )

    try:
        in_transaction(database=world.database, work=work)
    except HubError as refusal:
        if refusal.code != "insufficient_points":
            raise
        return False
    return True


def test_of_64_threads_that_redeem_one_balance_exactly_the_affordable_number_succeed(
    world: World,
) -> None:
    ann = world.member()
    world.put("grocer", "G-1", world.sale_body(ann, ("food", "1", "100.00")))
    world.put("fuel", "F-1", world.sale_body(ann, ("fuel", "50", "90.00")))
    done = all_at_once(lambda _: redeem(world, ann, 7), THREADS)
    assert sum(done) == 200 // 7
    assert world.balance(ann)["active"] == 200 % 7
    assert broken(world) == []


def test_a_held_point_cannot_be_spent_twice_by_captures_and_redemptions_at_once(
    world: World,
) -> None:
    ann = world.member()
    world.put("grocer", "G-1", world.sale_body(ann, ("food", "1", "100.00")))
    with world.database.transaction() as connection:
        hold = hold_points(
            connection=connection,
            context=world.context("bakery"),
            account_id=ann,
            points=60,
            till=Till(),
            lasts=timedelta(minutes=5),
        )

    def capture_or_redeem(i: int) -> bool:
        if i % 2:
            return redeem(world, ann, 10)
        context = world.context("bakery")
        try:
            in_transaction(
                database=world.database,
                work=lambda connection: capture_hold(
                    connection=connection, context=context, hold_id=hold.hold_id, points=None
                ),
            )
        except HubError as refusal:
            if refusal.code != "hold_not_open":
                raise
            return False
        return True

    done = all_at_once(capture_or_redeem, 32)
    assert sum(done[0::2]) == 1
    assert sum(done[1::2]) == 4
    assert world.balance(ann) == {"active": 0, "pending": 0, "held": 0, "debt": 0}
    assert broken(world) == []


def history(world: World, member: UUID, number: int) -> list[dict[str, Any]]:
    """All that is ever said of one sale: three revisions, three refunds that come to succeed."""
    at = world.now - timedelta(hours=1)
    statements = []
    refunds: list[dict[str, Any]] = []
    for revision, amount in ((1, "50.00"), (2, "80.00"), (3, "70.00")):
        for status in ("pending", "succeeded"):
            refunds = [r for r in refunds if r["id"] != f"r{revision}"]
            refunds.append(refund(f"r{revision}", f"{number + revision}.00", status))
            statements.append(
                world.sale_body(
                    member,
                    ("food", "1", amount),
                    revision=revision,
                    occurred_at=at,
                    refunds=list(refunds),
                )
            )
    return statements


def test_deliveries_repeated_and_shuffled_by_many_threads_end_in_the_same_state(
    world: World,
) -> None:
    members = [world.member() for _ in range(8)]
    world.put("fuel", "F-0", world.sale_body(members[0], ("fuel", "9", "20.00")))
    deliveries = [
        (f"G-{i}", body)
        for i, member in enumerate(members)
        for body in history(world, member, i)
        for _ in range(3)
    ]
    random.Random(7).shuffle(deliveries)

    def deliver(i: int) -> None:
        for sale_id, body in deliveries[i::12]:
            world.put("grocer", sale_id, body)

    all_at_once(deliver, 12)
    for i, member in enumerate(members):
        expected = 70 - sum(i + revision for revision in (1, 2, 3))
        fuel = 18 if i == 0 else 0
        assert world.balance(member)["active"] - world.balance(member)["debt"] == expected + fuel
    assert broken(world) == []


ZONE = ZoneInfo("Europe/Bucharest")


def test_of_postings_made_while_windows_close_none_is_lost_and_none_is_in_two_windows(
    world: World,
) -> None:
    """Postings go on in many threads while the clock moves on and window after window closes."""
    members = [world.member() for _ in range(16)]
    stop = threading.Event()
    posted: list[int] = []
    closed: list[date] = []
    late: list[date] = []

    def post(i: int) -> None:
        while not stop.is_set():
            body = world.sale_body(members[i % 16], ("food", "1", "3.00"))
            try:
                world.put("grocer", f"T{i}-{len(posted)}", body)
            except StaleDirectory:
                continue
            posted.append(i)

    def close(_: int) -> None:
        for n in range(6):
            day = date(2026, 3, 2) + timedelta(days=n)
            start = datetime(day.year, day.month, day.day, tzinfo=ZONE)
            end = start + timedelta(days=1)
            world.set_clock(end.astimezone(UTC) + timedelta(minutes=1))
            with world.database.transaction() as connection:
                close_window(
                    connection=connection,
                    business_date=day,
                    starts_at=start,
                    ends_at=end,
                    closed_at=end,
                    lock_timeout_ms=5_000,
                )
            counted = count(world, day)
            closed.append(day)
            enough = len(posted) + 2 * THREADS
            while len(posted) < enough:
                threading.Event().wait(0.01)
            if count(world, day) != counted:
                late.append(day)
        stop.set()

    all_at_once(lambda i: close(i) if i == 0 else post(i), 9)
    assert late == []
    with world.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT count(*), count(DISTINCT cause_id) FROM movement")
        assert tuple(rows.one()) == (len(posted), len(posted))
    assert len(closed) == 6
    assert broken(world) == []


def count(world: World, day: date) -> int:
    with world.engine.connect() as connection:
        found: int = connection.exec_driver_sql(
            "SELECT count(*) FROM movement WHERE window_date = %s", (day,)
        ).scalar_one()
    return found

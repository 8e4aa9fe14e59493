"""An account that is locked and read in one statement is as it is once the lock is held."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import pytest
from sqlalchemy import Connection, text

from coalition.ledger.store import load_accounts
from coalition.redemptions.domain import Till
from coalition.redemptions.service import capture_hold, hold_points, redeem_points
from coalition.redemptions.store import lock_hold_and_account
from tests.coalition_world import World

_R = TypeVar("_R")
_WAITING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    " AND datname = current_database()"
)


def read_behind(
    world: World, *, posting: Callable[[Connection], object], reading: Callable[[Connection], _R]
) -> _R:
    """What somebody reads who came while a posting was under way, and waited for it."""

    def read() -> _R:
        with world.database.transaction() as connection:
            return reading(connection)

    with ThreadPoolExecutor(1) as reader:
        with world.database.transaction() as connection:
            posting(connection)
            found = reader.submit(read)
            wait_until_it_waits(world)
        return found.result(20)


def wait_until_it_waits(world: World) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with world.database.autocommit() as connection:
            if connection.execute(_WAITING).scalar_one():
                return
        time.sleep(0.01)
    raise AssertionError("the reader did not wait for the lock")


@pytest.mark.parametrize("named", [False, True], ids=["open lots", "lots by name"])
def test_a_reader_that_had_to_wait_sees_what_it_waited_for(world: World, *, named: bool) -> None:
    member = world.member()
    world.put("grocer", "G-1", world.sale_body(member, ("food", "1", "50.00")))
    with world.database.autocommit() as connection:
        (lot_id,) = load_accounts(connection=connection, account_ids=[member])[member].lots
    account = read_behind(
        world,
        posting=lambda connection: redeem_points(
            connection=connection,
            context=world.context("bakery"),
            account_id=member,
            points=7,
            till=Till(),
        ),
        reading=lambda connection: load_accounts(
            connection=connection,
            account_ids=[member],
            lot_ids=[lot_id] if named else [],
            lock=True,
        ),
    )[member]
    assert (account.active, account.lots[lot_id].active) == (43, 43)
    with world.database.autocommit() as connection:
        now = load_accounts(connection=connection, account_ids=[member])[member]
    assert account.version == now.version


def test_a_hold_that_was_captured_meanwhile_is_read_as_captured(world: World) -> None:
    member = world.member()
    world.put("grocer", "G-1", world.sale_body(member, ("food", "1", "50.00")))
    with world.database.transaction() as connection:
        hold = hold_points(
            connection=connection,
            context=world.context("bakery"),
            account_id=member,
            points=7,
            till=Till(),
            lasts=timedelta(minutes=5),
        )
    found = read_behind(
        world,
        posting=lambda connection: capture_hold(
            connection=connection,
            context=world.context("bakery"),
            hold_id=hold.hold_id,
            points=None,
        ),
        reading=lambda connection: lock_hold_and_account(
            connection=connection, hold_id=hold.hold_id
        ),
    )
    assert found is not None
    captured, account = found
    assert (captured.state, captured.captured_points) == ("captured", 7)
    assert (account.active, account.held) == (43, 0)

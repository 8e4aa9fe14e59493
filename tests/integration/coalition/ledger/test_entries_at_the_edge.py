"""Reading entries while others are being posted: none is passed over, whichever ends first."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from coalition.config import Config
from coalition.redemptions.domain import Till
from coalition.redemptions.service import redeem_points
from partner_sdk.client import PartnerClient
from partner_sdk.wire import ids
from tests.coalition_world import World
from tests.hub_http import Caller, HttpHub
from tests.hub_server import serving


@pytest.fixture
def world(engine: Engine) -> World:
    made = World(engine)
    made.partner("grocer")
    made.partner("bakery")
    return made


def pages(caller: Caller, *, limit: int, after: str = "") -> Iterator[tuple[list[str], str | None]]:
    """The ids of each page and its cursor, until the list ends."""
    cursor: str | None = after
    while cursor is not None:
        asked = f"/v1/transactions?limit={limit}" + (f"&cursor={cursor}" if cursor else "")
        answer = caller.sign("GET", asked)
        assert answer.status_code == 200, answer.json
        cursor = answer.json["next_cursor"]
        yield [each["id"] for each in answer.json["items"]], cursor


def test_an_entry_that_commits_after_a_younger_one_is_not_passed_over(
    world: World, config: Config
) -> None:
    hub = HttpHub(world, config)
    bakery = hub.caller("bakery")
    members = [world.member() for _ in range(4)]
    for member in members:
        world.put("grocer", f"G-{member}", world.sale_body(member, ("food", "1", "50.00")))
    with world.database.transaction() as slow:
        redeem_points(
            connection=slow,
            context=world.context("bakery"),
            account_id=members[0],
            points=7,
            till=Till(),
        )
        for member in members[1:]:
            world.redeem("bakery", member, 5)
        # A reader comes to the edge while the oldest posting is under way.
        seen, cursor = next(pages(bakery, limit=2))
        assert cursor is not None
    for page, _ in pages(bakery, limit=2, after=cursor):
        seen += page
    everything = bakery.sign("GET", "/v1/transactions?limit=200").json["items"]
    assert len(everything) == 4
    assert seen == [each["id"] for each in everything]
    assert everything[0]["points"] == 7


def test_the_client_waits_for_what_is_under_way(world: World, config: Config) -> None:
    hub = HttpHub(world, config)
    caller = hub.caller("bakery")
    ann, bob = world.member(), world.member()
    for member in (ann, bob):
        body = world.sale_body(member, ("food", "1", "900.00"))
        world.put("grocer", f"G-{member}", body)
    for _ in range(205):
        world.redeem("bakery", bob, 1)
    with (
        serving(hub.app) as url,
        PartnerClient(
            url, key_id=ids.encode("key", caller.key_id), private_key=caller.private
        ) as client,
        ThreadPoolExecutor(1) as reader,
        world.engine.connect() as slow,
    ):
        with slow.begin():
            redeem_points(
                connection=slow,
                context=world.context("bakery"),
                account_id=ann,
                points=7,
                till=Till(),
            )
            world.redeem("bakery", bob, 1)
            reading = reader.submit(lambda: [each.points for each in client.iter_transactions()])
            with pytest.raises(TimeoutError):
                reading.result(timeout=0.5)
        read = reading.result(timeout=30)
    assert sorted(read) == [1] * 206 + [7]


def test_pages_of_long_ago_are_full_whatever_is_under_way(world: World, config: Config) -> None:
    hub = HttpHub(world, config)
    bakery = hub.caller("bakery")
    ann = world.member()
    world.put("grocer", "G-1", world.sale_body(ann, ("food", "1", "50.00")))
    for _ in range(3):
        world.redeem("bakery", ann, 1)
    hub.wall = datetime.now(UTC) + timedelta(minutes=4)
    with world.database.transaction() as slow:
        redeem_points(
            connection=slow,
            context=world.context("bakery"),
            account_id=ann,
            points=7,
            till=Till(),
        )
        # Young entries end before what is under way.
        first, cursor = next(pages(bakery, limit=1))
        assert (first, cursor is None) == ([], False)
        hub.wall = datetime.now(UTC) + timedelta(minutes=11)
        caller = hub.caller("bakery")
        first, cursor = next(pages(caller, limit=1))
        assert (len(first), cursor is None) == (1, False)

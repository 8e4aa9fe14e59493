"""Reading entries while others are being posted: none is passed over, whichever ends first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from secrets import token_bytes
from time import time
from uuid import UUID

from coalition.config import Config
from coalition.redemptions.domain import Till
from coalition.redemptions.service import redeem_points
from partner_sdk.calls.base import EMPTY_PAGE_SECONDS
from partner_sdk.calls.records import RecordCalls
from partner_sdk.transport import Credentials, RetryPolicy, Transport
from partner_sdk.wire import ids
from partner_sdk.wire.ids import uuid7
from partner_sdk.wire.listings import Transaction
from tests.coalition_world import World
from tests.hub_http import Caller, HttpHub
from tests.hub_server import serving

LONG = timedelta(minutes=12)
"""After that, no posting of before is under way."""


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
    hub.wall = datetime.now(UTC) + LONG
    for page, _ in pages(hub.caller("bakery"), limit=2, after=cursor):
        seen += page
    everything = bakery.sign("GET", "/v1/transactions?limit=200").json["items"]
    assert len(everything) == 4
    assert seen == [each["id"] for each in everything]
    assert everything[0]["points"] == 7


def test_ids_that_were_made_and_are_not_posted_yet_are_not_passed_over(
    world: World, config: Config
) -> None:
    """A posting makes its ids before it asks for the window: until then nobody sees it."""
    hub = HttpHub(world, config)
    bakery = hub.caller("bakery")
    ann, bob = world.member(), world.member()
    for member in (ann, bob):
        world.put("grocer", f"G-{member}", world.sale_body(member, ("food", "1", "50.00")))
    # Its clock is ahead, so that no wait of this test makes these ids old.
    for member, ahead_seconds in ((bob, 61), (bob, 62)):
        post(world, member, ahead_seconds)
    seen, cursor = next(pages(bakery, limit=1))
    assert (seen, cursor is None) == ([], False)
    post(world, ann, 60)
    hub.wall = datetime.now(UTC) + LONG
    for page, _ in pages(hub.caller("bakery"), limit=1):
        seen += page
    assert len(seen) == 3


def post(world: World, member: UUID, ahead_seconds: int) -> None:
    """Spend a point at the bakery, by ids of a process whose clock is ahead."""

    def new_id() -> UUID:
        return uuid7(unix_ms=int((time() + ahead_seconds) * 1000), random=token_bytes(10))

    with world.database.transaction() as connection:
        redeem_points(
            connection=connection,
            context=replace(world.context("bakery"), new_id=new_id),
            account_id=member,
            points=1,
            till=Till(),
        )


class Reader(RecordCalls):
    """The client's calls, by small pages."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def entries(self) -> Iterator[Transaction]:
        return self._list(Transaction.from_wire, "/v1/transactions", {"limit": "2"})


def test_the_client_waits_for_what_is_under_way(world: World, config: Config) -> None:
    hub = HttpHub(world, config)
    caller = hub.caller("bakery")
    ann, bob = world.member(), world.member()
    for member in (ann, bob):
        world.put("grocer", f"G-{member}", world.sale_body(member, ("food", "1", "50.00")))
    paused: list[float] = []
    with serving(hub.app) as url, world.engine.connect() as slow:
        posting = slow.begin()
        redeem_points(
            connection=slow,
            context=world.context("bakery"),
            account_id=ann,
            points=7,
            till=Till(),
        )
        for _ in range(4):
            world.redeem("bakery", bob, 1)

        def pause(seconds: float) -> None:
            """Time goes by: the posting ends, and is of long ago."""
            paused.append(seconds)
            posting.commit()
            hub.wall = datetime.now(UTC) + LONG

        transport = Transport(
            base_url=url,
            credentials=Credentials(ids.encode("key", caller.key_id), caller.private),
            timeout=30,
            retry=RetryPolicy(),
            pool_size=1,
            sleep=pause,
            now=hub.now,
        )
        read = [each.points for each in Reader(transport).entries()]
        transport.close()
    assert read == [7, 1, 1, 1, 1]
    assert paused == [EMPTY_PAGE_SECONDS]


def test_pages_of_long_ago_are_full_whatever_is_under_way(world: World, config: Config) -> None:
    hub = HttpHub(world, config)
    bakery = hub.caller("bakery")
    ann, bob = world.member(), world.member()
    for member in (ann, bob):
        world.put("grocer", f"G-{member}", world.sale_body(member, ("food", "1", "50.00")))
    with world.database.transaction() as slow:
        redeem_points(
            connection=slow,
            context=world.context("bakery"),
            account_id=ann,
            points=7,
            till=Till(),
        )
        for _ in range(3):
            world.redeem("bakery", bob, 1)
        # Young entries end before what is under way.
        first, cursor = next(pages(bakery, limit=1))
        assert (first, cursor is None) == ([], False)
        hub.wall = datetime.now(UTC) + LONG
        first, cursor = next(pages(hub.caller("bakery"), limit=1))
        assert (len(first), cursor is None) == (1, False)

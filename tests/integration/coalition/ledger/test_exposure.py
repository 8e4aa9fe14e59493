"""The cap on a partner's uncovered position: warned at 50, 75 and 90 %, stopped at 100 %."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from coalition.config import Config
from coalition.directory import Clocks
from coalition.errors import HubError
from coalition.feed import Cover, add_cover
from coalition.jobs.job import JobContext
from coalition.ledger.exposure import measure_exposure
from coalition.metrics import exposition
from tests.coalition_world import World, terms
from tests.hub_http import HttpHub


@pytest.fixture
def world(engine: Engine) -> World:
    made = World(engine)
    made.partner("grocer", terms(cap="1.00"))
    made.partner("bakery")
    return made


def measure(world: World, config: Config) -> None:
    context = JobContext(
        config=config,
        database=world.database,
        directory=world.directory,
        clocks=Clocks(wall=lambda: datetime.now(UTC)),
    )
    with world.database.transaction() as connection:
        measure_exposure(context, connection)


def level(world: World) -> tuple[int, int]:
    with world.engine.connect() as connection:
        row = connection.exec_driver_sql(
            "SELECT uncovered_micros, warned_percent FROM exposure"
        ).one()
    return row[0], row[1]


def subscribe(world: World) -> None:
    with world.database.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO subscription (subscription_id, party_no, url, types, secret, state,"
            " created_at) VALUES (%s, %s, 'https://example.test/', %s, ''::bytea, 'active', now())",
            (
                world.new_id(),
                world.numbers["grocer"],
                ["partner.cap_warning", "partner.cap_reached"],
            ),
        )
        connection.exec_driver_sql("UPDATE hub_state SET directory_version = directory_version + 1")


def events(world: World) -> list[tuple[str, int]]:
    with world.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT type, payload FROM event ORDER BY event_id")
        return [(row.type, row.payload["percent"]) for row in rows]


def test_a_partner_is_warned_then_stopped_and_goes_on_once_its_position_is_covered(
    world: World, config: Config
) -> None:
    subscribe(world)
    ann = world.member()
    world.put("grocer", "G-1", world.sale_body(ann, ("food", "1", "500.00")))
    steps = ((40, 400_000, 0), (30, 700_000, 50), (10, 800_000, 75), (12, 920_000, 90))
    for points, *expected in steps:
        world.redeem("bakery", ann, points)
        measure(world, config)
        assert level(world) == tuple(expected)
    last = world.redeem("bakery", ann, 8)
    measure(world, config)
    measure(world, config)
    assert level(world) == (1_000_000, 100)
    assert events(world) == [
        ("partner.cap_warning", 50),
        ("partner.cap_warning", 75),
        ("partner.cap_warning", 90),
        ("partner.cap_reached", 100),
    ]
    with pytest.raises(HubError, match="cap_reached"):
        world.put("grocer", "G-2", world.sale_body(ann, ("food", "1", "5.00")))
    # What members hold stays spendable at whichever partner.
    world.redeem("bakery", ann, 5)

    # The bakery's customers bring points to the grocer: what it is owed covers what it owes.
    bob = world.member()
    world.put("bakery", "B-1", world.sale_body(bob, ("cake", "1", "50.00")))
    world.redeem("grocer", bob, 50)
    measure(world, config)
    assert level(world) == (550_000, 50)
    world.put("grocer", "G-2", world.sale_body(ann, ("food", "1", "5.00")))
    assert last.points == 8


def test_what_was_paid_in_covers_the_position(world: World, config: Config) -> None:
    ann = world.member()
    world.put("grocer", "G-1", world.sale_body(ann, ("food", "1", "500.00")))
    world.redeem("bakery", ann, 100)
    measure(world, config)
    assert level(world) == (1_000_000, 100)
    paid = {(world.numbers["grocer"], "EUR"): Cover(covering_micros=600_000)}
    for _ in range(2):
        with world.database.transaction() as connection:
            add_cover(connection=connection, changes=paid)
    measure(world, config)
    # More than what is owed was paid in: the rest is headroom, not a position of its own.
    assert level(world) == (0, 0)
    world.redeem("bakery", ann, 60)
    measure(world, config)
    assert level(world) == (400_000, 0)
    world.put("grocer", "G-2", world.sale_body(ann, ("food", "1", "5.00")))


def test_the_metrics_show_how_much_of_a_cap_is_used(world: World, config: Config) -> None:
    ann = world.member()
    world.put("grocer", "G-1", world.sale_body(ann, ("food", "1", "500.00")))
    world.redeem("bakery", ann, 75)
    measure(world, config)
    assert b'coalition_uncovered_ratio{party="grocer"} 0.75' in exposition()[0]


def test_a_till_is_told_why_it_cannot_issue(world: World, config: Config) -> None:
    ann = world.member()
    world.put("grocer", "G-1", world.sale_body(ann, ("food", "1", "500.00")))
    world.redeem("bakery", ann, 100)
    measure(world, config)
    hub = HttpHub(world, config)
    body = world.sale_body(ann, ("food", "1", "5.00"))
    refused = hub.caller("grocer").sign("PUT", "/v1/sales/G-2", body)
    assert (refused.status_code, refused.json["code"]) == (409, "cap_reached")
    assert refused.json["partner"] == "grocer"
    assert "redemptions go on" in refused.json["detail"]
    assert "raised its cap" in refused.json["what_to_do"]

"""The cap on a partner's uncovered position: warned at 50, 75 and 90 %, stopped at 100 %."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from coalition.config import Config
from coalition.directory import Clocks
from coalition.errors import HubError
from coalition.feed import Cover, add_cover, close_window, set_conversion_rates
from coalition.jobs.job import JobContext
from coalition.ledger.check import run_checks
from coalition.ledger.exposure import measure_exposure
from coalition.metrics import exposition
from tests.coalition_world import DAY_1, World, terms
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


def close_next(world: World, number: int) -> None:
    """The day of that number is closed, and the next one has begun."""
    day = DAY_1 + timedelta(days=number - 1)
    ends_at = datetime(day.year, day.month, day.day, 22, tzinfo=UTC)
    world.set_clock(ends_at + timedelta(hours=9))
    with world.database.transaction() as connection:
        close_window(
            connection=connection,
            business_date=day,
            starts_at=ends_at - timedelta(days=1),
            ends_at=ends_at,
            closed_at=datetime.now(UTC),
            lock_timeout_ms=1000,
        )


def test_closed_windows_stay_one_row_for_each_party_however_many_there_are(
    world: World, config: Config
) -> None:
    ann = world.member()
    world.put("grocer", "G-1", world.sale_body(ann, ("food", "1", "500.00")))
    for number in range(1, 5):
        world.redeem("bakery", ann, 10)
        measure(world, config)
        close_next(world, number)
        measure(world, config)
        measure(world, config)
        assert level(world)[0] == number * 100_000
    # Nobody measured while two windows closed, one of them empty.
    close_next(world, 5)
    world.redeem("bakery", ann, 10)
    close_next(world, 6)
    measure(world, config)
    assert level(world)[0] == 500_000
    with world.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT count(*) FROM closed_position").scalar_one()
    assert rows == 2
    assert broken_rules(world) == []
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE closed_position SET net_micros = net_micros + 1")
    assert broken_rules(world) == ["closed-position-is-its-obligations"]


def broken_rules(world: World) -> list[str]:
    with world.engine.connect() as connection:
        return [found.check.name for found in run_checks(connection=connection) if found.broken]


def test_what_is_owed_in_another_currency_counts_at_the_rate_that_converts_it(
    world: World, config: Config
) -> None:
    ann = world.member()
    world.put("grocer", "G-1", world.sale_body(ann, ("food", "1", "500.00")))
    world.redeem("bakery", ann, 20)
    lei = {(world.numbers["grocer"], "RON"): Cover(covering_micros=-2_000_000)}
    with world.database.transaction() as connection:
        add_cover(connection=connection, changes=lei)
    measure(world, config)
    # By itself: nothing tells that lei are worth anything here.
    assert level(world) == (200_000, 0)
    with world.database.transaction() as connection:
        set_conversion_rates(connection=connection, scaled={"RON": 2_000_000_000})
    measure(world, config)
    assert level(world) == (600_000, 50)
    with world.database.transaction() as connection:
        set_conversion_rates(connection=connection, scaled={})
    measure(world, config)
    assert level(world) == (200_000, 0)


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

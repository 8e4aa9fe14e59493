"""The books of points over real nights: they are the lots, and they go on."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError

from coalition.config import Config
from partner_sdk.wire.amounts import parse_decimal
from settlement import hub
from settlement.accounting import service
from settlement.accounting.domain.estimate import Parameters
from settlement.steps.chain import settle_date
from settlement.steps.night import Night
from tests.coalition_world import DAY_1, FUEL_TERMS, World, refund, terms
from tests.hub_http import HttpHub
from tests.settlement_command import Command

SMALL = Parameters(credible_points=1)
DAY_2 = DAY_1 + timedelta(days=1)


@pytest.fixture
def world(engine: Engine) -> World:
    """Grocer, whose points live for a month; Fuel, funded on issue; Bakery."""
    world = World(engine)
    world.partner("grocer", terms(expiry={"months": 1}))
    world.partner("fuel", FUEL_TERMS)
    world.partner("bakery")
    return world


def end_day(world: World, night: Night, day: date) -> None:
    world.set_clock(datetime(day.year, day.month, day.day, 23, tzinfo=UTC))
    settle_date(night=night, business_date=day)
    world.set_clock(datetime(day.year, day.month, day.day, 9, tzinfo=UTC) + timedelta(days=1))


def trade(world: World, night: Night) -> None:
    """Two days: earned, spent, given back, returned, taken from another lot."""
    ann = world.member()
    world.put("grocer", "G-1", world.sale_body(ann, ("food", "1", "100.00")))
    world.put("fuel", "F-1", world.sale_body(ann, ("fuel", "30", "50.00")))
    end_day(world, night, DAY_1)
    world.redeem("bakery", ann, 90)
    body = world.sale_body(ann, ("food", "1", "100.00"), occurred_at=_nine(DAY_1))
    world.put("grocer", "G-1", {**body, "refunds": [refund("r1", "40.00")]})
    end_day(world, night, DAY_2)


def _nine(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, tzinfo=UTC)


def test_the_roll_forward_of_two_days_is_what_happened_to_the_points(
    world: World, night: Night
) -> None:
    trade(world, night)
    with night.database.transaction() as connection:
        rows = service.roll_forward(connection=connection, first=DAY_1, last=DAY_2)
        assert service.check_books(connection=connection) == ()
        assert service.check_continuity(connection=connection) == ()
    found = {(row.business_date, row.issuer): row for row in rows}
    grocer, fuel = world.numbers["grocer"], world.numbers["fuel"]
    first, second = found[DAY_1, grocer], found[DAY_2, grocer]
    assert (first.movement.issued, first.movement.closing) == (1_000_000, 1_000_000)
    assert (second.movement.opening_points, second.movement.redeemed_points) == (100, 90)
    assert second.movement.clawed_back_points == 10
    assert second.movement.closing == second.movement.closing_points == 0
    # Of 40 points to give back 10 were there; 30 of Fuel's were taken.
    assert found[DAY_2, fuel].movement.clawed_back_points == 30
    assert found[DAY_2, fuel].movement.closing == 30 * 10_000
    assert (first.holder, found[DAY_1, fuel].holder) == (grocer, 1)
    assert all(row.movement.adds_up for row in rows)


def test_windows_are_summed_once_and_cannot_be_changed(world: World, night: Night) -> None:
    trade(world, night)
    with night.database.transaction() as connection:
        before = service.roll_forward(connection=connection, first=DAY_1, last=DAY_2)
        assert service.take_windows(connection=connection, wall=night.wall) == 2
        assert service.take_windows(connection=connection, wall=night.wall) == 0
        after = service.roll_forward(connection=connection, first=DAY_1, last=DAY_2)
    assert before == after
    with (
        pytest.raises(DatabaseError, match="append-only"),
        night.database.transaction() as connection,
    ):
        connection.execute(text("UPDATE settlement.point_flow SET issued = issued + 1"))


def test_books_that_are_not_the_lots_are_noticed(world: World, night: Night) -> None:
    trade(world, night)
    with night.database.transaction() as connection:
        service.take_windows(connection=connection, wall=night.wall)
        connection.execute(text("ALTER TABLE settlement.point_flow DISABLE TRIGGER ALL"))
        connection.execute(
            text("UPDATE settlement.point_flow SET redeemed = redeemed - 1 WHERE redeemed > 0")
        )
        (finding,) = service.check_books(connection=connection)
    assert (finding.booked, finding.found) == (1, 0)


@pytest.fixture
def year(world: World, night: Night) -> World:
    """Three months of one sale a fortnight; half of each is spent, the rest expires."""
    for n in range(90):
        day = DAY_1 + timedelta(days=n)
        if n % 15 == 0 and n < 60:
            world.set_clock(_nine(day))
            member = world.member()
            world.put("grocer", f"G-{n}", world.sale_body(member, ("food", "1", "1000.00")))
            world.advance(minutes=1)
            world.redeem("bakery", member, 500)
        _close(night, day)
    world.set_clock(_nine(DAY_1 + timedelta(days=90)))
    return world


def _close(night: Night, day: date) -> None:
    """What of a night the books of points see: expired lots, and a window that cannot grow."""
    ends = datetime(day.year, day.month, day.day, 22, tzinfo=UTC)
    hub.expire_lots(database=night.database, directory=night.directory, until=ends, window_date=day)
    with night.database.transaction() as connection:
        hub.close_window(
            connection=connection,
            business_date=day,
            starts_at=ends - timedelta(days=1),
            ends_at=ends,
            closed_at=night.wall(),
            lock_timeout_ms=1000,
        )


def test_an_estimate_is_a_version_in_force_from_the_next_window_and_past_ones_stay(
    year: World, night: Night
) -> None:
    with night.database.transaction() as connection:
        before = service.roll_forward(
            connection=connection, first=date(2026, 5, 1), last=date(2026, 5, 30)
        )
        estimate, no = service.make_estimate(
            connection=connection, wall=night.wall, parameters=SMALL
        )
        after = service.roll_forward(
            connection=connection, first=date(2026, 5, 1), last=date(2026, 5, 30)
        )
        with pytest.raises(service.AccountingRefused, match="in force from"):
            service.make_estimate(connection=connection, wall=night.wall, parameters=SMALL)
    assert before == after
    assert no == 1
    assert estimate.as_of == date(2026, 4, 1)
    (share,) = estimate.new_ppm.values()
    assert share == 500_000  # half was spent in the month of issue, and nothing after it


def test_after_an_estimate_only_what_is_expected_to_be_spent_is_deferred(
    year: World, night: Night
) -> None:
    with night.database.transaction() as connection:
        service.make_estimate(connection=connection, wall=night.wall, parameters=SMALL)
    member = year.member()
    year.put("grocer", "G-late", year.sale_body(member, ("food", "1", "1000.00")))
    day = year.snapshot().hub.last_closed + timedelta(days=1)
    _close(night, day)
    with night.database.transaction() as connection:
        (row,) = service.roll_forward(
            connection=connection, first=day, last=day, issuer=year.numbers["grocer"]
        )
        assert service.check_continuity(connection=connection) == ()
        assert service.check_books(connection=connection) == ()
    assert row.movement.issued == 1000 * 10_000 // 2
    assert row.movement.closing_points == 1000
    assert row.movement.closing == 1000 * 10_000 // 2


def test_a_backtest_tells_how_far_off_an_earlier_estimate_was(year: World, night: Night) -> None:
    with night.database.transaction() as connection:
        first, last, rows = service.back_test(
            connection=connection,
            wall=night.wall,
            as_of=date(2026, 3, 31),
            until=date(2026, 4, 30),
            parameters=SMALL,
        )
    assert (first, last) == (date(2026, 3, 1), date(2026, 4, 1))
    (row,) = rows
    assert (row.outstanding, row.actual) == (1000, 0)
    assert row.expected == 500  # only the month of issue had been seen


def read_csv(content: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content)))


def test_the_commands_write_csv_and_prove_it(
    world: World, night: Night, settlement: Command
) -> None:
    trade(world, night)
    span = ("--from", "2026-03-02", "--to", "2026-03-03")
    rows = read_csv(settlement("accounting", "roll-forward", *span).stdout)
    assert [(r["business_date"], r["partner"]) for r in rows][:2] == [
        ("2026-03-02", "grocer"),
        ("2026-03-02", "fuel"),
    ]
    changes = ("opening", "issued", "redeemed", "expired", "clawed_back", "estimate_change")
    for row in rows:
        assert sum(parse_decimal(row[name]) for name in changes) == parse_decimal(row["closing"])
    (total,) = read_csv(
        settlement("accounting", "roll-forward", *span, "--partner", "fuel", "--total").stdout
    )
    assert (total["opening"], total["closing"]) == ("0.000000", "0.300000")
    entries = read_csv(settlement("accounting", "entries", *span).stdout)
    deferred = sum(
        parse_decimal(e["amount"]) * (1 if e["credit"] == "deferred revenue" else -1)
        for e in entries
    )
    assert deferred == parse_decimal(total["closing"])
    checked = settlement("accounting", "check")
    assert checked.exit_code == 0, checked.output
    assert "BROKEN" not in checked.output
    refused = settlement("accounting", "roll-forward", "--from", "2026-03-02", "--to", "2026-09-01")
    assert refused.exit_code == 1


def test_the_commands_of_breakage_show_versions(year: World, settlement: Command) -> None:
    options = ("--credible-points", "1", "--json")
    tried = json.loads(settlement("breakage", "estimate", "--dry-run", *options).stdout)
    assert tried["version"] is None
    kept = json.loads(settlement("breakage", "estimate", *options).stdout)
    assert kept["version"] == 1
    assert kept["cohorts"] == tried["cohorts"]
    assert "as of 2026-04" in settlement("breakage", "list").stdout
    assert "grocer" in settlement("breakage", "show", "1").stdout
    assert settlement("breakage", "show", "2").exit_code == 1
    back = settlement("breakage", "backtest", "--as-of", "2026-03-31", "--credible-points", "1")
    assert back.exit_code == 0, back.output
    assert "grocer" in back.stdout


def test_a_partner_fetches_its_own_points_books_only(
    world: World, night: Night, config: Config
) -> None:
    trade(world, night)
    http = HttpHub(world, config)
    path = "/v1/accounting/roll-forward?from=2026-03-02&to=2026-03-03"
    mine = http.caller("fuel").sign("GET", path)
    assert mine.content_type.startswith("text/csv")
    assert {row["partner"] for row in read_csv(mine.text)} == {"fuel"}
    everyone = http.caller("operator").send("GET", path)
    assert {row["partner"] for row in read_csv(everyone.text)} == {"grocer", "fuel"}
    entries = http.caller("fuel").sign("GET", path.replace("roll-forward", "entries"))
    assert {row["event"] for row in read_csv(entries.text)} == {"issued", "clawed_back"}
    refused = http.caller("fuel").sign("GET", path.replace("03-03", "12-31"))
    assert refused.json["code"] == "validation_failed"

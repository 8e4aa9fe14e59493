"""Proposed terms are tried on what was sold: exact where they can be, and nothing is written."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from typer.testing import CliRunner

from coalition.agreements.reading import parse_terms
from coalition.cli.app import app
from coalition.config import Config
from coalition.insights.domain import BANDS, Outcome, band_of
from coalition.insights.service import what_if
from tests.coalition_world import DAY_1, FUEL_TERMS, World, refund, terms

FEES = {"issue_per_point": "0.001", "redemption_share": "0.02"}
AGREED = terms(fees=FEES)


@pytest.fixture
def world(engine: Engine) -> World:
    """Grocer and Bakery, funded on redemption, with fees; Fuel, funded on issue."""
    world = World(engine)
    world.partner("grocer", AGREED)
    world.partner("fuel", FUEL_TERMS)
    world.partner("bakery", AGREED)
    return world


def tried(
    world: World,
    document: Mapping[str, Any],
    slug: str = "grocer",
    first: date = DAY_1,
    last: date = DAY_1,
) -> Outcome:
    with world.database.transaction() as connection:
        return what_if(
            connection=connection,
            snapshot=world.snapshot(),
            party_no=world.numbers[slug],
            proposed=parse_terms(document),
            first=first,
            last=last,
            tell=lambda done, total: None,
        )


def trade(world: World) -> None:
    ann, bob = world.member(), world.member()
    world.put("grocer", "G-1", world.sale_body(ann, ("food", "1", "100.00")))
    world.put("grocer", "G-2", world.sale_body(bob, ("wine", "1", "50.00")))
    world.put("grocer", "G-3", world.sale_body(None, ("food", "1", "70.00")))
    world.redeem("bakery", ann, 60)
    world.redeem("grocer", bob, 20)


def test_the_same_terms_change_nothing_and_are_what_was_posted(world: World) -> None:
    trade(world)
    found = tried(world, AGREED)
    assert (found.sales, found.guests, found.members, found.differing) == (2, 1, 2, 0)
    assert found.points.before == found.points.after == 150
    assert found.cost.change == found.liability.change == 0
    assert found.liability.before == 70 * 10_000
    posted = world.positions(DAY_1)["grocer"]
    assert -found.cost.before == posted


def test_twice_the_points_cost_twice_as_much_and_members_win(world: World) -> None:
    trade(world)
    rules = [{"kind": "per_amount", "points": "2", "per": "1.00"}]
    found = tried(world, terms(fees=FEES, earn={"rules": rules}))
    assert (found.points.before, found.points.after) == (150, 300)
    assert found.liability.after == 2 * found.liability.before
    bakery, operator = (world.numbers["bakery"], 2)
    assert found.counterparties[bakery].before == -600_000
    assert found.counterparties[bakery].after == -1_200_000
    # Fees for issuing double; the fee for what it accepted itself stays.
    assert found.counterparties[operator].after == -(300 * 1_000 + 4_000)
    assert found.bands["gains 20 % or more"].members == 2


def test_a_rule_for_some_categories_divides_members_into_winners_and_losers(world: World) -> None:
    trade(world)
    rules = [{"kind": "per_amount", "points": "1.1", "per": "1.00", "categories": ["food"]}]
    found = tried(world, terms(fees=FEES, earn={"rules": rules}))
    assert found.points.after == 110
    assert found.bands["gains less than 20 %"].members == 1
    assert found.bands["loses all"].members == 1
    assert sum(band.members for band in found.bands.values()) == found.members


def test_another_funding_moves_the_cost_from_redeemers_to_the_pool(world: World) -> None:
    trade(world)
    proposed = terms(fees=FEES, funding="issue", issue_price="0.011")
    found = tried(world, proposed)
    assert found.counterparties[world.numbers["bakery"]].after == 0
    assert found.counterparties[1].after == -150 * 11_000 + 200_000
    assert found.kinds["redemption"].change == 200_000  # its own member's spending costs the pool


def test_a_cap_of_the_day_is_shared_by_the_days_sales(world: World) -> None:
    ann = world.member()
    for n in range(3):
        world.put("grocer", f"G-{n}", world.sale_body(ann, ("food", "1", "30.00")))
        world.advance(minutes=1)
    capped = terms(
        fees=FEES,
        earn={
            "rules": [{"kind": "per_amount", "points": "1", "per": "1.00"}],
            "cap_per_member_day": 50,
        },
    )
    assert tried(world, capped).points.after == 50


def test_what_was_returned_earns_under_no_terms(world: World) -> None:
    ann = world.member()
    body = world.sale_body(ann, ("food", "1", "100.00"))
    world.put("grocer", "G-1", body)
    world.put("grocer", "G-1", {**body, "refunds": [refund("r1", "40.00")]})
    rules = [{"kind": "per_amount", "points": "2", "per": "1.00"}]
    found = tried(world, terms(earn={"rules": rules}))
    assert (found.points.before, found.points.after) == (60, 120)


def test_only_sales_of_the_period_count(world: World) -> None:
    trade(world)
    world.advance(days=1)
    ann = world.member()
    world.put("grocer", "G-9", world.sale_body(ann, ("food", "1", "10.00")))
    later = DAY_1 + timedelta(days=1)
    assert tried(world, AGREED, first=later, last=later).points.before == 10
    assert tried(world, AGREED, last=later).points.before == 160


@pytest.mark.parametrize(
    ("before", "after", "band"),
    [
        (0, 0, "as before"),
        (0, 5, "gains, had none"),
        (5, 0, "loses all"),
        (100, 120, "gains 20 % or more"),
        (100, 119, "gains less than 20 %"),
        (100, 80, "loses 20 % or more"),
        (100, 81, "loses less than 20 %"),
    ],
)
def test_every_change_falls_into_one_band(before: int, after: int, band: str) -> None:
    assert band_of(before, after) == band
    assert band in BANDS


def test_memory_does_not_grow_with_the_sales(world: World) -> None:
    ann = world.member()
    world.put("grocer", "G-1", world.sale_body(ann, ("food", "1", "5.00")))

    def peak(sales: int) -> int:
        with world.database.transaction() as connection:
            connection.execute(
                text(
                    "INSERT INTO sale SELECT party_no, 'X-' || n, gen_random_uuid(), account_id,"
                    " revision, content_sha256, occurred_at, local_date, store, store_time_zone,"
                    " till, receipt, currency, agreement_no, document, refunds, points, lot_ids,"
                    " earn_ids, false, window_date, first_posted_at, updated_at, request_id"
                    " FROM sale, generate_series(1, :sales) n WHERE external_id = 'G-1'"
                    " ON CONFLICT DO NOTHING"
                ),
                {"sales": sales},
            )
            connection.execute(text("UPDATE sale SET account_id = gen_random_uuid()"))
        tracemalloc.start()
        try:
            assert tried(world, AGREED).sales == sales + 1
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few = peak(2_000)
    assert peak(8_000) < few + 1_000_000


def test_the_command_shows_it_and_writes_nothing(
    world: World, config: Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trade(world)
    for name, value in (
        ("DATABASE_URL", str(config.database_url)),
        ("COALITION_DATA", str(config.data_folder)),
        ("COALITION_NAME", "Testers"),
        ("COALITION_SECRET", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="),
        ("COLUMNS", "200"),
    ):
        monkeypatch.setenv(name, value)
    rules = [{"kind": "per_amount", "points": "2", "per": "1.00"}]
    file = tmp_path / "proposed.json"
    document = {
        "partner": "grocer",
        "effective_from": "2026-04-01T00:00:00Z",
        "terms": terms(earn={"rules": rules}),
    }
    file.write_text(json.dumps(document), "utf-8")
    before = counts(world)
    arguments = ["agreement", "what-if", str(file), "--from", "2026-03-02", "--to", "2026-03-02"]
    shown = CliRunner().invoke(app, arguments)
    assert shown.exit_code == 0, shown.output
    assert "points issued" in shown.stdout
    assert "gains 20 % or more" in shown.stdout
    found = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert found["points_issued"] == {"before": 150, "after": 300, "change": 150}
    assert found["partner"] == "grocer"
    other = CliRunner().invoke(app, [*arguments, "--partner", "bakery", "--json"])
    assert json.loads(other.stdout)["points_issued"]["before"] == 0
    assert CliRunner().invoke(app, [*arguments, "--partner", "nobody"]).exit_code == 1
    assert counts(world) == before


def counts(world: World) -> list[int]:
    with world.database.autocommit() as connection:
        return [
            connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            for table in ("agreement", "movement", "obligation", "lot", "sale", "event")
        ]


def test_terms_in_another_currency_are_refused(world: World) -> None:
    from coalition.errors import HubError

    with pytest.raises(HubError, match="cannot be tried"):
        tried(world, terms(currency="USD"))

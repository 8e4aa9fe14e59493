"""Netting and differences of windows, as people and programs are shown them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from partner_sdk.wire.amounts import parse_decimal
from settlement.insight.difference import explain_difference
from settlement.insight.netting import report_netting
from settlement.insight.snapshots import read_facts
from settlement.steps.chain import settle_date
from settlement.steps.night import Night
from settlement.store.tables import pair_net
from tests.coalition_world import DAY_1, FUEL_TERMS, World, refund, terms
from tests.settlement_command import Command

DAY_2 = DAY_1 + timedelta(days=1)
FEES = {"issue_per_point": "0.0005", "redemption_share": "0.025"}


@pytest.fixture
def world(engine: Engine) -> World:
    """Grocer (fees), Fuel (funded on issue, pending for a day), Bakery."""
    world = World(engine)
    world.partner("grocer", terms(fees=FEES))
    world.partner("fuel", {**FUEL_TERMS, "pending_days": 1})
    world.partner("bakery")
    return world


def trade(world: World) -> None:
    ann = world.member()
    world.put("grocer", "G-1", world.sale_body(ann, ("food", "1", "41.00")))
    world.put("fuel", "F-1", world.sale_body(ann, ("fuel", "30", "50.00")))
    world.redeem("bakery", ann, 33)


def end_day(world: World, night: Night, day: date) -> None:
    world.set_clock(datetime(day.year, day.month, day.day, 23, tzinfo=UTC))
    settle_date(night=night, business_date=day)
    world.set_clock(datetime(day.year, day.month, day.day, 9, tzinfo=UTC) + timedelta(days=1))


def test_netting_is_shown_from_gross_to_the_proof_of_zero(
    world: World, night: Night, settlement: Command
) -> None:
    trade(world)
    end_day(world, night, DAY_1)
    shown = settlement("netting", "2026-03-02")
    assert shown.exit_code == 0, shown.output
    for part in ("Gross", "Bilateral", "Multilateral", "Compression", "ok "):
        assert part in shown.output
    assert "BROKEN" not in shown.output
    found = json.loads(settlement("netting", "win_20260302", "--json").output)
    assert found["state"] == "netted"
    gross = {(g["debtor"], g["creditor"]): g["amount"] for g in found["gross"]}
    assert gross["grocer", "bakery"] == "0.330000"
    assert sum(parse_decimal(each["position"]) for each in found["multilateral"]) == 0
    assert all(proof["holds"] for proof in found["proof"])
    assert {proof["name"] for proof in found["proof"]} >= {"all-zero", "kept", "statements"}
    total = sum(parse_decimal(g["amount"]) for g in found["gross"])
    assert parse_decimal(found["compression"]["gross"]) == total
    paid = sum(parse_decimal(each["amount"]) for each in found["payments"])
    assert paid == 2 * parse_decimal(found["compression"]["multilateral"])


def test_an_open_window_is_netted_as_it_stands_and_nothing_is_written(
    world: World, night: Night, settlement: Command
) -> None:
    trade(world)
    found = json.loads(settlement("netting", "2026-03-02", "--json").output)
    assert found["state"] == "open"
    with world.database.autocommit() as connection:
        assert connection.execute(text("SELECT count(*) FROM settlement.pair_net")).scalar() == 0


def test_a_pair_that_was_changed_afterwards_breaks_the_proof(
    world: World, night: Night, settlement: Command
) -> None:
    trade(world)
    end_day(world, night, DAY_1)
    with world.database.transaction() as connection:
        connection.execute(
            pair_net.update()
            .where(pair_net.c.residue_out_micros == 0)
            .values(
                a_receives_micros=pair_net.c.a_receives_micros + 10_000,
                rounded_micros=pair_net.c.rounded_micros + 10_000,
            )
        )
    shown = settlement("netting", "2026-03-02")
    assert shown.exit_code == 1
    assert "BROKEN" in shown.output


def test_what_is_no_window_is_refused(world: World, settlement: Command) -> None:
    refused = settlement("netting", "yesterday")
    assert refused.exit_code == 1
    assert "neither a date" in str(refused.exception)
    assert settlement("diff", "2026-03-02", "nothing.json").exit_code == 1


def test_two_nights_differ_by_volume_adjustments_fees_and_rounding(
    world: World, night: Night, settlement: Command
) -> None:
    trade(world)
    end_day(world, night, DAY_1)
    ann = world.member()
    world.put("grocer", "G-2", world.sale_body(ann, ("food", "1", "82.00")))
    world.redeem("bakery", ann, 66)
    world.put(
        "fuel",
        "F-1",
        world.sale_body(
            ann,
            ("fuel", "30", "50.00"),
            revision=2,
            refunds=[refund("r1", "25.00")],
            occurred_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
        ),
    )
    end_day(world, night, DAY_2)
    found = explain_difference(
        before=read_facts(night=night, window="2026-03-02"),
        after=read_facts(night=night, window="2026-03-03"),
    )
    bakery = next(each for each in found if each.party == "bakery")
    assert bakery.by_cause() == {"volume": 330_000}
    grocer = next(each for each in found if each.party == "grocer").by_cause()
    assert grocer["volume"] == -330_000
    assert grocer["fees"] == -20_500
    shown = json.loads(settlement("diff", "2026-03-02", "2026-03-03", "--json").output)
    for each in shown["parties"]:
        causes = sum(parse_decimal(amount) for amount in each["causes"].values())
        assert causes == parse_decimal(each["change"])
        before, after = parse_decimal(each["before"]), parse_decimal(each["after"])
        assert after - before == parse_decimal(each["change"])
    table = settlement("diff", "2026-03-02", "2026-03-03")
    assert "volume" in table.output
    alone = settlement("diff", "2026-03-02", "2026-03-03", "--party", "grocer")
    assert "33 → 66 points" in alone.output
    assert settlement("diff", "2026-03-02", "2026-03-03", "--party", "nobody").exit_code == 1


def test_a_run_differs_from_its_dry_run_by_what_came_after_it_and_by_the_jobs_of_the_night(
    world: World, night: Night, settlement: Command, tmp_path: Path
) -> None:
    trade(world)
    end_day(world, night, DAY_1)
    kept = tmp_path / "dry.json"
    dry = settlement("run", "--dry-run", "--date", "2026-03-03", "--save", str(kept))
    assert dry.exit_code == 0, dry.output
    ann = world.member()
    world.put("grocer", "G-2", world.sale_body(ann, ("food", "1", "20.00")))
    end_day(world, night, DAY_2)
    found = explain_difference(
        before=read_facts(night=night, window=str(kept)),
        after=read_facts(night=night, window="2026-03-03"),
    )
    pool = next(each for each in found if each.party == "pool").by_cause()
    assert pool == {"night_jobs": 660_000}
    operator = next(each for each in found if each.party == "operator").by_cause()
    assert operator["fees"] == 10_000
    assert settlement("diff", str(kept), "2026-03-03").exit_code == 0


def test_the_report_of_a_window_agrees_with_what_the_night_recorded(
    world: World, night: Night
) -> None:
    trade(world)
    end_day(world, night, DAY_1)
    report = report_netting(night=night, business_date=DAY_1)
    with world.database.autocommit() as connection:
        facts = connection.execute(
            text("SELECT facts FROM settlement.step_run WHERE step = 'net'")
        ).scalar_one()
    assert facts["gross_micros"] == report.compression.gross_micros
    assert facts["net_micros"] == report.compression.multilateral_micros


def test_sales_told_of_late_are_a_cause_of_their_own(
    world: World, night: Night, settlement: Command
) -> None:
    world.partner("kiosk", FUEL_TERMS)
    ann = world.member()

    def sell(sale_id: str, litres: str, occurred_at: datetime | None = None) -> None:
        body = world.sale_body(ann, ("fuel", litres, "9.00"), occurred_at=occurred_at)
        world.put("kiosk", sale_id, body)

    sell("K-1", "10")
    end_day(world, night, DAY_1)
    sell("K-2", "10")
    sell("K-late", "3", datetime(DAY_1.year, DAY_1.month, DAY_1.day, 12, tzinfo=UTC))
    # As it stands, and as it was netted: the same.
    for _ in range(2):
        shown = settlement("diff", f"{DAY_1}", f"{DAY_2}", "--party", "kiosk", "--json")
        assert shown.exit_code == 0, shown.output
        (kiosk,) = json.loads(shown.output)["parties"]
        assert kiosk["causes"]["late"] == "-0.066000"
        assert kiosk["causes"].keys() <= {"late", "rounding"}
        end_day(world, night, DAY_2)

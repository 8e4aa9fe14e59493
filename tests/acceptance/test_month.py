"""A month of the demo: disputes, late items, two currencies, a default, an exit, bank files.

After every night the books and every file are proven (`tests.acceptance.month.office`); what is
asserted here is what the month came to.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from coalition.config import Config
from coalition.demo.data import FIRST_DATE
from settlement.app import make_night
from settlement.config import SettlementConfig
from tests.acceptance.month.drama import (
    DAYS,
    DEFAULTER,
    DEFAULTS,
    LEAVER,
    Mode,
    Month,
    play_month,
)
from tests.acceptance.month.opening import running_month
from tests.integration.settlement.reading import bundle_path, read_lines, read_statement


@pytest.mark.parametrize(
    ("mode", "households"),
    [
        pytest.param("convert", 6, id="converted"),
        pytest.param("per_currency", 6, id="each currency by itself", marks=pytest.mark.prove),
        pytest.param("convert", 120, id="more households", marks=pytest.mark.prove),
    ],
)
def test_a_month_of_everything_leaves_books_that_are_proven_every_night(
    mode: Mode, households: int, engine: Engine, config: Config, database_url: str, tmp_path: Path
) -> None:
    night = make_night(
        config=config,
        settings=SettlementConfig(key_passphrase="a passphrase of tests", pdf="no"),
        address=database_url,
    )
    try:
        with running_month(
            engine=engine, config=config, night=night, mode=mode, folder=tmp_path
        ) as month:
            play_month(month, households=households)
            _every_dispute_had_its_outcome(month)
            _late_items_are_marked(month)
            _both_currencies_were_settled(month, mode)
            _the_bank_told_everything(month)
            _the_leaver_is_gone_at_zero(month)
            _the_default_is_settled(month)
            _windows_are_settled_but_for_what_is_not_due(month)
    finally:
        night.database.engine.dispose()


def _every_dispute_had_its_outcome(month: Month) -> None:
    known = {
        way: month.clients[each.claimant].get_dispute(each.id)
        for way, each in month.disputes.items()
    }
    assert {each.state for each in known.values()} == {"closed"}
    assert {way: each.outcome for way, each in known.items()} == {
        "accepted": "upheld",
        "stands": "rejected",
        "ruled": "split",
        "unanswered": "upheld",
        "withdrawn": "withdrawn",
    }
    # What was withheld was given back once, whatever the outcome.
    assert month.office.rows(
        "SELECT d.dispute_id FROM settlement.dispute d LEFT JOIN settlement.entry e"
        " ON e.kind = 'dispute_released' AND e.about->>'dispute_uuid' = d.dispute_id::text"
        " GROUP BY 1 HAVING count(e.no) <> 1"
    ) == []  # fmt: skip


def _late_items_are_marked(month: Month) -> None:
    reasons: dict[str, int] = {}
    for path in month.night.statements_folder.glob("*/*.zip"):
        for line in read_lines(path):
            if line["reason"] == "late_sale":
                assert line["occurred_local"][:10] < line["value_date"]
                reasons["late"] = reasons.get("late", 0) + 1
            if line["adjusts_statement"] is not None:
                reasons["adjusted"] = reasons.get("adjusted", 0) + 1
    assert reasons["late"] >= 3
    assert reasons["adjusted"] >= 10


def _both_currencies_were_settled(month: Month, mode: Mode) -> None:
    lei = month.night.statements_folder.glob("*/*.RON.zip")
    rates = month.office.rows(
        "SELECT count(*) FROM settlement.line WHERE settlement_micros IS NOT NULL"
    )[0][0]
    if mode == "convert":
        assert not list(lei)
        assert rates > 10
        return
    assert list(lei)
    assert rates == 0
    assert month.office.rows(
        "SELECT count(*) > 0 FROM settlement.payment_item"
        " WHERE currency = 'RON' AND paid_micros = amount_micros"
    ) == [(True,)]  # fmt: skip


def _the_bank_told_everything(month: Month) -> None:
    seen = month.office.seen
    for what in ("in full", "partial", "over", "late", "without a reference", "paid out",
                 "sent back", "unknown", "set aside"):  # fmt: skip
        assert seen.get(what, 0) >= 1, (what, seen)
    files = month.office.rows("SELECT kind, count(*) FROM settlement.bank_file GROUP BY 1")
    assert {kind for kind, count in files if count >= 5} == {"camt.053", "mt940"}
    charged = month.office.rows(
        "SELECT sum(amount_micros) FROM settlement.entry WHERE kind = 'interest'"
    )
    assert charged[0][0] > 0


def _the_leaver_is_gone_at_zero(month: Month) -> None:
    assert month.office.party(LEAVER).state == "closed"
    assert month.exit_state[0][0].startswith("its points can be spent until")
    assert any("go back with its next statement" in each for (each, *_) in month.exit_state if each)
    closings = [
        read_statement(path)["closing"]
        for path in sorted(month.night.statements_folder.glob(f"*/{LEAVER}.zip"))
    ]
    assert closings[-1] == "0.00"


def _the_default_is_settled(month: Month) -> None:
    plan = month.plan
    assert plan["own"] == [{"purpose": "collateral", "used": "1.000000"}]
    assert [each["party"] for each in plan["default_fund"]] == ["grocer"]
    assert plan["counterparties"]
    after = FIRST_DATE + timedelta(days=DEFAULTS)
    closing = read_statement(bundle_path(month.night, after, DEFAULTER))["closing"]
    assert closing == "0.00"
    assert month.office.party(DEFAULTER).state == "suspended"
    no = month.office.party(DEFAULTER).no
    # What was open of it is covered by what the others bear: nothing is asked, nothing paid out.
    assert month.office.rows(
        "SELECT business_date, direction, amount_micros - paid_micros FROM settlement.payment_item"
        " WHERE party_no = :no AND business_date <= :day AND paid_micros < amount_micros",
        no=no, day=after,
    ) == []  # fmt: skip
    assert [each for each in month.instructed if each[0] >= after and each[1] == DEFAULTER] == []


def _windows_are_settled_but_for_what_is_not_due(month: Month) -> None:
    open_by_window = dict(
        month.office.rows(
            "SELECT business_date, count(*) FROM settlement.payment_item"
            " WHERE paid_micros < amount_micros GROUP BY 1"
        )
    )
    states = dict(month.office.rows("SELECT business_date, state FROM settlement_window"))
    assert len(states) == DAYS
    assert {day: state == "settled" for day, state in states.items()} == {
        day: day not in open_by_window for day in states
    }
    assert sum(state == "settled" for state in states.values()) >= DAYS - 3

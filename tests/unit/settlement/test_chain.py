"""Which dates are due, which step is next, and how a night's work is shared."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coalition.config import Config, ConfigError
from settlement.config import SettlementConfig, read_settlement_config, settlement_settings
from settlement.domain.chain import STEP_MEANINGS, STEPS, dates_due, next_step
from settlement.steps.shares import share_of_plans
from settlement.store.statements import Plan
from settlement.store.stream import offset_seconds

DAY = date(2026, 3, 1)


def test_the_next_step_is_the_first_that_is_not_done() -> None:
    assert next_step([]) == "expire_holds"
    assert next_step(STEPS[:4]) == "charge"
    assert next_step(STEPS[: STEPS.index("net")]) == "net"
    assert next_step(STEPS) is None
    assert set(STEP_MEANINGS) == set(STEPS)


def test_due_are_the_unfinished_dates_and_all_after_the_last_closed_one() -> None:
    two_days = timedelta(days=2)
    assert dates_due(unfinished=[DAY], last_closed=DAY, through=DAY + two_days) == (
        DAY,
        DAY + timedelta(days=1),
        DAY + two_days,
    )
    assert dates_due(unfinished=[], last_closed=DAY, through=DAY) == ()
    assert dates_due(unfinished=[DAY], last_closed=DAY, through=DAY - two_days) == ()


def plan(party_no: int, lines: int) -> Plan:
    return Plan(
        statement_id=UUID(int=party_no),
        public_id=f"stm_{party_no}",
        business_date=DAY,
        party_no=party_no,
        no=1,
        previous_id=None,
        currency="EUR",
        opening_micros=0,
        net_micros=0,
        closing_micros=0,
        lines=lines,
        rounding_lines=0,
    )


@given(st.lists(st.integers(0, 5000), max_size=80), st.integers(1, 5))
def test_every_statement_is_in_exactly_one_share_and_shares_are_alike(
    lines: list[int], parts: int
) -> None:
    plans = [plan(no, count) for no, count in enumerate(lines, 1)]
    settings = SettlementConfig(pdf="no")
    shares = [
        share_of_plans(plans=plans, part=part, parts=parts, settings=settings)
        for part in range(parts)
    ]
    together = sorted(p.party_no for share in shares for p in share)
    assert together == [p.party_no for p in plans]
    loads = [sum(p.lines + 100 for p in share) for share in shares]
    assert max(loads) - min(loads) <= max([0, *lines]) + 100


@given(
    st.datetimes(datetime(1980, 1, 1), datetime(2060, 1, 1)),  # noqa: DTZ001 - made aware below
    st.sampled_from(["Europe/Bucharest", "Europe/Kyiv", "Asia/Kathmandu", "America/New_York"]),
)
def test_the_offset_of_a_quarter_of_an_hour_is_that_of_each_instant_in_it(
    instant: datetime, zone: str
) -> None:
    from zoneinfo import ZoneInfo

    aware = instant.replace(tzinfo=UTC)
    offset = aware.astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None
    quarter = int(aware.timestamp()) // 900
    assert offset_seconds(zone, quarter) == int(offset.total_seconds())


def test_a_test_environment_derives_its_passphrase_and_a_live_one_needs_it() -> None:
    test = Config(secret_key=b"0" * 32)
    live = Config(secret_key=b"0" * 32, environment="live")
    derived = read_settlement_config(hub=test, environment={}).key_passphrase
    assert len(derived) == 64
    with pytest.raises(ConfigError, match="SETTLEMENT_KEY_PASSPHRASE"):
        read_settlement_config(hub=live, environment={})
    given_ = read_settlement_config(hub=live, environment={"SETTLEMENT_KEY_PASSPHRASE": "x"})
    assert given_.key_passphrase == "x"


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "²"])
def test_a_setting_that_cannot_work_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(ConfigError, match="SETTLEMENT_PROCESSES"):
        read_settlement_config(
            hub=Config(secret_key=b"0" * 32), environment={"SETTLEMENT_PROCESSES": text}
        )


def test_every_setting_is_described() -> None:
    for setting in settlement_settings():
        assert setting.variable.startswith("SETTLEMENT_")
        assert len(setting.description) > 20

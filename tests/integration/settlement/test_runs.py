"""The chain: once whoever runs it, resumed after a kill at any point, and nothing in a dry run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from coalition.config import Config
from partner_sdk.verify import verify_bundle
from settlement import hub
from settlement.app import make_night
from settlement.config import SettlementConfig
from settlement.domain.chain import STEPS
from settlement.domain.netting import NotZeroSum
from settlement.jobs.scheduler import tick
from settlement.reports import preview, read_status
from settlement.steps.chain import Busy, NotDue, dates_to_settle, settle_date
from settlement.steps.night import Night
from settlement.store import runs
from tests.integration.settlement.builder import Books, tell_day_one, tell_day_two
from tests.integration.settlement.reading import bundle_path, read_lines, read_statement
from tests.killing import is_killed

ONE, TWO = date(2026, 3, 1), date(2026, 3, 2)
SLUGS = ("grocer", "fuel", "bakery", "pool", "operator")


def settle_until_killed(event: str, config: Config, day: date) -> None:
    """Settle a date in this process, which ends at the event."""

    def observe(_day: date, at: str) -> None:
        if at == event:
            os.kill(os.getpid(), signal.SIGKILL)

    night = make_night(
        config=config,
        settings=SettlementConfig(key_passphrase="a passphrase of tests", pdf="no"),
        address=str(config.database_url),
        observe=observe,
    )
    settle_date(night=night, business_date=day)


def environment(config: Config) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": str(config.database_url),
        "COALITION_DATA": str(config.data_folder),
        "COALITION_SECRET": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        "SETTLEMENT_KEY_PASSPHRASE": "a passphrase of tests",
        "SETTLEMENT_PDF": "no",
    }


def settle_in_a_process_killed_at(event: str, *, config: Config, day: date) -> None:
    assert is_killed(settle_until_killed, event, config, day, address=str(config.database_url))


def content(night: Night, day: date) -> dict[str, Any]:
    """What the bundles of a date say, without what is new at each writing (times, ids, salts)."""
    found = {}
    for slug in SLUGS:
        path = bundle_path(night, day, slug)
        statement = read_statement(path)
        found[slug] = (
            {k: statement[k] for k in ("statement_no", "opening", "net", "closing", "positions")},
            [(n["line_no"], n["kind"], n["points"], n["net"]) for n in read_lines(path)],
        )
    return found


def rows(engine: Engine, query: str) -> list[Any]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


EVERYWHERE = [
    # Just before the commit is where most would be lost; the others are proven on demand.
    *(f"{step}:done" for step in STEPS),
    "issue:planned",
    "issue:written",
    *(
        pytest.param(f"{step}:{point}", marks=pytest.mark.prove)
        for step in STEPS
        for point in ("claimed", "committed")
    ),
]


@pytest.mark.parametrize("event", EVERYWHERE)
def test_a_run_killed_anywhere_is_resumed_to_the_same_result(
    event: str, books: Books, config: Config, night: Night
) -> None:
    story = tell_day_one(books, day=ONE)
    books.end(ONE)
    settle_date(night=night, business_date=ONE)
    tell_day_two(books, story, day=TWO)
    books.end(TWO)
    settle_in_a_process_killed_at(event, config=config, day=TWO)
    settle_date(night=night, business_date=TWO)
    assert {slug: found[0]["net"] for slug, found in content(night, TWO).items()} == {
        "bakery": "0.00", "fuel": "0.00", "grocer": "0.20", "operator": "0.00", "pool": "-0.20",
    }  # fmt: skip
    root = night.root_path.read_bytes()
    for slug in SLUGS:
        verified = verify_bundle(
            bundle=bundle_path(night, TWO, slug),
            root=root,
            previous=bundle_path(night, ONE, slug),
        )
        assert verified.ok, (slug, verified.findings)
    assert rows(books.engine, "SELECT DISTINCT state FROM settlement_window") == [("issued",)]
    steps = rows(
        books.engine, "SELECT step FROM settlement.step_run WHERE business_date = '2026-03-02'"
    )
    assert {step for (step,) in steps} == set(STEPS)
    assert len(steps) == len(STEPS)
    leftovers = list((night.statements_folder / "2026-03-02").glob(".*"))
    assert leftovers == []


def test_a_bundle_that_a_crash_took_away_is_written_again(
    books: Books, config: Config, night: Night
) -> None:
    tell_day_one(books, day=ONE)
    books.end(ONE)
    settle_in_a_process_killed_at("issue:done", config=config, day=ONE)
    path = bundle_path(night, ONE, "bakery")
    path.write_bytes(path.read_bytes()[:-100])
    bundle_path(night, ONE, "fuel").unlink()
    settle_date(night=night, business_date=ONE)
    for slug in SLUGS:
        found = verify_bundle(
            bundle=bundle_path(night, ONE, slug), root=night.root_path.read_bytes()
        )
        assert found.ok, (slug, found.findings)


def test_four_schedulers_at_once_run_each_date_once(
    books: Books, config: Config, night: Night
) -> None:
    story = tell_day_one(books, day=ONE)
    tell_day_two(books, story, day=TWO)
    books.end(TWO)
    script = (
        "import time\n"
        "from settlement.app import open_night\n"
        "from settlement.jobs.scheduler import tick\n"
        "from settlement.steps.chain import dates_to_settle\n"
        "with open_night() as night:\n"
        "    for _ in range(600):\n"
        "        if not dates_to_settle(night=night):\n"
        "            break\n"
        "        tick(night=night)\n"
        "        time.sleep(0.05)\n"
    )
    schedulers = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            env=environment(config),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    for scheduler in schedulers:
        _, said = scheduler.communicate(timeout=180)
        assert scheduler.returncode == 0, said
    counts = rows(
        books.engine,
        "SELECT business_date, count(*) FROM settlement.step_run GROUP BY 1 ORDER BY 1",
    )
    assert counts == [(ONE, len(STEPS)), (TWO, len(STEPS))]
    assert rows(books.engine, "SELECT count(*) FROM settlement.step_failure") == [(0,)]
    assert rows(books.engine, "SELECT count(*) FROM settlement.statement") == [(10,)]
    for day in (ONE, TWO):
        for slug in SLUGS:
            assert verify_bundle(
                bundle=bundle_path(night, day, slug), root=night.root_path.read_bytes()
            ).ok


def test_another_process_at_work_is_left_alone(books: Books, night: Night) -> None:
    books.end(ONE)
    with night.database.transaction() as other:
        assert runs.claim(connection=other)
        with pytest.raises(Busy):
            settle_date(night=night, business_date=ONE)
        assert tick(night=night) == 0
    settle_date(night=night, business_date=ONE)


def test_a_date_that_has_not_ended_is_not_settled(books: Books, night: Night) -> None:
    books.set_clock(books.noon(ONE))
    assert dates_to_settle(night=night) == ()
    with pytest.raises(NotDue, match="2026-03-01 ends at 2026-03-01T22:00:00"):
        settle_date(night=night, business_date=ONE)
    assert rows(books.engine, "SELECT count(*) FROM settlement.step_run") == [(0,)]


def test_dates_are_settled_in_their_order(books: Books, night: Night) -> None:
    books.end(TWO)
    assert dates_to_settle(night=night) == (ONE, TWO)
    with pytest.raises(hub.WindowOutOfOrder):
        settle_date(night=night, business_date=TWO)
    assert tick(night=night) == 2
    assert dates_to_settle(night=night) == ()


def test_a_settled_date_is_not_settled_again(books: Books, night: Night) -> None:
    tell_day_one(books, day=ONE)
    books.end(ONE)
    settle_date(night=night, business_date=ONE)
    before = bundle_path(night, ONE, "bakery").read_bytes()
    settle_date(night=night, business_date=ONE)
    assert bundle_path(night, ONE, "bakery").read_bytes() == before


def test_a_dry_run_writes_nothing(books: Books, night: Night) -> None:
    tell_day_one(books, day=ONE)
    books.end(ONE)
    tables = ("step_run", "line", "statement", "pair_net", "position", "agreement_ref")
    found = preview(night=night, business_date=ONE)
    assert {each.party: each.net_micros for each in found.parties} == {
        "pool": 360_000, "grocer": -400_000, "fuel": -660_000, "bakery": 700_000,
    }  # fmt: skip
    assert (found.gross_micros, found.net_micros) == (1_360_000, 1_060_000)
    assert (found.obligations, found.lines) == (3, 7)
    for table in tables:
        assert rows(books.engine, f"SELECT count(*) FROM settlement.{table}") == [(0,)]
    assert rows(books.engine, "SELECT last_closed FROM hub_state") == [(date(2026, 2, 28),)]
    assert not night.statements_folder.exists()


def test_a_window_that_does_not_balance_stops_before_anything_is_issued(
    books: Books, night: Night
) -> None:
    tell_day_one(books, day=ONE)
    books.end(ONE)

    def lose_a_row(_day: date, event: str) -> None:
        if event == "issue:claimed":
            with books.engine.begin() as connection:
                connection.execute(text("ALTER TABLE obligation DISABLE TRIGGER USER"))
                connection.execute(text("DELETE FROM obligation WHERE kind = 'issue'"))
                connection.execute(text("ALTER TABLE obligation ENABLE TRIGGER USER"))

    object.__setattr__(night, "observe", lose_a_row)
    with pytest.raises(NotZeroSum, match="do not sum to the netted position"):
        settle_date(night=night, business_date=ONE)
    assert rows(books.engine, "SELECT count(*) FROM settlement.statement") == [(0,)]
    assert not list(night.statements_folder.glob("*/*.zip"))
    (status, _) = read_status(night=night, count=5)
    assert (status.state, status.next_step) == ("netted", "issue")
    assert status.failure is not None
    assert "NotZeroSum" in status.failure


def test_several_processes_write_the_same_night_as_one(
    books: Books, config: Config, make_pipeline: Callable[..., Night]
) -> None:
    tell_day_one(books, day=ONE)
    books.end(ONE)
    night = make_pipeline(processes=3, lines_per_process=1)
    settle_date(night=night, business_date=ONE)
    assert content(night, ONE)["bakery"][0]["net"] == "0.70"
    for slug in SLUGS:
        assert verify_bundle(
            bundle=bundle_path(night, ONE, slug), root=night.root_path.read_bytes()
        ).ok


def test_the_command_settles_dates_read_from_standard_input(
    books: Books, config: Config, night: Night
) -> None:
    story = tell_day_one(books, day=ONE)
    tell_day_two(books, story, day=TWO)
    books.end(TWO)
    done = subprocess.run(
        [sys.executable, "-m", "settlement.cli", "run", "--stdin"],
        env=environment(config),
        input="2026-03-02\n2026-03-01\nnonsense\n2026-03-03\n",
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(a["business_date"], a["status"]) for a in answers] == [
        ("2026-03-01", "issued"),
        ("2026-03-02", "issued"),
        ("2026-03-01", "issued"),
        ("nonsense", "failed"),
        ("2026-03-03", "failed"),
    ]
    assert (answers[0]["gross"], answers[0]["net"]) == ("1.36", "1.06")
    assert answers[0]["statements"] == answers[2]["statements"]
    bakery = next(each for each in answers[0]["statements"] if each["party"] == "bakery")
    assert (bakery["net"], bakery["lines"]) == ("0.70", 2)
    assert Path(bakery["path"]) == bundle_path(night, ONE, "bakery")
    assert "2026-03-03 ends at" in answers[4]["error"]

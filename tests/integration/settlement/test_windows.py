"""Windows: nights of 23 and 25 hours, and postings that go on while windows close."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, text

from settlement import hub
from settlement.steps.chain import dates_to_settle, settle_date
from settlement.steps.night import Night
from tests.integration.settlement.builder import Books, new_id

NIGHTS = [
    ("Europe/Bucharest", date(2026, 3, 29), 23),
    ("Europe/Bucharest", date(2026, 10, 25), 25),
    ("Europe/Kyiv", date(2026, 3, 29), 23),
    ("Europe/Kyiv", date(2026, 10, 25), 25),
    ("America/New_York", date(2026, 3, 8), 23),
    # Midnight itself is skipped here: the date begins at 01:00.
    ("Africa/Cairo", date(2026, 4, 24), 23),
    # And here the hour before midnight comes twice.
    ("Africa/Cairo", date(2026, 10, 29), 25),
    ("Europe/Bucharest", date(2026, 6, 1), 24),
]


def window_of(engine: Engine, instant: datetime) -> date:
    """The window that a posting at the instant belongs to."""
    with engine.begin() as connection:
        connection.execute(text("UPDATE hub_state SET business_at = :at"), {"at": instant})
        return connection.execute(text("SELECT window_date FROM posting_slot()")).scalar_one()


@pytest.mark.parametrize(("zone", "day", "hours"), NIGHTS)
def test_a_window_holds_its_whole_date_however_long_the_night(
    zone: str, day: date, hours: int, engine: Engine, night: Night
) -> None:
    Books(engine=engine, zone=zone, first_date=day).found()
    starts_at = hub.start_of_business_date(business_date=day, zone=ZoneInfo(zone))
    ends_at = hub.end_of_business_date(business_date=day, zone=ZoneInfo(zone))
    assert ends_at - starts_at == timedelta(hours=hours)
    instant = timedelta(microseconds=1)
    assert window_of(engine, starts_at) == day
    assert window_of(engine, ends_at - instant) == day
    assert dates_to_settle(night=night) == ()
    assert window_of(engine, ends_at) == day + timedelta(days=1)
    assert dates_to_settle(night=night) == (day,)
    settle_date(night=night, business_date=day)
    with engine.connect() as connection:
        window = hub.read_window(connection=connection, business_date=day)
    assert window is not None
    assert (window.starts_at, window.ends_at) == (starts_at, ends_at)
    # The clock may even go back: a closed window cannot grow.
    assert window_of(engine, starts_at) == day + timedelta(days=1)


@pytest.mark.parametrize("zone", ["Europe/Bucharest", "Europe/Kyiv"])
def test_the_windows_of_a_year_leave_no_gap_and_do_not_overlap(zone: str) -> None:
    day, zone_info = date(2026, 1, 1), ZoneInfo(zone)
    at = hub.start_of_business_date(business_date=day, zone=zone_info)
    begin = at
    while day.year == 2026:
        assert hub.start_of_business_date(business_date=day, zone=zone_info) == at
        at = hub.end_of_business_date(business_date=day, zone=zone_info)
        day += timedelta(days=1)
    assert at - begin == timedelta(days=365)


def test_no_posting_is_lost_or_in_a_closed_window_while_windows_close(
    books: Books, night: Night
) -> None:
    shop, member = books.partner("shop"), books.account()
    lot = books.lot(shop, member, 1_000_000, day=books.first_date)
    stop, faults = threading.Event(), list[BaseException]()
    posted = [0] * 4

    def post(which: int) -> None:
        statement = text(
            "INSERT INTO movement (account_id, movement_id, lot_id, kind, from_bucket, to_bucket,"
            " points, window_date, posted_at, party_no, cause_kind, cause_id, reason)"
            " SELECT :account, :id, :lot, 'earn', 'issued', 'active', 1, s.window_date,"
            " s.posted_at, :party, 'lot', :lot, 'posted while closing' FROM posting_slot() s"
        )
        try:
            with books.engine.connect() as connection:
                while not stop.is_set():
                    connection.execute(
                        statement,
                        {
                            "account": member,
                            "id": new_id(),
                            "lot": lot.lot_id,
                            "party": shop,
                        },
                    )
                    connection.commit()
                    posted[which] += 1
        except BaseException as error:  # noqa: BLE001 - told by the test
            faults.append(error)

    threads = [threading.Thread(target=post, args=(which,)) for which in range(len(posted))]
    for thread in threads:
        thread.start()
    days = [books.first_date + timedelta(days=n) for n in range(5)]
    counted = {}
    for day in days:
        books.end(day)
        settle_date(night=night, business_date=day)
        counted[day] = count(books.engine, day)
    stop.set()
    for thread in threads:
        thread.join()
    assert faults == []
    for day in days:
        assert count(books.engine, day) == counted[day], "a closed window grew"
    with books.engine.connect() as connection:
        total, misplaced = connection.execute(
            text(
                "SELECT count(*), count(*) FILTER (WHERE w.business_date IS NOT NULL"
                " AND m.posted_at < w.starts_at)"
                " FROM movement m LEFT JOIN settlement_window w"
                " ON w.business_date = m.window_date"
            )
        ).one()
        lines = connection.execute(text("SELECT count(*) FROM settlement.line")).scalar_one()
    assert total == sum(posted)
    assert misplaced == 0
    assert lines == sum(counted.values())
    assert total > 100


def count(engine: Engine, day: date) -> int:
    with engine.connect() as connection:
        return int(
            connection.execute(
                text("SELECT count(*) FROM movement WHERE window_date = :day"), {"day": day}
            ).scalar_one()
        )


def test_closing_gives_way_to_a_posting_under_way_and_tries_again(
    books: Books, night: Night
) -> None:
    books.end(books.first_date)
    released = threading.Event()
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        released.set()

    object.__setattr__(night, "pause", pause)
    with books.engine.connect() as slow:
        slow.execute(text("SELECT * FROM posting_slot()"))
        closing = threading.Thread(
            target=settle_date, kwargs={"night": night, "business_date": books.first_date}
        )
        closing.start()
        assert released.wait(timeout=30)
        # While the closing waits, and between its attempts, another posting goes through.
        began = datetime.now(UTC)
        with books.engine.begin() as other:
            other.execute(text("SELECT * FROM posting_slot()"))
        waited = datetime.now(UTC) - began
        slow.rollback()
    closing.join(timeout=60)
    assert pauses
    assert waited < timedelta(seconds=5)
    assert dates_to_settle(night=night) == ()


def test_what_the_jobs_post_belongs_to_the_date_that_is_closed(books: Books, night: Night) -> None:
    """The hub's jobs run by the night post into the closing date, not the new one."""
    shop, member = books.partner("shop"), books.account()
    day = books.first_date
    lot = books.lot(
        shop,
        member,
        50,
        day=day,
        pending=50,
        active=0,
        activates_at=books.noon(day) + timedelta(hours=1),
    )
    with books.engine.begin() as connection:
        connection.execute(text("UPDATE balance SET pending = 50"))
    books.end(day)
    settle_date(night=night, business_date=day)
    with books.engine.connect() as connection:
        found = connection.execute(
            text("SELECT kind, window_date FROM movement WHERE lot_id = :lot"),
            {"lot": lot.lot_id},
        ).all()
    assert [tuple(row) for row in found] == [("activate", day)]

"""Instants have an offset, and are UTC inside."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partner_sdk.wire.instants import InvalidInstant, format_instant, parse_instant

offsets = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
first, last = (datetime(year, 1, 1, tzinfo=UTC).replace(tzinfo=None) for year in (1900, 2900))
near = st.datetimes(first, last, timezones=offsets)


@given(near)
def test_an_instant_reads_back_from_what_it_is_written_as(instant: datetime) -> None:
    text = format_instant(instant)
    assert text.endswith("Z")
    assert parse_instant(text) == instant
    assert parse_instant(text).tzinfo is UTC


@given(near)
def test_any_offset_means_the_same_instant(instant: datetime) -> None:
    assert parse_instant(instant.isoformat()) == instant


def test_microseconds_are_written_only_if_there_are_any() -> None:
    assert format_instant(datetime(2026, 11, 22, 9, 30, tzinfo=UTC)) == "2026-11-22T09:30:00Z"
    half = datetime(2026, 11, 22, 9, 30, 0, 500_000, tzinfo=UTC)
    assert format_instant(half) == "2026-11-22T09:30:00.500000Z"


@pytest.mark.parametrize("text", ["2026-11-22t09:30:00z", "2026-11-22T09:30:00.5-00:00"])
def test_the_standards_other_spellings_are_read(text: str) -> None:
    assert parse_instant(text).date().isoformat() == "2026-11-22"


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22",
        "2026-11-22T09:30:00",
        "2026-11-22 09:30:00Z",
        "20261122T093000Z",
        "2026-11-22T09:30Z",
        "2026-02-30T09:30:00Z",
        "2026-11-22T24:00:00Z",
        "2026-06-30T23:59:60Z",
        "2026-11-22T09:30:00.1234567Z",
        "2026-11-22T09:30:00+2:00",
        "2026-11-22T09:30:00+25:00",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "٢٠٢٦-11-22T09:30:00Z",
        "2026-11-22T09:30:00Z\n",
    ],
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(InvalidInstant):
        parse_instant(text)


@pytest.mark.parametrize("value", [None, 1_795_319_352, 1.5, datetime(2026, 1, 1, tzinfo=UTC)])
def test_what_is_not_text_is_refused(value: object) -> None:
    with pytest.raises(InvalidInstant):
        parse_instant(value)


def test_a_local_time_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="time zone"):
        format_instant(datetime(2026, 11, 22, tzinfo=UTC).replace(tzinfo=None))

"""Ids have one spelling, and carry their kind."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partner_sdk.wire import ids


@given(st.uuids())
def test_an_id_reads_back_to_what_it_was_made_of(value: UUID) -> None:
    text = ids.encode("mem", value)
    assert len(text) == 30
    assert ids.decode("mem", text) == value


@given(st.uuids(), st.uuids())
def test_ids_sort_as_what_they_stand_for(one: UUID, other: UUID) -> None:
    assert (ids.encode("lot", one) < ids.encode("lot", other)) == (one < other)


def test_the_smallest_and_the_largest_id_are_written_in_crockfords_alphabet() -> None:
    assert ids.encode("mem", UUID(int=0)) == "mem_" + "0" * 26
    assert ids.encode("mem", UUID(int=2**128 - 1)) == "mem_7" + "z" * 25


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mem_",
        "lot_01h455vb4pex5vsknk084sn02q",
        "mem_01H455VB4PEX5VSKNK084SN02Q",
        "mem_01h455vb4pex5vsknk084sn02",
        "mem_01h455vb4pex5vsknk084sn02qq",
        "mem_81h455vb4pex5vsknk084sn02q",
        "mem_01h455vb4pex5vsknk084sn02i",
        "mem_01h455vb4pex5vsknk084sn02u",
        "mem_01h455vb4pex5vsknk084sn0_q",
        "mem_01h455vb4pex5vsknk084sn02q\n",
        "mem_٠1h455vb4pex5vsknk084sn02q",
        "mem__01h455vb4pex5vsknk084sn02q",
    ],
)
def test_any_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(ids.InvalidId):
        ids.decode("mem", text)


@pytest.mark.parametrize("value", [None, 7, b"mem_01h455vb4pex5vsknk084sn02q", ["mem"]])
def test_what_is_not_text_is_refused(value: object) -> None:
    with pytest.raises(ids.InvalidId):
        ids.decode("mem", value)  # type: ignore[arg-type]


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_a_uuid7_holds_its_milliseconds_version_and_variant(unix_ms: int, random: bytes) -> None:
    value = ids.uuid7(unix_ms=unix_ms, random=random)
    assert value.version == 7
    assert value.variant == "specified in RFC 4122"
    assert value.int >> 80 == unix_ms


def test_a_uuid7_is_the_one_of_the_standards_example() -> None:
    # RFC 9562 A.6: 017F22E2-79B0-7CC3-98C4-DC0C0C07398F
    expected = UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")
    assert ids.uuid7(unix_ms=0x017F22E279B0, random=expected.bytes[6:]) == expected


@pytest.mark.parametrize(("unix_ms", "random"), [(-1, b"x" * 10), (2**48, b"x" * 10), (0, b"x")])
def test_a_uuid7_needs_a_time_that_fits_and_ten_bytes(unix_ms: int, random: bytes) -> None:
    with pytest.raises(ValueError, match="uuid7 needs"):
        ids.uuid7(unix_ms=unix_ms, random=random)


@given(st.dates())
def test_a_window_is_named_by_its_business_date(day: date) -> None:
    assert ids.decode_window(ids.encode_window(day)) == day


@pytest.mark.parametrize("text", ["win_20260230", "win_2026-11-22", "win_202611220", "x", None, 3])
def test_a_window_id_must_name_a_day_of_the_calendar(text: object) -> None:
    with pytest.raises(ids.InvalidId):
        ids.decode_window(text)

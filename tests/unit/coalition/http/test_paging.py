"""Cursors: good for one list of one caller, and nothing else."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coalition.errors import HubError
from coalition.http.paging import Page, bind, next_cursor, read_page

KEY = b"k" * 32


def _binding(**changes: object) -> bytes:
    values: dict[str, object] = {
        "operation": "list_lots",
        "path": "/v1/members/1/lots",
        "query": {"limit": "5"},
        "party_no": 10,
    }
    return bind(**{**values, **changes})  # type: ignore[arg-type]


def _cursor(after: tuple[str | int, ...] = ("a", 5)) -> str:
    return next_cursor(page=Page(1, None, KEY, _binding()), after=after)


@given(st.lists(st.text(max_size=20) | st.integers(), max_size=3))
def test_a_cursor_brings_back_the_key_it_was_made_of(parts: list[str | int]) -> None:
    cursor = _cursor(tuple(parts))
    page = read_page(query={"cursor": cursor}, key=KEY, binding=_binding())
    assert page.after == tuple(parts)
    assert page.limit == 50


def test_a_cursor_stays_good_when_the_limit_changes() -> None:
    binding = _binding(query={"limit": "7", "cursor": "x"})
    assert read_page(query={"cursor": _cursor()}, key=KEY, binding=binding).after == ("a", 5)


@pytest.mark.parametrize(
    "changes",
    [
        {"operation": "list_events"},
        {"path": "/v1/members/2/lots"},
        {"query": {"from": "2026-01-01T00:00:00Z"}},
        {"party_no": 11},
    ],
)
def test_a_cursor_of_another_list_or_caller_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(HubError) as refusal:
        read_page(query={"cursor": _cursor()}, key=KEY, binding=_binding(**changes))
    assert refusal.value.code == "invalid_cursor"


def test_a_cursor_with_any_byte_changed_is_refused() -> None:
    raw = base64.urlsafe_b64decode(_cursor() + "==")
    for index in range(len(raw)):
        changed = bytearray(raw)
        changed[index] ^= 1
        cursor = base64.urlsafe_b64encode(bytes(changed)).rstrip(b"=").decode()
        with pytest.raises(HubError):
            read_page(query={"cursor": cursor}, key=KEY, binding=_binding())


@given(st.text(max_size=600))
def test_no_text_passes_for_a_cursor(text: str) -> None:
    with pytest.raises(HubError) as refusal:
        read_page(query={"cursor": text}, key=KEY, binding=_binding())
    assert refusal.value.code == "invalid_cursor"


def test_a_cursor_has_one_spelling_only() -> None:
    cursor = _cursor()
    for other in (cursor + "=", cursor + "\n", "!" + cursor, cursor[:8] + "~" + cursor[8:]):
        with pytest.raises(HubError):
            read_page(query={"cursor": other}, key=KEY, binding=_binding())


@pytest.mark.parametrize("limit", ["0", "201", "-1", "1.0", "٣", "", "1000", "007", "+5", "²"])
def test_a_limit_out_of_range_is_refused(limit: str) -> None:
    with pytest.raises(HubError) as refusal:
        read_page(query={"limit": limit}, key=KEY, binding=_binding())
    assert refusal.value.code == "limit_out_of_range"

"""Events: only for who subscribed; tried again later and later."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from coalition.events.domain import MAX_ATTEMPTS, event_rows, next_delay

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@dataclass
class Wants:
    """Who wants what."""

    subscribed: dict[int, frozenset[str]] = field(default_factory=dict)


def _rows(wants: Wants, kind: str = "sale.posted", party_no: int = 10) -> list[dict[str, object]]:
    return event_rows(
        snapshot=wants,
        type=kind,
        party_no=party_no,
        payload={"sale": "1"},
        now=NOW,
        new_id=lambda: UUID(int=1),
    )


def test_an_event_is_written_only_where_someone_subscribed() -> None:
    wants = Wants({10: frozenset({"sale.posted"})})
    assert len(_rows(wants)) == 1
    assert _rows(wants, kind="hold.expired") == []
    assert _rows(wants, party_no=11) == []
    assert _rows(Wants()) == []


def test_a_type_that_nobody_can_subscribe_to_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="not an event type"):
        _rows(Wants(), kind="sale.poster")


def test_a_failed_delivery_is_tried_again_later_and_later_and_then_given_up() -> None:
    delays = [next_delay(attempts=n, jitter=0.5) for n in range(1, MAX_ATTEMPTS)]
    given = [each for each in delays if each is not None]
    assert len(given) == len(delays)
    assert given[0] == timedelta(seconds=5)
    assert given == sorted(given)
    assert given[-1] == timedelta(hours=12)
    assert next_delay(attempts=MAX_ATTEMPTS, jitter=0.5) is None


def test_the_waits_of_two_that_failed_together_differ_by_jitter() -> None:
    low, high = next_delay(attempts=3, jitter=0.0), next_delay(attempts=3, jitter=0.999)
    assert low is not None
    assert high is not None
    assert 0.74 < low.total_seconds() / 45 < 0.76
    assert 1.24 < high.total_seconds() / 45 < 1.26

"""By which revision an order is stated, when a message is tried again, and what is not stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from adapters.contract import Facts, Fetch, Ignored, Order, Part, Parts, Secrets, Settings
from coalition.checkouts.domain import (
    MAX_ATTEMPTS,
    Connection,
    KnownOrder,
    about_of,
    is_credential,
    kept_key,
    next_delay,
    order_name,
    revision_to_state,
)

NOON = datetime(2026, 5, 5, 12, tzinfo=UTC)
SAME, OTHER = b"same", b"other"


def known(**changes: object) -> KnownOrder:
    """Revision 10, stated by 12, asked for at noon."""
    facts: dict[str, object] = {
        "order_id": "1",
        "revision": 10,
        "stated": 12,
        "digest": SAME,
        "asked_at": NOON,
    }
    return KnownOrder(**{**facts, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("what", "revision", "digest", "asked_at", "stated"),
    [
        (None, 10, SAME, None, 10),
        (known(), 20, OTHER, None, 20),
        (known(), 11, OTHER, None, 13),
        (known(), 9, OTHER, NOON, 9),
        (known(), 10, SAME, NOON, None),
        (known(problem="cap_reached"), 10, SAME, NOON, 12),
        (known(), 10, OTHER, NOON + timedelta(seconds=1), 13),
        (known(), 10, OTHER, NOON, 13),
        (known(), 10, OTHER, NOON - timedelta(seconds=1), None),
        (known(asked_at=None), 10, OTHER, NOON, 13),
        (known(), 10, OTHER, None, 13),
    ],
    ids=[
        "first heard of",
        "later",
        "later, but not than what was stated for a tie",
        "earlier: only its refunds count",
        "the same again",
        "the same again, which was refused",
        "a tie, asked for later",
        "a tie, asked for at the same moment",
        "a tie, asked for earlier",
        "a tie with what was told",
        "a tie that was told",
    ],
)
def test_the_revision_by_which_an_order_is_stated(
    what: KnownOrder | None,
    revision: int,
    digest: bytes,
    asked_at: datetime | None,
    stated: int | None,
) -> None:
    found = revision_to_state(known=what, revision=revision, digest=digest, asked_at=asked_at)
    assert found == stated


def test_delays_grow_to_an_hour_and_end_after_more_than_a_day() -> None:
    delays = [next_delay(attempts=n, jitter=0.5) for n in range(1, MAX_ATTEMPTS)]
    seconds = [delay.total_seconds() for delay in delays if delay is not None]
    assert seconds == sorted(seconds)
    assert (seconds[0], seconds[-1]) == (5, 3600)
    assert sum(seconds) > 24 * 3600
    assert next_delay(attempts=MAX_ATTEMPTS, jitter=0.5) is None


@pytest.mark.parametrize(
    "name",
    ["Authorization", "Cookie", "X-Api-Key", "X-Clover-Auth", "x-access-token", "api_key",
     "proxy-authorization", "client_secret"],
)  # fmt: skip
def test_what_lets_its_holder_in_again_is_not_stored(name: str) -> None:
    assert is_credential(name)


@pytest.mark.parametrize(
    "name", ["X-Shopify-Hmac-Sha256", "webhook-signature", "Content-Type", "author", "webhook_id"]
)
def test_what_proves_one_message_is_stored(name: str) -> None:
    assert not is_credential(name)


def test_the_order_that_a_message_is_about_is_known_where_it_names_one() -> None:
    def order(name: str) -> Order:
        return Order(name, 1, "paid", NOON, "EUR", ())

    assert about_of(Fetch("7", ())) == "7"
    assert about_of(Facts((order("7"), order("7")))) == "7"
    assert about_of(Facts((order("7"), order("8")))) is None
    assert about_of(Parts((Part("7", "a"), Part("7", "b")))) == "7"
    assert about_of(Ignored("nothing")) is None


def test_a_long_key_is_kept_by_its_hash_and_another_by_another() -> None:
    assert kept_key("evt_1") == "evt_1"
    long, longer = kept_key("x" * 201), kept_key("x" * 202)
    assert (len(long), len(longer)) == (64, 64)
    assert long != longer
    assert len(kept_key("a\nb")) == 64


def test_the_secret_before_holds_until_its_time_and_is_in_no_text() -> None:
    connection = Connection(
        no=1,
        id=UUID(int=1),
        party_no=11,
        name="web",
        platform="shopify",
        state="live",
        settings=Settings(currency="EUR", time_zone="UTC"),
        secrets=Secrets(("the-new-one", "the-old-one"), {"token": "the-token"}),
        previous_until=NOON,
    )
    before = connection.secrets_at(NOON - timedelta(seconds=1))
    after = connection.secrets_at(NOON)
    assert before.signing == ("the-new-one", "the-old-one")
    assert (after.signing, after.extra) == (("the-new-one",), {"token": "the-token"})
    assert "the-" not in repr(connection)
    assert order_name(connection, "1001") == "web.1001"

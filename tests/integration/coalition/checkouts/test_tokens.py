"""Tokens that end: got by a login, used until shortly before their end, and shown to nobody."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from adapters.contract import Call, Secrets
from adapters.registry import adapter_named
from adapters.testing.server import ShopServer
from adapters.testing.shopware import ShopwareShop
from coalition.checkouts.calls import Client
from coalition.checkouts.calls.tokens import PAUSE, YOUNG, Tokens
from coalition.checkouts.domain import Connection, Refused, Unreachable
from coalition.db.database import Database
from coalition.outgoing.pinned import PinnedClient
from tests.integration.coalition.checkouts.platform import platform

LOGIN = "/api/oauth/token"
SHELF = "/api/sales-channel"
CALL = Call("GET", f"{SHELF}?limit=1")


@dataclass
class Asking:
    """A hub's client, a shop that gives tokens for ten minutes, and their one clock."""

    database: Database
    server: ShopServer
    now: datetime = datetime(2026, 11, 22, 12, tzinfo=UTC)
    tokens: Tokens = field(default_factory=Tokens)

    def __post_init__(self) -> None:
        self.server.clock = lambda: self.now.timestamp()
        self.shop = Connection(
            no=7,
            id=UUID(int=7),
            party_no=1,
            name="web",
            platform="shopware",
            state="live",
            settings=self.server.shop.settings,
            secrets=self.server.shop.secrets,
        )

    def client(self) -> Client:
        """One of those that the process makes."""
        return Client(
            database=self.database,
            send=PinnedClient(allow_private=True, resolve=lambda *_: ["127.0.0.1"], seconds=5),
            wall=lambda: self.now,
            tokens=self.tokens,
            patience=0,
        )

    def ask(self, *calls: Call) -> list[int]:
        answers = self.client().ask(self.shop, calls or (CALL,))
        return [answer.status for answer in answers]

    def later(self, amount: timedelta) -> None:
        self.now += amount

    def paths(self) -> list[tuple[str, int]]:
        """What was asked since this was called last."""
        with self.server.lock:
            found = [(each.path.partition("?")[0], each.status) for each in self.server.asked]
            self.server.asked.clear()
        return found


@pytest.fixture
def asking(engine: Engine) -> Iterator[Asking]:
    shop = ShopwareShop()
    with ShopServer(adapter=adapter_named("shopware"), shop=shop) as server:
        yield Asking(Database(engine), server)


def test_one_login_serves_all_calls_until_shortly_before_the_token_ends(asking: Asking) -> None:
    assert asking.ask(CALL, CALL) + asking.ask() == [200, 200, 200]
    assert asking.paths() == [(LOGIN, 200), *[(SHELF, 200)] * 3]
    asking.later(timedelta(minutes=9, seconds=-1))
    asking.ask()
    assert asking.paths() == [(SHELF, 200)]
    asking.later(timedelta(seconds=1))
    asking.ask()
    # It would have been good for a minute more: no call is ever made with one that has ended.
    assert asking.paths() == [(LOGIN, 200), (SHELF, 200)]


def test_a_token_that_is_not_taken_any_more_is_replaced_once(asking: Asking) -> None:
    asking.ask()
    asking.later(YOUNG)
    asking.server.tokens.clear()
    asking.paths()
    assert asking.ask() == [200]
    assert asking.paths() == [(SHELF, 401), (LOGIN, 200), (SHELF, 200)]
    # One that was got just now is not: another would fare no better.
    asking.server.tokens.clear()
    with pytest.raises(Refused, match="credentials") as refused:
        asking.ask()
    assert refused.value.status == 401
    assert asking.paths() == [(SHELF, 401)]


def test_a_login_that_is_refused_is_told_and_left_alone_for_a_while(asking: Asking) -> None:
    right, wrong = asking.shop, {"client_id": "SWIA", "client_secret": "not-the-secret-0001"}
    asking.shop = replace(right, secrets=Secrets(right.secrets.signing, wrong))
    for _ in range(3):
        with pytest.raises(Refused, match="are client_id and client_secret right") as refused:
            asking.ask()
        assert refused.value.status == 401
        assert "not-the-secret" not in str(refused.value)
    assert asking.paths() == [(LOGIN, 401)]
    asking.later(PAUSE)
    with pytest.raises(Refused):
        asking.ask()
    assert asking.paths() == [(LOGIN, 401)]
    asking.shop = right
    assert asking.ask() == [200], "other secrets are tried at once"


def test_a_shop_in_trouble_is_asked_for_a_token_later(asking: Asking) -> None:
    asking.server.fail(503)
    with pytest.raises(Unreachable):
        asking.ask()
    assert asking.ask() == [200]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"<html>", "without a token"),
        (b'{"access_token": 7, "expires_in": 600}', "without a token"),
        (b'{"access_token": "two\\nlines", "expires_in": 600}', "without a token"),
        (b'{"access_token": "t0ken-0001"}', "how long"),
        (b'{"access_token": "t0ken-0001", "expires_in": -1}', "how long"),
    ],
)
def test_an_answer_without_a_token_is_for_later(asking: Asking, body: bytes, told: str) -> None:
    with platform() as other:
        other.will(200, body)
        settings = replace(asking.shop.settings, store_url=other.url)
        with pytest.raises(Unreachable, match=told):
            asking.client().ask(replace(asking.shop, settings=settings), (CALL,))
        assert len(other.got) == 1


def test_many_threads_log_in_once(asking: Asking) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: asking.ask(), range(4)))
    assert done == [[200]] * 4
    assert [path for path, _ in asking.paths()].count(LOGIN) == 1


def test_a_shop_inside_is_not_asked_for_a_token(asking: Asking) -> None:
    inside = PinnedClient(allow_private=False, resolve=lambda *_: ["10.0.0.7"])
    settings = replace(asking.shop.settings, store_url="https://shop.example")
    with pytest.raises(Refused, match="public address"):
        replace(asking.client(), send=inside).ask(replace(asking.shop, settings=settings), (CALL,))


def test_neither_the_token_nor_what_it_was_got_by_is_written_down(
    asking: Asking, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    asking.ask()
    (token,) = asking.server.tokens
    asking.ask(Call("GET", f"/api/{token}"))
    with asking.database.autocommit() as connection:
        rows = [str(row) for row in connection.execute(text("SELECT * FROM call_log ORDER BY no"))]
    assert [path in row for path, row in zip((LOGIN, SHELF, "/api/***"), rows, strict=True)]
    written = "".join((*rows, caplog.text, repr(asking.shop), repr(vars(asking.tokens))))
    for secret in (token, *asking.shop.secrets.extra.values()):
        assert secret not in written

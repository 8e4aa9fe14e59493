"""What the hub asks of platforms: proven, paced, bounded, and written down without secrets."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from adapters.contract import Call, Credentials, Headers, Secrets, Settings
from adapters.registry import adapter_named
from coalition.checkouts.calls.client import Client
from coalition.checkouts.calls.jobs import JOBS
from coalition.checkouts.calls.proof import address_of
from coalition.checkouts.calls.store import calls_of
from coalition.checkouts.domain import Connection, Refused, Unreachable
from coalition.config import Config
from coalition.db.database import Database
from coalition.directory import Clocks, Directory
from coalition.jobs.job import JobContext
from coalition.outgoing.pinned import PinnedClient
from tests.integration.coalition.checkouts.platform import Platform, platform

WALL = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOKEN = "shpat_verysecret/+=="
SECRETS = Secrets(
    ("whsec_hush",),
    {
        "access_token": TOKEN,
        "api_key": "rk_test_hush",
        "consumer_key": "ck_hush",
        "consumer_secret": "cs_hush",
    },
)


@dataclass
class Time:
    """Clocks and a sleep that a test moves."""

    now: datetime = WALL
    slept: list[float] = field(default_factory=list)

    def wall(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return (self.now - WALL).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


@dataclass
class Asking:
    """A client, the platform that it asks, and the log."""

    shop: Platform
    client: Client
    time: Time
    asked: list[str]

    def connection(self, name: str = "shopify", url: str | None = None) -> Connection:
        return Connection(
            no=7,
            id=UUID(int=7),
            party_no=1,
            name="web",
            platform=name,
            state="live",
            settings=Settings("EUR", "Europe/Kyiv", self.shop.url if url is None else url),
            secrets=SECRETS,
        )

    def ask(self, *calls: Call, platform: str = "shopify", url: str | None = None) -> list[bytes]:
        answers = self.client.ask(self.connection(platform, url), calls)
        return [answer.body for answer in answers]

    def log(self) -> list[tuple[str, str, int | None, str]]:
        """Method, path, status and outcome of each call, oldest first."""
        with self.client.database.autocommit() as connection:
            rows = calls_of(connection=connection, connection_no=7, before=None, limit=1000)
        return [(row.method, row.path, row.status, row.outcome) for _, row in reversed(rows)]


@pytest.fixture
def asking(engine: Engine) -> Iterator[Asking]:
    time, asked = Time(), list[str]()

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with platform() as shop:
        client = Client(
            database=Database(engine),
            send=PinnedClient(allow_private=True, resolve=resolve, seconds=5),
            wall=time.wall,
            patience=30,
            sleep=time.sleep,
            monotonic=time.monotonic,
            most_bytes=1000,
        )
        yield Asking(shop, client, time, asked)


GET = Call("GET", "/admin/orders.json?limit=2&email=ann@example.com")


def test_answers_come_in_the_order_of_the_calls(asking: Asking) -> None:
    asking.shop.will(200, b"one", X_Two="b")
    asking.shop.will(404, b"two")
    first, second = asking.client.ask(asking.connection(), (GET, Call("DELETE", "/admin/x")))
    assert (first.status, first.body, first.headers["x-two"]) == (200, b"one", "b")
    assert (second.status, second.body) == (404, b"two")
    assert isinstance(first.headers, Headers)
    assert [(method, path) for method, path, _, _ in asking.shop.got] == [
        ("GET", "/admin/orders.json?limit=2&email=ann@example.com"),
        ("DELETE", "/admin/x"),
    ]


@pytest.mark.parametrize(
    ("name", "header", "value"),
    [
        ("shopify", "x-shopify-access-token", TOKEN),
        ("bigcommerce", "x-auth-token", TOKEN),
        ("square", "authorization", f"Bearer {TOKEN}"),
        ("stripe", "authorization", "Bearer rk_test_hush"),
        (
            "woocommerce",
            "authorization",
            "Basic " + base64.b64encode(b"ck_hush:cs_hush").decode(),
        ),
    ],
)
def test_the_hub_proves_itself_as_the_manifest_says(
    asking: Asking, name: str, header: str, value: str
) -> None:
    asking.ask(
        Call("POST", "/x", b"{}", {"Content-Type": "application/json"}, "k-1"), platform=name
    )
    ((_, _, headers, body),) = asking.shop.got
    assert headers[header] == value
    assert (headers["idempotency-key"], headers["content-type"], body) == (
        "k-1", "application/json", b"{}",
    )  # fmt: skip


def test_a_secret_of_the_query_is_added_and_never_shown() -> None:
    credentials = Credentials("query", secret="access_token", header="token")
    url = address_of("https://shop.example/api/", Call("GET", "/a?b=c"), credentials, SECRETS)
    assert url == "https://shop.example/api/a?b=c&token=shpat_verysecret%2F%2B%3D%3D"


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/x",
        "http://shop.example/x",
        "https://shop.example:444/x",
        "https://shop.example.evil.example/",
        "https://shop.example@evil.example/",
        "javascript:alert(1)",
        "https://[",
    ],
)
def test_no_credential_leaves_for_another_host(path: str) -> None:
    with pytest.raises(Refused, match="away"):
        address_of("https://shop.example", Call("GET", path), Credentials("bearer"), SECRETS)


def test_what_begins_like_a_host_stays_below_the_stores_address() -> None:
    none = Credentials("none")
    url = address_of("https://shop.example/shop", Call("GET", "//evil.example/x"), none, SECRETS)
    assert url == "https://shop.example/shop/evil.example/x"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_an_address_inside_is_not_followed(asking: Asking, status: int) -> None:
    asking.shop.will(status, Location=f"{asking.shop.url}/inside?token=abc")
    with pytest.raises(Refused, match="redirects are not followed"):
        asking.ask(GET)
    assert len(asking.shop.got) == 1


def test_a_name_is_resolved_once_and_its_second_answer_is_of_no_use(asking: Asking) -> None:
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.7"]

    client = replace(asking.client, send=PinnedClient(allow_private=True, resolve=resolve))
    url = asking.shop.url.replace("127.0.0.1", "shop.example")
    client.ask(asking.connection(url=url), (GET,))
    assert asked == ["shop.example"]
    assert asking.shop.got[0][2]["host"].startswith("shop.example:")


def test_a_private_address_is_refused_and_the_refusal_is_written_down(asking: Asking) -> None:
    pinned = PinnedClient(allow_private=False, resolve=lambda *_: ["10.0.0.7"])
    client = replace(asking.client, send=pinned)
    with pytest.raises(Refused, match="public address") as refused:
        client.ask(asking.connection(url="https://shop.example"), (GET,))
    assert refused.value.status is None
    assert asking.log() == [("GET", "/admin/orders.json", None, "refused")]


@pytest.mark.parametrize("status", [401, 403])
def test_credentials_that_are_not_taken_are_no_reason_to_try_again(
    asking: Asking, status: int
) -> None:
    asking.shop.will(status, TOKEN.encode())
    with pytest.raises(Refused, match="credentials") as refused:
        asking.ask(GET)
    assert refused.value.status == status
    assert TOKEN not in str(refused.value)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_trouble_of_the_platform_is_for_later(asking: Asking, status: int) -> None:
    asking.shop.will(status)
    with pytest.raises(Unreachable, match=str(status)):
        asking.ask(GET)
    assert asking.log() == [("GET", "/admin/orders.json", status, "answered")]


def test_a_platform_that_is_not_there_is_for_later(asking: Asking) -> None:
    with pytest.raises(Unreachable, match="did not answer"):
        asking.ask(GET, url="http://127.0.0.1:1")


def test_an_answer_beyond_all_bounds_is_not_read_on(asking: Asking) -> None:
    asking.shop.will(200, b"x" * 1001)
    with pytest.raises(Unreachable, match="more than 1000 bytes"):
        asking.ask(GET)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("3", 3), ("0", 0.25), ("2.5", 2.5), ("Sun, 22 Nov 2026 12:00:07 GMT", 7), ("soon", 20)],
)
def test_a_platform_that_says_slow_down_is_waited_for(
    asking: Asking, header: str, seconds: float
) -> None:
    asking.shop.will(429, Retry_After=header)
    assert asking.ask(GET) == [b"{}"]
    assert sum(asking.time.slept) == pytest.approx(seconds, abs=0.01)
    assert [row[2:] for row in asking.log()] == [(429, "slow_down"), (200, "answered")]


def test_milliseconds_of_a_platforms_own_header_are_read_as_such(asking: Asking) -> None:
    asking.shop.will(429, X_Rate_Limit_Time_Reset_Ms="4000")
    asking.ask(GET, platform="bigcommerce")
    assert sum(asking.time.slept) == pytest.approx(4, abs=0.01)


def test_who_is_asked_to_wait_too_long_says_when_to_try_again(asking: Asking) -> None:
    asking.shop.will(429, Retry_After="99999")
    with pytest.raises(Unreachable) as later:
        asking.ask(GET)
    assert later.value.retry_at == WALL + timedelta(hours=1)
    assert asking.time.slept == []
    # Nobody else asks meanwhile, in no process.
    other = replace(asking.client, database=Database(asking.client.database.engine))
    with pytest.raises(Unreachable):
        other.ask(asking.connection(), (GET,))
    assert len(asking.shop.got) == 1


def test_a_platform_that_always_says_slow_down_is_given_up(asking: Asking) -> None:
    for _ in range(200):
        asking.shop.will(429, Retry_After="0")
    with pytest.raises(Unreachable):
        asking.ask(GET)
    assert sum(asking.time.slept) <= 30


def test_no_more_calls_are_made_than_the_platform_takes(asking: Asking) -> None:
    limits = adapter_named("shopify").manifest.limits
    for _ in range(limits.calls):
        asking.ask(GET)
    assert asking.time.slept == []
    asking.ask(GET)
    assert sum(asking.time.slept) == pytest.approx(limits.seconds / limits.calls, abs=0.01)
    # After a rest they may come together again.
    asking.time.now += timedelta(seconds=limits.seconds)
    before = len(asking.time.slept)
    for _ in range(limits.calls):
        asking.ask(GET)
    assert len(asking.time.slept) == before


def test_no_secret_is_in_the_log_whatever_a_call_says(
    asking: Asking, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    quoted = "shpat_verysecret%2F%2B%3D%3D"
    asking.ask(Call("GET", f"/a/{TOKEN}/{quoted}?token={quoted}", key=f"k-{TOKEN}"))
    asking.shop.will(500, TOKEN.encode())
    with pytest.raises(Unreachable):
        asking.ask(Call("GET", f"/{TOKEN}"))
    with asking.client.database.autocommit() as connection:
        rows = [str(row) for row in connection.execute(text("SELECT * FROM call_log"))]
    written = "".join((*rows, capsys.readouterr().out, capsys.readouterr().err))
    assert "/a/***/***" in written
    for secret in (TOKEN, quoted, "hush", "verysecret"):
        assert secret not in written
        assert secret not in repr(asking.connection())


def test_a_call_without_its_secret_is_not_made(asking: Asking) -> None:
    bare = replace(asking.connection(), secrets=Secrets(("whsec_hush",)))
    with pytest.raises(Refused, match="no secret access_token"):
        asking.client.ask(bare, (GET,))
    assert asking.shop.got == []


def test_the_log_is_kept_for_the_days_of_its_setting(asking: Asking, config: Config) -> None:
    (forget,) = JOBS
    asking.ask(GET)
    asking.time.now += timedelta(days=config.call_log_days, seconds=1)
    asking.ask(GET)
    context = JobContext(
        config=config,
        database=asking.client.database,
        directory=Directory(monotonic=time.monotonic),
        clocks=Clocks(wall=lambda: asking.time.now),
    )
    with context.database.transaction() as connection:
        assert forget.run(context, connection).counts == {"forgotten": 1}
    assert len(asking.log()) == 1

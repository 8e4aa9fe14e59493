"""A coalition whose partner has shops on platforms: they are served, deliver, and are asked.

The shops are those of `adapters.testing`, on real sockets; the hub is its own application.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from adapters.contract import Capability, Request
from adapters.registry import adapter_named, adapters
from adapters.testing.finding import fake_of
from adapters.testing.server import ShopServer
from adapters.testing.shop import START, URL, Message, Shop
from coalition.app import HUB, NOUNS
from coalition.checkouts.api.hooks import make_door
from coalition.checkouts.calls import Client
from coalition.checkouts.making import make_workshop
from coalition.checkouts.receiving import Door, Limits
from coalition.checkouts.workshop import Workshop
from coalition.config import Config
from coalition.directory import Clocks, Directory
from tests.coalition_world import World
from tests.hub_http import BASE, Caller, HttpHub

#: Platforms that tell; the tills of others ask, and wait.
PLATFORMS = sorted(
    name
    for name, adapter in adapters().items()
    if Capability.SYNCHRONOUS not in adapter.manifest.capabilities
)
PATIENT = Limits(share=20.0, unknown_seconds=60.0)
"""For tests that do not try the limits: a machine that is busy must not fail them."""
NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)
"""Business time: a day after the shops' own."""


def waiting(hub: HttpHub, limits: Limits = PATIENT) -> HttpHub:
    """The hub, whose door answers within these limits; before it has one."""
    process = hub.app.extensions[HUB]
    process.once(Door, lambda: make_door(process, limits=limits))
    return hub


@dataclass
class Connected:
    """A shop that is connected: where it delivers to, and by whom."""

    market: Market
    id: str
    platform: str
    shop: Shop
    server: ShopServer
    sent: int = 0

    def send(self, request: Request, **headers: str) -> TestResponse:
        """Deliver one request to the hub's door."""
        return self.market.hub.app.test_client().post(
            f"/hooks/{self.id}",
            base_url=BASE,
            data=request.body,
            headers={**request.headers, **headers},
            query_string=dict(request.query),
        )

    def deliver(self, messages: Iterable[Message] | None = None) -> list[int]:
        """Deliver what was not delivered yet, or these; gives the statuses."""
        if messages is None:
            messages, self.sent = self.shop.sent[self.sent :], len(self.shop.sent)
        statuses = []
        for message in messages:
            # Platforms that sign the time want it to be now.
            self.market.hub.wall = max(self.market.now(), message.at)
            statuses.append(self.send(message.request).status_code)
        return statuses

    def messages(self, **query: str) -> list[dict[str, Any]]:
        """The connection's messages by the API, newest first."""
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        answer = self.market.partner.send("GET", f"/v1/connections/{self.id}/messages?{asked}")
        assert answer.status_code == 200, answer.get_data()
        return list(answer.json["items"])

    def sale(self, order: Any) -> dict[str, Any]:
        """The hub's sale of an order."""
        name = self.shop.order_id(order)
        answer = self.market.partner.send("GET", f"/v1/sales/{self.platform}.{name}")
        assert answer.status_code == 200, answer.get_data()
        return dict(answer.json)


@dataclass
class Market:
    """A hub, a partner, and the partner's shops."""

    engine: Engine
    config: Config
    terms: Mapping[str, Any] | None = None
    stack: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.world = World(self.engine)
        self.world.partner("grocer", self.terms)
        self.world.partner("bakery")
        self.world.set_clock(NOW)
        self.config = replace(self.config, webhook_private_hosts=True)
        self.hub = self.another()
        self.partner: Caller = self.hub.caller("grocer")
        self.stranger: Caller = self.hub.caller("bakery")
        self.operator: Caller = self.hub.caller("operator")

    def another(self, limits: Limits = PATIENT) -> HttpHub:
        """The hub's application in another process, which knows nothing yet."""
        made = waiting(HttpHub(self.world, self.config, nouns=NOUNS), limits)
        made.wall = START
        return made

    def now(self) -> datetime:
        """The wall clock of hub and workers."""
        return self.hub.now()

    def later(self, **amount: float) -> None:
        """Move the wall clock on."""
        self.hub.wall = self.now() + timedelta(**amount)

    def connect(self, platform: str, **body: Any) -> Connected:
        """A shop on a platform, connected by the API."""
        shop = fake_of(platform)()
        server = self.stack.enter_context(ShopServer(adapter=adapter_named(platform), shop=shop))
        opened = self.partner.send(
            "POST", "/v1/connections", self.opening(platform, shop, server.url) | body
        )
        assert opened.status_code == 201, opened.get_data()
        return Connected(self, opened.json["id"], platform, shop, server)

    def opening(self, platform: str, shop: Shop, url: str) -> dict[str, Any]:
        """What a connection to that shop is opened with."""
        return {
            "name": platform,
            "platform": platform,
            "currency": "EUR",
            "time_zone": shop.settings.time_zone,
            "store_url": url,
            "options": {**shop.options, "hook_url": URL},
            "secrets": {
                name: secret.replace("\n", "\\n")
                for name, secret in {"signing": shop.signing[0], **shop.extra}.items()
            },
        }

    def member(self, reference: str | None = None, **contacts: str) -> dict[str, Any]:
        """A member of the partner's, enrolled by the API."""
        body: dict[str, Any] = dict(contacts)
        if reference is not None:
            body["reference"] = reference
        answer = self.partner.send("POST", "/v1/members", body)
        assert answer.status_code == 201, answer.get_data()
        return dict(answer.json)

    def balance(self, member: dict[str, Any]) -> int:
        """A member's points, those to come included."""
        with self.world.database.autocommit() as connection:
            row = connection.execute(
                text(
                    "SELECT b.active + b.pending - b.debt FROM balance b JOIN card c"
                    " ON c.member_id = b.account_id WHERE c.number = :card"
                ),
                {"card": member["cards"][0]["number"]},
            ).one()
        return int(row[0])

    def workshop(self) -> Workshop:
        """A worker with memory of its own, as another process has.

        It does not wait for its turn to ask: it moves the wall clock on.
        """
        made = make_workshop(
            config=self.config,
            database=self.world.database,
            directory=Directory(monotonic=time.monotonic),
            clocks=Clocks(wall=self.now),
        )
        assert isinstance(made.processing.asks, Client)
        asks = replace(made.processing.asks, sleep=lambda seconds: self.later(seconds=seconds))
        processing = replace(made.processing, asks=asks)
        return replace(made, processing=processing, jitter=lambda: 0.5)

    def work(self) -> dict[str, int]:
        """Work on all that is due; gives what became of how many."""
        return self.workshop().run()

    def scalar(self, sql: str, **values: Any) -> Any:
        """One value of the database."""
        with self.world.database.autocommit() as connection:
            return connection.execute(text(sql), values).scalar_one()

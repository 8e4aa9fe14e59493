"""A coalition whose first day is settled: Grocer owes Bakery, and may dispute it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from coalition.config import Config
from coalition.db.embedded import EmbeddedServer
from partner_sdk.verify import verify_bundle
from settlement.steps.chain import settle_date
from settlement.steps.night import Night
from settlement.store.checks import run_checks
from tests.coalition_world import DAY_1, World, terms
from tests.database import copy_of
from tests.hub_http import Caller, HttpHub
from tests.integration.settlement.kept import Kept, keep
from tests.integration.settlement.reading import bundle_path, read_lines, read_statement


@dataclass
class Court:
    """The coalition, its hub, and everyone who may have a say in a dispute."""

    world: World
    night: Night
    hub: HttpHub
    callers: dict[str, Caller] = field(default_factory=dict)

    def caller(self, slug: str) -> Caller:
        """A caller for the party, with keys made once."""
        if slug not in self.callers:
            self.callers[slug] = self.hub.caller(slug)
        return self.callers[slug]

    def post(self, slug: str, path: str, body: dict[str, Any]) -> TestResponse:
        """A signed POST of a partner, or one of the operator with its key."""
        caller = self.caller(slug)
        send = caller.send if slug == "operator" else caller.sign
        return send("POST", path, body)

    def get(self, slug: str, path: str) -> Any:
        """What a party gets."""
        caller = self.caller(slug)
        return (caller.send if slug == "operator" else caller.sign)("GET", path).json

    def settle(self, *days: int) -> None:
        """Settle days, numbered from 1, and go on to the morning after the last."""
        for number in days:
            day = date_of(number)
            self.world.set_clock(datetime(day.year, day.month, day.day, 23, tzinfo=UTC))
            settle_date(night=self.night, business_date=day)
        self.world.set_clock(datetime(day.year, day.month, day.day, 9, tzinfo=UTC) + ONE_DAY)

    def lines(self, slug: str, number: int) -> list[dict[str, Any]]:
        """The lines of a party's bundle of a day."""
        return read_lines(bundle_path(self.night, date_of(number), slug))

    def statement(self, slug: str, number: int) -> dict[str, Any]:
        """A party's statement of a day, out of a bundle that verifies."""
        path = bundle_path(self.night, date_of(number), slug)
        previous = bundle_path(self.night, date_of(number - 1), slug)
        found = verify_bundle(
            bundle=path,
            root=self.night.root_path.read_bytes(),
            previous=previous if previous.exists() else None,
        )
        assert found.ok, (slug, found.findings)
        return read_statement(path)

    def line_no(self, slug: str, kind: str = "redemption", day: int = 1) -> int:
        """The number of the first line of a kind."""
        return next(each["line_no"] for each in self.lines(slug, day) if each["kind"] == kind)

    def open(self, slug: str = "grocer", **changes: Any) -> TestResponse:
        """Dispute the line of the redemption of day 1."""
        body = {
            "statement": self.statement(slug, 1)["statement_id"],
            "lines": [{"line": self.line_no(slug)}],
            "reason": "not_ours",
            "text": "Our tills know nothing of it.",
        } | changes
        return self.post(slug, "/v1/disputes", body)

    def opened(self, slug: str = "grocer", **changes: Any) -> str:
        """The same, and it was accepted; gives the dispute's id."""
        answer = self.open(slug, **changes)
        assert answer.status_code == 201, answer.json
        found: str = answer.json["id"]
        return found

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the database."""
        with self.world.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def prove(self) -> None:
        """Nothing of settlement's books is broken."""
        with self.world.engine.connect() as connection:
            assert [f for f in run_checks(connection=connection) if f.broken] == []


ONE_DAY = timedelta(days=1)


def date_of(number: int) -> date:
    """Days are numbered from 1."""
    return DAY_1 + timedelta(days=number - 1)


def make_world(engine: Engine, night: Night) -> World:
    """Ann spent 300 of Grocer's points at Bakery; 3.00 is owed, and stated."""
    world = World(engine)
    world.partner("grocer", terms())
    world.partner("bakery", terms(fees={"issue_per_point": "0", "redemption_share": "0.02"}))
    world.partner("fuel", terms())
    ann = world.member()
    body = world.sale_body(ann, ("food", "1", "400.00"), receipt="R-77", till="7")
    world.put("grocer", "G-1", body)
    world.redeem("bakery", ann, 300)
    Court(world, night, HttpHub(world, night.config)).settle(1)
    return world


@pytest.fixture(scope="session")
def kept_world(
    server: EmbeddedServer, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Kept[World]:
    """The coalition after its first day."""
    return keep(
        make_world,
        name="court",
        server=server,
        template=template_database,
        folder=tmp_path_factory.mktemp("court"),
    )


@pytest.fixture
def database_url(server: EmbeddedServer, kept_world: Kept[World]) -> Iterator[str]:
    """Address of a copy of the database that was kept."""
    with copy_of(server, kept_world.template) as address:
        yield address


@pytest.fixture
def court(kept_world: Kept[World], engine: Engine, night: Night, config: Config) -> Court:
    """A court of the test's own."""
    kept_world.copy_files(config)
    world = kept_world.made.at(engine)
    return Court(world, night, HttpHub(world, config))

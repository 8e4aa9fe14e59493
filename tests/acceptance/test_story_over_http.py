"""The story as partners live it: signed requests through the SDK, a night, a bundle verified."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from coalition.config import Config
from coalition.ledger.check import run_checks
from partner_sdk import PartnerClient
from partner_sdk.errors import CoalitionError
from partner_sdk.verify import verify_bundle
from partner_sdk.wire.ids import encode
from settlement.app import make_night
from settlement.config import SettlementConfig
from settlement.steps.chain import settle_date
from settlement.steps.night import Night
from tests.coalition_world import DAY_1, FUEL_TERMS, World, refund
from tests.hub_http import HttpHub
from tests.hub_server import serving

DAY_2 = date(2026, 3, 3)
Connect = Callable[[str], PartnerClient]


@pytest.fixture
def world(engine: Engine) -> World:
    made = World(engine)
    made.partner("grocer")
    made.partner("fuel", FUEL_TERMS)
    made.partner("bakery")
    return made


@pytest.fixture
def connect(world: World, config: Config) -> Iterator[Connect]:
    hub = HttpHub(world, config)
    clients = []
    with serving(hub.app) as address:

        def client(slug: str) -> PartnerClient:
            keys = hub.caller(slug)
            made = PartnerClient(
                address, key_id=encode("key", keys.key_id), private_key=keys.private
            )
            clients.append(made)
            return made

        yield client
        for each in clients:
            each.close()


@pytest.fixture
def night(config: Config, database_url: str) -> Iterator[Night]:
    made = make_night(
        config=config,
        settings=SettlementConfig(key_passphrase="a passphrase of tests", pdf="no"),
        address=database_url,
    )
    yield made
    made.database.engine.dispose()


def settle(world: World, night: Night, day: date) -> None:
    world.advance(days=1)
    settle_date(night=night, business_date=day)


def nets(night: Night, day: date) -> dict[str, str]:
    found = {}
    for path in sorted((night.statements_folder / day.isoformat()).glob("*.zip")):
        with zipfile.ZipFile(path) as bundle:
            found[path.stem] = json.loads(bundle.read("statement.json"))["net"]
    return found


def test_the_story_over_signed_requests_ends_in_bundles_that_verify_offline(
    world: World, connect: Connect, night: Night, tmp_path: Path
) -> None:
    grocer, fuel, bakery = connect("grocer"), connect("fuel"), connect("bakery")
    ann = grocer.enrol(reference="ann")
    groceries = {"id": "G-1", **world.sale_body(None, ("food", "1", "40.00"))}
    groceries["member"] = {"card": ann.cards[0].number}
    assert grocer.put_sale(groceries).points.earned == 40
    petrol = {"id": "F-1", **world.sale_body(None, ("fuel", "30", "45.00"))}
    petrol["member"] = {"id": ann.id}
    assert fuel.put_sale(petrol).points.earned == 60

    quote = bakery.quote(ann.id)
    assert (quote.points, quote.amount.to_wire()["amount"]) == (100, "1.00")
    hold = bakery.hold(ann.id, points=70, reference="B-1")
    redemption = bakery.capture(hold.id, receipt="000017")
    assert redemption.points == 70
    assert bakery.balance(ann.id).active == 30

    settle(world, night, DAY_1)
    assert nets(night, DAY_1) == {
        "bakery": "0.70",
        "fuel": "-0.66",
        "grocer": "-0.40",
        "operator": "0.00",
        "pool": "0.36",
    }
    back = {**groceries, "revision": 2, "refunds": [refund("r1", "20.00")]}
    assert grocer.put_sale(back).points.change == -20
    settle(world, night, DAY_2)
    assert {slug: net for slug, net in nets(night, DAY_2).items() if net != "0.00"} == {
        "grocer": "0.20",
        "pool": "-0.20",
    }

    root = night.root_path.read_bytes()
    first, second = sorted(bakery.statements(), key=lambda each: each.statement_no)
    previous = bakery.download_statement(first.id, tmp_path / "1.zip")
    assert verify_bundle(bundle=previous, root=root, previous=None).ok
    bundle = bakery.download_statement(second.id, tmp_path / "2.zip")
    assert verify_bundle(bundle=bundle, root=root, previous=previous).ok
    with world.engine.connect() as connection:
        assert [f.check.name for f in run_checks(connection=connection) if f.broken] == []


def test_a_partner_sees_only_its_own(world: World, connect: Connect) -> None:
    grocer, bakery = connect("grocer"), connect("bakery")
    ann = grocer.enrol(reference="ann")
    sale = {"id": "G-1", **world.sale_body(None, ("food", "1", "40.00"))}
    sale["member"] = {"id": ann.id}
    grocer.put_sale(sale)
    hold = bakery.hold(ann.id, points=10)
    for refused in (
        lambda: bakery.get_sale("G-1"),
        lambda: grocer.get_hold(hold.id),
        lambda: grocer.capture(hold.id),
        lambda: bakery.find_member(reference="ann"),
    ):
        with pytest.raises(CoalitionError) as caught:
            refused()
        assert caught.value.status == 404
    assert list(bakery.lots(ann.id)) == []
    assert [entry.kind for entry in grocer.iter_transactions()] == ["earn"]
    assert [entry.kind for entry in bakery.iter_transactions()] == ["hold"]

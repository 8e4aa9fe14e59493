"""What the operator sees of positions: each in its own currency, never added up."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from coalition.config import Config
from coalition.directory import Clocks
from coalition.feed import Cover, add_cover
from coalition.jobs.job import JobContext
from coalition.ledger.exposure import measure_exposure
from partner_sdk.wire.ids import encode
from tests.coalition_world import LEI_TERMS, World, terms
from tests.hub_http import Caller, HttpHub


def two_currencies(engine: Engine) -> World:
    """Florist's points are worth 0.05 lei and capped in lei; Ann has spent 40 of them at Grocer's,
    and 30 of Grocer's, at 0.01 euros, at Florist's."""
    world = World(engine)
    world.price_in_lei()
    world.partner("grocer")
    world.partner("florist", {**LEI_TERMS, "cap": "5.00"})
    ann, bob = world.member(), world.member()
    roses = json.dumps(world.sale_body(ann, ("roses", "1", "200.00"))).replace("EUR", "RON")
    world.put("florist", "F-1", json.loads(roses))
    world.redeem("grocer", ann, 40)
    world.put("grocer", "G-1", world.sale_body(bob, ("food", "1", "200.00")))
    world.redeem("florist", bob, 30)
    return world


def measure(world: World, config: Config) -> None:
    context = JobContext(
        config=config,
        database=world.database,
        directory=world.directory,
        clocks=Clocks(wall=lambda: datetime.now(UTC)),
    )
    with world.database.transaction() as connection:
        measure_exposure(context, connection)


def positions(operator: Caller) -> list[dict[str, Any]]:
    """All of them, by small pages."""
    return [each for page in operator.pages("/v1/positions", limit=2) for each in page]


def test_each_currency_has_a_position_of_its_own(engine: Engine, config: Config) -> None:
    world = two_currencies(engine)
    florist = world.numbers["florist"]
    put_up = {(florist, "USD"): Cover(covering_micros=0, collateral_micros=7_000_000)}
    with world.database.transaction() as connection:
        add_cover(connection=connection, changes=put_up)
    measure(world, config)
    found = positions(HttpHub(world, config).caller("operator"))
    stands = {
        (each["party"], each["currency"]): (each["net"]["amount"], each["collateral"]["amount"])
        for each in found
    }
    assert len(stands) == len(found)
    assert stands == {
        ("pool", "EUR"): ("0.00", "0.00"),
        ("operator", "EUR"): ("0.00", "0.00"),
        ("clearing", "EUR"): ("0.00", "0.00"),
        ("grocer", "EUR"): ("-0.30", "0.00"),
        ("grocer", "RON"): ("2.00", "0.00"),
        ("florist", "EUR"): ("0.30", "0.00"),
        ("florist", "RON"): ("-2.00", "0.00"),
        ("florist", "USD"): ("0.00", "7.00"),
    }
    capped = {(each["party"], each["currency"]): each["cap"] for each in found if each["cap"]}
    assert capped == {("florist", "RON"): {"amount": "5.00", "currency": "RON"}}
    (uncovered,) = [each["uncovered"] for each in found if each["uncovered"]]
    assert uncovered == {"amount": "2.00", "currency": "RON"}
    for each in found:
        for name in ("net", "collateral"):
            assert each[name]["currency"] == each["currency"]


def test_a_cap_that_is_agreed_no_more_is_shown_no_more(engine: Engine, config: Config) -> None:
    world = two_currencies(engine)
    operator = HttpHub(world, config).caller("operator")
    measure(world, config)
    world.advance(days=1)
    path = f"/v1/partners/{encode('prt', world.ids['florist'])}/agreements"
    for document, expected in ((terms(cap="9.00"), ["EUR"]), (terms(), [])):
        body = {"effective_from": f"{world.now:%Y-%m-%dT%H:%M:%SZ}", "terms": document}
        published = operator.send("POST", path, body)
        assert published.status_code == 201, published.json
        world.advance(minutes=1)
        measure(world, config)
        capped = [each["currency"] for each in positions(operator) if each["cap"]]
        assert capped == expected

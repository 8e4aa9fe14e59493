"""Settlement over what the hub's own services posted: explained, fetched, announced."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine, text

from coalition.config import Config
from partner_sdk.verify import verify_bundle
from settlement.explain import NothingToExplain, explain_line
from settlement.steps.chain import settle_date
from settlement.steps.night import Night
from tests.coalition_world import DAY_1, FUEL_TERMS, World, refund, terms
from tests.hub_http import HttpHub
from tests.integration.settlement.reading import bundle_path, read_lines, read_statement

FEES = {"issue_per_point": "0.0005", "redemption_share": "0.025"}


@pytest.fixture
def world(engine: Engine) -> World:
    """Grocer (funded on redemption, with fees), Fuel (funded on issue), Bakery (dear points)."""
    world = World(engine)
    world.partner("grocer", terms(fees=FEES))
    world.partner("fuel", FUEL_TERMS)
    world.partner("bakery", terms(redemption_price="0.012", fees=FEES))
    return world


def end_day(world: World, night: Night, day: date) -> None:
    world.set_clock(datetime(day.year, day.month, day.day, 23, tzinfo=UTC))
    settle_date(night=night, business_date=day)
    world.set_clock(datetime(day.year, day.month, day.day, 9, tzinfo=UTC) + timedelta(days=1))


def line_of(night: Night, day: date, slug: str, kind: str) -> int:
    lines = read_lines(bundle_path(night, day, slug))
    return next(line["line_no"] for line in lines if line["kind"] == kind)


def explained(night: Night, day: date, slug: str, kind: str) -> str:
    line_no = line_of(night, day, slug, kind)
    return "\n".join(explain_line(night=night, statement=f"{day}/{slug}", line_no=line_no))


def test_a_line_is_explained_from_its_receipt_to_its_arithmetic(world: World, night: Night) -> None:
    ann = world.member()
    world.put("bakery", "B-1", world.sale_body(ann, ("bread", "1", "41.00"), receipt="R-77"))
    world.redeem("grocer", ann, 30)
    end_day(world, night, DAY_1)
    redeemed = explained(night, DAY_1, "grocer", "redemption")
    assert "+0.300000 EUR, owed by bakery" in redeemed
    assert "30 of lot_" in redeemed
    assert "from the sale B-1 (receipt R-77)" in redeemed
    assert "version 1 of bakery" in redeemed
    assert (
        "30 points × 0.010000 EUR (the lower of face value 0.010000 and redemption price "
        "0.012000) = 0.300000 EUR" in redeemed
    )
    fee = explained(night, DAY_1, "grocer", "redemption_fee")
    assert (
        "0.025 (the redeemer's share) × 30 points × 0.010000 EUR (face value) = 0.007500 EUR" in fee
    )
    assert "version 1 of grocer" in fee
    margin = explained(night, DAY_1, "operator", "margin")
    assert (
        "30 points × 0.002000 EUR (what the redemption price is above face value) = 0.060000"
        in margin
    )
    issue_fee = explained(night, DAY_1, "bakery", "issue_fee")
    assert "41 points × 0.000500 EUR" in issue_fee
    assert "= 0.020500 EUR" in issue_fee
    rounding = explained(night, DAY_1, "operator", "rounding")
    assert "rounded half even to" in rounding


def test_what_came_back_names_the_line_that_it_corrects(world: World, night: Night) -> None:
    ann = world.member()
    world.put("fuel", "F-1", world.sale_body(ann, ("fuel", "30", "50.00")))
    end_day(world, night, DAY_1)
    next_day = DAY_1 + timedelta(days=1)
    world.put(
        "fuel",
        "F-1",
        world.sale_body(
            ann,
            ("fuel", "30", "50.00"),
            refunds=[refund("r1", "25.00")],
            occurred_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
        ),
    )
    end_day(world, night, next_day)
    text_of_line = explained(night, next_day, "fuel", "clawback")
    first = read_statement(bundle_path(night, DAY_1, "fuel"))
    assert f"of statement {first['statement_id']} (2026-03-02)" in text_of_line
    assert "30 points × 0.011000 EUR (the issue price, undone) = 0.330000 EUR" in text_of_line
    (line,) = read_lines(bundle_path(night, next_day, "fuel"))
    assert line["adjusts_statement"] == first["statement_id"]
    corrected = read_lines(bundle_path(night, DAY_1, "fuel"))[int(line["adjusts_line"]) - 1]
    assert corrected["document_id"] == "F-1"


def test_a_sale_first_heard_of_late_is_an_ordinary_line_marked_so_on_both_statements(
    world: World, night: Night
) -> None:
    ann = world.member()
    happened = world.now
    end_day(world, night, DAY_1)
    next_day = DAY_1 + timedelta(days=1)
    late = world.sale_body(ann, ("fuel", "30", "50.00"), occurred_at=happened)
    world.put("fuel", "F-1", late)
    world.put("fuel", "F-2", world.sale_body(ann, ("fuel", "10", "20.00")))
    end_day(world, night, next_day)
    for slug, net in (("fuel", "-0.660000"), ("pool", "0.660000")):
        path = bundle_path(night, next_day, slug)
        by_reason = {line["reason"]: line for line in read_lines(path)}
        assert set(by_reason) == {"late_sale", "sale"}
        assert by_reason["late_sale"]["net"] == net
        assert by_reason["late_sale"]["adjusts_statement"] is None
        (turnover,) = read_statement(path)["turnovers"]
        assert (turnover["lines"], turnover["late_lines"], turnover["late_net"]) == (2, 1, net)
        assert turnover["adjusting_lines"] == 0
        assert verify_bundle(bundle=path, root=night.root_path.read_bytes()).ok


def test_a_change_to_a_stated_line_is_counted_as_an_adjustment(world: World, night: Night) -> None:
    ann = world.member()
    happened = world.now
    sold = {"occurred_at": happened, "refunds": [refund("r1", "25.00")]}
    world.put("fuel", "F-1", world.sale_body(ann, ("fuel", "30", "50.00")))
    end_day(world, night, DAY_1)
    next_day = DAY_1 + timedelta(days=1)
    world.put("fuel", "F-1", world.sale_body(ann, ("fuel", "30", "50.00"), **sold))
    end_day(world, night, next_day)
    statement = read_statement(bundle_path(night, next_day, "fuel"))
    (turnover,) = statement["turnovers"]
    assert (turnover["kind"], turnover["adjusting_lines"]) == ("clawback", 1)
    assert turnover["adjusting_net"] == "0.330000"
    assert turnover["late_lines"] == 0


def test_what_does_not_exist_is_not_explained(world: World, night: Night) -> None:
    end_day(world, night, DAY_1)
    for statement, line_no, said in (
        ("stm_00000000000000000000000000", 1, "there is no statement"),
        ("stm_nonsense", 1, "is not an id"),
        ("2026-03-02/nobody", 1, "there is no statement"),
        ("yesterday", 1, "neither an id"),
        ("2026-03-02/grocer", 1, "has 0 lines"),
    ):
        with pytest.raises(NothingToExplain, match=said):
            explain_line(night=night, statement=statement, line_no=line_no)


def test_a_partner_fetches_its_own_statements_and_nobody_elses(
    world: World, night: Night, config: Config, tmp_path: Path
) -> None:
    ann = world.member()
    world.put("grocer", "G-1", world.sale_body(ann, ("food", "1", "40.00")))
    world.redeem("bakery", ann, 40)
    for n in range(3):
        end_day(world, night, DAY_1 + timedelta(days=n))
    hub = HttpHub(world, config)
    bakery, grocer = hub.caller("bakery"), hub.caller("grocer")
    page = bakery.sign("GET", "/v1/statements?limit=2").json
    assert [each["window"] for each in page["items"]] == ["win_20260304", "win_20260303"]
    rest = bakery.sign("GET", f"/v1/statements?limit=2&cursor={page['next_cursor']}").json
    (first,) = rest["items"]
    assert rest["next_cursor"] is None
    assert first["statement_no"] == 1
    assert first["net"] == {"amount": "0.39", "currency": "EUR"}
    document = bakery.sign("GET", f"/v1/statements/{first['id']}")
    assert hashlib.sha256(document.data).hexdigest() == first["sha256"]
    assert json.loads(document.data)["party"]["slug"] == "bakery"
    bundle = bakery.sign("GET", f"/v1/statements/{first['id']}/bundle")
    assert bundle.content_type == "application/zip"
    downloaded = tmp_path / "downloaded.zip"
    downloaded.write_bytes(bundle.data)
    files = {each: ZipFile(downloaded).read(each) for each in ZipFile(downloaded).namelist()}
    with ZipFile(bundle_path(night, DAY_1, "bakery")) as issued:
        proof = files.pop("statement.tlog-proof")
        assert files == {each: issued.read(each) for each in issued.namelist()}
    assert proof == bakery.sign("GET", f"/v1/statements/{first['id']}/proof").data
    assert bundle.headers["Content-Length"] == str(len(bundle.data))
    assert verify_bundle(bundle=downloaded, root=night.root_path.read_bytes()).ok
    assert ZipFile(io.BytesIO(bundle.data)).read("statement.json") == document.data
    at = f"/v1/statements/{first['id']}"
    workbook = bakery.sign("GET", f"{at}/xlsx")
    assert workbook.headers["Content-Disposition"].endswith('-bakery.xlsx"')
    rows = list(load_workbook(io.BytesIO(workbook.data))["Lines"].values)
    assert len(rows) == first["lines"] + 1
    assert int(workbook.headers["Content-Length"]) == len(workbook.data)
    folder = bundle_path(night, DAY_1, "bakery").parent
    assert {path.suffix for path in folder.iterdir()} == {".zip"}
    for path in (at, f"{at}/bundle", f"{at}/proof", f"{at}/acceptance", f"{at}/xlsx"):
        refused = grocer.sign("GET", path)
        assert (refused.status_code, refused.json["code"]) == (404, "statement_not_found")


def test_the_operator_sees_every_partys_statements(
    world: World, night: Night, config: Config
) -> None:
    end_day(world, night, DAY_1)
    operator = HttpHub(world, config).caller("operator")
    page = operator.send("GET", "/v1/statements?limit=3").json
    rest = operator.send("GET", f"/v1/statements?limit=3&cursor={page['next_cursor']}").json
    found = [each["party"] for each in (*page["items"], *rest["items"])]
    assert found == ["pool", "operator", "grocer", "fuel", "bakery"]


def test_nothing_is_seen_before_it_is_published(
    world: World, make_pipeline: Callable[..., Night], config: Config
) -> None:
    hub = HttpHub(world, config)
    operator = hub.caller("operator")
    seen = []

    def look(_day: date, event: str) -> None:
        if event == "issue:committed":
            seen.append(operator.send("GET", "/v1/statements").json["items"])

    night = make_pipeline(observe=look)
    end_day(world, night, DAY_1)
    assert seen == [[]]
    assert operator.send("GET", "/v1/statements").json["items"] != []


def test_a_partner_that_subscribed_is_told_of_its_statement(world: World, night: Night) -> None:
    with world.database.transaction() as connection:
        connection.execute(
            text(
                "INSERT INTO subscription (subscription_id, party_no, url, types, secret, state,"
                " created_at) VALUES (:id, :party, 'https://example.test/', "
                " ARRAY['statement.issued'], '-', 'active', now())"
            ),
            {"id": world.new_id(), "party": world.numbers["fuel"]},
        )
    end_day(world, night, DAY_1)
    with world.database.transaction() as connection:
        found = connection.execute(text("SELECT party_no, type, payload FROM event")).all()
    ((party_no, kind, payload),) = found
    assert (party_no, kind) == (world.numbers["fuel"], "statement.issued")
    statement = read_statement(bundle_path(night, DAY_1, "fuel"))
    assert payload["statement"] == statement["statement_id"]
    assert payload["window"] == "win_20260302"

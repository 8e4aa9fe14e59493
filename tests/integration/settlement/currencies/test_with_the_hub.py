"""A partner priced in another currency: earned, spent, reversed, returned, settled and proven."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from coalition.agreements.service import set_face_value
from coalition.errors import HubError
from coalition.ledger.check import run_checks
from coalition.redemptions.domain import Till
from coalition.redemptions.service import capture_hold, hold_points, reverse_redemption
from partner_sdk.verify import verify_bundle
from settlement.check import check_books
from settlement.currencies.domain import Policy, Quote
from settlement.currencies.service import import_quotes, set_policy
from settlement.explain import explain_line
from settlement.steps.chain import settle_date
from settlement.steps.night import Night
from tests.coalition_world import DAY_1, World, refund, terms
from tests.integration.settlement.reading import bundle_path, read_lines, read_statement

LEI = terms(currency="RON", issue_price="0.055", redemption_price="0.050", funding="issue")
TODAY = date(2026, 3, 2)


@pytest.fixture
def world(engine: Engine) -> World:
    """Grocer in euros; Bookshop and Florist in lei, where a point is worth 0.05."""
    world = World(engine)
    with world.database.transaction() as connection:
        set_face_value(
            connection=connection,
            existing=(),
            currency="RON",
            value="0.05",
            effective_from="2026-01-01",
            today=TODAY,
        )
    world.partner("grocer", terms(fees={"redemption_share": "0.02"}))
    world.partner("bookshop", LEI)
    world.partner("florist", terms(currency="RON", issue_price="0.06", redemption_price="0.06"))
    return world


def in_lei(body: dict[str, Any]) -> dict[str, Any]:
    """The same sale in lei."""
    found: dict[str, Any] = json.loads(json.dumps(body).replace('"EUR"', '"RON"'))
    return found


def end_day(world: World, night: Night, day: date) -> None:
    world.set_clock(datetime(day.year, day.month, day.day, 23, tzinfo=UTC))
    settle_date(night=night, business_date=day)
    world.set_clock(datetime(day.year, day.month, day.day, 9, tzinfo=UTC) + timedelta(days=1))


def convert_at_five(world: World) -> None:
    """From the first day on, five lei are converted into a euro."""
    with world.database.transaction() as connection:
        set_policy(
            connection=connection,
            policy=Policy(DAY_1, "convert", "spot", "ECB"),
            set_at=world.now,
        )
        import_quotes(
            connection=connection,
            quotes=[Quote("ECB", "EUR", "RON", DAY_1, "5")],
            imported_at=world.now,
        )


def owed(world: World) -> list[tuple[str, str, str, int, str]]:
    """Every obligation: kind, debtor, creditor, micros, currency."""
    with world.database.autocommit() as connection:
        return [
            tuple(row)
            for row in connection.execute(
                text(
                    "SELECT o.kind, d.slug, c.slug, o.amount_micros, o.currency FROM obligation o"
                    " JOIN party d ON d.no = o.debtor JOIN party c ON c.no = o.creditor"
                    " ORDER BY o.movement_id, o.seq"
                )
            )
        ]


def clean(world: World, night: Night) -> bool:
    with world.engine.connect() as connection:
        broken = [f for f in run_checks(connection=connection) if f.broken]
    broken_books = [f for f in check_books(night=night) if f.broken]
    return (broken, broken_books) == ([], [])


def test_a_spend_is_priced_in_the_currency_of_each_lot(world: World, night: Night) -> None:
    ann = world.member()
    world.put("bookshop", "B-1", in_lei(world.sale_body(ann, ("books", "1", "30.00"))))
    world.put("grocer", "G-1", world.sale_body(ann, ("food", "1", "20.00")))
    world.redeem("grocer", ann, 50)
    assert owed(world) == [
        ("issue", "bookshop", "pool", 1_650_000, "RON"),
        ("redemption", "pool", "grocer", 1_500_000, "RON"),
        # The fee is the redeemer's own agreement's: a share of face value in its currency.
        ("redemption_fee", "grocer", "operator", 6_000, "EUR"),
        ("redemption_fee", "grocer", "operator", 4_000, "EUR"),
    ]
    end_day(world, night, DAY_1)
    assert clean(world, night)
    in_euros = read_statement(bundle_path(night, DAY_1, "grocer"))
    lei = read_statement(bundle_path(night, DAY_1, "grocer").with_name("grocer.RON.zip"))
    assert (in_euros["closing"], lei["closing"], lei["currency"]) == ("-0.01", "1.50", "RON")
    said = "\n".join(explain_line(night=night, statement=f"{DAY_1}/grocer/RON", line_no=1))
    assert "30 points × 0.050000 RON (the lower of face value 0.050000" in said
    # What a partner in lei earned stands on its statement in lei, though nothing is owed for it.
    kinds = [line["kind"] for line in read_lines(bundle_path(night, DAY_1, "bookshop.RON"))]
    assert "issue" in kinds
    assert read_lines(bundle_path(night, DAY_1, "bookshop")) == []


def test_a_hold_keeps_the_face_value_of_its_day_in_every_currency(
    world: World, night: Night
) -> None:
    ann = world.member()
    world.put("florist", "F-1", in_lei(world.sale_body(ann, ("roses", "1", "40.00"))))
    with world.database.transaction() as connection:
        hold = hold_points(
            connection=connection,
            context=world.context("grocer"),
            account_id=ann,
            points=40,
            till=Till(),
            lasts=timedelta(days=3),
        )
        set_face_value(
            connection=connection,
            existing=((date(2026, 1, 1), 50_000),),
            currency="RON",
            value="0.01",
            effective_from="2026-03-03",
            today=TODAY,
        )
    world.advance(days=1)
    with world.database.transaction() as connection:
        redemption = capture_hold(
            connection=connection,
            context=world.context("grocer"),
            hold_id=hold.hold_id,
            points=None,
        )
    spent = [each for each in owed(world) if each[4] == "RON"]
    assert spent == [
        ("redemption", "florist", "grocer", 2_000_000, "RON"),
        ("margin", "florist", "operator", 400_000, "RON"),
    ]
    with world.database.transaction() as connection:
        reverse_redemption(
            connection=connection,
            context=world.context("grocer"),
            redemption_id=redemption.redemption_id,
            points=40,
            reason="returned",
        )
    assert world.positions() == {}
    end_day(world, night, DAY_1)
    end_day(world, night, DAY_1 + timedelta(days=1))
    assert clean(world, night)


def test_a_return_paid_back_from_points_of_another_currency_keeps_the_pool_solvent_in_both(
    world: World, night: Night
) -> None:
    """Books are returned after their points were spent: the grocer's points are taken for them."""
    ann = world.member()
    sold = in_lei(world.sale_body(ann, ("books", "1", "30.00")))
    world.put("bookshop", "B-1", sold)
    world.redeem("grocer", ann, 30)
    world.put("grocer", "G-1", world.sale_body(ann, ("food", "1", "50.00")))
    refunds = json.loads(json.dumps([refund("r1", "30.00")]).replace('"EUR"', '"RON"'))
    world.put("bookshop", "B-1", {**sold, "refunds": refunds})
    taken = [each for each in owed(world) if each[0] == "clawback"]
    assert taken == [
        ("clawback", "pool", "bookshop", 1_650_000, "RON"),
        ("clawback", "grocer", "pool", 300_000, "EUR"),
        ("clawback", "operator", "pool", 1_500_000, "RON"),
        ("clawback", "pool", "operator", 300_000, "EUR"),
    ]
    convert_at_five(world)
    end_day(world, night, DAY_1)
    assert clean(world, night)
    root = night.root_path.read_bytes()
    for path in bundle_path(night, DAY_1, "grocer").parent.glob("*.zip"):
        found = verify_bundle(bundle=path, root=root)
        assert found.ok, (path, found.findings)
    # 0.33 less 0.33: what the bookshop paid for its points came back.
    assert read_statement(bundle_path(night, DAY_1, "bookshop"))["net"] == "0.00"


def test_what_owes_nothing_stands_unconverted_beside_what_is_converted(
    world: World, night: Night
) -> None:
    """The florist's points cost nothing before they are spent, the bookshop's do at once."""
    ann = world.member()
    world.put("florist", "F-1", in_lei(world.sale_body(ann, ("roses", "1", "40.00"))))
    world.put("bookshop", "B-1", in_lei(world.sale_body(ann, ("books", "1", "30.00"))))
    convert_at_five(world)
    end_day(world, night, DAY_1)
    assert clean(world, night)
    (earned,) = read_lines(bundle_path(night, DAY_1, "florist"))
    assert (earned["kind"], earned["counterparty"], earned["net"]) == ("earn", None, "0.000000")
    (paid,) = read_lines(bundle_path(night, DAY_1, "bookshop"))
    assert (paid["net"], paid["currency"], paid["settlement_net"]) == (
        "-1.650000", "RON", "-0.330000",
    )  # fmt: skip


def test_a_sale_first_heard_of_late_is_an_ordinary_line_marked_late(
    world: World, night: Night
) -> None:
    ann = world.member()
    in_time = world.sale_body(ann, ("food", "1", "10.00"))
    end_day(world, night, DAY_1)
    world.put("grocer", "G-late", in_time)
    world.put("grocer", "G-new", world.sale_body(ann, ("food", "1", "7.00")))
    changed = world.sale_body(ann, ("food", "1", "9.00"), revision=2)
    world.put("grocer", "G-new", changed)
    next_day = DAY_1 + timedelta(days=1)
    end_day(world, night, next_day)
    lines = read_lines(bundle_path(night, next_day, "grocer"))
    assert {(line["document_id"], line["reason"]) for line in lines} == {
        ("G-late", "late_sale"),
        ("G-new", "sale"),
        ("G-new", "sale_changed"),
    }
    late = next(line for line in lines if line["reason"] == "late_sale")
    # It happened on an earlier business date than it is stated on, and corrects nothing.
    assert late["occurred_local"][:10] == DAY_1.isoformat()
    assert late["value_date"] == next_day.isoformat()
    assert late["adjusts_statement"] is None
    assert verify_bundle(
        bundle=bundle_path(night, next_day, "grocer"), root=night.root_path.read_bytes()
    ).ok


@pytest.mark.parametrize(
    ("currency", "value", "since", "existing"),
    [
        ("lei", "0.05", "2026-03-03", ()),
        ("RON", "0", "2026-03-03", ()),
        ("RON", "five", "2026-03-03", ()),
        ("RON", "0.05", "tomorrow", ()),
        ("RON", "0.05", "2026-03-02", ((date(2026, 1, 1), 40_000),)),
        ("RON", "0.05", "2026-03-05", ((date(2026, 3, 5), 40_000),)),
    ],
)
def test_face_values_that_would_change_what_is_priced_are_refused(
    currency: str, value: str, since: str, existing: tuple[tuple[date, int], ...], world: World
) -> None:
    with world.database.transaction() as connection, pytest.raises(HubError):
        set_face_value(
            connection=connection,
            existing=existing,
            currency=currency,
            value=value,
            effective_from=since,
            today=TODAY,
        )


def test_an_agreement_needs_a_currency_in_which_points_have_a_face_value(world: World) -> None:
    with pytest.raises(HubError) as refused:
        world.partner("baker", terms(currency="HUF"))
    assert [fault.pointer for fault in refused.value.errors] == ["/terms/currency"]
    assert "EUR or RON" in refused.value.errors[0].detail

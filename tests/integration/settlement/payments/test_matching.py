"""From the bank's file to settled positions, and to the next statement's lines."""

from __future__ import annotations

import pytest

from coalition.errors import HubError
from partner_sdk.verify import verify_bundle
from settlement.payments.domain.references import printed
from settlement.payments.service import matching
from tests.bank_files import OTHER_IBAN, Line, camt, mt940
from tests.integration.settlement.payments.desk import DAN, ONE, THREE, TWO, Desk, on, take
from tests.integration.settlement.reading import bundle_path, read_lines, read_statement


@pytest.fixture
def released(desk: Desk) -> Desk:
    """The first window is released."""
    desk.release()
    return desk


def reference(desk: Desk, slug: str) -> str:
    return desk.items(ONE)[slug].reference


def entries(desk: Desk) -> list[tuple[object, ...]]:
    return desk.rows(
        "SELECT kind, debtor, creditor, amount_micros FROM settlement.entry ORDER BY no"
    )


def all_paid(desk: Desk) -> list[Line]:
    amounts = {"grocer": "0.40", "fuel": "0.66", "bakery": "-0.70", "pool": "-0.36"}
    return [
        Line(amount, on(2), reference(desk, slug), f"B-{slug}") for slug, amount in amounts.items()
    ]


def prove(desk: Desk) -> None:
    """What was paid and what is open make up what was due; allocations make up both sides."""
    assert (
        desk.rows(
            "SELECT i.item_id FROM settlement.payment_item i LEFT JOIN settlement.allocation a"
            " USING (item_id) GROUP BY i.item_id HAVING coalesce(sum(a.micros), 0) <> i.paid_micros"
        )
        == []
    )
    assert (
        desk.rows(
            "SELECT b.entry_id FROM settlement.bank_entry b LEFT JOIN settlement.allocation a"
            " USING (entry_id) WHERE b.party_no IS NOT NULL GROUP BY b.entry_id"
            " HAVING coalesce(sum(abs(a.micros)), 0) + b.rest_micros <> b.amount_micros"
        )
        == []
    )
    assert (
        desk.rows(
            "SELECT b.entry_id FROM settlement.bank_entry b LEFT JOIN settlement.entry e"
            " ON e.kind = 'payment' AND e.amount_micros = b.amount_micros"
            " AND e.about->>'booked_on' = b.booked_on::text"
            " AND (e.creditor = b.party_no) = b.credit"
            " WHERE b.party_no IS NOT NULL AND e.no IS NULL"
        )
        == []
    )


def test_a_file_that_pays_everything_settles_the_window(released: Desk) -> None:
    done = released.pay(*all_paid(released))
    assert (done.file.new_entries, done.matched, done.unmatched) == (4, 4, 0)
    assert {item.state for item in released.items().values()} == {"settled"}
    assert released.window_state() == "settled"
    prove(released)


def test_payments_are_lines_of_the_next_statement_and_its_closing_is_what_is_still_owed(
    released: Desk,
) -> None:
    lines = [line for line in all_paid(released) if line.bank_reference != "B-fuel"]
    released.pay(*lines, Line("0.60", on(2), reference(released, "fuel"), "B-fuel"))
    released.end(TWO)
    root = released.night.root_path.read_bytes()
    for slug, opening, net, closing in (
        ("grocer", "-0.40", "0.40", "0.00"),
        ("fuel", "-0.66", "0.60", "-0.06"),
        ("bakery", "0.70", "-0.70", "0.00"),
        ("pool", "0.36", "-0.36", "0.00"),
    ):
        path = bundle_path(released.night, TWO, slug)
        statement = read_statement(path)
        said = (statement["opening"], statement["net"], statement["closing"])
        assert said == (opening, net, closing), slug
        (line,) = read_lines(path)
        assert (line["kind"], line["partner_ref"]) == ("payment", reference(released, slug))
        assert verify_bundle(bundle=path, root=root).ok
    assert released.items(TWO) == {}
    released.release(TWO)
    assert released.items(TWO) == {}


def test_a_file_twice_changes_nothing(released: Desk) -> None:
    content = camt(all_paid(released))
    take(released.night, content)
    before = released.rows("SELECT * FROM settlement.bank_entry ORDER BY entry_id")
    again = take(released.night, content, name="another name.xml")
    assert (again.again, again.matched) == (True, 0)
    assert released.rows("SELECT * FROM settlement.bank_entry ORDER BY entry_id") == before
    assert len(entries(released)) == 4


@pytest.mark.parametrize("write", [camt, mt940])
def test_files_that_overlap_bring_each_entry_once(released: Desk, write: object) -> None:
    lines = all_paid(released)
    plain = Line("5.00", on(2), text="the same twice")
    for part in (lines[:2], [*lines[:3], plain], [*lines, plain, plain]):
        take(released.night, write(part))  # type: ignore[operator]
    assert released.rows("SELECT count(*) FROM settlement.bank_entry") == [(6,)]
    assert len(entries(released)) == 4
    assert [each.booked.amount_micros for each in released.unmatched()] == [5_000_000] * 2
    assert released.window_state() == "settled"


def test_mt940_and_camt_match_alike(released: Desk) -> None:
    take(released.night, mt940(all_paid(released)), name="bank.sta")
    assert released.window_state() == "settled"
    prove(released)


def test_one_date_is_not_told_by_two_kinds_of_file(released: Desk) -> None:
    take(released.night, camt(all_paid(released)))
    with pytest.raises(HubError) as caught:
        take(released.night, mt940([Line("1.00", on(2), text="new")]))
    assert caught.value.code == "bank_entry_conflict"


def test_a_bank_that_says_something_else_of_the_same_entry_is_not_believed(
    released: Desk,
) -> None:
    released.pay(Line("0.40", on(2), reference(released, "grocer"), "B1"))
    with pytest.raises(HubError) as caught:
        released.pay(Line("0.41", on(2), reference(released, "grocer"), "B1"))
    assert caught.value.code == "bank_entry_conflict"
    assert released.items()["grocer"].paid_micros == 400_000


def test_partial_payments_add_up(released: Desk) -> None:
    name = reference(released, "fuel")
    released.pay(Line("0.26", on(1), printed(name), "B1"))
    assert released.items()["fuel"].state == "partial"
    released.pay(Line("0.40", on(2), text=f"rest of {name.lower()}", bank_reference="B2"))
    assert released.items()["fuel"].state == "settled"
    prove(released)


def test_what_is_paid_too_much_is_on_account_and_pays_what_comes_due(released: Desk) -> None:
    released.pay(Line("1.00", on(0), reference(released, "grocer"), "B1"))
    assert released.rows("SELECT rest_micros FROM settlement.bank_entry") == [(600_000,)]
    story = released.story
    books = released.books
    lot = books.lot(story.grocer, story.ann, 50, day=TWO)
    bought = books.redemption(story.bakery, story.ann, 50, day=TWO)
    books.move(
        lot, "capture", 50, day=TWO, at=story.bakery, cause=("redemption", bought),
        owed=[("redemption", story.grocer, story.bakery, 500_000)], buckets=("held", "spent"),
    )  # fmt: skip
    released.end(TWO)
    released.release(TWO)
    assert released.items(TWO)["grocer"].state == "settled"
    assert released.items(TWO)["bakery"].state == "open"
    assert released.rows("SELECT rest_micros FROM settlement.bank_entry") == [(100_000,)]
    prove(released)
    statement = read_statement(bundle_path(released.night, TWO, "grocer"))
    # Opening -0.40, paid 1.00, new -0.50: what is on account is what is left.
    assert statement["closing"] == "0.10"


def test_without_a_reference_amount_and_date_decide_or_nobody_does(released: Desk) -> None:
    released.pay(Line("0.40", on(1), bank_reference="B1", iban=OTHER_IBAN))
    assert released.items()["grocer"].state == "settled"
    released.pay(
        Line("0.41", on(1), bank_reference="B2"), Line("-9.99", on(1), "", "B3", text="fee")
    )
    assert [each.booked.amount_micros for each in released.unmatched()] == [410_000, 9_990_000]
    # What nobody matched is on nobody's statement.
    assert len(entries(released)) == 1


def test_money_that_came_before_its_item_is_matched_when_the_next_file_comes(desk: Desk) -> None:
    proposed = "RF6426030100010EUR"
    desk.pay(Line("0.40", on(0), proposed, "B1"))
    assert len(desk.unmatched()) == 1
    desk.release()
    assert reference(desk, "grocer") == proposed
    desk.pay(Line("0.66", on(1), reference(desk, "fuel"), "B2"))
    assert desk.unmatched() == ()
    assert desk.items()["grocer"].state == "settled"


def test_a_person_matches_by_hand_with_a_reason(released: Desk) -> None:
    released.pay(Line("0.50", on(1), bank_reference="B1", text="for the points"))
    (waiting,) = released.unmatched()
    grocer = released.items()["grocer"]
    with released.connection() as connection:
        stored = matching.match_manually(
            connection=connection, entry_id=waiting.booked.entry_id, party_no=grocer.party_no,
            item_ids=[grocer.item_id], reason="as told by phone", person=DAN.person,
            now=released.night.wall(),
        )  # fmt: skip
    assert (stored.how, stored.rest_micros) == ("person", 100_000)
    assert released.items()["grocer"].state == "settled"
    assert released.rows(
        "SELECT matched_by, reason FROM settlement.bank_entry WHERE how = 'person'"
    ) == [("dan.rus", "as told by phone")]
    prove(released)
    with pytest.raises(HubError) as caught, released.connection() as connection:
        matching.set_aside(
            connection=connection, entry_id=waiting.booked.entry_id, reason="no",
            person="dan.rus", now=released.night.wall(),
        )  # fmt: skip
    assert caught.value.code == "bank_entry_matched"


def test_a_person_cannot_put_money_on_anothers_payment(released: Desk) -> None:
    released.pay(Line("0.50", on(1), bank_reference="B1"))
    (waiting,) = released.unmatched()
    items = released.items()
    with pytest.raises(HubError) as caught, released.connection() as connection:
        matching.match_manually(
            connection=connection, entry_id=waiting.booked.entry_id,
            party_no=items["fuel"].party_no, item_ids=[items["grocer"].item_id],
            reason="a mistake", person=DAN.person, now=released.night.wall(),
        )  # fmt: skip
    assert caught.value.code == "match_impossible"


def test_a_fee_of_the_bank_is_set_aside(released: Desk) -> None:
    released.pay(Line("-3.00", on(1), bank_reference="B1", text="account fee"))
    (waiting,) = released.unmatched()
    with released.connection() as connection:
        stored = matching.set_aside(
            connection=connection, entry_id=waiting.booked.entry_id, reason="fee of the bank",
            person=DAN.person, now=released.night.wall(),
        )  # fmt: skip
    assert (stored.how, stored.party_no) == ("aside", None)
    assert released.unmatched() == ()
    assert entries(released) == []


def test_a_transfer_that_comes_back_opens_its_item_and_its_window_again(released: Desk) -> None:
    released.pay(*all_paid(released))
    assert released.window_state() == "settled"
    released.pay(Line("0.70", on(3), reference(released, "bakery"), "B9", text="account closed"))
    assert released.items()["bakery"].state == "open"
    assert released.window_state() == "released"
    prove(released)
    released.end(TWO)
    assert read_statement(bundle_path(released.night, TWO, "bakery"))["closing"] == "0.70"
    assert len(read_lines(bundle_path(released.night, TWO, "bakery"))) == 2


def test_a_file_of_another_account_or_currency_is_refused_whole(released: Desk) -> None:
    for content, code in (
        (camt(all_paid(released), iban=OTHER_IBAN), "bank_file_account_unknown"),
        (camt(all_paid(released), currency="RON"), "wrong_currency"),
        (camt([*all_paid(released), Line("1000000000001.00", on(1))]), "bank_file_invalid"),
        (camt(all_paid(released))[:-20], "bank_file_invalid"),
    ):
        with pytest.raises(HubError) as caught:
            take(released.night, content)
        assert caught.value.code == code
    assert released.rows("SELECT count(*) FROM settlement.bank_file") == [(0,)]
    assert released.rows("SELECT count(*) FROM settlement.bank_entry") == [(0,)]


def test_what_is_due_of_a_later_window_leaves_payments_out(released: Desk) -> None:
    released.pay(*all_paid(released))
    released.end(TWO)
    released.end(THREE)
    released.release(TWO)
    released.release(THREE)
    assert released.items(TWO) == released.items(THREE) == {}
    assert {released.window_state(day) for day in (ONE, TWO, THREE)} == {"settled"}

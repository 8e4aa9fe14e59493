"""Four eyes: two people release a window, and exactly what both saw."""

from __future__ import annotations

import hashlib
import json
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from coalition.errors import HubError
from partner_sdk.wire.archive import STATEMENT, read_entry
from settlement import hub
from settlement.payments.service.terms import set_clearing_account, set_late_terms
from settlement.payments.store.accounts import EVERY_PARTY, LateRow
from settlement.release import service as releases
from tests.bank_files import IBAN, OTHER_IBAN
from tests.integration.settlement.payments.desk import ANA, DAN, ONE, TWO, Desk, approve, propose
from tests.integration.settlement.reading import bundle_path


def refused(code: str, call: object, *arguments: object, **options: object) -> HubError:
    with pytest.raises(HubError) as caught:
        call(*arguments, **options)  # type: ignore[operator]
    assert caught.value.code == code
    return caught.value


def test_a_window_is_released_by_two_people_and_its_positions_become_payments(desk: Desk) -> None:
    proposed = propose(desk.night)
    assert (proposed.state, proposed.maker) == ("proposed", "ana.pop")
    assert desk.window_state() == "issued"
    assert desk.items() == {}
    approved = approve(desk.night, proposed)
    assert (approved.state, approved.approver) == ("approved", "dan.rus")
    assert desk.window_state() == "released"
    found = {
        slug: (item.direction, item.amount_micros, item.state)
        for slug, item in desk.items().items()
    }
    assert found == {
        "bakery": ("pay", 700_000, "open"),
        "pool": ("pay", 360_000, "open"),
        "grocer": ("collect", 400_000, "open"),
        "fuel": ("collect", 660_000, "open"),
    }


def test_the_approval_binds_the_hash_of_every_statement_and_every_payment(desk: Desk) -> None:
    proposed = propose(desk.night)
    assert hashlib.sha256(proposed.document).digest() == proposed.sha256
    document = json.loads(proposed.document)
    assert document["window"] == "win_20260301"
    for each in document["statements"]:
        with bundle_path(desk.night, ONE, each["party"]).open("rb") as bundle:
            statement = read_entry(stream=bundle, name=STATEMENT)
        assert each["sha256"] == hashlib.sha256(statement).hexdigest()
    assert {each["party"] for each in document["statements"]} == {
        "pool", "operator", "grocer", "fuel", "bakery",
    }  # fmt: skip
    grocer = next(each for each in document["positions"] if each["party"] == "grocer")
    assert grocer["amount"] == {"amount": "0.40", "currency": "EUR"}
    assert grocer["pay_to"]["iban"] == IBAN


def test_whoever_proposed_cannot_approve_under_any_of_his_keys(desk: Desk) -> None:
    proposed = propose(desk.night)
    another_key = hub.OperatorFacts(person="ana.pop", key_id=UUID(int=9))
    refused("release_needs_another_person", approve, desk.night, proposed, ANA)
    refused("release_needs_another_person", approve, desk.night, proposed, another_key)
    assert desk.window_state() == "issued"


def test_the_database_refuses_a_maker_who_approves(desk: Desk) -> None:
    propose(desk.night)
    with pytest.raises(IntegrityError, match="ck_release_two_people"), desk.connection() as direct:
        direct.execute(
            text(
                "UPDATE settlement.release SET state = 'approved', approver = maker,"
                " approver_key = maker_key, approved_sha256 = sha256, decided_at = now()"
            )
        )


ANOTHER_HASH = "('approved', 'dan.rus', maker_key, now(), sha256('x'))"


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("document = document || 'x'::bytea", "ck_release_sha256"),
        ("state = 'approved', decided_at = now()", "ck_release_approved"),
        (
            "(state, approver, approver_key, decided_at, approved_sha256) = ROW" + ANOTHER_HASH,
            "ck_release_as_proposed",
        ),
    ],
)
def test_the_database_refuses_an_approval_of_something_else(
    desk: Desk, change: str, constraint: str
) -> None:
    propose(desk.night)
    with pytest.raises(IntegrityError, match=constraint), desk.connection() as direct:
        direct.execute(text(f"UPDATE settlement.release SET {change}"))


def test_any_change_after_the_proposal_voids_it_and_is_named(desk: Desk) -> None:
    proposed = propose(desk.night)
    with desk.connection() as connection:
        set_clearing_account(
            connection=connection, currency="EUR", iban=OTHER_IBAN, bic=None,
            holder="Clearing house", mt940_name=None, person="dan.rus", now=desk.night.wall(),
        )  # fmt: skip
    with desk.connection() as connection:
        assert releases.what_changed(connection=connection, found=proposed) is not None
    void = approve(desk.night, proposed)
    assert void.state == "void"
    assert void.reason is not None
    assert "/positions/" in void.reason
    assert "/pay_to/" in void.reason
    assert desk.window_state() == "issued"
    assert desk.items() == {}
    refused("release_not_open", approve, desk.night, proposed)
    assert approve(desk.night, propose(desk.night)).state == "approved"


def test_terms_and_statements_are_bound_too(desk: Desk) -> None:
    proposed = propose(desk.night)
    with desk.connection() as connection:
        set_late_terms(
            connection=connection,
            party_no=EVERY_PARTY,
            late=LateRow("act/365", 5_000_000, 30),
            check=lambda _no: True,
        )
    assert approve(desk.night, proposed).state == "void"
    again = propose(desk.night)
    with desk.connection() as connection:
        connection.execute(
            text("UPDATE settlement.statement SET sha256 = repeat('0', 64) WHERE party_no = 10")
        )
    void = approve(desk.night, again)
    assert void.state == "void"
    assert void.reason is not None
    assert void.reason.startswith("/statements/2/sha256 changed")


def test_the_hash_must_be_that_of_what_was_proposed(desk: Desk) -> None:
    proposed = propose(desk.night)
    refused("release_hash_differs", approve, desk.night, proposed, sha256="0" * 64)
    assert approve(desk.night, proposed).state == "approved"


def test_a_window_has_one_living_release_and_is_released_once(desk: Desk) -> None:
    proposed = propose(desk.night)
    refused("release_exists", propose, desk.night, ONE, DAN)
    with desk.connection() as connection:
        withdrawn = releases.withdraw(
            connection=connection, release_id=proposed.release_id, reason="wrong account",
            operator=DAN, now=desk.night.wall(),
        )  # fmt: skip
    assert withdrawn.reason == "dan.rus: wrong account"
    refused("release_not_open", approve, desk.night, proposed)
    desk.release()
    refused("window_not_issued", propose, desk.night, ONE)


def test_only_an_issued_window_is_released(desk: Desk) -> None:
    assert "is open" in refused("window_not_issued", propose, desk.night, TWO).detail


def test_a_window_without_positions_is_settled_by_its_release(desk: Desk) -> None:
    desk.end(TWO)
    assert desk.release(TWO).state == "approved"
    assert desk.window_state(TWO) == "settled"


def test_a_due_date_is_the_profiles_days_after_the_window_but_never_before_the_release(
    desk: Desk,
) -> None:
    desk.release()
    assert str(desk.items()["grocer"].due_date) == "2026-03-15"
    desk.end(TWO)
    assert str(desk.items()["bakery"].due_date) == "2026-03-02"

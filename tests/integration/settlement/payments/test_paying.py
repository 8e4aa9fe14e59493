"""What the bank is told to pay: once, what two people approved, and nothing without an account."""

from __future__ import annotations

import json

import pytest
from lxml import etree

from coalition.errors import HubError
from settlement.payments.files.pain001 import NAMESPACE
from settlement.release import service as releases
from settlement.release.domain import Release
from tests.bank_files import IBAN, OTHER_IBAN, Line
from tests.integration.settlement.payments.desk import DAN, TWO, Desk, approve, on, propose

POOL_IBAN = "RO49AAAA1B31007593840000"


def write(desk: Desk, release: Release) -> bytes:
    with desk.connection() as connection:
        return releases.payment_file(
            connection=connection, release_id=release.release_id, operator=DAN,
            now=desk.night.wall(),
        ).content  # fmt: skip


def transfers(content: bytes) -> list[tuple[str | None, ...]]:
    root = etree.fromstring(content)

    def text(element: etree._Element, path: str) -> str | None:
        return element.findtext("/".join(f"{{{NAMESPACE}}}{step}" for step in path.split("/")))

    return [
        (text(each, "Amt/InstdAmt"), text(each, "CdtrAcct/Id/IBAN"), text(each, "PmtId/EndToEndId"))
        for each in root.iter(f"{{{NAMESPACE}}}CdtTrfTxInf")
    ]


def test_the_file_pays_what_was_approved_to_the_accounts_of_the_profiles(desk: Desk) -> None:
    desk.profile("bakery", iban=OTHER_IBAN, bic="WESTGB22", account_holder="Bakery Ltd")
    desk.profile("pool", iban=POOL_IBAN)
    released = desk.release()
    content = write(desk, released)
    items = desk.items()
    assert transfers(content) == [
        ("0.36", POOL_IBAN, items["pool"].reference),
        ("0.70", OTHER_IBAN, items["bakery"].reference),
    ]
    assert b"<Nm>Bakery Ltd</Nm>" in content
    assert b"<IBAN>%s</IBAN>" % IBAN.encode() in content
    instructed = json.loads(released.document)["instructions"]
    assert [each["to"]["iban"] for each in instructed] == [POOL_IBAN, OTHER_IBAN]


def test_whoever_asks_again_gets_the_same_bytes(desk: Desk) -> None:
    desk.profile("bakery", iban=OTHER_IBAN)
    released = desk.release()
    first = write(desk, released)
    desk.profile("bakery", iban=POOL_IBAN)
    assert write(desk, released) == first


def test_nothing_is_paid_that_is_not_approved(desk: Desk) -> None:
    desk.profile("bakery", iban=OTHER_IBAN)
    proposed = propose(desk.night)
    with pytest.raises(HubError) as caught:
        write(desk, proposed)
    assert caught.value.code == "release_not_approved"


def test_an_account_that_changes_before_the_approval_voids_it(desk: Desk) -> None:
    desk.profile("bakery", iban=OTHER_IBAN)
    proposed = propose(desk.night)
    desk.profile("bakery", iban=POOL_IBAN)
    void = approve(desk.night, proposed)
    assert void.state == "void"
    assert void.reason is not None
    assert void.reason.startswith("/instructions/0/to/iban changed")


def test_what_has_no_account_yet_is_paid_by_the_next_release(desk: Desk) -> None:
    released = desk.release()
    with pytest.raises(HubError) as caught:
        write(desk, released)
    assert caught.value.code == "nothing_to_pay"
    desk.profile("bakery", iban=OTHER_IBAN)
    desk.end(TWO)
    content = write(desk, desk.release(TWO))
    assert transfers(content) == [("0.70", OTHER_IBAN, desk.items()["bakery"].reference)]


def test_a_transfer_that_came_back_is_paid_by_the_next_release_again(desk: Desk) -> None:
    desk.profile("bakery", iban=OTHER_IBAN)
    desk.release()
    reference = desk.items()["bakery"].reference
    desk.pay(Line("-0.70", on(1), reference, "B1"))
    desk.end(TWO)
    with pytest.raises(HubError):
        write(desk, desk.release(TWO))
    desk.pay(Line("0.70", on(2), reference, "B2"))
    third = on(1)
    desk.end(third)
    desk.profile("bakery", iban=POOL_IBAN)
    assert transfers(write(desk, desk.release(third))) == [("0.70", POOL_IBAN, reference)]


def test_the_days_of_the_profile_are_those_to_pay_in(desk: Desk) -> None:
    desk.profile("grocer", payment_days=30)
    desk.profile("fuel", payment_days=0)
    desk.release()
    found = {slug: str(item.due_date) for slug, item in desk.items().items()}
    assert found["grocer"] == "2026-03-31"
    # Its days were over when the window was proposed.
    assert found["fuel"] == "2026-03-02"

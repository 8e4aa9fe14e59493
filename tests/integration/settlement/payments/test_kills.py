"""Killed around every commit of release, payment file and import, then resumed.

The long proofs kill at every statement too.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from coalition.config import Config
from coalition.errors import HubError
from settlement.cli.files import write_whole
from settlement.payments.domain.references import make_reference
from settlement.payments.service.late import charge_late
from settlement.release import service as releases
from settlement.steps.night import Night
from tests.bank_files import OTHER_IBAN, Line, camt
from tests.integration.settlement.payments.desk import (
    ANA,
    DAN,
    ONE,
    Desk,
    approve,
    on,
    propose,
    take,
)
from tests.killing import Work, kill_everywhere

# Everything that is kept, without ids and times.
STATE = (
    "SELECT state FROM settlement_window ORDER BY business_date",
    """SELECT business_date, state, maker, approver, sha256 FROM settlement.release
        ORDER BY proposed_at""",
    """SELECT reference, direction, amount_micros, paid_micros, instructed_micros, due_date,
              interest_posted_micros, accruing FROM settlement.payment_item ORDER BY reference""",
    "SELECT amount_micros, to_iban FROM settlement.payment_instruction ORDER BY to_iban",
    "SELECT message_id FROM settlement.payment_file",
    "SELECT name, entries, new_entries FROM settlement.bank_file ORDER BY name",
    """SELECT key, amount_micros, credit, how, party_no, rest_micros FROM settlement.bank_entry
        ORDER BY key""",
    "SELECT micros FROM settlement.allocation ORDER BY micros",
    """SELECT window_date, kind, debtor, creditor, amount_micros FROM settlement.entry
        ORDER BY amount_micros, debtor""",
)


def state(desk: Desk) -> list[Any]:
    return [desk.rows(query) for query in STATE]


def lines() -> list[Line]:
    return [
        Line("0.40", on(1), make_reference(business_date=ONE, party_no=10, currency="EUR"), "B1"),
        Line("1.66", on(20), make_reference(business_date=ONE, party_no=11, currency="EUR"), "B2"),
        Line("-0.70", on(1), bank_reference="B3"),
        Line("7.00", on(1), bank_reference="B4"),
    ]


def propose_once(night: Night) -> None:
    with night.database.transaction() as connection:
        try:
            releases.get_living(connection=connection, business_date=ONE)
        except HubError:
            releases.propose(
                connection=connection, business_date=ONE, operator=ANA,
                now=night.wall(), new_id=night.new_id,
            )  # fmt: skip


def approve_once(night: Night) -> None:
    with night.database.transaction() as connection:
        living = releases.get_living(connection=connection, business_date=ONE)
    if living.state == "proposed":
        approve(night, living)


def write_file(night: Night) -> None:
    with night.database.transaction() as connection:
        living = releases.get_living(connection=connection, business_date=ONE)
        file = releases.payment_file(
            connection=connection, release_id=living.release_id, operator=DAN, now=night.wall()
        )
    write_whole(path=night.config.data_folder / "out.xml", content=file.content)


def import_lines(night: Night) -> None:
    take(night, camt(lines()))


def charge(night: Night) -> None:
    with night.database.transaction() as connection:
        charge_late(connection=connection, business_date=date(2026, 4, 20))


@pytest.fixture(
    params=[
        pytest.param(False, id="commits"),
        pytest.param(True, id="statements", marks=pytest.mark.prove),
    ]
)
def every_statement(request: pytest.FixtureRequest) -> bool:
    """Whether to kill at every statement, or only around commits."""
    return bool(request.param)


def killed(desk: Desk, config: Config, work: Work, every_statement: bool) -> list[Any]:
    """Kill the work everywhere: what is left is all of it or nothing; gives the end."""
    before = state(desk)
    seen: list[Any] = []

    def look(_number: int) -> None:
        found = state(desk)
        if found != before and found not in seen:
            seen.append(found)

    kills = kill_everywhere(
        config=config, work=work, every_statement=every_statement, after_each=look
    )
    assert kills > (6 if every_statement else 2)
    after = state(desk)
    assert after != before
    assert seen in ([], [after])
    return after


def test_a_proposal_killed_anywhere_is_there_or_not(
    desk: Desk, config: Config, every_statement: bool
) -> None:
    killed(desk, config, propose_once, every_statement)
    assert desk.rows("SELECT count(*) FROM settlement.release") == [(1,)]


def test_an_approval_killed_anywhere_releases_once(
    desk: Desk, config: Config, every_statement: bool
) -> None:
    propose(desk.night)
    killed(desk, config, approve_once, every_statement)
    assert desk.window_state() == "released"
    assert desk.rows("SELECT count(*) FROM settlement.payment_item") == [(4,)]


def test_a_payment_file_killed_anywhere_is_written_once_and_the_same_again(
    desk: Desk, config: Config, every_statement: bool
) -> None:
    desk.profile("bakery", iban=OTHER_IBAN)
    desk.release()
    killed(desk, config, write_file, every_statement)
    out = config.data_folder / "out.xml"
    ((content,),) = desk.rows("SELECT content FROM settlement.payment_file")
    assert out.read_bytes() == content
    assert [path.name for path in config.data_folder.glob("*.xml")] == ["out.xml"]


def test_an_import_killed_anywhere_takes_all_of_the_file_once(
    desk: Desk, config: Config, every_statement: bool
) -> None:
    desk.release()
    killed(desk, config, import_lines, every_statement)
    assert desk.rows("SELECT count(*) FROM settlement.bank_entry") == [(4,)]
    assert len(desk.unmatched()) == 1
    assert desk.rows(
        "SELECT sum(paid_micros) FROM settlement.payment_item WHERE direction = 'collect'"
    ) == [(1_060_000,)]


def test_charging_killed_anywhere_charges_once(
    desk: Desk, config: Config, every_statement: bool
) -> None:
    desk.release()
    with desk.connection() as connection:
        connection.execute(
            text(
                "UPDATE settlement.payment_item SET interest_ppm = 90000, penalty_micros = 5000000"
                " WHERE direction = 'collect'"
            )
        )
    killed(desk, config, charge, every_statement)
    assert desk.rows("SELECT kind, count(*) FROM settlement.entry GROUP BY kind ORDER BY kind") == [
        ("interest", 2),
        ("penalty", 2),
    ]

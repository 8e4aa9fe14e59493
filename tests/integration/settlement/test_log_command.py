"""`settlement log`, the status and the doctor, where the log is whole and where it is not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import date

import pytest
from sqlalchemy import text

from coalition.cli.doctor import examine
from coalition.config import Config
from partner_sdk.wire.tlog.notes import VerifierKey
from settlement.doctor import check
from settlement.log.service import STATEMENTS, cosignatures
from settlement.steps.chain import settle_date
from settlement.steps.night import Night
from tests.integration.settlement.builder import Books
from tests.integration.settlement.log_reading import (
    files_in,
    folder_of,
    forget_log_after,
    require_whole,
    the_log,
)
from tests.integration.settlement.test_runs import environment
from tests.settlement_command import Command

ONE, TWO = date(2026, 3, 1), date(2026, 3, 2)


@pytest.fixture
def settled(books: Books, night: Night) -> Night:
    books.end(TWO)
    for day in (ONE, TWO):
        settle_date(night=night, business_date=day)
    return night


def test_a_whole_log_is_shown_as_such(
    settled: Night,
    settlement: Command,
) -> None:
    shown = settlement("log", "status")
    assert shown.exit_code == 0, shown.output
    assert "test-coalition/test/statements: 6 records" in shown.output
    assert "checkpoint of 6, published 6" in shown.output
    assert "cosigned by 0 partners; a release needs 0" in shown.output
    assert VerifierKey.from_text(settlement("log", "key").output.strip()) == the_log(settled).key
    assert "needs cosignatures of 2 partners" in settlement("log", "need", "2").output
    assert "a release needs 2" in settlement("log", "status").output
    assert settlement("log", "check").output == "test-coalition/test/statements: whole\n"


def test_before_the_first_night_there_is_no_log(
    books: Books,
    settlement: Command,
) -> None:
    assert "begins with the first night" in settlement("log", "status").output
    assert settlement("log", "key").exit_code == 1


def test_files_that_are_gone_are_found_and_written_anew(
    books: Books,
    settled: Night,
    settlement: Command,
) -> None:
    before = files_in(folder_of(settled))
    shutil.rmtree(folder_of(settled) / "tile")
    found = settlement("log", "check")
    assert found.exit_code == 1
    assert "settlement log write" in found.output
    assert settlement("log", "write").exit_code == 0
    assert files_in(folder_of(settled)) == before
    require_whole(settled, books.engine)


def test_a_record_that_was_changed_is_found(
    books: Books,
    settled: Night,
    settlement: Command,
) -> None:
    change = "UPDATE settlement.log_record SET content = content || ' ' WHERE leaf_no = 1"
    with pytest.raises(Exception, match="append-only"), books.engine.begin() as connection:
        connection.execute(text(change))
    with books.engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text(change))
    found = settlement("log", "check")
    assert found.exit_code == 1
    assert "do not hash to checkpoint 4" in found.output
    assert "record 1 is not the one that was logged" in found.output


def test_an_older_backup_is_shown_by_status_doctor_and_at_the_start(
    books: Books,
    settled: Night,
    config: Config,
    settlement: Command,
) -> None:
    with settled.database.transaction() as connection:
        ((grade, *_),) = [each for each in check(config, connection) if each[1] == "log"]
    assert grade == "ok"
    forget_log_after(books.engine, size=4)
    shown = settlement("log", "status")
    assert shown.exit_code == 1
    assert "4 records in the database and 6 in" in shown.output
    assert "an older backup was restored" in settlement("status").output
    with settled.database.transaction() as connection:
        ((grade, _, found, mend),) = [x for x in check(config, connection) if x[1] == "log"]
    assert grade == "wrong"
    assert "an older backup was restored" in found
    assert "restore-an-old-backup" in mend
    (seen,) = [each for each in examine() if each.about == "log"]
    assert (seen.grade, seen.found) == ("wrong", found)
    assert "log_is_in_trouble" in said_at_the_start(config)
    assert settlement("log", "recover").output == "2 records are back.\n"
    assert settlement("log", "status").exit_code == 0
    assert "log_is_in_trouble" not in said_at_the_start(config)


def said_at_the_start(config: Config) -> str:
    """What a scheduler logs when it starts; it is told to stop when it has started."""
    with subprocess.Popen(
        [sys.executable, "-m", "settlement.cli", "scheduler"],
        env=environment(config),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as scheduler:
        assert scheduler.stdout is not None
        said = ""
        for line in scheduler.stdout:
            said += line
            if "scheduler_started" in line:
                scheduler.terminate()
        assert scheduler.wait() == 0, said
    return said


def test_a_database_without_a_log_beside_published_files_is_noticed(
    books: Books,
    settled: Night,
    settlement: Command,
) -> None:
    with books.engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        for table in ("log_record", "log_checkpoint", "log_tile", "log"):
            connection.execute(text(f"DELETE FROM settlement.{table}"))
    shown = settlement("log", "status")
    assert shown.exit_code == 1
    assert "the database has no log" in shown.output


def test_a_log_that_cannot_go_on_is_followed_by_another(
    books: Books,
    settled: Night,
    settlement: Command,
) -> None:
    first = the_log(settled)
    forget_log_after(books.engine, size=4)
    shutil.rmtree(settled.logs_folder)
    made = settlement("log", "begin", "test-coalition/test/statements-2")
    assert made.exit_code == 0, made.output
    second = the_log(settled)
    assert made.output.strip() == second.key.to_text()
    assert (second.name, second.log_no) == (STATEMENTS, first.log_no + 1)
    books.end(date(2026, 3, 3))
    settle_date(night=settled, business_date=date(2026, 3, 3))
    assert settlement("log", "check").output == "test-coalition/test/statements-2: whole\n"
    with settled.database.transaction() as connection:
        counted = [
            cosignatures(connection=connection, business_date=day).size
            for day in (ONE, date(2026, 3, 3))
        ]
    # The new log records what was there before its first night, too: certificates.
    assert counted == [4, 4]

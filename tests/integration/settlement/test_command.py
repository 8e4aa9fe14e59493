"""The command `settlement`, as a person types it."""

from __future__ import annotations

from datetime import date

from coalition.config import Config
from settlement.domain.chain import STEPS
from settlement.steps.chain import settle_date
from settlement.steps.night import Night
from tests.integration.settlement.builder import Books, tell_day_one
from tests.integration.settlement.reading import bundle_path, read_statement
from tests.settlement_command import Command

ONE = date(2026, 3, 1)


def test_run_settles_what_is_due_and_says_so(books: Books, settlement: Command) -> None:
    tell_day_one(books, day=ONE)
    books.end(ONE)
    done = settlement("run")
    assert done.exit_code == 0, done.output
    assert "2026-03-01: gross 1.36, net 1.06 EUR, 5 statements, 7 lines" in done.output
    again = settlement("run", "--date", "2026-03-01")
    assert "2026-03-01: gross 1.36, net 1.06 EUR" in again.output
    assert settlement("run").output == "Nothing is due.\n"


def test_a_date_that_has_not_ended_is_refused_with_its_own_exit_code(
    books: Books, settlement: Command
) -> None:
    books.set_clock(books.noon(ONE))
    refused = settlement("run", "--date", "2026-03-01")
    assert refused.exit_code == 3
    assert "2026-03-01 ends at" in refused.output
    assert settlement("run", "--date", "2999-01-01").exit_code == 3


def test_a_dry_run_shows_the_nets(books: Books, settlement: Command) -> None:
    tell_day_one(books, day=ONE)
    books.end(ONE)
    shown = settlement("run", "--dry-run")
    assert shown.exit_code == 0, shown.output
    assert "bakery" in shown.output
    assert "0.700000" in shown.output
    assert "3 obligations, 7 lines" in shown.output
    assert "closed" not in settlement("status").output


def test_status_tells_how_far_each_date_is(books: Books, night: Night, settlement: Command) -> None:
    tell_day_one(books, day=ONE)
    books.end(ONE)
    settle_date(night=night, business_date=ONE)
    shown = settlement("status").output
    first, second = (
        next(line for line in shown.splitlines() if day in line)
        for day in ("2026-03-01", "2026-03-02")
    )
    assert "issued" in first
    assert f"{len(STEPS)}/{len(STEPS)}" in first
    assert "open" in second
    assert "expire_holds" in second


def test_explain_and_verify_take_what_a_person_has_at_hand(
    books: Books, night: Night, settlement: Command
) -> None:
    tell_day_one(books, day=ONE)
    books.end(ONE)
    settle_date(night=night, business_date=ONE)
    path = bundle_path(night, ONE, "bakery")
    by_name = settlement("explain", "2026-03-01/bakery", "1")
    by_id = settlement("explain", read_statement(path)["statement_id"], "1")
    assert by_name.output == by_id.output
    assert "+0.400000 EUR, owed by grocer" in by_id.output
    assert "2 lines, all as signed" in settlement("verify", str(path)).output
    path.write_bytes(path.read_bytes().replace(b'"points":40', b'"points":41', 1))
    refused = settlement("verify", str(path), "--root", str(night.root_path))
    assert refused.exit_code == 1
    assert "lines.ndjson, line 1" in refused.output


def test_keys_are_made_once_listed_and_rotated(books: Books, settlement: Command) -> None:
    made = settlement("keys", "init")
    assert made.exit_code == 0, made.output
    assert settlement("keys", "init").exit_code == 1
    assert settlement("keys", "root").output.startswith("-----BEGIN CERTIFICATE-----")
    assert settlement("keys", "rotate").exit_code == 0
    listed = settlement("keys", "list").output.splitlines()
    assert len(listed) == 2
    assert sum("signing" in line for line in listed) == 1


def test_a_root_can_be_kept_offline(books: Books, settlement: Command, config: Config) -> None:
    assert settlement("keys", "init").exit_code == 0
    request, certificate = config.data_folder / "request.pem", config.data_folder / "signer.pem"
    assert settlement("keys", "request", "--out", str(request)).exit_code == 0
    assert settlement("keys", "sign", str(request), "--out", str(certificate)).exit_code == 0
    installed = settlement("keys", "install", str(certificate))
    assert installed.exit_code == 0, installed.output
    assert len(settlement("keys", "list").output.splitlines()) == 2

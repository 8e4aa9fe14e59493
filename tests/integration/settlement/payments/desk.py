"""The desk of the operator's finance people, over a window that is issued."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from settlement import hub
from settlement.payments.domain.items import Item
from settlement.payments.service.importing import Import, import_file
from settlement.payments.service.terms import set_clearing_account
from settlement.payments.store.bank import StoredEntry, read_unmatched
from settlement.payments.store.items import read_items
from settlement.profiles.domain import Profile
from settlement.profiles.service import set_profile
from settlement.release import service as releases
from settlement.release.domain import Release
from settlement.steps.chain import settle_date
from settlement.steps.night import Night
from tests.bank_files import IBAN, Line, camt
from tests.integration.settlement.builder import Books, Story, tell_day_one

ONE, TWO, THREE = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)
ANA = hub.OperatorFacts(person="ana.pop", key_id=UUID(int=1))
DAN = hub.OperatorFacts(person="dan.rus", key_id=UUID(int=2))


def propose(night: Night, day: date = ONE, operator: hub.OperatorFacts = ANA) -> Release:
    with night.database.transaction() as connection:
        return releases.propose(
            connection=connection, business_date=day, operator=operator,
            now=night.wall(), new_id=night.new_id,
        )  # fmt: skip


def approve(
    night: Night, release: Release, operator: hub.OperatorFacts = DAN, sha256: str = ""
) -> Release:
    with night.database.transaction() as connection:
        return releases.approve(
            connection=connection, release_id=release.release_id,
            sha256=sha256 or release.sha256.hex(), operator=operator,
            now=night.wall(), new_id=night.new_id,
        )  # fmt: skip


def take(night: Night, content: bytes, name: str = "bank.xml", **options: Any) -> Import:
    with night.database.transaction() as connection:
        return import_file(
            connection=connection, name=name, content=content, person="ana.pop",
            now=night.wall(), new_id=night.new_id, **options,
        )  # fmt: skip


@dataclass(slots=True)
class Desk:
    """Day one is settled; the clearing house has an account."""

    books: Books
    night: Night
    story: Story

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        with self.night.database.transaction() as connection:
            yield connection

    def release(self, day: date = ONE) -> Release:
        return approve(self.night, propose(self.night, day))

    def end(self, day: date) -> None:
        """End a business date and settle it."""
        self.books.end(day)
        settle_date(night=self.night, business_date=day)

    def profile(self, slug: str, **values: Any) -> None:
        """Set a party's finance profile."""
        with self.connection() as connection:
            numbers = {p.slug: p.no for p in hub.read_parties(connection=connection)}
            set_profile(
                connection=connection, party_no=numbers[slug], profile=Profile(**values),
                set_by="operator", now=self.night.wall(),
            )  # fmt: skip

    def items(self, day: date | None = None) -> dict[str, Item]:
        with self.connection() as connection:
            slugs = {p.no: p.slug for p in hub.read_parties(connection=connection)}
            found = read_items(connection=connection, business_date=day)
        return {slugs[item.party_no]: item for item in found}

    def pay(self, *lines: Line, **options: Any) -> Import:
        """Import a file with these bookings."""
        return take(self.night, camt(lines, **options))

    def unmatched(self) -> Sequence[StoredEntry]:
        with self.connection() as connection:
            return read_unmatched(connection=connection)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.connection() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def window_state(self, day: date = ONE) -> str:
        return str(
            self.rows(f"SELECT state FROM settlement_window WHERE business_date = '{day}'")[0][0]
        )


def make_desk(books: Books, night: Night) -> Desk:
    """Bakery is owed 0.70, the pool 0.36; Grocer owes 0.40, Fuel 0.66."""
    story = tell_day_one(books, day=ONE)
    desk = Desk(books, night, story)
    with desk.connection() as connection:
        set_clearing_account(
            connection=connection, currency="EUR", iban=IBAN, bic="COBADEFFXXX",
            holder="Clearing house", mt940_name=None, person="ana.pop", now=night.wall(),
        )  # fmt: skip
    desk.end(ONE)
    return desk


def on(days: int) -> date:
    """A date so many days after the release."""
    return TWO + timedelta(days=days)

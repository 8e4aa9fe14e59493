"""A month of the coalition: thirty days of shops, disputes, an exit, a default, and the nights."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

import pytest

from coalition.demo.data import ZONE, Sale, read_year
from coalition.demo.derive import Day
from coalition.demo.operations import Operator
from coalition.demo.replay import Replay
from coalition.demo.run import AFTER_MIDNIGHT, end_of
from partner_sdk.client import PartnerClient
from partner_sdk.errors import ApiError
from partner_sdk.wire.disputes import Dispute
from settlement.risk.service.collateral import put_up
from settlement.risk.service.default import execute_default, plan_default
from settlement.risk.service.leaving import begin_exit, close_exit
from settlement.steps.chain import settle_date
from settlement.steps.night import Night
from tests.acceptance.month.office import Office
from tests.acceptance.month.tills import days
from tests.coalition_world import World
from tests.hub_http import HttpHub
from tests.integration.settlement.reading import bundle_path, read_lines, read_statement

Mode = Literal["convert", "per_currency"]
LEAVER, DEFAULTER, LATE = "home", "pharmacy", "butcher"
DAYS = 30
EXIT_BEGINS, NOTICE, STOPS_PAYING, DEFAULTS = 9, 5, 4, 17
NEVER_TOLD_IN_TIME = 6
_WAYS = ("accepted", "stands", "ruled", "unanswered", "withdrawn")


@dataclass
class Month:
    """One run: who speaks for whom, and what happened so far."""

    world: World
    night: Night
    hub: HttpHub
    office: Office
    operator: Operator
    clients: dict[str, PartnerClient]
    replay: Replay
    disputes: dict[str, Dispute] = field(default_factory=dict)
    kept_back: list[Sale] = field(default_factory=list)
    exit_state: list[tuple[str, ...]] = field(default_factory=list)
    plan: dict[str, Any] = field(default_factory=dict)
    instructed: list[tuple[date, str]] = field(default_factory=list)

    def play(self, number: int, day: Day) -> None:
        """A business date: the shops, the night, the release, the bank, the offices' morning."""
        self._now(end_of(day.date) - timedelta(seconds=1))
        self.replay.play(self._told(number, day))
        self._now(end_of(day.date) + AFTER_MIDNIGHT)
        settle_date(night=self.night, business_date=day.date)
        self.office.prove(day.date)
        released = self.office.release(day.date)
        self.instructed += [(day.date, each["party"]) for each in released["instructions"]]
        self.office.prove_money()
        morning = day.date + timedelta(days=1)
        self.office.bank_day(morning, all_at_once=number >= DAYS - 1)
        self.office.prove_money()
        self._quarrel(number, day.date)
        self._risk(number)

    def _now(self, instant: datetime) -> None:
        self.operator.set_clock(instant)

    def _told(self, number: int, day: Day) -> Day:
        """The day without what is not told: shops that are gone, and a sale that comes late."""
        gone = set()
        if number > EXIT_BEGINS:
            gone.add(LEAVER)
        if number > DEFAULTS:
            gone.add(DEFAULTER)
        sales = [sale for sale in day.sales if sale.brand not in gone]
        late, self.kept_back = self.kept_back, []
        if number % NEVER_TOLD_IN_TIME == 0 and sales:
            self.kept_back = [sales.pop()]
        kept = {(sale.brand, sale.basket) for sale in self.kept_back}
        never = {DEFAULTER} if number > DEFAULTS else set()
        return replace(
            day,
            sales=(*late, *sales),
            spendings=tuple(
                each
                for each in day.spendings
                if each.sale.brand not in gone and (each.sale.brand, each.sale.basket) not in kept
            ),
            returns=tuple(each for each in day.returns if each.sale.brand not in gone | never),
        )

    # -- disputes --------------------------------------------------------------------------------

    def _quarrel(self, number: int, day: date) -> None:
        """Open one dispute of each kind, and take the others a step further."""
        missing = [way for way in _WAYS if way not in self.disputes]
        if number >= 4 and missing:
            found = self._disputable(day)
            if found is not None:
                self.disputes[missing[0]] = self._open(*found)
        for way, dispute in self.disputes.items():
            if dispute.opened_at.astimezone(ZONE).date() < day + timedelta(days=1):
                self.disputes[way] = self._go_on(way, dispute)

    def _disputable(self, day: date) -> tuple[str, str, int] | None:
        """A line of a redemption, of a partner with a partner, of today's statements."""
        for slug in self.clients:
            path = bundle_path(self.night, day, slug)
            if slug in (LEAVER, DEFAULTER) or not path.exists():
                continue
            for line in read_lines(path):
                if (
                    line["kind"] == "redemption"
                    and line["net"]
                    and line["net"].startswith("-")
                    and line["counterparty"] in self.clients
                    and line["counterparty"] not in (LEAVER, DEFAULTER)
                    and line["adjusts_line"] is None
                ):
                    return slug, read_statement(path)["statement_id"], line["line_no"]
        return None

    def _open(self, slug: str, statement: str, line: int) -> Dispute:
        made = self.clients[slug].open_dispute(
            statement, lines=[line], reason="not_ours", text="Our tills know nothing of it."
        )
        with pytest.raises(ApiError, match="dispute_line_taken"):
            self.clients[slug].open_dispute(
                statement, lines=[line], reason="not_ours", text="And again."
            )
        return made

    def _go_on(self, way: str, dispute: Dispute) -> Dispute:
        claimant, respondent = self.clients[dispute.claimant], self.clients[dispute.respondent]
        dispute = claimant.get_dispute(dispute.id)
        if dispute.state == "open":
            if way == "accepted":
                return respondent.answer_dispute(dispute.id, accept=True, text="You are right.")
            if way in ("stands", "ruled"):
                return respondent.answer_dispute(dispute.id, accept=False, text="It is signed.")
            if way == "withdrawn":
                return claimant.withdraw_dispute(dispute.id, text="Found it.")
        elif dispute.state == "rejected" and way == "ruled":
            return claimant.escalate_dispute(dispute.id, text="The film shows it.")
        elif dispute.state == "escalated":
            path = f"/v1/disputes/{dispute.id}/ruling"
            cent = {**dispute.withheld.to_wire(), "amount": "0.01"}
            body = {"outcome": "split", "upheld": cent, "text": "A cent of it."}
            for caller in (self.office.ana, self.office.dan):
                ruled = caller.send("POST", path, body)
                assert ruled.status_code == 200, ruled.json
        return claimant.get_dispute(dispute.id)

    # -- exit and default ------------------------------------------------------------------------

    def _risk(self, number: int) -> None:
        if number == 2:
            self._put_up(DEFAULTER, "collateral", 1_000_000)
            self._put_up("grocer", "default_fund", 500_000)
        if number == EXIT_BEGINS:
            with self.office.connection() as connection:
                begin_exit(
                    connection=connection, party=self.office.party(LEAVER), notice_days=NOTICE,
                    person="ana.pop", now=self.world.now, new_id=self.world.new_id,
                )  # fmt: skip
        if number > EXIT_BEGINS and () not in self.exit_state:
            with self.office.connection() as connection:
                left = close_exit(
                    connection=connection, party=self.office.party(LEAVER), person="ana.pop",
                    now=self.world.now, new_id=self.world.new_id,
                )  # fmt: skip
            self.exit_state.append(left)
        if number == STOPS_PAYING:
            self.office.stopped.add(DEFAULTER)
        if number == DEFAULTS:
            self._default()

    def _put_up(self, slug: str, purpose: Any, micros: int) -> None:
        with self.office.connection() as connection:
            put_up(
                connection=connection, party=self.office.party(slug), purpose=purpose,
                amount_micros=micros, reference=f"{purpose}-1", person="ana.pop",
            )  # fmt: skip

    def _default(self) -> None:
        with self.office.connection() as connection:
            digest, self.plan = plan_default(
                connection=connection, party=self.office.party(DEFAULTER), block_points=True,
                wall=self.night.wall(),
            )  # fmt: skip
        for person, done in (("ana.pop", False), ("dan.rus", True)):
            with self.office.connection() as connection:
                executed = execute_default(
                    connection=connection, plan_sha256=digest, person=person, now=self.world.now,
                    wall=self.night.wall(), new_id=self.world.new_id,
                )  # fmt: skip
                assert executed is done


def play_month(month: Month, *, households: int) -> None:
    """All thirty days."""
    for number, day in enumerate(
        days(year=read_year(), households=households, count=DAYS), start=1
    ):
        month.play(number, day)

"""Sales, refunds, holds, captures, voids, reversals, expiries and closings in any order.

Hypothesis drives the API; after every step each account equals the model's, and every invariant of
the ledger holds over the whole database.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine

from coalition.config import Config
from coalition.feed.windows import close_window
from coalition.ledger.check import run_checks
from coalition.ledger.jobs import activate_points, expire_lots
from coalition.redemptions.jobs import expire_holds
from partner_sdk.wire.ids import encode
from partner_sdk.wire.instants import parse_instant
from tests.acceptance.points_model import BUCKETS, ModelAccount, ModelSale
from tests.coalition_world import FUEL_TERMS, World, refund, terms
from tests.hub_http import Caller, HttpHub

ZONE = ZoneInfo("Europe/Bucharest")
GRACE_DAYS = 30
# Points per euro; each partner's lots live for another time, so that their order is plain.
RATES = {"grocer": 1, "fuel": 2, "florist": 3}
FLORIST = terms(
    earn={"rules": [{"kind": "per_amount", "points": "3", "per": "1.00"}]},
    pending_days=10,
    expiry={"months": 1},
    issue_price="0.012",
    redemption_price="0.009",
    funding="issue",
    breakage_issuer_share="0.3",
    fees={"issue_per_point": "0.0005", "redemption_share": "0.015"},
    grace_days=GRACE_DAYS,
)
FUEL = {
    **FUEL_TERMS,
    "earn": {"rules": [{"kind": "per_amount", "points": "2", "per": "1.00"}]},
    "fees": {"redemption_share": "0.021"},
}


@dataclass
class ModelHold:
    """A hold or redemption: its parts by lot, in the order of taking."""

    id: str
    partner: str
    member: UUID
    parts: list[tuple[dict[str, Any], int]]
    ends: datetime | None = None
    back: list[int] = field(default_factory=list)

    @property
    def points(self) -> int:
        return sum(points for _, points in self.parts)


class Coalition:
    """The hub under test, one for all examples: each example has members of its own."""

    def __init__(self, engine: Engine, config: Config) -> None:
        self.world = World(engine)
        self.world.partner("grocer")
        self.world.partner("fuel", FUEL)
        self.world.partner("florist", FLORIST)
        self.hub = HttpHub(self.world, config)
        self.callers: dict[str, Caller] = {
            slug: self.hub.caller(slug) for slug in (*RATES, "operator")
        }
        self.number = 0

    def call(self, slug: str, method: str, path: str, body: Any = None) -> Any:
        answer = self.callers[slug].send(method, path, body)
        assert answer.status_code < 500, answer.get_data(as_text=True)
        return answer


def machine(  # noqa: C901 - the rules of one machine
    coalition: Coalition,
) -> type[RuleBasedStateMachine]:
    """The state machine over one hub."""

    class AnyOrder(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.world = coalition.world
            self.members = [self.world.member() for _ in range(2)]
            self.accounts = {member: ModelAccount() for member in self.members}
            self.sales: list[tuple[str, UUID, ModelSale, dict[str, Any]]] = []
            self.holds: list[ModelHold] = []
            self.redemptions: list[ModelHold] = []

        @rule(
            who=st.integers(0, 1),
            partner=st.sampled_from(sorted(RATES)),
            euros=st.integers(1, 60),
        )
        def sell(self, who: int, partner: str, euros: int) -> None:
            member = self.members[who]
            coalition.number += 1
            sale_id = f"S-{coalition.number}"
            body = self.world.sale_body(member, ("goods", "1", f"{euros}.00"))
            answer = coalition.call(partner, "PUT", f"/v1/sales/{sale_id}", body)
            if not self.accounts[member].open:
                assert answer.json["code"] == "member_closed"
                return
            assert answer.status_code == 201, answer.json
            sale = ModelSale(partner, euros, RATES[partner])
            self.accounts[member].earn(
                sale,
                euros * RATES[partner],
                parse_instant(answer.json["activates_at"]),
                parse_instant(answer.json["expires_at"]),
                self.world.now,
            )
            self.sales.append((sale_id, member, sale, body))

        @rule(data=st.data(), euros=st.integers(1, 60))
        def take_back(self, data: st.DataObject, euros: int) -> None:
            if not self.sales:
                return
            sale_id, member, sale, body = data.draw(st.sampled_from(self.sales))
            refunds = body.setdefault("refunds", [])
            stated = {**body, "refunds": [*refunds, refund(f"r{len(refunds)}", f"{euros}.00")]}
            answer = coalition.call(sale.partner, "PUT", f"/v1/sales/{sale_id}", stated)
            if euros > sale.euros - sale.refunded:
                assert answer.json["code"] == "refund_exceeds_sale"
                return
            assert answer.status_code == 200, answer.json
            body["refunds"] = stated["refunds"]
            sale.refunded += euros
            self.accounts[member].claw_back(sale, euros * sale.points_per_euro, self.world.now)

        @rule(
            who=st.integers(0, 1),
            partner=st.sampled_from(sorted(RATES)),
            points=st.integers(1, 120),
            at_once=st.booleans(),
        )
        def spend(self, who: int, partner: str, points: int, at_once: bool) -> None:
            member = self.members[who]
            account = self.accounts[member]
            path = "/v1/redemptions" if at_once else "/v1/holds"
            body = {"member": {"id": encode("mem", member)}, "points": points}
            answer = coalition.call(partner, "POST", path, body)
            if not account.open:
                assert answer.json["code"] == "member_closed"
            elif points > sum(lot["active"] for lot in account.spendable(self.world.now)):
                assert answer.json["code"] == "insufficient_points"
            elif at_once:
                parts = account.take(points, "spent", self.world.now)
                made = ModelHold(answer.json["id"], partner, member, parts)
                made.back = [0] * len(parts)
                self.redemptions.append(made)
            else:
                parts = account.take(points, "held", self.world.now)
                ends = parse_instant(answer.json["expires_at"])
                self.holds.append(ModelHold(answer.json["id"], partner, member, parts, ends))

        def release(self, hold: ModelHold, skip: int) -> None:
            account = self.accounts[hold.member]
            for lot, points in hold.parts:
                spent = min(skip, points)
                skip -= spent
                lot["held"] -= points - spent
                lot["active"] += points - spent
                if points > spent:
                    account.recover(lot)

        @rule(data=st.data(), points=st.integers(1, 130))
        def capture(self, data: st.DataObject, points: int) -> None:
            if not self.holds:
                return
            hold = data.draw(st.sampled_from(self.holds))
            path = f"/v1/holds/{hold.id}/capture"
            answer = coalition.call(hold.partner, "POST", path, {"points": points})
            if points > hold.points:
                assert answer.json["code"] == "capture_exceeds_hold"
                return
            assert answer.status_code == 201, answer.json
            parts, left = [], points
            for lot, held in hold.parts:
                part = min(left, held)
                left -= part
                if part:
                    lot["held"] -= part
                    lot["spent"] += part
                    parts.append((lot, part))
            self.release(hold, points)
            self.holds.remove(hold)
            made = ModelHold(answer.json["id"], hold.partner, hold.member, parts)
            made.back = [0] * len(parts)
            self.redemptions.append(made)

        @rule(data=st.data())
        def void(self, data: st.DataObject) -> None:
            if not self.holds:
                return
            hold = data.draw(st.sampled_from(self.holds))
            answer = coalition.call(hold.partner, "POST", f"/v1/holds/{hold.id}/void")
            assert answer.status_code == 200, answer.json
            self.release(hold, 0)
            self.holds.remove(hold)

        @rule(data=st.data(), points=st.integers(1, 80))
        def reverse(self, data: st.DataObject, points: int) -> None:
            if not self.redemptions:
                return
            redemption = data.draw(st.sampled_from(self.redemptions))
            account = self.accounts[redemption.member]
            path = f"/v1/redemptions/{redemption.id}/reversals"
            answer = coalition.call(redemption.partner, "POST", path, {"points": points})
            if points > redemption.points - sum(redemption.back):
                assert answer.json["code"] == "reversal_exceeds_redemption"
                return
            if not account.open:
                assert answer.json["code"] == "member_closed"
                return
            assert answer.status_code == 201, answer.json
            now = self.world.now
            for i in reversed(range(len(redemption.parts))):
                lot, spent = redemption.parts[i]
                part = min(points, spent - redemption.back[i])
                if part == 0:
                    continue
                redemption.back[i] += part
                points -= part
                lot["spent"] -= part
                lot["active"] += part
                if lot["expires"] <= now:
                    day = now.astimezone(ZONE).date() + timedelta(days=GRACE_DAYS + 1)
                    lot["expires"] = datetime(day.year, day.month, day.day, tzinfo=ZONE)
                account.recover(lot)

        @rule(days=st.integers(0, 20), minutes=st.integers(1, 600))
        def time_passes(self, days: int, minutes: int) -> None:
            self.world.advance(days=days, minutes=minutes)
            until = self.world.now
            hub = {"database": self.world.database, "directory": self.world.directory}
            expire_holds(**hub, until=until)
            activate_points(**hub, until=until)
            expire_lots(**hub, until=until)
            for hold in [each for each in self.holds if each.ends and each.ends < until]:
                self.release(hold, 0)
                self.holds.remove(hold)
            for account in self.accounts.values():
                account.activate(until)
            for account in self.accounts.values():
                account.expire(until)

        @rule()
        def a_window_closes(self) -> None:
            with self.world.engine.connect() as connection:
                closed = connection.exec_driver_sql(
                    "SELECT last_closed FROM hub_state"
                ).scalar_one()
            day = closed + timedelta(days=1)
            start = datetime(day.year, day.month, day.day, tzinfo=ZONE)
            end = start + timedelta(days=1)
            if end > self.world.now:
                return
            with self.world.database.transaction() as connection:
                close_window(
                    connection=connection,
                    business_date=day,
                    starts_at=start,
                    ends_at=end,
                    closed_at=self.world.now,
                    lock_timeout_ms=1_000,
                )

        @rule(who=st.integers(0, 1))
        def an_account_closes(self, who: int) -> None:
            member = self.members[who]
            account = self.accounts[member]
            if len(self.sales) < 4 or not account.open:
                return
            path = f"/v1/members/{encode('mem', member)}/state"
            body = {"state": "closed", "reason": "asked_for"}
            answer = coalition.call("operator", "POST", path, body)
            if account.total("held"):
                assert answer.json["code"] == "member_state_forbids"
                return
            assert answer.status_code == 200, answer.json
            account.close()

        @invariant()
        def every_account_is_as_the_model_says(self) -> None:
            with self.world.engine.connect() as connection:
                for member, account in self.accounts.items():
                    row = connection.exec_driver_sql(
                        "SELECT active, pending, held, debt FROM balance WHERE account_id = %s",
                        (member,),
                    ).one()
                    assert tuple(row) == (
                        account.total("active"),
                        account.total("pending"),
                        account.total("held"),
                        account.debt(),
                    )
                    lots = connection.exec_driver_sql(
                        f"SELECT {', '.join(BUCKETS)} FROM lot WHERE account_id = %s"
                        " ORDER BY lot_id",
                        (member,),
                    ).all()
                    expected = [tuple(lot[b] for b in BUCKETS) for lot in account.lots]
                    assert sorted(map(tuple, lots)) == sorted(expected)

        @invariant()
        def every_invariant_of_the_ledger_holds(self) -> None:
            with self.world.engine.connect() as connection:
                findings = run_checks(connection=connection)
            assert [(f.check.name, f.examples) for f in findings if f.broken] == []

    return AnyOrder


def run(engine: Engine, config: Config, examples: int, steps: int) -> None:
    coalition = Coalition(engine, config)
    run_state_machine_as_test(
        machine(coalition),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_whatever_happens_in_any_order_accounts_and_invariants_hold(
    engine: Engine, config: Config
) -> None:
    run(engine, config, examples=12, steps=25)


@pytest.mark.prove
def test_whatever_happens_in_any_order_accounts_and_invariants_hold_at_length(
    engine: Engine, config: Config
) -> None:
    run(engine, config, examples=300, steps=50)

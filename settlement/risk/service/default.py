"""A partner's default: the plan is computed and shown, two people release exactly it.

Each currency that the partner owes in has a waterfall of its own: collateral of a currency covers
what is owed in it, and nothing is converted. All are in one plan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from partner_sdk.wire import ids
from partner_sdk.wire.amounts import Money, minor_unit_micros
from settlement import hub
from settlement.entries.domain import NewEntry
from settlement.entries.service import post_entries
from settlement.risk import store
from settlement.risk.domain import (
    DefaultFacts,
    Purpose,
    RiskRefused,
    Waterfall,
    compute_waterfall,
    plan_document,
    plan_hash,
)
from settlement.risk.service.collateral import collateral_entry


def plan_default(
    *, connection: Connection, party: hub.PartyFacts, block_points: bool, wall: datetime
) -> tuple[str, dict[str, Any]]:
    """Compute the waterfall of a partner that does not pay; gives the plan's hash and document.

    Nothing is done; the plan is kept so that its hash can be released. Raises RiskRefused.
    """
    store.take_turn(connection=connection)
    computed = _compute(connection, party)
    document = _document(computed, block_points=block_points, slugs=_slugs(connection))
    digest = plan_hash(document)
    store.keep_plan(
        connection=connection,
        plan_sha256=digest,
        party_no=party.no,
        document=document,
        now=wall,
    )
    return digest, document


def execute_default(
    *,
    connection: Connection,
    plan_sha256: str,
    person: str,
    now: datetime,
    wall: datetime,
    new_id: Callable[[], UUID],
) -> bool:
    """Release a plan: the first person's release is kept, the second one's does what it says.

    All of it is in the given transaction: entries, frozen earning, blocked points. Gives whether
    it was done now. `now` is business time. Raises RiskRefused, also when the plan is no longer
    what would be computed: then a new one must be looked at.
    """
    store.take_turn(connection=connection)
    plan = store.lock_plan(connection=connection, plan_sha256=plan_sha256)
    if plan is None:
        raise RiskRefused("there is no such plan; make one with: settlement default plan")
    if plan.executed_by is not None:
        raise RiskRefused("the plan was executed already")
    party = next(p for p in hub.read_parties(connection=connection) if p.no == plan.party_no)
    block_points = "block_points" in plan.document["then"]
    computed = _compute(connection, party)
    slugs = _slugs(connection)
    present = _document(computed, block_points=block_points, slugs=slugs)
    if plan_hash(present) != plan_sha256:
        raise RiskRefused("what would be done has changed since: make the plan anew")
    if plan.approved_by is None:
        store.approve_plan(connection=connection, plan_sha256=plan_sha256, person=person, now=wall)
        return False
    if plan.approved_by == person:
        raise RiskRefused(f"{person} released it already; another person must do the same")
    store.execute_plan(connection=connection, plan_sha256=plan_sha256, person=person, now=wall)
    entries: list[NewEntry] = []
    for facts, found in computed:
        entries += default_entries(
            facts=facts, found=found, plan=plan_sha256, first_seq=len(entries)
        )
    post_entries(connection=connection, entries=entries)
    reason = f"default, plan {plan_sha256}"
    if party.state in ("live", "leaving"):
        hub.set_partner_state(
            connection=connection,
            party_no=party.no,
            state="suspended",
            reason=reason,
            now=now,
            new_id=new_id,
        )
    if block_points:
        hub.block_points(
            connection=connection, party_no=party.no, reason=reason, now=now, new_id=new_id
        )
    for facts, found in computed:
        _tell(connection, facts, found, slugs, now, new_id)
    return True


def default_entries(
    *, facts: DefaultFacts, found: Waterfall, plan: str, first_seq: int = 0
) -> list[NewEntry]:
    """What the waterfall posts; the defaulter's account is at zero after it.

    `first_seq` is how many entries the plan has in other currencies already.

    The clearing house gives what lies with it (`default_cover`), and takes the others'
    contributions from their accounts (`default_share` with it). What counterparties bear, each
    owes the defaulter directly, so that it is netted with what is due to it.
    """
    cause = f"default:{plan}"
    entries: list[NewEntry] = []

    def add(kind: Any, debtor: int, creditor: int, micros: int, **more: Any) -> None:
        entries.append(
            NewEntry(
                kind=kind,
                debtor=debtor,
                creditor=creditor,
                amount_micros=micros,
                currency=facts.currency,
                cause=cause,
                seq=first_seq + len(entries),
                **more,
            )
        )

    for purpose, used in found.own:
        about = {"purpose": purpose}
        add("default_cover", hub.CLEARING, facts.party, used, reason=purpose, about=about)
    for share in found.fund:
        entries.append(
            collateral_entry(
                party_no=share.party,
                purpose="default_fund",
                amount_micros=share.amount_micros,
                currency=facts.currency,
                cause=cause,
                seq=first_seq + len(entries),
                back=True,
            )
        )
        add("default_share", share.party, hub.CLEARING, share.amount_micros, reason="default_fund")
    given = sum(share.amount_micros for share in found.fund)
    if given:
        add("default_cover", hub.CLEARING, facts.party, given, reason="others_default_fund")
    for share in found.shares:
        add("default_share", share.party, facts.party, share.amount_micros, reason="counterparty")
    return entries


Computed = tuple[DefaultFacts, Waterfall]


def _compute(connection: Connection, party: hub.PartyFacts) -> list[Computed]:
    """The waterfalls of all currencies that something is owed in, the clearing one first."""
    if party.kind != "partner":
        raise RiskRefused(f"{party.slug} is not a partner")
    computed = []
    any_statement = False
    for currency in store.read_currencies(connection=connection, party_no=party.no):
        account = store.read_account(connection=connection, party_no=party.no, currency=currency)
        if account.through is None:
            continue
        any_statement = True
        if account.balance_micros < 0:
            facts = _facts(connection, party, currency, account.balance_micros, account.through)
            computed.append((facts, compute_waterfall(facts=facts)))
    if not any_statement:
        raise RiskRefused(f"{party.slug} has no statement yet: nothing is due")
    if not computed:
        raise RiskRefused("nothing is owed: there is no default to settle")
    return computed


def _facts(
    connection: Connection,
    party: hub.PartyFacts,
    currency: str,
    balance_micros: int,
    through: date,
) -> DefaultFacts:
    held = store.read_collateral(connection=connection, currency=currency)
    own: dict[Purpose, int] = {}
    fund: dict[int, int] = {}
    for (no, purpose), micros in held.items():
        if no == party.no:
            own[purpose] = micros
        elif purpose == "default_fund":
            fund[no] = micros
    windows = []
    owed = -balance_micros
    for window in store.walk_windows(
        connection=connection, party_no=party.no, currency=currency, through=through
    ):
        if owed <= 0:
            break
        windows.append(window)
        owed += window.net_micros
    return DefaultFacts(
        party=party.no,
        currency=currency,
        through=through,
        account_micros=balance_micros,
        own=own,
        fund=fund,
        windows=windows,
        pool=hub.POOL,
        operator=hub.OPERATOR,
        minor_micros=minor_unit_micros(currency),
    )


def _document(
    computed: Sequence[Computed], *, block_points: bool, slugs: Mapping[int, str]
) -> dict[str, Any]:
    """The plan: the first currency's waterfall, and those of others beside it."""
    (facts, found), *others = computed
    document = plan_document(facts=facts, found=found, block_points=block_points, slugs=slugs)
    if others:
        document["others"] = [
            plan_document(facts=facts, found=found, block_points=block_points, slugs=slugs)
            for facts, found in others
        ]
    return document


def _tell(
    connection: Connection,
    facts: DefaultFacts,
    found: Waterfall,
    slugs: Mapping[int, str],
    now: datetime,
    new_id: Callable[[], UUID],
) -> None:
    borne: dict[int, int] = {}
    for share in (*found.fund, *found.shares):
        borne[share.party] = borne.get(share.party, 0) + share.amount_micros
    hub.announce(
        connection=connection,
        type="partner.defaulted",
        payloads=[
            (
                party,
                {
                    "partner": slugs[facts.party],
                    "window": ids.encode_window(facts.through),
                    "share": Money(borne.get(party, 0), facts.currency).to_wire(),
                },
            )
            for party in sorted({*borne, facts.party, hub.OPERATOR})
        ],
        now=now,
        new_id=new_id,
    )


def _slugs(connection: Connection) -> dict[int, str]:
    return {party.no: party.slug for party in hub.read_parties(connection=connection)}

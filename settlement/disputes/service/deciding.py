"""Answering, escalating, withdrawing and ruling; and what comes about when nobody does.

A party acts on its own disputes only; the pool's are answered by the operator, who keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from settlement import hub
from settlement.disputes import domain, store
from settlement.disputes.domain import Change, DisputeRefused
from settlement.disputes.service.recording import announce, days_from, post, record
from settlement.disputes.values import Act, Evidence, Rules, StoredDispute
from settlement.entries.domain import NewEntry
from settlement.entries.service import post_entries

_DUE_AT_ONCE = 500


def answer_dispute(
    *,
    act: Act,
    dispute_id: UUID,
    accepted: bool,
    text: str,
    evidence: Sequence[Evidence],
) -> StoredDispute:
    """The respondent accepts or rejects. Raises DisputeRefused."""
    stored = _locked(act, dispute_id, side="respondent")
    rules = store.read_rules(connection=act.connection)
    change = domain.answer(
        dispute=stored.dispute,
        accepted=accepted,
        now=act.now,
        escalate_by=days_from(act, rules.escalate_days),
    )
    party = stored.dispute.respondent
    store.insert_evidence(
        connection=act.connection, dispute_id=dispute_id, party_no=party, pieces=evidence
    )
    stored = _apply(act, stored, change, "accepted" if accepted else "rejected", text)
    if not accepted:
        announce(act, stored, "dispute.answered", (stored.dispute.claimant,))
    return stored


def escalate_dispute(
    *, act: Act, dispute_id: UUID, text: str, evidence: Sequence[Evidence] = ()
) -> StoredDispute:
    """The claimant asks the operator to rule. Raises DisputeRefused."""
    stored = _locked(act, dispute_id, side="claimant")
    change = domain.escalate(dispute=stored.dispute, now=act.now)
    store.insert_evidence(
        connection=act.connection,
        dispute_id=dispute_id,
        party_no=stored.dispute.claimant,
        pieces=evidence,
    )
    stored = _apply(act, stored, change, "escalated", text)
    announce(act, stored, "dispute.escalated", (stored.dispute.respondent,))
    return stored


def withdraw_dispute(*, act: Act, dispute_id: UUID, text: str) -> StoredDispute:
    """The claimant lets the lines stand. Raises DisputeRefused."""
    stored = _locked(act, dispute_id, side="claimant")
    return _apply(act, stored, domain.withdraw(dispute=stored.dispute), "withdrawn", text)


def rule_dispute(
    *, act: Act, dispute_id: UUID, upheld: Sequence[int] | int | None, text: str
) -> StoredDispute:
    """The operator's ruling, by `act.person`: micros upheld of each line, or in all; None: all.

    Two people must make the same one from the amount on that the rules name, and always where the
    operator itself, or the pool that it keeps, is one of the two parties.

    Raises DisputeRefused.
    """
    stored = _locked(act, dispute_id, side=None)
    if act.person is None:
        raise DisputeRefused("another_person_needed", "A ruling names the person who makes it.")
    dispute = stored.dispute
    if upheld is None:
        upheld = dispute.withheld_micros
    if isinstance(upheld, int):
        upheld = domain.split_evenly(dispute=dispute, upheld_micros=upheld)
    rules = store.read_rules(connection=act.connection)
    two_people = dispute.withheld_micros >= rules.two_people_micros or not {
        hub.OPERATOR,
        hub.POOL,
    }.isdisjoint({dispute.claimant, dispute.respondent})
    change = domain.rule(dispute=dispute, upheld=upheld, person=act.person, two_people=two_people)
    kind = "ruled" if change.dispute.state == "closed" else "proposed"
    facts = {"upheld_micros": list(upheld)}
    return _apply(act, stored, change, kind, text, facts)


def lapse_disputes(*, act: Act, until: datetime) -> int:
    """Give the default outcome to every dispute whose time is up; gives how many.

    Repeating it changes nothing: what lapsed is not due any more.
    """
    lapsed = 0
    entries: list[NewEntry] = []
    act = replace(act, later=entries)
    while due := store.read_due(connection=act.connection, until=until, limit=_DUE_AT_ONCE):
        for dispute_id in due:
            stored = _locked(act, dispute_id, side=None)
            change = domain.lapse(dispute=stored.dispute, until=until)
            if change is not None:
                _apply(act, stored, change, "lapsed", "")
                lapsed += 1
    post_entries(connection=act.connection, entries=entries)
    return lapsed


def set_rules(*, connection: Connection, rules: Rules, person: str, wall: datetime) -> None:
    """Put rules into force for the disputes opened or answered from now on.

    Raises DisputeRefused.
    """
    days = (rules.answer_days, rules.escalate_days)
    if not (1 <= rules.open_days <= 3660 and all(1 <= each <= 366 for each in days)):
        raise DisputeRefused(
            "validation_failed", "Disputes are open for 1 to 3660 days, deadlines are 1 to 366."
        )
    if rules.two_people_micros < 0:
        raise DisputeRefused("validation_failed", "The threshold is not below zero.")
    store.insert_rules(connection=connection, rules=rules, person=person, now=wall)


def _locked(act: Act, dispute_id: UUID, *, side: str | None) -> StoredDispute:
    stored = store.find(connection=act.connection, dispute_id=dispute_id, lock=True)
    if stored is None:
        raise DisputeRefused("dispute_not_found", "There is no such dispute.")
    if side is None:
        return stored
    mine = (hub.OPERATOR, hub.POOL) if act.party == hub.OPERATOR else (act.party,)
    if getattr(stored.dispute, side) in mine:
        return stored
    if not {stored.dispute.claimant, stored.dispute.respondent}.isdisjoint(mine):
        raise DisputeRefused("forbidden", f"Only the {side} of the dispute may do this.")
    if act.party == hub.OPERATOR:
        raise DisputeRefused("forbidden", f"Only the {side} of the dispute may do this.")
    raise DisputeRefused("dispute_not_found", "There is no such dispute.")


def _apply(
    act: Act,
    stored: StoredDispute,
    change: Change,
    kind: str,
    text: str,
    facts: Mapping[str, Any] | None = None,
) -> StoredDispute:
    now = change.dispute
    ruled_by = act.person if now.closed_by == "ruling" else None
    store.save(
        connection=act.connection,
        dispute_id=stored.dispute_id,
        found=now,
        ruled_by=ruled_by,
        keep_proposal=change.confirmed,
        now=act.now,
    )
    closed = now.state == "closed"
    after = replace(stored, dispute=now, closed_at=act.now if closed else None, ruled_by=ruled_by)
    record(act, stored.dispute_id, kind, text, facts or {})
    post(act, after, change.moves)
    if closed:
        announce(act, after, "dispute.closed", (now.claimant, now.respondent))
    return after

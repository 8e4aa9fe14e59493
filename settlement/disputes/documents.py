"""A dispute as one of those concerned sees it: its own statement and lines, nobody else's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from partner_sdk.wire import ids
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.instants import format_instant
from settlement import hub
from settlement.disputes import store
from settlement.disputes.values import StoredDispute

_INTERNAL = frozenset({"proposed"})


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: a party by its number; the operator sees the claimant's side of any dispute."""

    party_no: int

    @property
    def is_operator(self) -> bool:
        """Whether it is the operator, who sees all."""
        return self.party_no == hub.OPERATOR

    def concerns(self, stored: StoredDispute) -> bool:
        """Whether the dispute is the viewer's to see."""
        dispute = stored.dispute
        return self.is_operator or self.party_no in (dispute.claimant, dispute.respondent)


def dispute_summary(
    *, connection: Connection, stored: StoredDispute, viewer: Viewer, slugs: Mapping[int, str]
) -> dict[str, Any]:
    """A dispute as in lists."""
    dispute = stored.dispute
    theirs = viewer.party_no == dispute.respondent and not viewer.is_operator
    party = dispute.respondent if theirs else dispute.claimant

    def signed(micros: int, creditor: int) -> dict[str, str]:
        return Money(micros if creditor == party else -micros, dispute.currency).to_wire()

    proposal = dispute.proposal if viewer.is_operator else None
    return {
        "id": ids.encode("dsp", stored.dispute_id),
        "state": dispute.state,
        "reason": stored.reason,
        "claimant": slugs[dispute.claimant],
        "respondent": slugs[dispute.respondent],
        "statement": store.read_statement_id(
            connection=connection,
            business_date=stored.business_date,
            party_no=party,
            currency=dispute.currency,
        ),
        "window": ids.encode_window(stored.business_date),
        "lines": [
            {
                "line": line.respondent_line if theirs else line.claimant_line,
                "kind": line.kind,
                "disputed": signed(line.withheld_micros, line.creditor),
                "upheld": None
                if line.upheld_micros is None
                else signed(line.upheld_micros, line.creditor),
            }
            for line in dispute.lines
        ],
        "withheld": Money(dispute.withheld_micros, dispute.currency).to_wire(),
        "upheld": Money(dispute.upheld_micros, dispute.currency).to_wire(),
        "due_at": None if dispute.due_at is None else format_instant(dispute.due_at),
        "outcome": dispute.outcome,
        "closed_by": dispute.closed_by,
        "opened_at": format_instant(stored.opened_at),
        "closed_at": None if stored.closed_at is None else format_instant(stored.closed_at),
        "proposal": None
        if proposal is None
        else Money(sum(proposal.upheld), dispute.currency).to_wire(),
    }


def dispute_document(
    *, connection: Connection, stored: StoredDispute, viewer: Viewer, slugs: Mapping[int, str]
) -> dict[str, Any]:
    """A dispute with what was said and shown."""
    happened = store.read_events(connection=connection, dispute_id=stored.dispute_id)
    shown = store.read_evidence(connection=connection, dispute_id=stored.dispute_id)
    summary = dispute_summary(connection=connection, stored=stored, viewer=viewer, slugs=slugs)
    return summary | {
        "history": [
            {
                "kind": each.kind,
                "by": None if each.party is None else slugs[each.party],
                "text": each.text,
                "at": format_instant(each.happened_at),
            }
            for each in happened
            if viewer.is_operator or each.kind not in _INTERNAL
        ],
        "evidence": [
            {
                "no": each.no,
                "by": slugs[each.party],
                "name": each.name,
                "sha256": each.sha256.hex(),
                "bytes": each.bytes,
                "reference": each.reference,
            }
            for each in shown
        ],
    }

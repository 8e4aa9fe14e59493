"""Finding members by the names that sales and redemptions give them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from coalition.members.domain import FoundMembers, MemberFacts

_FACTS = "m.member_id, m.account_id, m.state, m.spend_locked"
_BY_ID = (
    f"SELECT 'i', NULL::text, 'active', {_FACTS} FROM member m WHERE m.member_id = ANY(%s::uuid[])"
)
_BY_CARD = (
    f"SELECT 'c', c.number, c.state, {_FACTS} FROM card c JOIN member m USING (member_id)"
    " WHERE c.number = ANY(%s::text[])"
)
_BY_REFERENCE = (
    f"SELECT 'r', p.reference, 'active', {_FACTS} FROM partner_reference p"
    " JOIN member m USING (member_id) WHERE p.party_no = %s AND p.reference = ANY(%s::text[])"
)


def find_members(
    *,
    connection: Connection,
    party_no: int,
    ids: Collection[UUID] = (),
    cards: Collection[str] = (),
    references: Collection[str] = (),
) -> FoundMembers:
    """Find the members that a partner names by id, card or its own reference, in one round trip.

    Plain SQL through the driver: it is on the way of every sale and redemption. Only the ways of
    naming that are asked for are in the statement, so each of the few texts stays prepared.
    """
    parts: list[str] = []
    values: list[object] = []
    if ids:
        parts.append(_BY_ID)
        values.append(list(ids))
    if cards:
        parts.append(_BY_CARD)
        values.append(list(cards))
    if references:
        parts.append(_BY_REFERENCE)
        values += [party_no, list(references)]
    if not parts:
        return FoundMembers()
    by_id: dict[UUID, MemberFacts] = {}
    by_card: dict[str, MemberFacts] = {}
    by_reference: dict[str, MemberFacts] = {}
    replaced = []
    rows: Any = connection.exec_driver_sql(" UNION ALL ".join(parts), tuple(values))
    for kind, name, card_state, *facts in rows:
        found = MemberFacts(*facts)
        if kind == "i":
            by_id[found.member_id] = found
        elif kind == "r":
            by_reference[name] = found
        elif card_state == "replaced":
            replaced.append(name)
        else:
            by_card[name] = found
    return FoundMembers(by_id, by_card, by_reference, frozenset(replaced))

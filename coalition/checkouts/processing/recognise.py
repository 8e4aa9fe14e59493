"""Who bought: members found by what the platform says of its customers, in the set order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import Connection as Database

from adapters.contract import Customer, Order
from coalition.checkouts.domain import Connection
from coalition.errors import HubError
from coalition.members.contacts import ContactKeys, ContactKind, lookup_hash, normalise
from coalition.members.domain import FoundMembers, member_id_or_none
from coalition.members.store import find_by_contacts, find_members
from partner_sdk.wire.ids import encode
from partner_sdk.wire.sales import MemberRef

_SPACING = re.compile(r"[\s().\-/]")
_MAX_NAME = 64
_CONTACTS = ("phone", "email")

ContactHash = tuple[str, bytes]


def recognise(
    *, connection: Database, of: Connection, orders: Sequence[Order], keys: ContactKeys
) -> list[MemberRef | None]:
    """The member of each order, by id; None for a guest."""
    buyers = [order.customer for order in orders]
    found = recognise_customers(connection=connection, of=of, buyers=buyers, keys=keys)
    return [None if member is None else MemberRef(id=encode("mem", member)) for member in found]


def recognise_customers(
    *,
    connection: Database,
    of: Connection,
    buyers: Sequence[Customer | None],
    keys: ContactKeys,
) -> list[UUID | None]:
    """The member behind each customer, None for nobody's. At most two round trips.

    The first way in `settings.member_by` that finds a member is believed. An id that the hub gave
    (`mem_…`) is that and no reference.
    """
    ways = of.settings.member_by
    known = [buyer for buyer in buyers if buyer is not None]
    if not known:
        return [None] * len(buyers)
    named = find_members(
        connection=connection,
        party_no=of.party_no,
        ids={m for b in known if (m := member_id_or_none(b.id or ""))},
        cards={c for b in known if (c := _card(b))} if "card_attribute" in ways else (),
        references={r for b in known if (r := _reference(b))} if "customer_id" in ways else (),
    )
    hashes = {h for b in known for kind in _CONTACTS if (h := _hash(b, kind, ways, keys))}
    by_contact = find_by_contacts(connection=connection, hashes=hashes)
    return [
        None if buyer is None else _member(buyer, ways, named, by_contact, keys) for buyer in buyers
    ]


def find_contacts(*, connection: Database, customer: Customer, keys: ContactKeys) -> list[UUID]:
    """The members that have the customer's phone or e-mail."""
    hashes = [h for kind in _CONTACTS if (h := _hash(customer, kind, _CONTACTS, keys))]
    found = find_by_contacts(connection=connection, hashes=hashes)
    return list(dict.fromkeys(found[each] for each in hashes if each in found))


def _member(
    buyer: Customer,
    ways: Sequence[str],
    named: FoundMembers,
    by_contact: Mapping[ContactHash, UUID],
    keys: ContactKeys,
) -> UUID | None:
    own = member_id_or_none(buyer.id or "")
    if own is not None:
        facts = named.by_id.get(own)
        return None if facts is None or facts.state == "closed" else own
    for way in ways:
        facts = None
        if way == "card_attribute":
            facts = named.by_card.get(_card(buyer) or "")
        elif way == "customer_id":
            facts = named.by_reference.get(_reference(buyer) or "")
        else:
            contact = _hash(buyer, way, ways, keys)
            member_id = None if contact is None else by_contact.get(contact)
            if member_id is not None:
                return member_id
        if facts is not None and facts.state != "closed":
            return facts.member_id
    return None


def _card(buyer: Customer) -> str | None:
    card = "" if buyer.card is None else _SPACING.sub("", buyer.card)[:_MAX_NAME]
    return card if card.isprintable() and card else None


def _reference(buyer: Customer) -> str | None:
    name = buyer.id
    fits = name is not None and 1 <= len(name) <= _MAX_NAME and name.isprintable()
    return name if fits else None


def _hash(buyer: Customer, way: str, ways: Sequence[str], keys: ContactKeys) -> ContactHash | None:
    """What a contact is found by; None where it is not asked for, not given, or none at all."""
    kind: ContactKind = "phone" if way == "phone" else "email"
    text = buyer.phone if kind == "phone" else buyer.email
    if text is None or way not in ways:
        return None
    if kind == "phone":
        text = _SPACING.sub("", text)
        text = f"+{text[2:]}" if text.startswith("00") else text
    try:
        normalised = normalise(kind=kind, text=text.strip())
    except HubError:
        return None
    return kind, lookup_hash(keys=keys, kind=kind, normalised=normalised)

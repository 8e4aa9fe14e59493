"""The SQL of members, their cards, references and contacts."""

from __future__ import annotations

from coalition.members.store.finding import (
    find_members,
)
from coalition.members.store.names import (
    close_cards,
    count_active_cards,
    delete_contacts,
    delete_references,
    find_by_contact,
    find_by_contacts,
    find_reference,
    insert_card,
    insert_contact,
    load_card_state,
    load_contacts,
    replace_card,
    set_reference,
)
from coalition.members.store.people import (
    insert_member,
    insert_member_event,
    list_member_events,
    load_member,
    load_wrapped_key,
    lock_member,
    update_member,
)

__all__ = [
    "close_cards",
    "count_active_cards",
    "delete_contacts",
    "delete_references",
    "find_by_contact",
    "find_by_contacts",
    "find_members",
    "find_reference",
    "insert_card",
    "insert_contact",
    "insert_member",
    "insert_member_event",
    "list_member_events",
    "load_card_state",
    "load_contacts",
    "load_member",
    "load_wrapped_key",
    "lock_member",
    "replace_card",
    "set_reference",
    "update_member",
]

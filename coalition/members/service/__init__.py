"""Use cases of members: the directory's side. What also touches an account is in
`coalition.enrolment`, which stands above members and ledger."""

from __future__ import annotations

from coalition.members.service.enrolling import add_member
from coalition.members.service.names import (
    add_card,
    forget_names,
    replace_card,
    set_contacts,
    set_reference,
)
from coalition.members.service.people import (
    account_named,
    get_member,
    lock_open,
    look_up,
    record,
)

__all__ = [
    "account_named",
    "add_card",
    "add_member",
    "forget_names",
    "get_member",
    "lock_open",
    "look_up",
    "record",
    "replace_card",
    "set_contacts",
    "set_reference",
]

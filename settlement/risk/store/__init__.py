"""The SQL of risk: collateral out of the entries, accounts, plans and exits."""

from settlement.risk.store.accounts import (
    Account,
    has_entries_after,
    is_posted,
    read_account,
    read_collateral,
    read_currencies,
    take_turn,
    walk_windows,
)
from settlement.risk.store.exits import Exit, close_exit, insert_exit, read_exit
from settlement.risk.store.plans import (
    StoredPlan,
    approve_plan,
    execute_plan,
    keep_plan,
    lock_plan,
    read_defaulted,
)

__all__ = [
    "Account",
    "Exit",
    "StoredPlan",
    "approve_plan",
    "close_exit",
    "execute_plan",
    "has_entries_after",
    "insert_exit",
    "is_posted",
    "keep_plan",
    "lock_plan",
    "read_account",
    "read_collateral",
    "read_currencies",
    "read_defaulted",
    "read_exit",
    "take_turn",
    "walk_windows",
]

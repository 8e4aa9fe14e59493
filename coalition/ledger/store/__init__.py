"""The ledger's SQL: reading accounts, and writing a unit of work as one statement."""

from coalition.db.transactions import Conflict
from coalition.ledger.store.read import (
    account_beside,
    load_accounts,
    load_lots,
    lock_account_beside,
    lock_accounts,
)
from coalition.ledger.store.rows import queue_posting
from coalition.ledger.store.write import Slot, composed, open_account, set_spending_rules, write

__all__ = [
    "Conflict",
    "Slot",
    "account_beside",
    "composed",
    "load_accounts",
    "load_lots",
    "lock_account_beside",
    "lock_accounts",
    "open_account",
    "queue_posting",
    "set_spending_rules",
    "write",
]

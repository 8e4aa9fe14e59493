"""The hub's advisory locks, in one list, so that no two share a number.

They are known by two numbers, and never meet those known by one (PostgreSQL's manual, 9.28.10),
which are the keys of requests and jobs, hashed, and the few of `coalition.prepare` and
`coalition.db.migrate`. Settlement's are in `settlement.locks`, in the same database.
"""

from __future__ import annotations

from typing import Final

WINDOW: Final = (7203, 1)
"""Shared by every posting, exclusive for closing a window."""

SUBSCRIPTIONS: Final = 7204
"""And the party's number: one at a time counts its subscriptions and adds one."""
CONNECTIONS: Final = 7205
"""And the party's number: one at a time counts its connections and opens one."""
INBOX: Final = 7206
"""And the connection's number: one at a time claims its messages."""
FILES: Final = 7207
"""And the connection's number: one at a time picks its files up."""
ORDER: Final = 7208
"""And a hash of connection and order: one at a time writes down what was accrued for it."""
CERTIFICATION: Final = 7209
"""And the connection's number: one run at a time."""

"""Settlement's advisory locks, in one list, so that no two share a number.

They stand beside the hub's (`coalition.db.locks`) in the same database.
"""

from __future__ import annotations

from typing import Final

CLAIM: Final = (7210, 1)
"""One step of a night at a time in a database, whoever runs it."""
ENTRIES: Final = (7210, 2)
"""Shared by every posting of entries, exclusive for netting a window."""
ACCOUNTING: Final = (7210, 3)
"""One process at a time takes windows over or makes an estimate."""
RISK: Final = (7210, 4)
"""One change of collateral, default or exit at a time."""
PAYMENTS: Final = (7210, 5)
"""One at a time decides what is paid and what is open."""

LOG: Final = 7211
"""And the log's number: one writer for each."""

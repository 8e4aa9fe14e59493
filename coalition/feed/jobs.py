"""The hub's own jobs that the night begins with: they post into the date that is being closed.

Each takes what is due before `until`, posts it into `window_date`, and gives how much it found.
Repeating one is harmless: what was done is not found again.
"""

from coalition.ledger.jobs import activate_points, expire_lots
from coalition.redemptions.jobs import expire_holds

__all__ = ["activate_points", "expire_holds", "expire_lots"]

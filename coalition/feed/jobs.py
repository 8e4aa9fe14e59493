"""The hub's own jobs that the night begins with: they post into the date that is being closed."""

from __future__ import annotations

from coalition.ledger.jobs import activate_points, expire_lots
from coalition.redemptions.jobs import expire_holds

__all__ = ["activate_points", "expire_holds", "expire_lots"]

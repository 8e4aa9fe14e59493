"""Spending points: hold, capture, void; in one step; and its reversal.

Points go by soonest expiry and leave a slice per lot. A hold freezes the face value and the
redeemer's agreement; a reversal puts points back into the lots that they came from, the last
taken first, and mirrors what was owed, fees included.
"""

from coalition.redemptions.domain.reversing import reverse
from coalition.redemptions.domain.spending import (
    available_points,
    capture,
    check_may_spend,
    check_open,
    place_hold,
    redeem,
    release,
)
from coalition.redemptions.domain.values import Hold, Price, Redemption, Slice, Till

__all__ = [
    "Hold",
    "Price",
    "Redemption",
    "Slice",
    "Till",
    "available_points",
    "capture",
    "check_may_spend",
    "check_open",
    "place_hold",
    "redeem",
    "release",
    "reverse",
]

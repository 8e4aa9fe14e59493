"""Use cases of disputes: each is one unit of work, given by its `Act`."""

from settlement.disputes.service.deciding import (
    answer_dispute,
    escalate_dispute,
    lapse_disputes,
    rule_dispute,
    set_rules,
    withdraw_dispute,
)
from settlement.disputes.service.opening import open_dispute

__all__ = [
    "answer_dispute",
    "escalate_dispute",
    "lapse_disputes",
    "open_dispute",
    "rule_dispute",
    "set_rules",
    "withdraw_dispute",
]

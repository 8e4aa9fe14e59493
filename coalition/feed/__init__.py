"""The door: all that settlement may see of the hub, and the little that it may change there.

Settlement imports nothing of the hub's tables. What it reads comes as values (`facts`) or, for the
millions of rows of a night, as selectables that it composes with its own tables (`lines`); what it
changes is the state of a window, and what risk has it tell: sums that caps are measured by, a
partner's state and whether its points are blocked.
"""

from coalition.directory import Directory
from coalition.feed.activity import ActivityCell, read_activity
from coalition.feed.clock import (
    business_now,
    end_of_business_date,
    read_coalition,
    start_of_business_date,
)
from coalition.feed.cover import (
    Cover,
    add_cover,
    read_conversion_rates,
    set_conversion_rates,
)
from coalition.feed.events import announce, announce_statements
from coalition.feed.facts import (
    AgreementFacts,
    Coalition,
    LineFacts,
    LotFacts,
    ObligationFacts,
    OperatorFacts,
    PartyFacts,
    SliceFacts,
    WindowFacts,
    WindowTotals,
)
from coalition.feed.jobs import activate_points, expire_holds, expire_lots
from coalition.feed.lines import (
    adjusting_lines,
    late_movements,
    line_details,
    line_keys,
    refresh_statistics,
)
from coalition.feed.money import (
    PairObligations,
    PartyObligations,
    read_currencies,
    read_pair_obligations,
    read_party_obligations,
    read_window_totals,
)
from coalition.feed.parties import read_agreements, read_parties
from coalition.feed.partners import (
    CapFacts,
    OutstandingPoints,
    block_points,
    has_obligations_after,
    read_caps,
    read_outstanding_points,
    set_partner_state,
)
from coalition.feed.people import find_operator
from coalition.feed.points import (
    CohortKey,
    CohortState,
    PointFlow,
    read_cohort_states,
    read_point_flows,
)
from coalition.feed.trace import read_line_facts
from coalition.feed.windows import (
    WindowBusy,
    WindowOutOfOrder,
    close_window,
    mark_window,
    read_window,
    read_windows,
)
from coalition.ledger.domain import CLEARING, OPERATOR, POOL

__all__ = [
    "CLEARING",
    "OPERATOR",
    "POOL",
    "ActivityCell",
    "AgreementFacts",
    "CapFacts",
    "Coalition",
    "CohortKey",
    "CohortState",
    "Cover",
    "Directory",
    "LineFacts",
    "LotFacts",
    "ObligationFacts",
    "OperatorFacts",
    "OutstandingPoints",
    "PairObligations",
    "PartyFacts",
    "PartyObligations",
    "PointFlow",
    "SliceFacts",
    "WindowBusy",
    "WindowFacts",
    "WindowOutOfOrder",
    "WindowTotals",
    "activate_points",
    "add_cover",
    "adjusting_lines",
    "announce",
    "announce_statements",
    "block_points",
    "business_now",
    "close_window",
    "end_of_business_date",
    "expire_holds",
    "expire_lots",
    "find_operator",
    "has_obligations_after",
    "late_movements",
    "line_details",
    "line_keys",
    "mark_window",
    "read_activity",
    "read_agreements",
    "read_caps",
    "read_coalition",
    "read_cohort_states",
    "read_conversion_rates",
    "read_currencies",
    "read_line_facts",
    "read_outstanding_points",
    "read_pair_obligations",
    "read_parties",
    "read_party_obligations",
    "read_point_flows",
    "read_window",
    "read_window_totals",
    "read_windows",
    "refresh_statistics",
    "set_conversion_rates",
    "set_partner_state",
    "start_of_business_date",
]

"""The SQL of disputes."""

from settlement.disputes.store.reading import (
    count_live,
    find,
    find_lines,
    list_disputes,
    read_content,
    read_due,
    read_events,
    read_evidence,
    read_rules,
    read_statement_id,
)
from settlement.disputes.store.writing import (
    insert_dispute,
    insert_event,
    insert_evidence,
    insert_rules,
    save,
)

__all__ = [
    "count_live",
    "find",
    "find_lines",
    "insert_dispute",
    "insert_event",
    "insert_evidence",
    "insert_rules",
    "list_disputes",
    "read_content",
    "read_due",
    "read_events",
    "read_evidence",
    "read_rules",
    "read_statement_id",
    "save",
]

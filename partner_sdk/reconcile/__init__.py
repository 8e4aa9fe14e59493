"""Reconciliation: a partner's own sales held against the hub's, hour by hour, sale by sale."""

from partner_sdk.reconcile.book import SalesBook
from partner_sdk.reconcile.compare import Finding, Reconciliation, reconcile
from partner_sdk.reconcile.sources import (
    InvalidSource,
    Mapping,
    read_csv,
    read_journal,
    read_queue,
)

__all__ = [
    "Finding",
    "InvalidSource",
    "Mapping",
    "Reconciliation",
    "SalesBook",
    "read_csv",
    "read_journal",
    "read_queue",
    "reconcile",
]

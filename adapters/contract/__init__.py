"""The contract between the hub and an adapter: pure functions over values, and a manifest of data.

An adapter knows one platform exactly and does no IO: it reads what the hub received (`verify`,
`parse`), says what the hub should ask the platform (`Fetch`, `redeem`, `undo`, `poll`) and reads
the answers (`resolve`, `polled`, `redeemed`). It has no clock and no randomness: instants are
arguments, keys of repeated calls are derived from what they are about.

Facts are absolute: an order as it is now, with its refunds as a set by id that only grows. The hub
states them as sales, so that repeated, late and reordered messages end alike.
"""

from adapters.contract.adapter import Adapter, Assembler
from adapters.contract.facts import (
    Customer,
    Line,
    Order,
    OrderStatus,
    Refund,
    RefundLine,
    RefundStatus,
    Tender,
    TenderKind,
)
from adapters.contract.files import FileCheck, FiledOrder, FileFault, FileHead, FileReader
from adapters.contract.manifest import Capability, Credentials, Limits, Login, Manifest, Retries
from adapters.contract.messages import (
    Answer,
    Call,
    Headers,
    Malformed,
    NotNow,
    Rejected,
    Reply,
    Request,
    Secrets,
    Verified,
)
from adapters.contract.outcomes import (
    Facts,
    Fetch,
    Ignored,
    Outcome,
    Page,
    Parsed,
    Part,
    Parts,
    Settings,
    Spend,
    SpendResult,
)
from adapters.contract.questions import (
    AccrueFacts,
    InquireFacts,
    MemberFacts,
    Question,
    RedeemFacts,
    ReverseFacts,
    SearchFacts,
)

__all__ = [
    "AccrueFacts",
    "Adapter",
    "Answer",
    "Assembler",
    "Call",
    "Capability",
    "Credentials",
    "Customer",
    "Facts",
    "Fetch",
    "FileCheck",
    "FileFault",
    "FileHead",
    "FileReader",
    "FiledOrder",
    "Headers",
    "Ignored",
    "InquireFacts",
    "Limits",
    "Line",
    "Login",
    "Malformed",
    "Manifest",
    "MemberFacts",
    "NotNow",
    "Order",
    "OrderStatus",
    "Outcome",
    "Page",
    "Parsed",
    "Part",
    "Parts",
    "Question",
    "RedeemFacts",
    "Refund",
    "RefundLine",
    "RefundStatus",
    "Rejected",
    "Reply",
    "Request",
    "Retries",
    "ReverseFacts",
    "SearchFacts",
    "Secrets",
    "Settings",
    "Spend",
    "SpendResult",
    "Tender",
    "TenderKind",
    "Verified",
]

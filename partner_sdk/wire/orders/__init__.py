"""An order as any till or shop can state it: as a JSON document, or as rows of a file.

Both say the same, are read by the same rules, and are told wrong place by wrong place.
"""

from partner_sdk.wire.orders.columns import (
    FORMAT,
    MAX_FAULTS,
    MAX_ORDERS,
    MAX_ROW_BYTES,
    RECORDS,
    FileEnd,
    FileHeader,
    RowFault,
)
from partner_sdk.wire.orders.document import InvalidOrder, OrderFault, read_order
from partner_sdk.wire.orders.reading import OrderFileReader
from partner_sdk.wire.orders.stated import Buyer, StatedOrder
from partner_sdk.wire.orders.writing import OrderRows

__all__ = [
    "FORMAT",
    "MAX_FAULTS",
    "MAX_ORDERS",
    "MAX_ROW_BYTES",
    "RECORDS",
    "Buyer",
    "FileEnd",
    "FileHeader",
    "InvalidOrder",
    "OrderFault",
    "OrderFileReader",
    "OrderRows",
    "RowFault",
    "StatedOrder",
    "read_order",
]

"""Square: orders at tills and in online shops.

A message names a payment, a refund or an order. The hub asks for the order as it is now, then for
its payments, their refunds, and the orders in which these say which lines came back.
"""

from adapters.square.adapter import Square, signed_headers

__all__ = ["ADAPTER", "Square", "signed_headers"]

ADAPTER = Square()

"""Adyen: payments, told in parts that nobody can ask for again.

Each message says one thing of a payment: authorised, captured, refunded, charged back. The hub
keeps these parts, and the payment is what all of them say together.
"""

from adapters.adyen.adapter import Adyen, item_signature

__all__ = ["ADAPTER", "Adyen", "item_signature"]

ADAPTER = Adyen()

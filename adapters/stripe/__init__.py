"""Stripe: payments and Checkout Sessions.

A message names a payment; the hub then asks for the payment as it is now, with its Checkout
Session, refunds and disputes. A paid payment's lines never change, so what grows is counted:
refunds and disputes by their status, and what is known of the customer.
"""

from adapters.stripe.adapter import Stripe, signed_headers

__all__ = ["ADAPTER", "Stripe", "signed_headers"]

ADAPTER = Stripe()

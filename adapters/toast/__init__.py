"""Toast: loyalty at the till, asked and answered at once, and the webhook of orders."""

from adapters.toast.adapter import Toast

__all__ = ["ADAPTER", "Toast"]

ADAPTER = Toast()

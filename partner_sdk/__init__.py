"""What a partner installs: a client of the coalition hub, an offline queue, a verifier.

Importing this package costs next to nothing: each public name is loaded when it is first
used, so a hub or a till that needs only ``partner_sdk.wire`` never imports an HTTP client.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from partner_sdk.client import PartnerClient as PartnerClient
    from partner_sdk.errors import ApiError as ApiError
    from partner_sdk.errors import CoalitionError as CoalitionError
    from partner_sdk.offline import OfflineQueue as OfflineQueue
    from partner_sdk.orderfile import OrderFile as OrderFile
    from partner_sdk.webhooks import verify_webhook as verify_webhook
    from partner_sdk.wire.amounts import Money as Money

_HOMES = {
    "ApiError": "partner_sdk.errors",
    "CoalitionError": "partner_sdk.errors",
    "Money": "partner_sdk.wire.amounts",
    "OfflineQueue": "partner_sdk.offline",
    "OrderFile": "partner_sdk.orderfile",
    "PartnerClient": "partner_sdk.client",
    "verify_webhook": "partner_sdk.webhooks",
}

__all__ = [
    "ApiError",
    "CoalitionError",
    "Money",
    "OfflineQueue",
    "OrderFile",
    "PartnerClient",
    "verify_webhook",
]


def __getattr__(name: str) -> Any:
    """Load a public name on first use (PEP 562)."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value

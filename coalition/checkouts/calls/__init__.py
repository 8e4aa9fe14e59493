"""The one client for all that the hub asks of platforms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from coalition.checkouts.calls.client import Client
from coalition.checkouts.calls.tokens import Tokens
from coalition.config import Config
from coalition.db.database import Database
from coalition.outgoing.pinned import PinnedClient, system_resolver

__all__ = ["Client", "client_for"]

_TOKENS = Tokens()
"""Those of this process, whatever asks: a login for each client would be one for each job."""


def client_for(
    *,
    config: Config,
    database: Database,
    wall: Callable[[], datetime],
    patience: float = 20.0,
    seconds: float = 20.0,
) -> Client:
    """The client of a process; `seconds` bounds each call, `patience` the waiting for a turn."""
    return Client(
        database=database,
        send=PinnedClient(
            allow_private=config.webhook_private_hosts, resolve=system_resolver, seconds=seconds
        ),
        wall=wall,
        tokens=_TOKENS,
        patience=patience,
    )

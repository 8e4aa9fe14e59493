"""Use cases of checkouts: connections, and what partners see of their messages."""

from coalition.checkouts.service.known import Connections
from coalition.checkouts.service.manage import (
    Opening,
    change_connection,
    change_state,
    connection_named,
    open_connection,
    opened,
    rotate_secrets,
)

__all__ = [
    "Connections",
    "Opening",
    "change_connection",
    "change_state",
    "connection_named",
    "open_connection",
    "opened",
    "rotate_secrets",
]

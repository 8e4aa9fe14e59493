"""Use cases of the operator."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from coalition.db.state import bump_directory, server_clock
from coalition.errors import FieldError, HubError
from coalition.operations import store
from partner_sdk.wire.instants import format_instant


def set_clock(*, connection: Connection, environment: str, instant: datetime | None) -> None:
    """Set the business clock of a test environment; None goes back to the real one.

    Business time only moves forward, or postings would lie in the future of those that follow.
    Before the first posting it may be set to anything.

    Raises:
        HubError: `test_environment_only`, or `validation_failed` for a step back.
    """
    if environment != "test":
        raise HubError("test_environment_only", "A live hub's clock cannot be set.")
    real = server_clock(connection=connection)
    present = store.read_clock(connection=connection) or real
    if (instant or real) < present and store.any_posting(connection=connection):
        at = format_instant(present)
        fault = FieldError("/instant", f"must not be earlier than the clock, {at}")
        raise HubError("validation_failed", "Business time moves forward only.", errors=(fault,))
    store.set_clock(connection=connection, instant=instant)
    bump_directory(connection=connection)

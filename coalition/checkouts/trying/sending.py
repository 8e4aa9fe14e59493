"""Sending messages over HTTP: samples into a running hub, and what came on to another address."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests

from adapters.contract import Request
from adapters.registry import adapter_named
from coalition.checkouts.domain import Connection, kept_key
from coalition.checkouts.store import inbox
from coalition.db.database import Database
from coalition.errors import FieldError, HubError
from partner_sdk.wire.ids import encode

__all__ = ["Sent", "samples", "send", "what_became"]

_SECONDS = 20
_OF_ONE_HOP = {"connection", "content-length", "host", "transfer-encoding"}
"""Header fields of a connection, not of a message: the next one has its own."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A delivery: the answer's status, or None and the problem."""

    status: int | None
    problem: str | None
    milliseconds: int

    @property
    def taken(self) -> bool:
        """Whether it was answered with success."""
        return self.status is not None and 200 <= self.status < 300


def samples(*, connection: Connection, scenario: str, now: datetime) -> tuple[Request, ...]:
    """Messages as the platform would send them, signed with the connection's newest secret.

    Raises:
        HubError: `validation_failed`: there is no such scenario, or the secret cannot sign.
    """
    adapter = adapter_named(connection.platform)
    known = adapter.manifest.scenarios
    if scenario not in known:
        fault = FieldError("/event", f"must be one of {', '.join(known)}")
        raise HubError("validation_failed", f"There is no sample {scenario}.", errors=(fault,))
    try:
        return adapter.sample(
            scenario=scenario,
            secrets=connection.secrets_at(now),
            settings=connection.settings,
            now=now,
        )
    except (IndexError, ValueError) as error:
        fault = FieldError("/secrets/signing", str(error))
        raise HubError("validation_failed", "No sample can be signed.", errors=(fault,)) from error


def send(request: Request, *, url: str) -> Sent:
    """POST a message as it is; redirects are not followed."""
    headers = {
        name: value for name, value in request.headers.items() if name.lower() not in _OF_ONE_HOP
    }
    began = time.monotonic()
    try:
        answer = requests.request(
            request.method,
            url,
            params=dict(request.query),
            data=request.body,
            headers=headers,
            timeout=_SECONDS,
            allow_redirects=False,
        )
        status, problem = answer.status_code, None
    except requests.RequestException as error:
        status, problem = None, f"no answer: {type(error).__name__}"
    return Sent(status, problem, round((time.monotonic() - began) * 1000))


def what_became(
    *, database: Database, connection: Connection, request: Request, patience: float
) -> dict[str, Any]:
    """What the hub made of a message, when that is settled or patience is over; else nothing."""
    key = kept_key(adapter_named(connection.platform).delivery_key(request=request))
    until = time.monotonic() + patience
    while True:
        with database.autocommit() as session:
            found = inbox.find_by_key(connection=session, connection_no=connection.no, key=key)
        if found is not None and (found.state != "waiting" or time.monotonic() >= until):
            return {
                "message": encode("msg", found.message_id),
                "what": found.state,
                "reason": found.reason,
                "result": dict(found.result),
            }
        if time.monotonic() >= until:
            return {}
        time.sleep(0.2)

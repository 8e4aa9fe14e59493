"""A request as the platform meant it, and as it is put into the inbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import UUID

from adapters.contract import Adapter, Headers, Ignored, Malformed, Parsed, Request
from coalition.checkouts.domain import (
    Connection,
    Delivery,
    about_of,
    is_credential,
    kept_key,
    shown,
)
from coalition.logging import logger

_log = logger(__name__)


def as_told(request: Request, connection: Connection) -> Request:
    """The request with the address that the platform was told, where the connection says which."""
    told = connection.settings.options.get("hook_url")
    if told is None:
        return request
    query = urlsplit(request.url).query
    return replace(request, url=f"{told}?{query}" if query and "?" not in told else told)


def parse_guarded(connection: Connection, adapter: Adapter, request: Request) -> Parsed | Exception:
    """What the message says, or why it cannot be read: that it is kept must not depend on it."""
    try:
        return adapter.parse(request=request, settings=connection.settings)
    except Malformed as fault:
        return fault
    except Exception as error:  # noqa: BLE001 - the message is kept, and read again later
        _log.exception("adapter_failed", platform=connection.platform)
        return error


def delivery_of(
    *,
    connection: Connection,
    request: Request,
    key: str,
    parsed: Parsed | Exception,
    message_id: UUID,
    received_at: datetime,
) -> Delivery:
    """The message as it is put into the inbox: what is nothing to work on is settled there."""
    delivery = Delivery(
        message_id=message_id,
        connection_no=connection.no,
        key=kept_key(key),
        about=None if isinstance(parsed, Exception) else about_of(parsed),
        request=replace(
            request,
            url=_without_credentials(request.url),
            headers=Headers((n, v) for n, v in request.headers.items() if not is_credential(n)),
        ),
        received_at=received_at,
    )
    match parsed:
        case Ignored(reason=reason):
            return replace(delivery, state="ignored", reason=reason)
        case Malformed():
            return replace(delivery, state="dead", reason=shown(f"malformed: {parsed}"))
        case _:
            return delivery


def _without_credentials(url: str) -> str:
    """An address as it is stored: without what may be a credential in its query."""
    parts = urlsplit(url)
    if not parts.query:
        return url
    given = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, value) for name, value in given if not is_credential(name)]
    return urlunsplit(parts._replace(query=urlencode(kept)))

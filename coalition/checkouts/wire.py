"""Connections and messages in wire form: of a secret, nothing but that it is set."""

from __future__ import annotations

from typing import Any

from coalition.checkouts.domain import Message, Rejection
from coalition.checkouts.store.connections import StoredConnection
from coalition.directory import Snapshot
from partner_sdk.wire.ids import encode
from partner_sdk.wire.instants import format_instant


def connection_document(stored: StoredConnection, snapshot: Snapshot) -> dict[str, Any]:
    """A connection as its partner and the operator see it."""
    settings = stored.settings
    return {
        "id": encode("con", stored.connection_id),
        "partner": encode("prt", snapshot.parties[stored.party_no].id),
        "name": stored.name,
        "platform": stored.platform,
        "state": stored.state,
        "hook": f"/hooks/{encode('con', stored.connection_id)}",
        "store_url": settings["store_url"],
        "currency": settings["currency"],
        "time_zone": settings["time_zone"],
        "categories": settings["categories"],
        "tenders": settings["tenders"],
        "member_by": settings["member_by"],
        "options": settings["options"],
        "guests": stored.guests,
        "secrets": list(stored.secret_names),
        "previous_secret_until": _instant(stored.previous_until),
        "rotated_at": _instant(stored.rotated_at),
        "created_at": format_instant(stored.created_at),
    }


def message_document(message: Message) -> dict[str, Any]:
    """A message in lists."""
    return {
        "id": encode("msg", message.message_id),
        "state": message.state,
        "reason": message.reason,
        "about": message.about,
        "delivery_key": message.key,
        "received_at": format_instant(message.received_at),
        "attempts": message.attempts,
        "due_at": _instant(message.due_at) if message.state == "waiting" else None,
        "settled_at": _instant(message.settled_at),
        "result": dict(message.result),
        "bytes": message.size,
    }


def whole_message_document(message: Message) -> dict[str, Any]:
    """A message with what was received: the partner's own customers stand in it."""
    request = message.request
    return message_document(message) | {
        "method": request.method,
        "url": request.url,
        "headers": dict(request.headers),
        "body": request.body.decode("utf-8", "replace"),
    }


def rejection_document(rejection: Rejection) -> dict[str, Any]:
    """A refused delivery."""
    return {
        "at": format_instant(rejection.rejected_at),
        "reason": rejection.reason,
        "detail": rejection.detail,
        "bytes": rejection.bytes,
    }


def _instant(at: Any) -> str | None:
    return None if at is None else format_instant(at)

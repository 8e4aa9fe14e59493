"""Events and subscriptions in wire form."""

from __future__ import annotations

import json
from typing import Any

from coalition.events.domain import Attempt, Event, Subscription
from partner_sdk.wire import ids
from partner_sdk.wire.instants import format_instant


def delivery_body(event: Event) -> bytes:
    """What is sent and signed: type, timestamp and data (Standard Webhooks)."""
    document = {
        "type": event.type,
        "timestamp": format_instant(event.recorded_at),
        "data": event.payload,
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def event_document(event: Event) -> dict[str, Any]:
    """An event in lists."""
    return {
        "id": ids.encode("evt", event.event_id),
        "type": event.type,
        "timestamp": format_instant(event.recorded_at),
        "data": event.payload,
        "state": event.state,
        "attempts": event.attempts,
    }


def attempt_document(attempt: Attempt) -> dict[str, Any]:
    """One attempt at delivery."""
    return {
        "subscription": ids.encode("sub", attempt.subscription_id),
        "at": format_instant(attempt.attempted_at),
        "status": attempt.status,
        "outcome": attempt.outcome,
        "error": None if attempt.outcome == "delivered" else attempt.detail,
        "duration_ms": attempt.duration_ms,
    }


def subscription_document(subscription: Subscription) -> dict[str, Any]:
    """A subscription, without its secret."""
    return {
        "id": ids.encode("sub", subscription.subscription_id),
        "url": subscription.url,
        "types": list(subscription.types),
        "state": subscription.state,
        "created_at": format_instant(subscription.created_at),
    }

"""Calls about what the hub keeps: transactions, statements and their bundles, webhooks, events."""

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from partner_sdk.calls.base import Calls, as_object, path_of
from partner_sdk.wire.explanations import Explanation
from partner_sdk.wire.instants import format_instant
from partner_sdk.wire.listings import Attempt, Event, StatementSummary, Transaction, Webhook

__all__ = ["RecordCalls"]

_PIECE = 256 * 1024


class RecordCalls(Calls):
    """Transactions, statements, webhooks."""

    def iter_transactions(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[Transaction]:
        """Go through this partner's own entries, posted in the half-open ``[since, until)``."""
        query = {}
        if since is not None:
            query["from"] = format_instant(since)
        if until is not None:
            query["to"] = format_instant(until)
        return self._list(Transaction.from_wire, "/v1/transactions", query)

    def statements(self) -> Iterator[StatementSummary]:
        """Go through this partner's statements."""
        return self._list(StatementSummary.from_wire, "/v1/statements")

    def get_statement(self, statement_id: str) -> dict[str, Any]:
        """Return a statement's summary document; to verify it, download the bundle."""
        return self._get(as_object, path_of("statements", statement_id))

    def explain(self, statement_id: str, amount: str) -> Explanation:
        """Explain an amount of a statement of this partner.

        ``amount`` is ``line:12``, ``opening``, ``net``, ``closing``, ``activity:redemption``,
        ``position:grocer`` or ``position:grocer/redemption``; of the bundle's other files
        ``camt:3``, ``1c:3``, ``journal:5``, ``section:fees``, ``gross`` and so on.
        """
        path = path_of("statements", statement_id, "explain")
        return self._get(Explanation.from_wire, path, {"amount": amount})

    def download_statement(self, statement_id: str, path: Path | str) -> Path:
        """Write a statement's bundle to a file, piece by piece, whole or not at all.

        Check it with ``coalition-partner verify``; this only brings it here.
        """
        target = Path(path)
        partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")

        def receive(response: requests.Response) -> None:
            with partial.open("wb") as file:
                size = 0
                for piece in response.iter_content(_PIECE):
                    file.write(piece)
                    size += len(piece)
                file.flush()
                os.fsync(file.fileno())
            stated = response.headers.get("Content-Length")
            plain = "Content-Encoding" not in response.headers
            if plain and stated is not None and size != int(stated):
                raise requests.ConnectionError("the bundle was cut short")

        try:
            self._transport.exchange(
                method="GET",
                path=path_of("statements", statement_id, "bundle"),
                accept="application/zip, application/problem+json",
                receive=receive,
            )
            partial.replace(target)
        finally:
            with suppress(FileNotFoundError):
                partial.unlink()
        return target

    def create_webhook(
        self, *, url: str, types: Iterable[str], idempotency_key: str | None = None
    ) -> Webhook:
        """Subscribe to events; keep the answer's ``secret``, it is shown only once."""
        body = {"url": url, "types": list(types)}
        return self._post(Webhook.from_wire, "/v1/webhooks", body, idempotency_key)

    def webhooks(self) -> Iterator[Webhook]:
        """Go through the subscriptions."""
        return self._list(Webhook.from_wire, "/v1/webhooks")

    def get_webhook(self, webhook_id: str) -> Webhook:
        """Return a subscription."""
        return self._get(Webhook.from_wire, path_of("webhooks", webhook_id))

    def delete_webhook(self, webhook_id: str) -> None:
        """End a subscription."""
        self._delete(path_of("webhooks", webhook_id))

    def events(self) -> Iterator[Event]:
        """Go through the events of the subscriptions."""
        return self._list(Event.from_wire, "/v1/events")

    def attempts(self, event_id: str) -> Iterator[Attempt]:
        """Go through the attempts to deliver an event."""
        return self._list(Attempt.from_wire, path_of("events", event_id, "attempts"))

    def replay_event(self, event_id: str, *, idempotency_key: str | None = None) -> None:
        """Have an event delivered again."""
        self._post(_ignore, path_of("events", event_id, "replay"), {}, idempotency_key)


def _ignore(answer: Any) -> None:
    """Read nothing: the answer says only that it was accepted."""

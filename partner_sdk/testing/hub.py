"""A hub in the same process, for a partner's own tests."""

import hashlib
import json
import secrets
import threading
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from types import TracebackType
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from partner_sdk.client import PartnerClient
from partner_sdk.testing.digests import Digests
from partner_sdk.testing.disputes import Disputes
from partner_sdk.testing.model import HubModel
from partner_sdk.testing.refusals import Refusal, check_fields
from partner_sdk.testing.routes import Call, answer
from partner_sdk.testing.server import Failure, HubServer, RecordedRequest
from partner_sdk.testing.spends import Spends
from partner_sdk.testing.statements import StatementKept, Statements
from partner_sdk.transport import RetryPolicy, wall_now
from partner_sdk.webhooks import sign_webhook
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.explanations import Explanation
from partner_sdk.wire.ids import encode, encode_window, uuid7
from partner_sdk.wire.instants import format_instant
from partner_sdk.wire.signing import KeyRevoked

__all__ = ["HubSimulator"]

#: Retries at once: a test does not want to wait.
_EAGER = RetryPolicy(first_wait=0.0, longest_wait=0.0)


class HubSimulator:
    """Serves on a loopback port while it is entered; every instance is a hub of its own.

    It checks signatures, idempotency and shapes as the real hub does, and keeps its state in
    memory under simple rules (see ``partner_sdk.testing.model``).
    """

    def __init__(self, *, currency: str = "EUR") -> None:
        self.private_key = Ed25519PrivateKey.generate()
        self.key_id = encode("key", uuid7(unix_ms=0, random=secrets.token_bytes(10)))
        self.bearer = f"chl_test_{secrets.token_hex(16)}_000000"
        #: Every request that came in, in the order of the answers.
        self.requests: list[RecordedRequest] = []
        self.wall_now: Callable[[], datetime] = wall_now
        self.model = HubModel(currency=currency, now=self._now)
        self._keys: dict[str, Ed25519PublicKey | None] = {
            self.key_id: self.private_key.public_key()
        }
        self._clock: datetime | None = None
        self._lock = threading.RLock()
        self._answers: dict[str, Any] = {}
        self._failures: list[Failure] = []
        self._statements = Statements(self.model, self._keys)
        self._disputes = Disputes(self.model, self._statements)
        self._digests = Digests(self.model)
        self._spends = Spends(self.model)
        self._webhooks: dict[str, dict[str, Any]] = {}
        self._server = HubServer(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def url(self) -> str:
        """The address to give to a client."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.stop()
        self._thread.join()

    def client(self, *, retry: RetryPolicy = _EAGER) -> PartnerClient:
        """Return a client with this hub's key pair; it retries without waiting."""
        return PartnerClient(
            self.url, key_id=self.key_id, private_key=self.private_key, retry=retry
        )

    # --- arranging ---------------------------------------------------------------------------

    def set_clock(self, instant: datetime | None) -> None:
        """Set the business clock: holds expire by it. None goes back to the machine's."""
        self._clock = None if instant is None else instant.astimezone(UTC)

    def register_key(self, key_id: str, public_key: Ed25519PublicKey) -> None:
        """Accept another key."""
        self._keys[key_id] = public_key

    def revoke_key(self, key_id: str) -> None:
        """Refuse a key from now on."""
        self._keys[key_id] = None

    def grant(self, member_id: str, points: int) -> None:
        """Give a member points to spend, as if another brand had issued them."""
        with self._lock:
            self.model.grant(self.model.find({"id": member_id}), points)

    def set_member_state(self, member_id: str, state: str) -> None:
        """Make a member active, frozen or closed."""
        with self._lock:
            self.model.find({"id": member_id}).state = state

    def fail(
        self,
        code: str,
        *,
        times: int = 1,
        path: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        """Answer the next calls (under a path, if given) with a problem and do no work."""
        self._failures.append(Failure(code, times, path, retry_after))

    def lose_answers(self, *, times: int = 1, path: str | None = None) -> None:
        """Do the work of the next calls, but hang up instead of answering."""
        self._failures.append(Failure(None, times, path))

    def delay(self, seconds: float, *, times: int = 1, path: str | None = None) -> None:
        """Answer the next calls late."""
        self._failures.append(Failure(None, times, path, None, seconds))

    def add_connection(self) -> str:
        """Connect a shop, whose id is given: points can be spent there."""
        with self._lock:
            connection = self.model.new_id("con")
            self._spends.connections[connection] = {}
        return connection

    def use_spend(self, spend_id: str, *, points: int | None = None) -> None:
        """Pay an order at the shop with a spend, or with so many of its points."""
        with self._lock:
            self._spends.use(spend_id, points=points)

    def add_statement(
        self,
        *,
        statement_id: str,
        business_date: date,
        bundle: bytes,
        lines: Mapping[int, Money] | None = None,
        counterparty: str = "other",
        sha256: str | None = None,
    ) -> None:
        """Offer a statement's bundle for download.

        ``lines`` are amounts by number that can be disputed with ``counterparty`` and explained;
        ``sha256`` (hex) is that of its statement.json, which an acceptance names: by default of
        the bundle's bytes.
        """
        nothing = self.model.amount(0)
        digest = sha256 or hashlib.sha256(bundle).hexdigest()
        summary = {
            "id": statement_id,
            "statement_no": len(self._statements.all) + 1,
            "party": "simulator",
            "window": encode_window(business_date),
            "opening": nothing,
            "net": nothing,
            "closing": nothing,
            "lines": len(lines or {}),
            "sha256": digest,
            "bundle_bytes": len(bundle),
            "issued_at": format_instant(self._now()),
            "accepted_at": None,
        }
        self._statements.all[statement_id] = StatementKept(
            summary, bundle, digest, counterparty, dict(lines or {})
        )

    def add_explanation(self, explanation: Explanation) -> None:
        """Tell what an amount of a statement is made of; lines are told by their amount alone."""
        kept = self._statements.get(explanation.statement)
        kept.explanations[explanation.subject] = explanation

    def answer_dispute(self, dispute_id: str, *, accept: bool, text: str) -> None:
        """Answer a dispute of the partner's as the other party."""
        with self._lock:
            self._disputes.decide(dispute_id, accept=accept, text=text)

    def delivery(
        self, kind: str, data: Mapping[str, Any], *, secret: str
    ) -> tuple[bytes, dict[str, str]]:
        """Return the body and the headers of a webhook, to post to the receiver under test."""
        now = self._now()
        event_id = self.model.new_id("evt")
        event = {"type": kind, "timestamp": format_instant(now), "data": dict(data)}
        raw = json.dumps(event).encode()
        return raw, sign_webhook(raw, message_id=event_id, secret=secret, now=self.wall_now())

    # --- for the server ----------------------------------------------------------------------

    def _now(self) -> datetime:
        return self._clock or self.wall_now()

    def _key(self, key_id: str) -> Ed25519PublicKey | None:
        key = self._keys.get(key_id)
        if key is None and key_id in self._keys:
            raise KeyRevoked("the key was revoked")
        return key

    def _next_failure(self, path: str) -> Failure | None:
        with self._lock:
            for failure in self._failures:
                if failure.times > 0 and (failure.path is None or path.startswith(failure.path)):
                    failure.times -= 1
                    return failure
        return None

    def _record(self, request: RecordedRequest) -> None:
        with self._lock:
            self.requests.append(request)

    def _handle(
        self, *, method: str, parts: list[str], body: Any, query: Mapping[str, str]
    ) -> tuple[int, Any]:
        own = self._own(method=method, parts=parts[1:], body=body)
        if own is not None:
            return own
        for noun in (self._statements, self._disputes, self._digests, self._spends):
            found = noun.answer(method=method, parts=parts[1:], body=body, query=query)
            if found is not None:
                return found

        def call(ids: tuple[str, ...]) -> Call:
            return Call(model=self.model, ids=ids, body=body, query=query)

        return answer(method=method, parts=parts, make=call)

    def _own(self, *, method: str, parts: list[str], body: Any) -> tuple[int, Any] | None:
        """Answer what has no part in the model: subscriptions."""
        if method == "POST" and parts == ["webhooks"]:
            asked = check_fields(body, needed=("url", "types"))
            secret = "whsec_" + b64encode(secrets.token_bytes(24)).decode()
            made = {"id": self.model.new_id("sub"), **asked, "state": "active"}
            made["created_at"] = format_instant(self._now())
            self._webhooks[made["id"]] = made
            return 201, {**made, "secret": secret}
        if method == "GET" and parts == ["webhooks"]:
            return 200, {"items": list(self._webhooks.values()), "next_cursor": None}
        if method == "DELETE" and parts[:1] == ["webhooks"] and len(parts) == 2:
            if self._webhooks.pop(parts[1], None) is None:
                raise Refusal("webhook_not_found")
            return 204, None
        return None

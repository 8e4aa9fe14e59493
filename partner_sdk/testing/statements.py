"""The simulator's statements: offered by the test, downloaded, explained, accepted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from partner_sdk.testing.model import HubModel
from partner_sdk.testing.refusals import Refusal, check_fields
from partner_sdk.wire.acceptance import Acceptance, InvalidAcceptance, SignedAcceptance
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.explanations import Explanation
from partner_sdk.wire.instants import format_instant

__all__ = ["StatementKept", "Statements"]


@dataclass(slots=True)
class StatementKept:
    """A statement that the test offers; ``lines`` are amounts by number, signed for the partner."""

    summary: dict[str, Any]
    bundle: bytes
    sha256: str
    counterparty: str
    lines: Mapping[int, Money]
    explanations: dict[str, Explanation] = field(default_factory=dict)
    accepted: SignedAcceptance | None = None


@dataclass(slots=True)
class Statements:
    """All statements by id; ``keys`` are those that the partner may sign with."""

    model: HubModel
    keys: Mapping[str, Ed25519PublicKey | None]
    all: dict[str, StatementKept] = field(default_factory=dict)

    def answer(
        self, *, method: str, parts: list[str], body: Any, query: Mapping[str, str]
    ) -> tuple[int, Any] | None:
        """Answer a call about statements; None for any other."""
        match (method, *parts):
            case ("GET", "statements"):
                items = [each.summary for each in self.all.values()]
                return 200, {"items": items, "next_cursor": None}
            case ("GET", "statements", name):
                return 200, self.get(name).summary
            case ("GET", "statements", name, "bundle"):
                return 200, self.get(name).bundle
            case ("GET", "statements", name, "explain"):
                return 200, self._explain(name, query.get("amount", ""))
            case ("POST", "statements", name, "acceptance"):
                return 200, self._accept(name, body)
            case ("GET", "statements", name, "acceptance"):
                return 200, self._acceptance(name)
            case _:
                return None

    def get(self, name: object) -> StatementKept:
        """A statement by its id."""
        if not isinstance(name, str) or name not in self.all:
            raise Refusal("statement_not_found")
        return self.all[name]

    def _explain(self, name: str, amount: str) -> dict[str, Any]:
        kept = self.get(name)
        found = kept.explanations.get(amount)
        if found is not None:
            return found.to_wire()
        head, _, number = amount.partition(":")
        line = kept.lines.get(int(number)) if head == "line" and number.isdecimal() else None
        if line is None:
            raise Refusal("amount_not_found")
        title = f"Line {number}, {line.to_wire()['amount']} {line.currency}"
        return Explanation(name, amount, title, line.micros, line.currency, (), ()).to_wire()

    def _accept(self, name: str, body: object) -> dict[str, str]:
        kept = self.get(name)
        asked = check_fields(body, needed=("acceptance", "signature"))
        try:
            signed = SignedAcceptance.from_wire(asked["acceptance"], asked["signature"])
            key = self.keys.get(Acceptance.from_text(signed.content).key_id)
            if key is None:
                raise InvalidAcceptance("not signed by a key of yours")
            found = signed.verify(public_key=key.public_bytes_raw())
        except (InvalidAcceptance, TypeError) as error:
            raise Refusal("acceptance_invalid", f"The acceptance is {error}.") from error
        if (found.statement_id, found.sha256) != (name, kept.sha256):
            raise Refusal("acceptance_mismatch")
        if kept.accepted is None:
            kept.accepted = signed
            kept.summary["accepted_at"] = format_instant(self.model.now())
        return kept.accepted.to_wire()

    def _acceptance(self, name: str) -> dict[str, str]:
        accepted = self.get(name).accepted
        if accepted is None:
            raise Refusal("acceptance_not_found")
        return accepted.to_wire()

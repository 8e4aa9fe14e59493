"""The simulator's disputes: opened by the partner, answered by the test."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from partner_sdk.testing.model import HubModel
from partner_sdk.testing.refusals import Refusal, check_fields, invalid, text_of
from partner_sdk.testing.statements import Statements
from partner_sdk.wire.amounts import InvalidAmount, Money
from partner_sdk.wire.instants import format_instant

__all__ = ["Disputes"]

_ANSWER_TIME = timedelta(days=10)


@dataclass(slots=True)
class Disputes:
    """All disputes by id, each in wire form, and the bytes of their evidence."""

    model: HubModel
    statements: Statements
    disputes: dict[str, dict[str, Any]] = field(default_factory=dict)
    evidence: dict[str, list[bytes | None]] = field(default_factory=dict)

    def answer(
        self, *, method: str, parts: list[str], body: Any, query: Mapping[str, str]
    ) -> tuple[int, Any] | None:
        """Answer a call about disputes; None for any other."""
        match (method, *parts):
            case ("POST", "disputes"):
                return 201, self._open(body)
            case ("GET", "disputes"):
                wanted = query.get("state")
                found = [d for d in self.disputes.values() if wanted in (None, d["state"])]
                return 200, {"items": list(reversed(found)), "next_cursor": None}
            case ("GET", "disputes", name):
                return 200, self._dispute(name)
            case ("GET", "disputes", name, "evidence", number):
                return 200, self._shown(name, number)
            case ("POST", "disputes", name, "escalation"):
                return 200, self._escalate(name, body)
            case ("POST", "disputes", name, "withdrawal"):
                return 200, self._close(self._dispute(name), body, "withdrawal", upheld=False)
            case _:
                return None

    def decide(self, dispute_id: str, *, accept: bool, text: str) -> dict[str, Any]:
        """The other party answers; accepting closes the dispute in the claimant's favour."""
        found = self._dispute(dispute_id)
        if found["state"] != "open":
            raise Refusal("dispute_state_forbids")
        if accept:
            return self._close(found, {"text": text}, "answer", upheld=True)
        found.update(state="rejected", due_at=format_instant(self.model.now() + _ANSWER_TIME))
        self._happened(found, "rejected", found["respondent"], {"text": text})
        return found

    def _dispute(self, name: str) -> dict[str, Any]:
        if name not in self.disputes:
            raise Refusal("dispute_not_found")
        return self.disputes[name]

    def _open(self, body: object) -> dict[str, Any]:
        asked = check_fields(
            body, needed=("statement", "lines", "reason", "text"), allowed=("evidence",)
        )
        kept = self.statements.get(asked["statement"])
        taken = {
            line["line"]
            for each in self.disputes.values()
            if each["statement"] == asked["statement"]
            for line in each["lines"]
        }
        lines, withheld = [], 0
        for place, each in enumerate(asked["lines"]):
            wanted = check_fields(each, at=f"/lines/{place}", needed=("line",), allowed=("amount",))
            amount = kept.lines.get(wanted["line"])
            if amount is None:
                raise invalid(f"/lines/{place}/line", "is no line of the statement")
            if wanted["line"] in taken:
                raise Refusal("dispute_line_taken")
            part = _part(wanted.get("amount"), amount, f"/lines/{place}/amount")
            withheld += abs(part.micros)
            lines.append(
                {
                    "line": wanted["line"],
                    "kind": "redemption",
                    "disputed": part.to_wire(),
                    "upheld": None,
                }
            )
        now = self.model.now()
        dispute_id = self.model.new_id("dsp")
        made: dict[str, Any] = {
            "id": dispute_id,
            "state": "open",
            "reason": text_of(asked["reason"], at="/reason"),
            "claimant": kept.summary["party"],
            "respondent": kept.counterparty,
            "statement": asked["statement"],
            "window": kept.summary["window"],
            "lines": lines,
            "withheld": Money(withheld, self.model.currency).to_wire(),
            "upheld": Money(0, self.model.currency).to_wire(),
            "due_at": format_instant(now + _ANSWER_TIME),
            "outcome": None,
            "closed_by": None,
            "opened_at": format_instant(now),
            "closed_at": None,
            "history": [],
            "evidence": [],
        }
        self.disputes[dispute_id] = made
        self._happened(made, "opened", kept.summary["party"], asked)
        return made

    def _escalate(self, name: str, body: object) -> dict[str, Any]:
        found = self._dispute(name)
        asked = check_fields(body, needed=("text",), allowed=("evidence",))
        if found["state"] != "rejected":
            raise Refusal("dispute_state_forbids")
        found.update(state="escalated", due_at=None)
        self._happened(found, "escalated", found["claimant"], asked)
        return found

    def _close(
        self, found: dict[str, Any], body: object, closed_by: str, *, upheld: bool
    ) -> dict[str, Any]:
        asked = check_fields(body, needed=("text",), allowed=("evidence",))
        if found["state"] == "closed":
            raise Refusal("dispute_state_forbids")
        nothing = Money(0, self.model.currency).to_wire()
        for line in found["lines"]:
            line["upheld"] = line["disputed"] if upheld else nothing
        found.update(
            state="closed",
            outcome="upheld" if upheld else "rejected",
            closed_by=closed_by,
            closed_at=format_instant(self.model.now()),
            due_at=None,
            upheld=found["withheld"] if upheld else nothing,
        )
        who = found["respondent"] if upheld else found["claimant"]
        self._happened(found, "accepted" if upheld else "withdrawn", who, asked)
        return found

    def _happened(
        self, found: dict[str, Any], kind: str, by: str, asked: Mapping[str, Any]
    ) -> None:
        said = text_of(asked["text"], at="/text", longest=2000)
        now = format_instant(self.model.now())
        found["history"].append({"kind": kind, "by": by, "text": said, "at": now})
        pieces = self.evidence.setdefault(found["id"], [])
        for each in asked.get("evidence", ()):
            pieces.append(None)
            shown = {
                "no": len(pieces),
                "by": by,
                "name": each["name"],
                "sha256": each["sha256"],
                "bytes": None,
                "reference": each.get("reference"),
            }
            if "content" in each:
                content = _decoded(each)
                pieces[-1], shown["bytes"] = content, len(content)
            found["evidence"].append(shown)

    def _shown(self, name: str, number: str) -> bytes:
        self._dispute(name)
        pieces = self.evidence.get(name, [])
        found = (
            pieces[int(number) - 1] if number.isdecimal() and int(number) <= len(pieces) else None
        )
        if found is None:
            raise Refusal("not_found")
        return found


def _part(given: object, whole: Money, at: str) -> Money:
    """The part of a line that is disputed, with the line's sign; without one, all of it."""
    if given is None:
        return whole
    try:
        part = Money.from_wire(given)
    except InvalidAmount as error:
        raise invalid(at, str(error)) from error
    if part.currency != whole.currency or not 0 < part.micros <= abs(whole.micros):
        raise invalid(at, "must be above zero and at most the line's amount")
    return Money(part.micros if whole.micros > 0 else -part.micros, whole.currency)


def _decoded(piece: Mapping[str, Any]) -> bytes:
    content = base64.b64decode(piece["content"])
    if hashlib.sha256(content).hexdigest() != piece["sha256"]:
        raise invalid("/evidence", "has another SHA-256 than stated")
    return content

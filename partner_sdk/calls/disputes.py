"""Calls about disputes: contest lines of a statement, answer what others contest."""

from collections.abc import Iterable, Iterator, Mapping

from partner_sdk.calls.base import Calls, given, path_of
from partner_sdk.wire.amounts import Money
from partner_sdk.wire.disputes import Dispute, Evidence

__all__ = ["DisputeCalls"]


class DisputeCalls(Calls):
    """Disputes, on either side."""

    def open_dispute(
        self,
        statement_id: str,
        *,
        lines: Iterable[int] | Mapping[int, Money | None],
        reason: str,
        text: str,
        evidence: Iterable[Evidence] = (),
        idempotency_key: str | None = None,
    ) -> Dispute:
        """Dispute lines of one's own statement, all with the same counterparty.

        ``lines`` are their numbers; a mapping names the part of each that is disputed (None: all).
        """
        parts = lines if isinstance(lines, Mapping) else dict.fromkeys(lines)
        body = {
            "statement": statement_id,
            "lines": [
                given(line=line, amount=None if part is None else part.to_wire())
                for line, part in parts.items()
            ],
            "reason": reason,
            "text": text,
            "evidence": [each.to_wire() for each in evidence],
        }
        return self._post(Dispute.from_wire, "/v1/disputes", body, idempotency_key)

    def disputes(self, *, state: str | None = None) -> Iterator[Dispute]:
        """Go through this partner's disputes, on either side, the newest first."""
        return self._list(Dispute.from_wire, "/v1/disputes", given(state=state))

    def get_dispute(self, dispute_id: str) -> Dispute:
        """Return a dispute with its history and the list of its evidence."""
        return self._get(Dispute.from_wire, path_of("disputes", dispute_id))

    def answer_dispute(
        self,
        dispute_id: str,
        *,
        accept: bool,
        text: str,
        evidence: Iterable[Evidence] = (),
        idempotency_key: str | None = None,
    ) -> Dispute:
        """Answer as the respondent: accepting undoes the lines at once."""
        body = {
            "decision": "accept" if accept else "reject",
            "text": text,
            "evidence": [each.to_wire() for each in evidence],
        }
        path = path_of("disputes", dispute_id, "answer")
        return self._post(Dispute.from_wire, path, body, idempotency_key)

    def escalate_dispute(
        self,
        dispute_id: str,
        *,
        text: str,
        evidence: Iterable[Evidence] = (),
        idempotency_key: str | None = None,
    ) -> Dispute:
        """Ask the operator to rule, as the claimant of a dispute that was rejected."""
        body = {"text": text, "evidence": [each.to_wire() for each in evidence]}
        path = path_of("disputes", dispute_id, "escalation")
        return self._post(Dispute.from_wire, path, body, idempotency_key)

    def withdraw_dispute(
        self, dispute_id: str, *, text: str, idempotency_key: str | None = None
    ) -> Dispute:
        """Let the lines stand, as the claimant."""
        path = path_of("disputes", dispute_id, "withdrawal")
        return self._post(Dispute.from_wire, path, {"text": text}, idempotency_key)

    def download_evidence(self, dispute_id: str, no: int) -> bytes:
        """Return the bytes of a piece of evidence; compare their SHA-256 with the listed one."""
        return self._transport.exchange(
            method="GET",
            path=path_of("disputes", dispute_id, "evidence", str(no)),
            accept="application/octet-stream, application/problem+json",
            receive=lambda response: response.content,
        )

"""Calls about the public log: its state, its tiles, cosigning it; accepting statements."""

from typing import Any

import requests

from partner_sdk.calls.base import Calls, as_object, path_of
from partner_sdk.errors import NotFound, UnexpectedAnswer
from partner_sdk.wire.acceptance import Acceptance, SignedAcceptance
from partner_sdk.wire.tlog.handover import read_handover
from partner_sdk.wire.tlog.notes import VerifierKey, decode_base64, encode_base64
from partner_sdk.wire.tlog.tiles import Tile

__all__ = ["LogCalls"]

_MOST_BYTES = 1 << 24


class LogCalls(Calls):
    """The log of statements, agreements and certificates."""

    def log(self) -> dict[str, Any]:
        """Return what the hub says of its log; the key to trust must come another way."""
        return self._get(as_object, path_of("log"))

    def next_log_key(self, log: VerifierKey) -> VerifierKey | None:
        """Return the key that the pinned one hands over to, or None where it does not.

        Raises:
            partner_sdk.wire.tlog.notes.InvalidNote: the hub shows a handover that does not hold.
        """
        said = self.log()
        if said.get("handover") is None or (
            said.get("key") == log.to_text() and not said["next_key"]
        ):
            return None
        return read_handover(content=decode_base64(said["handover"]), log=log)

    def log_checkpoint(self) -> bytes:
        """Return the newest checkpoint, a signed note; nothing of it is checked here."""
        return self._bytes("/log/checkpoint")

    def log_tile(self, tile: Tile) -> bytes:
        """Return a tile's hashes; those of the full tile where it has replaced a narrower one."""
        try:
            content = self._bytes(f"/log/{tile.path}")
        except NotFound:
            if tile.is_full:
                raise
            content = self._bytes(f"/log/{tile.full.path}")
        return content if tile.level is None else content[: tile.width * 32]

    def send_cosignature(self, note: bytes) -> int:
        """Send a cosigned checkpoint; return its size."""
        body = {"checkpoint": encode_base64(note)}
        answer = self._post(as_object, path_of("log", "cosignatures"), body)
        return int(answer["size"])

    def statement_proof(self, statement_id: str) -> bytes:
        """Return ``statement.tlog-proof`` of a statement, with the cosignatures there are now."""
        return self._bytes(path_of("statements", statement_id, "proof"))

    def accept_statement(self, signed: SignedAcceptance) -> SignedAcceptance:
        """Send a signed acceptance; return the one that the hub keeps: the first that it got."""
        statement_id = Acceptance.from_text(signed.content).statement_id
        path = path_of("statements", statement_id, "acceptance")
        return self._post(_acceptance, path, signed.to_wire())

    def statement_acceptance(self, statement_id: str) -> SignedAcceptance:
        """Return the acceptance that the hub keeps of a statement."""
        return self._get(_acceptance, path_of("statements", statement_id, "acceptance"))

    def accept_pdf(self, statement_id: str, pdf: bytes) -> dict[str, Any]:
        """Send the statement's PDF with your signature in it; return what the hub keeps of it."""
        path = path_of("statements", statement_id, "acceptance", "pdf")
        return self._post(as_object, path, {"pdf": encode_base64(pdf)})

    def accepted_pdf(self, statement_id: str) -> bytes:
        """Return the PDF by which a statement was accepted, with both signatures."""
        return self._bytes(path_of("statements", statement_id, "acceptance", "pdf"))

    def _bytes(self, path: str) -> bytes:
        return self._transport.exchange(
            method="GET", path=path, receive=_content, accept="*/*, application/problem+json"
        )


def _acceptance(answer: Any) -> SignedAcceptance:
    return SignedAcceptance.from_wire(answer["acceptance"], answer["signature"])


def _content(response: requests.Response) -> bytes:
    content = b""
    for piece in response.iter_content(1 << 16):
        content += piece
        if len(content) > _MOST_BYTES:
            raise UnexpectedAnswer("the answer is too long")
    return content

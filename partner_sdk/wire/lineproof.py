"""The proof of one line: what shows it to a third party, and none of its neighbours.

One JSON object in canonical form (keys sorted, no blanks, UTF-8, a newline at the end): the line as
it stands in ``lines.ndjson``, its slot of ``salts.bin``, the audit path of its leaf, and the signed
``statement.json`` with its signature, which encloses the signer's chain. The statement's totals are
in it, for the signature is over all of it.
"""

import base64
import json
from dataclasses import dataclass
from typing import Any

from partner_sdk.wire.lines import SLOT_BYTES
from partner_sdk.wire.merkle import HASH_BYTES

__all__ = ["FORMAT", "InvalidLineProof", "LineProof"]

FORMAT = "coalition.line-proof/1"
_MAX_PATH = 64


class InvalidLineProof(ValueError):  # noqa: N818 - the name says it
    """The bytes are not the proof of a line in its one spelling."""


@dataclass(frozen=True, slots=True)
class LineProof:
    """A line, and what leads from it to the signature; ``line`` is without its newline."""

    line_no: int
    line: bytes
    slot: bytes
    path: tuple[bytes, ...]
    statement: bytes
    signature: bytes

    def to_bytes(self) -> bytes:
        """Write the file."""
        document = {
            "format": FORMAT,
            "line": self.line.decode(),
            "line_no": self.line_no,
            "path": [node.hex() for node in self.path],
            "salt": self.slot.hex(),
            "signature": base64.b64encode(self.signature).decode(),
            "statement": self.statement.decode(),
        }
        form: dict[str, Any] = {"sort_keys": True, "separators": (",", ":"), "ensure_ascii": False}
        return (json.dumps(document, **form) + "\n").encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> "LineProof":
        """Read the file.

        Raises:
            InvalidLineProof: anything but what ``to_bytes`` writes.
        """
        try:
            document = json.loads(content)
            proof = cls(
                line_no=document["line_no"],
                line=document["line"].encode(),
                slot=bytes.fromhex(document["salt"]),
                path=tuple(bytes.fromhex(node) for node in document["path"]),
                statement=document["statement"].encode(),
                signature=base64.b64decode(document["signature"], validate=True),
            )
            canonical = proof.to_bytes()
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InvalidLineProof("not the proof of a line") from error
        if canonical != content or not _is_sound(proof):
            raise InvalidLineProof("not the proof of a line in its one spelling")
        return proof


def _is_sound(proof: LineProof) -> bool:
    return (
        type(proof.line_no) is int
        and proof.line_no > 0
        and b"\n" not in proof.line
        and len(proof.slot) == SLOT_BYTES
        and len(proof.path) <= _MAX_PATH
        and all(len(node) == HASH_BYTES for node in proof.path)
    )

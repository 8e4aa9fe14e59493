"""Evidence against a log: two checkpoints that it signed and that cannot both be true.

A fork is proven by the file alone. Of one size: two roots. Of two sizes: hashes that lead to the
larger root and, over the records of the smaller, to another root than was signed. Whoever has the
log's key can check it, the operator and a court too. A *rollback* proves less: an older state was
shown after a newer one, as after an old backup was restored.
"""

import json
from dataclasses import dataclass
from typing import Any, Literal

from partner_sdk.wire._read import text
from partner_sdk.wire.merkle import verify_consistency
from partner_sdk.wire.tlog.checkpoints import open_checkpoint
from partner_sdk.wire.tlog.notes import InvalidNote, VerifierKey, decode_base64, encode_base64

__all__ = ["Evidence", "InvalidEvidence"]

_FORMAT = "coalition.log-evidence/1"
Kind = Literal["fork", "rollback"]


class InvalidEvidence(ValueError):  # noqa: N818 - the name says it
    """The file does not prove what it says."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen first, what was shown then, and the hashes between them.

    ``root_in_shown`` is the root over the first records of the tree shown, as many as were seen;
    ``path`` shows that it is.
    """

    kind: Kind
    seen: bytes
    shown: bytes
    root_in_shown: bytes = b""
    path: tuple[bytes, ...] = ()

    def to_bytes(self) -> bytes:
        """Write the file."""
        document = {
            "format": _FORMAT,
            "kind": self.kind,
            "seen": self.seen.decode(),
            "shown": self.shown.decode(),
            "root_in_shown": encode_base64(self.root_in_shown),
            "path": [encode_base64(one) for one in self.path],
        }
        return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Evidence":
        """Read the file; ``verify`` says whether it proves anything.

        Raises:
            InvalidEvidence: another form.
        """
        try:
            document: dict[str, Any] = json.loads(content)
            kind = document["kind"]
            if document["format"] != _FORMAT or kind not in {"fork", "rollback"}:
                raise ValueError
            return cls(
                kind=kind,
                seen=text(document["seen"]).encode(),
                shown=text(document["shown"]).encode(),
                root_in_shown=decode_base64(text(document["root_in_shown"])),
                path=tuple(decode_base64(text(one)) for one in document["path"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InvalidEvidence("not a file of evidence") from error

    def verify(self, *, log: VerifierKey) -> str:
        """Return in a sentence what is proven against the log of this key.

        Raises:
            InvalidEvidence: nothing is.
        """
        try:
            seen = open_checkpoint(content=self.seen, log=log)
            shown = open_checkpoint(content=self.shown, log=log)
        except InvalidNote as error:
            raise InvalidEvidence(f"a checkpoint is {error}") from error
        if self.kind == "rollback":
            if seen.size <= shown.size:
                raise InvalidEvidence("what was shown is not older than what was seen")
            return (
                f"{log.name} showed a state of {shown.size} records after one of {seen.size}: "
                "an older state, such as a backup"
            )
        if seen.size == shown.size:
            if seen.root == shown.root:
                raise InvalidEvidence("both checkpoints are the same")
            return f"{log.name} signed two states of {seen.size} records"
        consistent = verify_consistency(
            old=seen.size,
            new=shown.size,
            old_root=self.root_in_shown,
            new_root=shown.root,
            path=self.path,
        )
        if not consistent or self.root_in_shown == seen.root:
            raise InvalidEvidence("the hashes do not contradict the checkpoints")
        return (
            f"{log.name} signed a state of {shown.size} records whose first {seen.size} are not "
            "those that it signed before"
        )

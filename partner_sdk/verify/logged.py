"""``statement.tlog-proof``: the statement is in the coalition's log, and where."""

from collections.abc import Sequence
from dataclasses import dataclass

from partner_sdk.verify.findings import Findings
from partner_sdk.wire.archive import PROOF
from partner_sdk.wire.merkle import record_hash, verify_inclusion
from partner_sdk.wire.statement import Statement
from partner_sdk.wire.tlog.checkpoints import Checkpoint, open_by_any, read_checkpoint
from partner_sdk.wire.tlog.notes import InvalidNote, Note, VerifierKey
from partner_sdk.wire.tlog.proofs import InvalidProof, LogProof
from partner_sdk.wire.tlog.records import statement_record

__all__ = ["TrustedLog", "check_log_proof"]


@dataclass(frozen=True, slots=True)
class TrustedLog:
    """The log's keys, got otherwise than with the bundle; and a checkpoint seen elsewhere.

    More than one where the log's key was replaced: what older ones signed stays true.
    """

    keys: tuple[VerifierKey, ...]
    seen: Checkpoint | None = None

    @classmethod
    def read(cls, *, keys: Sequence[str], checkpoint: bytes | None = None) -> "TrustedLog":
        """Read *vkeys* of one log, and a checkpoint (a signed note) that somebody else has kept.

        Raises:
            partner_sdk.wire.tlog.notes.InvalidNote: no keys of one log; or a checkpoint that none
                of them signed.
        """
        read = tuple(VerifierKey.from_text(key) for key in keys)
        if len({key.name for key in read}) != 1:
            raise InvalidNote("keys of more logs than one")
        seen = None if checkpoint is None else open_by_any(content=checkpoint, keys=read)
        return cls(read, seen)


def check_log_proof(
    *,
    content: bytes,
    statement: Statement,
    document: bytes,
    signature: bytes,
    log: TrustedLog | None,
    findings: Findings,
) -> None:
    """Check the proof; without the log's keys, only that it leads to the root that it names.

    ``document`` and ``signature`` are the bytes of statement.json and of its signature.

    Raises:
        ValueError: the checkpoint seen elsewhere is of another size; that takes the log itself.
    """
    try:
        proof = LogProof.from_bytes(content)
        shown = read_checkpoint(note=Note.from_bytes(proof.checkpoint))
    except (InvalidProof, InvalidNote):
        findings.add("log", PROOF, "is not the proof of a log in its one spelling")
        return
    record = statement_record(
        statement_id=statement.statement_id, statement=document, signature=signature
    )
    if not verify_inclusion(
        index=proof.index,
        size=shown.size,
        leaf=record_hash(record=record),
        path=proof.path,
        root=shown.root,
    ):
        findings.add("log", PROOF, "the statement is not where the proof says")
    if log is None:
        return
    try:
        open_by_any(content=proof.checkpoint, keys=log.keys)
    except InvalidNote:
        findings.add("log", PROOF, "its checkpoint is not signed by the log")
        return
    if log.seen is not None:
        if log.seen.size != shown.size:
            raise ValueError(
                f"the checkpoint is of {log.seen.size} records, the proof of {shown.size}: "
                "compare them with coalition-partner log-verify"
            )
        if log.seen.root != shown.root:
            findings.add("log", PROOF, "shows another past than the checkpoint that you have")

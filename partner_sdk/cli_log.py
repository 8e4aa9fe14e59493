"""The commands of ``coalition-partner`` about the log: witness, log-verify, accept."""

import argparse
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from partner_sdk.cli_output import SHOWN, RefusedError, UsageError, show, statement_id_of
from partner_sdk.client import PartnerClient
from partner_sdk.transport import wall_now
from partner_sdk.wire import archive
from partner_sdk.wire.acceptance import Acceptance
from partner_sdk.wire.archive import PROOF, SIGNATURE, STATEMENT
from partner_sdk.wire.tlog.checkpoints import Checkpoint, open_by_any, read_checkpoint
from partner_sdk.wire.tlog.evidence import Evidence, InvalidEvidence
from partner_sdk.wire.tlog.notes import InvalidNote, Note, VerifierKey
from partner_sdk.wire.tlog.proofs import InvalidProof, LogProof
from partner_sdk.wire.tlog.records import statement_record
from partner_sdk.witness import Witness, is_start_of, read_nodes

__all__ = ["LOCAL_LOG_COMMANDS", "LOG_COMMANDS", "key_text"]


def key_text(text: str) -> str:
    """Return a verifier key, or the one that a file holds."""
    if "+" not in text or Path(text).is_file():
        text = Path(text).read_text("utf-8").strip()
    return text


def _key(text: str) -> VerifierKey:
    return VerifierKey.from_text(key_text(text))


def _signing_key(client: PartnerClient) -> tuple[str, Ed25519PrivateKey]:
    who = client.credentials
    if who.key_id is None or who.private_key is None:
        raise UsageError("set COALITION_KEY_ID and COALITION_PRIVATE_KEY: this is signed")
    return who.key_id, who.private_key


def _witness(options: argparse.Namespace, client: PartnerClient) -> object:
    key_id, private_key = _signing_key(client)
    witness = Witness(
        client=client,
        log=_key(options.log_key),
        key_id=key_id,
        private_key=private_key,
        state=Path(options.state),
        now=lambda: wall_now().timestamp(),
    )
    try:
        return witness.look()
    except InvalidNote as error:
        raise RefusedError(f"the hub's checkpoint is {error}") from error


def _proof(options: argparse.Namespace, client: PartnerClient | None) -> tuple[bytes, LogProof]:
    """Return the record of a bundle's statement, and its proof."""
    with Path(options.bundle).open("rb") as stream:
        entries = archive.scan(stream=stream).entries
        content = archive.read_entry(stream=stream, name=STATEMENT)
        signature = archive.read_entry(stream=stream, name=SIGNATURE)
        inside = archive.read_entry(stream=stream, name=PROOF) if PROOF in entries else None
    statement_id = json.loads(content)["statement_id"]
    if options.proof is not None:
        found = Path(options.proof).read_bytes()
    elif inside is not None:
        found = inside
    elif client is not None:
        found = client.statement_proof(statement_id)
    else:
        raise UsageError(f"{options.bundle} has no {PROOF}: give --proof")
    record = statement_record(statement_id=statement_id, statement=content, signature=signature)
    return record, LogProof.from_bytes(found)


def _log_verify(options: argparse.Namespace, client: PartnerClient) -> object:
    return _verified(options, client)


def _verified(options: argparse.Namespace, client: PartnerClient | None) -> object:
    log = [_key(text) for text in options.log_key]
    witnesses = [_key(text) for text in options.witness]
    record, proof = _proof(options, client)
    try:
        shown = proof.verify(record=record, log=log, witnesses=witnesses)
    except InvalidProof as error:
        raise RefusedError(f"{options.bundle}: {error}") from error
    if len(shown.cosigners) < options.cosignatures:
        raise RefusedError(
            f"{options.bundle}: cosigned by {len(shown.cosigners)} of the witnesses that were "
            f"given, where {options.cosignatures} are needed"
        )
    answer: dict[str, object] = {
        "bundle": options.bundle,
        "record": proof.index,
        "size": shown.checkpoint.size,
        "cosigned_by": list(shown.cosigners),
    }
    if client is not None:
        today = open_by_any(content=client.log_checkpoint(), keys=log)
        _require_same_past(client, shown.checkpoint, today)
        answer["unchanged_to"] = today.size
    show(answer)
    return SHOWN


def _require_same_past(client: PartnerClient, old: Checkpoint, today: Checkpoint) -> None:
    if old.size > today.size:
        raise RefusedError(
            f"the log shows {today.size} records today, fewer than the {old.size} of the proof"
        )
    nodes = read_nodes(client=client, checkpoint=today)
    if not is_start_of(seen=old, shown=today, nodes=nodes):
        raise RefusedError(
            f"the log's {today.size} records of today do not continue the {old.size} of the proof"
        )


def _log_verify_offline(options: argparse.Namespace) -> object:
    return _verified(options, None)


def _log_evidence(options: argparse.Namespace) -> object:
    evidence = Evidence.from_bytes(Path(options.evidence).read_bytes())
    try:
        message = evidence.verify(log=_key(options.log_key))
    except InvalidEvidence as error:
        raise RefusedError(f"{options.evidence}: {error}") from error
    seen = read_checkpoint(note=Note.from_bytes(evidence.seen))
    shown = read_checkpoint(note=Note.from_bytes(evidence.shown))
    show({"proves": message, "seen": seen.size, "shown": shown.size})
    return SHOWN


def _accept(options: argparse.Namespace, client: PartnerClient) -> object:
    # Sending needs no verifier.
    from partner_sdk.verify import verify_bundle

    key_id, private_key = _signing_key(client)
    report = verify_bundle(
        bundle=Path(options.bundle),
        root=Path(options.root).read_bytes(),
        previous=None if options.previous is None else Path(options.previous),
    )
    for finding in report.findings:
        print(finding)
    if not report.ok or report.statement is None:
        raise RefusedError(f"{options.bundle}: NOT verified, and not accepted")
    with Path(options.bundle).open("rb") as stream:
        content = archive.read_entry(stream=stream, name=STATEMENT)
    acceptance = Acceptance(
        statement_id=report.statement.statement_id,
        sha256=sha256(content).hexdigest(),
        key_id=key_id,
        accepted_at=wall_now().replace(microsecond=0),
    )
    signed = acceptance.sign(private_key.sign)
    kept = client.accept_statement(signed)
    if options.out is not None:
        Path(options.out).write_text(json.dumps(kept.to_wire()) + "\n", encoding="utf-8")
    return Acceptance.from_text(kept.content)


def _log_key(options: argparse.Namespace, client: PartnerClient) -> object:
    pinned = _key(options.log_key)
    try:
        key = client.next_log_key(pinned)
    except InvalidNote as error:
        raise RefusedError(f"the hub shows a next key that {pinned.name} did not sign") from error
    print((key or pinned).to_text())
    return SHOWN


def _accept_pdf(options: argparse.Namespace, client: PartnerClient) -> object:
    content = Path(options.pdf).read_bytes()
    return client.accept_pdf(statement_id_of(options.statement), content)


LOG_COMMANDS: dict[str, Callable[[argparse.Namespace, PartnerClient], object]] = {
    "witness": _witness,
    "log-verify": _log_verify,
    "accept": _accept,
    "accept-pdf": _accept_pdf,
    "log-key": _log_key,
}
LOCAL_LOG_COMMANDS: dict[str, Callable[[argparse.Namespace], object]] = {
    "log-verify.offline": _log_verify_offline,
    "log-evidence": _log_evidence,
}

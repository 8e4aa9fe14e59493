"""The proof of a single line: made from a bundle, and verified against a trusted root."""

import itertools
from collections.abc import Iterator
from pathlib import Path

from partner_sdk.verify.authenticity import check_detached, check_revoked, read_authentic
from partner_sdk.verify.bundle import Verification
from partner_sdk.verify.continuity import check_previous
from partner_sdk.verify.findings import Findings
from partner_sdk.verify.linecheck import cut_slots
from partner_sdk.verify.sums import check_statement
from partner_sdk.wire import archive
from partner_sdk.wire.archive import NDJSON, SALTS, SIGNATURE, STATEMENT
from partner_sdk.wire.certificates import read_pem
from partner_sdk.wire.lineproof import InvalidLineProof, LineProof
from partner_sdk.wire.lines import SCHEMA_VERSION
from partner_sdk.wire.merkle import leaf_hash, path_of_stream, root_from_inclusion
from partner_sdk.wire.statement import Statement

__all__ = ["UnprovableLine", "prove_line", "verify_proof"]


class UnprovableLine(ValueError):  # noqa: N818 - the name says it
    """The bundle has no such line, or is not sound; the message says which."""


def prove_line(*, bundle: Path, line_no: int) -> LineProof:
    """Return the proof of one line of a bundle; reads the lines once, memory stays flat.

    Raises:
        UnprovableLine: no such line, or a bundle that ``verify_bundle`` would refuse.
        OSError: the bundle cannot be read.
    """
    try:
        with bundle.open("rb") as stream:
            statement = archive.read_entry(stream=stream, name=STATEMENT)
            signature = archive.read_entry(stream=stream, name=SIGNATURE)
        said = Statement.from_bytes(statement)
        if not 0 < line_no <= said.lines.count:
            raise UnprovableLine(f"{bundle}: has lines 1 to {said.lines.count}")
        proof = _prove(bundle, line_no, said, statement, signature)
    except UnprovableLine:
        raise
    except ValueError as error:
        raise UnprovableLine(f"{bundle}: is not a sound bundle; verify it") from error
    if not _is_in(proof, said):
        raise UnprovableLine(f"{bundle}: is not a sound bundle; verify it")
    return proof


def _prove(
    bundle: Path, line_no: int, said: Statement, statement: bytes, signature: bytes
) -> LineProof:
    kept: list[tuple[bytes, bytes]] = []

    def leaves() -> Iterator[bytes]:
        for number, (line, slot) in enumerate(_lines_and_slots(bundle), 1):
            if number == line_no:
                kept.append((line, slot))
            yield leaf_hash(slot=slot, line=line)

    path = path_of_stream(leaves=leaves(), index=line_no - 1, size=said.lines.count)
    ((line, slot),) = kept
    return LineProof(line_no, line, slot, tuple(path), statement, signature)


def _lines_and_slots(bundle: Path) -> Iterator[tuple[bytes, bytes]]:
    with bundle.open("rb") as lines, bundle.open("rb") as salts:
        entries = archive.scan(stream=lines).entries
        slots = cut_slots(blocks=archive.iter_blocks(stream=salts, entry=entries[SALTS]))
        pairs = itertools.zip_longest(
            archive.iter_lines(stream=lines, entry=entries[NDJSON]), slots, fillvalue=b""
        )
        yield from pairs


def verify_proof(
    *,
    proof: Path,
    root: bytes,
    previous: Path | None = None,
    revoked: frozenset[int] = frozenset(),
) -> Verification:
    """Verify the proof of a line offline; the arguments are those of ``verify_bundle``.

    Raises:
        partner_sdk.wire.certificates.InvalidChain: ``root`` itself is not a certificate.
        OSError: a file cannot be read.
    """
    (trusted,) = read_pem(pem=root)[:1]
    findings = Findings()
    try:
        found = LineProof.from_bytes(proof.read_bytes())
    except InvalidLineProof:
        findings.add("proof", proof.name, "is not the proof of a line in its one spelling")
        return Verification(tuple(findings.found), None, 0)
    signature = check_detached(
        content=found.statement,
        name=STATEMENT,
        signature=found.signature,
        signature_name=SIGNATURE,
        trusted=trusted,
        findings=findings,
    )
    check_revoked(signature=signature, revoked=revoked, findings=findings)
    statement = None
    if not findings.against(STATEMENT):
        statement = read_authentic(content=found.statement, name=STATEMENT, findings=findings)
    if statement is not None:
        check_statement(statement=statement, findings=findings)
        if not _is_in(found, statement):
            message = "the line, its salt or its path is not of the statement's tree"
            findings.add("merkle", proof.name, message, line=found.line_no)
        elif not _says_its_place(found, statement):
            message = "the line is of another number or statement"
            findings.add("line", proof.name, message, line=found.line_no)
        if previous is not None:
            check_previous(previous=previous, statement=statement, findings=findings)
    signed_at = None if signature is None else signature.signed_at
    return Verification(tuple(findings.found), statement, 1, signed_at, found.line)


def _is_in(proof: LineProof, statement: Statement) -> bool:
    root = root_from_inclusion(
        index=proof.line_no - 1,
        size=statement.lines.count,
        leaf=leaf_hash(slot=proof.slot, line=proof.line),
        path=proof.path,
    )
    return root is not None and root.hex() == statement.lines.merkle_root


def _says_its_place(proof: LineProof, statement: Statement) -> bool:
    head = (
        f'{{"schema_version":{SCHEMA_VERSION},"statement_no":"{statement.statement_no}",'
        f'"line_no":{proof.line_no},'
    )
    return proof.line.startswith(head.encode())

"""A bundle, from its container to its last sum, against a root that the verifier already trusts.

The order matters: the container is taken apart, the signature makes ``statement.json``
trustworthy, its hashes make the other files trustworthy, and only then is what they say added up.
So a finding names the file that was changed, not one that merely disagrees with it.
"""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from cryptography import x509

from partner_sdk.verify.findings import Finding, Findings
from partner_sdk.verify.linecheck import LineSums, check_lines, cut_slots
from partner_sdk.verify.sums import check_continuity, check_statement, check_totals
from partner_sdk.wire import archive, cms
from partner_sdk.wire.archive import (
    BESIDE,
    CAMT,
    CAMT_SIGNATURE,
    CHAIN,
    CSV,
    FILES,
    NDJSON,
    OPTIONAL,
    ROOT,
    SALTS,
    SIGNATURE,
    STATEMENT,
    Archive,
    Entry,
    InvalidArchive,
    listed_in,
)
from partner_sdk.wire.certificates import InvalidChain, check_chain, read_pem, to_pem
from partner_sdk.wire.lines import slot_is_intact
from partner_sdk.wire.statement import InvalidStatement, Statement

__all__ = ["Verification", "verify_bundle"]

_SMALL = 1 << 26


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome; ``statement`` is None where it could not be read."""

    findings: tuple[Finding, ...]
    statement: Statement | None
    lines: int

    @property
    def ok(self) -> bool:
        """Whether nothing at all was found."""
        return not self.findings


class _Digest:
    """Length, CRC-32 and SHA-256 of an entry, taken while it is read."""

    __slots__ = ("_hash", "crc32", "size")

    def __init__(self) -> None:
        self._hash = sha256()
        self.crc32 = 0
        self.size = 0

    def tap(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Pass blocks on."""
        for block in blocks:
            self._hash.update(block)
            self.crc32 = zlib.crc32(block, self.crc32)
            self.size += len(block)
            yield block

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


def verify_bundle(*, bundle: Path, root: bytes, previous: Path | None = None) -> Verification:
    """Verify a bundle offline.

    Args:
        bundle: the file to verify.
        root: the trusted root certificate (PEM), obtained otherwise than with the bundle.
        previous: the party's bundle before this one, to check that the account goes on.

    Raises:
        partner_sdk.wire.certificates.InvalidChain: ``root`` itself is not a certificate.
        OSError: a file cannot be read.
    """
    (trusted,) = read_pem(pem=root)[:1]
    findings = Findings()
    statement, lines = None, 0
    try:
        with bundle.open("rb") as stream:
            contents = archive.scan(stream=stream)
            for fault in contents.faults:
                findings.add("container", fault.name or bundle.name, fault.message)
            statement = _authenticate(stream, contents, trusted, findings)
        if statement is not None:
            check_statement(statement=statement, findings=findings)
            lines = _check_contents(bundle, contents, statement, findings)
            _check_camt(bundle, contents, trusted, findings)
            if previous is not None:
                _check_previous(previous, statement, findings)
    except InvalidArchive as error:
        _explain_container(bundle, error, findings)
    return Verification(tuple(findings.found), statement, lines)


def _authenticate(
    stream: BinaryIO, contents: Archive, trusted: x509.Certificate, findings: Findings
) -> Statement | None:
    """Check root, signature and chain; return the statement if it is what was signed."""
    small = {
        name: _read_small(stream, contents.entries[name], findings)
        for name in (ROOT, CHAIN, STATEMENT, SIGNATURE)
    }
    if small[ROOT] != to_pem(certificates=[trusted]):
        findings.add("root", ROOT, "is not the root that you trust")
    content = small[STATEMENT]
    try:
        signature = cms.read(content=small[SIGNATURE])
        signature.verify()
        check_chain(chain=signature.chain, root=trusted, at=signature.signed_at)
    except cms.InvalidCms as error:
        findings.add("signature", SIGNATURE, str(error))
    except InvalidChain as error:
        findings.add("chain", SIGNATURE, str(error))
    else:
        if small[CHAIN] != to_pem(certificates=signature.chain):
            findings.add("chain", CHAIN, "is not the chain of the signer")
        if signature.content_sha256 != sha256(content).digest():
            findings.add("signature", STATEMENT, "is not what was signed")
            return None
    try:
        return Statement.from_bytes(content)
    except InvalidStatement as error:
        findings.add("statement", STATEMENT, str(error))
        return None


def _check_contents(
    bundle: Path, contents: Archive, statement: Statement, findings: Findings
) -> int:
    """Check the listed files against their hashes and the lines against the totals."""
    listed = listed_in(names=contents.entries)
    if not _says_its_files(statement, contents, listed, findings):
        return 0
    digests = {name: _Digest() for name in listed}
    with ExitStack() as opened:
        blocks = {
            name: digests[name].tap(
                archive.iter_blocks(
                    stream=opened.enter_context(bundle.open("rb")), entry=contents.entries[name]
                )
            )
            for name in listed
        }
        sums = check_lines(
            ndjson=archive.split_lines(blocks=blocks[NDJSON], name=NDJSON),
            csv=archive.split_lines(blocks=blocks[CSV], name=CSV),
            slots=cut_slots(blocks=blocks[SALTS]),
            statement_no=statement.statement_no,
            currency=statement.currency,
        )
        for rest in blocks.values():
            for _ in rest:
                pass
    wrong = {
        file.name
        for file in statement.files
        if (digests[file.name].size, digests[file.name].sha256) != (file.bytes, file.sha256)
    }
    for name in listed:
        if digests[name].crc32 != contents.entries[name].crc32:
            findings.add("container", name, "its CRC-32 in the archive is another")
        if name in wrong:
            findings.add("hash", name, "is not the file that was signed")
    _name_lines(sums, wrong, findings)
    if SALTS in wrong:
        _name_slots(bundle, contents.entries[SALTS], findings)
    if not wrong & {NDJSON, CSV, SALTS} and not sums.differing:
        check_totals(statement=statement, sums=sums, findings=findings)
    return sums.count


def _says_its_files(
    statement: Statement, contents: Archive, listed: tuple[str, ...], findings: Findings
) -> bool:
    """Check that the statement names the files that are there, and they are all that it names."""
    said = (*(file.name for file in statement.files), *statement.beside)
    there = (*listed, *(name for name in BESIDE if name in contents.entries))
    for name in sorted(set(said) - set(there)):
        findings.add("container", name, "is not in the bundle")
    for name in sorted(set(there) - set(said)):
        findings.add("container", name, "does not belong into this bundle")
    if said != there and set(said) == set(there):
        findings.add("statement", STATEMENT, "does not list the files of a bundle in their order")
    return said == there


def _check_camt(
    bundle: Path, contents: Archive, trusted: x509.Certificate, findings: Findings
) -> None:
    """Check the bank statement's own signature, which its readers rely on without the rest."""
    if CAMT not in contents.entries or findings.against(CAMT, CAMT_SIGNATURE):
        return
    try:
        with bundle.open("rb") as stream:
            content = _read_small(stream, contents.entries[CAMT], findings)
            signature = cms.read(
                content=_read_small(stream, contents.entries[CAMT_SIGNATURE], findings)
            )
        signature.verify()
        check_chain(chain=signature.chain, root=trusted, at=signature.signed_at)
    except KeyError:
        findings.add("container", CAMT_SIGNATURE, "is not in the bundle")
    except cms.InvalidCms as error:
        findings.add("signature", CAMT_SIGNATURE, str(error))
    except InvalidChain as error:
        findings.add("chain", CAMT_SIGNATURE, str(error))
    else:
        if signature.content_sha256 != sha256(content).digest():
            findings.add("signature", CAMT, "is not what was signed")


def _name_lines(sums: LineSums, wrong: set[str], findings: Findings) -> None:
    """Blame differing lines on the rendering whose hash is wrong, or else on both."""
    # Lines also lose step where there is no salt for one: then neither rendering is at fault.
    blamed = [] if SALTS in wrong else [NDJSON, CSV]
    for line_no in sums.differing:
        for name in [n for n in (NDJSON, CSV) if n in wrong] or blamed:
            findings.add("line", name, "differs from the other rendering of the line", line=line_no)
    for line_no in sums.contradicting:
        findings.add("line", NDJSON, "contradicts itself or its place", line=line_no)
    if sums.csv_heading_wrong:
        findings.add("line", CSV, "does not start with the columns' names")


def _name_slots(bundle: Path, entry: Entry, findings: Findings) -> None:
    """Say which slots of a changed salts.bin are damaged."""
    with bundle.open("rb") as stream:
        slots = cut_slots(blocks=archive.iter_blocks(stream=stream, entry=entry))
        for line_no, slot in enumerate(slots, 1):
            if not slot_is_intact(slot=slot, line_no=line_no):
                findings.add("line", SALTS, "the salt of this line was changed", line=line_no)


def _check_previous(previous: Path, statement: Statement, findings: Findings) -> None:
    try:
        with previous.open("rb") as stream:
            content = archive.read_entry(stream=stream, name=STATEMENT)
        before = Statement.from_bytes(content)
    except (InvalidArchive, InvalidStatement) as error:
        findings.add("continuity", previous.name, f"cannot be read: {error}")
        return
    check_continuity(
        statement=statement,
        previous=before,
        previous_sha256=sha256(content).hexdigest(),
        findings=findings,
    )


def _read_small(stream: BinaryIO, entry: Entry, findings: Findings) -> bytes:
    if entry.size > _SMALL:
        raise InvalidArchive("is far too large", name=entry.name)
    content = b"".join(archive.iter_blocks(stream=stream, entry=entry))
    if zlib.crc32(content) != entry.crc32:
        findings.add("container", entry.name, "its CRC-32 in the archive is another")
    return content


def _explain_container(bundle: Path, error: InvalidArchive, findings: Findings) -> None:
    """Name the files that do not belong or are not there, if the archive can be read at all."""
    try:
        with zipfile.ZipFile(bundle) as opened:
            names = opened.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        names = list(FILES)
    for name in sorted(set(names) - set(FILES)):
        findings.add("container", name, "does not belong into a bundle")
    for name in sorted(set(FILES) - OPTIONAL - set(names)):
        findings.add("container", name, "is not in the bundle")
    findings.add("container", error.name or bundle.name, str(error))

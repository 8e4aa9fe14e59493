"""A bundle, from its container to its last sum, against a root that the verifier already trusts.

The order matters: the container is taken apart, the signature makes ``statement.json``
trustworthy, its hashes make the other files trustworthy, and only then is what they say added up.
So a finding names the file that was changed, not one that merely disagrees with it. ``verify.py``
goes the same way, and the first finding here is the one that it names.
"""

import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from partner_sdk.verify.authenticity import authenticate
from partner_sdk.verify.camt import check_camt
from partner_sdk.verify.contents import check_contents
from partner_sdk.verify.continuity import check_previous
from partner_sdk.verify.findings import Finding, Findings
from partner_sdk.verify.logged import TrustedLog, check_log_proof
from partner_sdk.verify.pdf import check_pdf
from partner_sdk.verify.sums import check_statement
from partner_sdk.wire import archive
from partner_sdk.wire.amounts import format_micros, minor_digits
from partner_sdk.wire.archive import (
    CAMT,
    CAMT_SIGNATURE,
    CHAIN,
    FILES,
    OPTIONAL,
    PDF,
    PROOF,
    ROOT,
    SIGNATURE,
    STATEMENT,
    Archive,
    Entry,
    InvalidArchive,
)
from partner_sdk.wire.certificates import read_pem
from partner_sdk.wire.instants import format_instant
from partner_sdk.wire.statement import Statement

__all__ = ["Verification", "verify_bundle"]

_SMALL = 1 << 26


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome; ``statement`` is None where it could not be read.

    ``signed_at`` is when the signer said that it signed, by its own clock; ``shown`` is the line
    that was proven, where it was the proof of one.
    """

    findings: tuple[Finding, ...]
    statement: Statement | None
    lines: int
    signed_at: datetime | None = None
    shown: bytes | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing at all was found."""
        return not self.findings

    @property
    def summary(self) -> str:
        """What was verified, in a few words; empty where that could not be read."""
        said, signed_at = self.statement, self.signed_at
        if said is None or signed_at is None:
            return ""
        digits = minor_digits(said.currency)
        text = (
            f"statement {said.statement_no} of {said.party.slug} for {said.window.business_date}, "
            f"closing {format_micros(said.closing_micros, min_digits=digits)} {said.currency}; "
            f"signed {format_instant(signed_at)} by the signer's clock"
        )
        return text if self.shown is None else f"{text}\n  {self.shown.decode()}"


def verify_bundle(
    *,
    bundle: Path,
    root: bytes,
    previous: Path | None = None,
    log: TrustedLog | None = None,
    revoked: frozenset[int] = frozenset(),
) -> Verification:
    """Verify a bundle offline.

    Args:
        bundle: the file to verify.
        root: the trusted root certificate (PEM), obtained otherwise than with the bundle.
        previous: the party's bundle before this one, to check that the account goes on.
        log: the log that the statement must be in; without it, the signature under the bundle's
            own proof is not judged.
        revoked: signers whose word is not believed (``read_revoked``), but where ``log`` vouches.

    Raises:
        partner_sdk.wire.certificates.InvalidChain: ``root`` itself is not a certificate.
        ValueError: the checkpoint of ``log`` is not of the size of the bundle's.
        OSError: a file cannot be read.
    """
    (trusted,) = read_pem(pem=root)[:1]
    findings = Findings()
    statement, signature, lines = None, None, 0
    try:
        with bundle.open("rb") as stream:
            contents = archive.scan(stream=stream)
            for fault in contents.faults:
                findings.add("container", fault.name or bundle.name, fault.message)
            small = _read_files(stream, contents, (ROOT, CHAIN, STATEMENT, SIGNATURE))
        statement, signature = authenticate(
            files=small,
            trusted=trusted,
            findings=findings,
            revoked=revoked if log is None else frozenset(),
        )
        if statement is not None:
            check_statement(statement=statement, findings=findings)
            lines = check_contents(
                bundle=bundle, contents=contents, statement=statement, findings=findings
            )
            if not findings.against(CAMT, CAMT_SIGNATURE):
                with bundle.open("rb") as stream:
                    banking = _read_files(stream, contents, (CAMT, CAMT_SIGNATURE))
                check_camt(files=banking, statement=statement, trusted=trusted, findings=findings)
            if signature is not None and PDF in contents.entries and not findings.against(PDF):
                with bundle.open("rb") as stream:
                    content = _read_small(stream, contents.entries[PDF])
                check_pdf(
                    content=content,
                    statement=small[STATEMENT],
                    signature=signature,
                    findings=findings,
                )
            if PROOF in contents.entries:
                with bundle.open("rb") as stream:
                    content = _read_small(stream, contents.entries[PROOF])
                check_log_proof(
                    content=content,
                    statement=statement,
                    document=small[STATEMENT],
                    signature=small[SIGNATURE],
                    log=log,
                    findings=findings,
                )
            elif log is not None:
                findings.add("log", PROOF, "is not in the bundle")
            if previous is not None:
                check_previous(previous=previous, statement=statement, findings=findings)
    except InvalidArchive as error:
        _explain_container(bundle, error, findings)
    signed_at = None if signature is None else signature.signed_at
    return Verification(tuple(findings.found), statement, lines, signed_at)


def _read_files(stream: BinaryIO, contents: Archive, names: tuple[str, ...]) -> dict[str, bytes]:
    return {name: _read_small(stream, contents.entries[name]) for name in names}


def _read_small(stream: BinaryIO, entry: Entry) -> bytes:
    if entry.size > _SMALL:
        raise InvalidArchive("is far too large", name=entry.name)
    return b"".join(archive.iter_blocks(stream=stream, entry=entry))


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

"""Offline verification of a statement: nothing is trusted but the root that is given.

Only the standard library and ``cryptography`` are used, nothing is fetched, and memory does not
grow with the number of lines.
"""

from pathlib import Path

from partner_sdk.verify.authenticity import read_revoked
from partner_sdk.verify.bundle import Verification, verify_bundle
from partner_sdk.verify.findings import Finding
from partner_sdk.verify.logged import TrustedLog
from partner_sdk.verify.proof import UnprovableLine, prove_line, verify_proof

__all__ = [
    "Finding",
    "TrustedLog",
    "UnprovableLine",
    "Verification",
    "prove_line",
    "read_revoked",
    "verify_bundle",
    "verify_file",
    "verify_proof",
]


def verify_file(
    *,
    path: Path,
    root: bytes,
    previous: Path | None = None,
    log: TrustedLog | None = None,
    revoked: frozenset[int] = frozenset(),
) -> Verification:
    """Verify a bundle or the proof of a line, whichever the file is; see ``verify_bundle``.

    Raises:
        ValueError: besides, ``log`` for the proof of a line, which says nothing of a log.
    """
    with path.open("rb") as stream:
        is_proof = stream.read(1) == b"{"
    if is_proof:
        if log is not None:
            raise ValueError("the proof of a line says nothing of the log")
        return verify_proof(proof=path, root=root, previous=previous, revoked=revoked)
    return verify_bundle(bundle=path, root=root, previous=previous, log=log, revoked=revoked)

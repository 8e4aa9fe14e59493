"""What the log's records say: the bytes whose hashes are its leaves.

A record is canonical JSON (keys sorted, no blanks), so whoever holds what it speaks of can write it
again. It names nobody: a statement by its opaque id and hashes, an agreement version by a hash over
its id and terms, since the terms alone could be guessed and tried.
"""

import json
from hashlib import sha256

from partner_sdk.wire.tlog.notes import encode_base64

__all__ = ["agreement_record", "certificate_record", "statement_record"]


def statement_record(*, statement_id: str, statement: bytes, signature: bytes) -> bytes:
    """Return the record of a statement: ``statement.json`` and ``statement.json.p7s`` hashed."""
    return _record(
        kind="statement",
        statement=statement_id,
        sha256=sha256(statement).hexdigest(),
        signature_sha256=sha256(signature).hexdigest(),
    )


def agreement_record(*, agreement_id: str, version: int, terms_sha256: str) -> bytes:
    """Return the record of an agreement version; id, number and hash as a statement lists them."""
    bound = f"{agreement_id}\n{version}\n{terms_sha256}\n"
    return _record(kind="agreement", sha256=sha256(bound.encode()).hexdigest())


def certificate_record(*, role: str, der: bytes) -> bytes:
    """Return the record of a certificate (DER); ``role`` is ``root``, ``issuer`` or ``signer``."""
    return _record(kind="certificate", role=role, der=encode_base64(der))


def _record(**members: str) -> bytes:
    return json.dumps(members, sort_keys=True, separators=(",", ":")).encode()

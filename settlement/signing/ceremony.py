"""A key ceremony: the root is made, or used, on a machine apart, and a protocol says what was done.

The machine has no network. What comes in are requests for signers, what goes out are certificates,
a list of revoked signers, and a protocol that the people present sign on paper.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from partner_sdk.wire.certificates import read_pem
from settlement.signing.authority import Naming
from settlement.signing.errors import KeysMissing
from settlement.signing.keystore import FileKeystore

__all__ = ["Outcome", "hold_ceremony", "protocol_of", "request_fingerprint"]

_RULE = "_" * 40


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a ceremony made: ``files`` are what leaves the room, by name."""

    root: x509.Certificate
    root_is_new: bool
    issued: Mapping[str, x509.Certificate]
    revoked: tuple[int, ...]
    files: Mapping[str, bytes]


def request_fingerprint(*, pem: bytes) -> str:
    """Return what people compare of a request: the SHA-256 of its public key (DER).

    Raises:
        ValueError: not a request.
    """
    key = x509.load_pem_x509_csr(pem).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return _pairs(sha256(spki).digest())


def hold_ceremony(
    *,
    keystore: FileKeystore,
    naming: Naming,
    requests: Mapping[str, bytes],
    revoke: Sequence[int],
    now: datetime,
) -> Outcome:
    """Make the root where there is none, issue what is asked for, revoke what is to be revoked.

    ``requests`` are PEM by the name of their file, ``revoke`` serial numbers; ``now`` is the wall
    time of the machine apart.

    Raises:
        settlement.signing.SigningError: the root's key is not here or does not open.
        ValueError: a request is none, or not signed by its own P-256 key.
    """
    try:
        pem, is_new = keystore.root_pem(), False
    except KeysMissing:
        keystore.create_root(now=now, naming=naming, alone=True)
        pem, is_new = keystore.root_pem(), True
    files = {"root.pem": pem}
    issued = {}
    for name, request in requests.items():
        chain = keystore.sign_request(request_pem=request, now=now)
        (issued[name],) = read_pem(pem=chain)
        files[f"signer-{issued[name].serial_number:x}.pem"] = chain
    for serial in revoke:
        files["revoked.crl.pem"] = keystore.revoke(serial=serial, now=now)
    (root,) = read_pem(pem=pem)
    return Outcome(root, is_new, issued, tuple(revoke), files)


def protocol_of(
    *, outcome: Outcome, requests: Mapping[str, bytes], people: Sequence[str], now: datetime
) -> str:
    """Return the protocol (plain text) that the people present sign."""
    lines = [
        "PROTOCOL OF A KEY CEREMONY",
        "",
        f"Held at {now:%Y-%m-%d %H:%M:%S} UTC by the clock of the machine apart.",
        "",
        f"1. The root {'was made' if outcome.root_is_new else 'was there already'}.",
        *_described(outcome.root),
        "",
        "2. Signers.",
    ]
    for name, certificate in outcome.issued.items():
        lines += [
            f"   Request {name}",
            f"     SHA-256 of the key   {request_fingerprint(pem=requests[name])}",
            *_described(certificate),
        ]
    lines += ["   None was issued."] * (not outcome.issued)
    lines += ["", "3. Revoked signers."]
    lines += [f"   {serial:x}" for serial in outcome.revoked] or ["   None was revoked."]
    lines += ["", "4. What leaves the room, with its SHA-256."]
    lines += [f"   {sha256(content).hexdigest()}  {n}" for n, content in outcome.files.items()]
    lines += [
        "",
        "5. We were present from the first step to the last. The machine had no network. We",
        "   compared each fingerprint above with the one that came with its request. The root's",
        f"   key is on the medium {_RULE[:20]} and nowhere else; its passphrase was",
        f"   written down by nobody but, sealed, at {_RULE[:30]}.",
    ]
    for person in people:
        lines += ["", f"   {person}", "", f"   Signature {_RULE}  Date {_RULE[:16]}"]
    return "\n".join(lines) + "\n"


def _described(certificate: x509.Certificate) -> list[str]:
    valid = [
        f"{each:%Y-%m-%d %H:%M:%S}"
        for each in (certificate.not_valid_before_utc, certificate.not_valid_after_utc)
    ]
    return [
        f"     Subject              {certificate.subject.rfc4514_string()}",
        f"     Serial number        {certificate.serial_number:x}",
        f"     Valid                {' to '.join(valid)} UTC",
        f"     SHA-256              {_pairs(certificate.fingerprint(SHA256()))}",
    ]


def _pairs(digest: bytes) -> str:
    """A fingerprint as OpenSSL prints it."""
    return digest.hex(":").upper()

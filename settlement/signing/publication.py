"""What the coalition publishes of its keys: certificates as PEM and as JWKS, all that ever signed.

None of it proves itself: whoever verifies has the root from elsewhere. It is published so that old
and new signers can be looked up, and so that a list of revoked ones reaches everybody.
"""

import base64
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from partner_sdk.wire.certificates import to_pem
from settlement.signing.folder import Chain, PublicFolder

__all__ = ["JWKS", "REVOKED", "ROOT", "SIGNERS", "publication", "published", "write_publication"]

ROOT, SIGNERS, JWKS, REVOKED = "root.pem", "signers.pem", "jwks.json", "revoked.crl.pem"
_COORDINATE_BYTES = 32


def published(*, folder: Path, name: str) -> bytes | None:
    """Return one of the files; None where there is none.

    Raises:
        settlement.signing.KeysMissing: there is no root yet.
    """
    keys = PublicFolder(folder)
    if name == ROOT:
        return to_pem(certificates=[keys.root()])
    if name == SIGNERS:
        # Issuers between root and signers are the same for many: each is there once.
        once = dict.fromkeys(each for chain in keys.chains() for each in chain)
        return to_pem(certificates=list(once))
    if name == JWKS:
        return _jwks(keys.chains())
    revoked = keys.revoked()
    return None if revoked is None else revoked.public_bytes(Encoding.PEM)


def publication(*, folder: Path) -> dict[str, bytes]:
    """Return all files by name, and each signer's chain by its serial number.

    Raises:
        settlement.signing.KeysMissing: there is no root yet.
    """
    files = {
        name: content
        for name in (ROOT, SIGNERS, JWKS, REVOKED)
        if (content := published(folder=folder, name=name)) is not None
    }
    for chain in PublicFolder(folder).chains():
        files[f"signers/{chain[0].serial_number:x}.pem"] = to_pem(certificates=chain)
    return files


def write_publication(*, files: dict[str, bytes], out: Path) -> None:
    """Write files for everybody to read; each is whole whenever somebody looks."""
    for name, content in files.items():
        file = out / name
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f".{file.name}.part")
        part.write_bytes(content)
        part.replace(file)


def _jwks(chains: list[Chain]) -> bytes:
    keys = [_jwk(chain) for chain in chains]
    return json.dumps({"keys": keys}, separators=(",", ":")).encode() + b"\n"


def _jwk(chain: Chain) -> dict[str, Any]:
    """A signer as RFC 7517 has it; ``kid`` is the key's thumbprint (RFC 7638)."""
    key = chain[0].public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError("a statement signer needs a P-256 key")
    numbers = key.public_numbers()
    members = {
        "crv": "P-256",
        "kty": "EC",
        "x": _base64url(numbers.x.to_bytes(_COORDINATE_BYTES, "big")),
        "y": _base64url(numbers.y.to_bytes(_COORDINATE_BYTES, "big")),
    }
    spelled = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    return {
        **members,
        "kid": _base64url(sha256(spelled).digest()),
        "use": "sig",
        "alg": "ES256",
        "x5c": [base64.b64encode(_der(each)).decode() for each in chain],
        "x5t#S256": _base64url(sha256(_der(chain[0])).digest()),
    }


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

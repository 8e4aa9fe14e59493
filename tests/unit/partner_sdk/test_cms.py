"""Detached signatures: one form, from one signer, up to one root."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from partner_sdk.wire import cms
from partner_sdk.wire.certificates import InvalidChain, check_chain, read_pem, to_pem

_NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
_CONTENT = b"what is signed\n"


@dataclass(frozen=True)
class _Holder:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def _issue(
    name: str,
    *,
    by: _Holder | None = None,
    authority: bool = False,
    path_length: int | None = None,
    signs: bool = True,
    curve: ec.EllipticCurve | None = None,
    starts_at: datetime = _NOW,
) -> _Holder:
    key = ec.generate_private_key(curve or ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only",
         "decipher_only", "crl_sign", "content_commitment"),
        False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(starts_at)
        .not_valid_after(starts_at + timedelta(days=10))
        .add_extension(x509.BasicConstraints(authority, path_length), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=signs and not authority, key_cert_sign=authority, **usage
            ),
            critical=True,
        )
        .sign(by.key if by else key, SHA256())
    )
    return _Holder(certificate, key)


def _sign(chain: list[_Holder], *, content: bytes = _CONTENT, at: datetime = _NOW) -> bytes:
    certificates = [holder.certificate for holder in chain]
    digest = sha256(content).digest()
    attributes = cms.signed_attributes(content_sha256=digest, signed_at=at, signer=certificates[0])
    signature = chain[0].key.sign(attributes, ec.ECDSA(SHA256()))
    return cms.write(
        chain=certificates,
        content_sha256=digest,
        signed_at=at,
        signature=cms.low_s(signature=signature),
    )


@pytest.mark.parametrize(
    "at", [_NOW, datetime(1999, 12, 31, tzinfo=UTC), datetime(2063, 4, 5, tzinfo=UTC)]
)
def test_a_signature_reads_back_with_its_chain_in_order(at: datetime) -> None:
    root = _issue("root", authority=True)
    middle = _issue("middle", by=root, authority=True)
    leaf = _issue("leaf", by=middle)
    found = cms.read(content=_sign([leaf, middle], at=at))
    assert found.chain == (leaf.certificate, middle.certificate)
    assert found.content_sha256 == sha256(_CONTENT).digest()
    assert found.signed_at == at
    found.verify()


def _accept(content: bytes, root: _Holder) -> None:
    found = cms.read(content=content)
    found.verify()
    check_chain(chain=found.chain, root=root.certificate, at=found.signed_at)


def test_no_single_byte_can_be_changed() -> None:
    root = _issue("root", authority=True)
    content = _sign([_issue("leaf", by=root)])
    chance = random.Random(3)
    for at in range(len(content)):
        changed = bytearray(content)
        changed[at] ^= chance.randrange(1, 256)
        with pytest.raises((cms.InvalidCms, InvalidChain)):
            _accept(bytes(changed), root)


def test_garbage_is_not_a_signature() -> None:
    chance = random.Random(4)
    good = _sign([_issue("leaf", by=_issue("root", authority=True))])
    for _ in range(300):
        cut = chance.randrange(len(good))
        for content in (good[:cut], good[cut:], chance.randbytes(cut), good + b"\x00"):
            with pytest.raises(cms.InvalidCms):
                cms.read(content=content)
    with pytest.raises(cms.InvalidCms):
        cms.read(content=bytes(1 << 17))


def test_a_signature_by_another_key_than_the_certificates_is_refused() -> None:
    root = _issue("root", authority=True)
    leaf, other = _issue("leaf", by=root), _issue("leaf", by=root)
    found = cms.read(content=_sign([_Holder(leaf.certificate, other.key)]))
    with pytest.raises(cms.InvalidCms, match="signer's key"):
        found.verify()


def test_a_chain_must_lead_to_the_trusted_root() -> None:
    root, stranger = _issue("root", authority=True), _issue("root", authority=True)
    leaf = _issue("leaf", by=root)
    check_chain(chain=[leaf.certificate], root=root.certificate, at=_NOW)
    with pytest.raises(InvalidChain, match="not issued"):
        check_chain(chain=[leaf.certificate], root=stranger.certificate, at=_NOW)


def _long_chain(root: _Holder) -> list[_Holder]:
    upper = _issue("upper", by=root, authority=True)
    lower = _issue("lower", by=upper, authority=True)
    return [_issue("leaf", by=lower), lower, upper]


@pytest.mark.parametrize(
    ("chain", "reason"),
    [
        (lambda root: [_issue("leaf", by=root, signs=False)], "not for signing"),
        (lambda root: [_issue("leaf", by=root, authority=True)], "not for signing"),
        (lambda root: [_issue("leaf", by=root, curve=ec.SECP384R1())], "P-256"),
        (lambda root: [_issue("leaf", by=(m := _issue("m", by=root))), m], "not an authority"),
        (_long_chain, "so long a chain"),
        (lambda root: [_issue("leaf", by=root, starts_at=_NOW + timedelta(days=1))], "not valid"),
        (lambda root: [], "no certificate"),
    ],
)  # fmt: skip
def test_a_chain_that_was_not_made_for_statements_is_refused(chain, reason: str) -> None:  # type: ignore[no-untyped-def]
    root = _issue("root", authority=True, path_length=1)
    certificates = [holder.certificate for holder in chain(root)]
    with pytest.raises(InvalidChain, match=reason):
        check_chain(chain=certificates, root=root.certificate, at=_NOW)


def test_certificates_travel_as_pem() -> None:
    root = _issue("root", authority=True)
    chain = (_issue("leaf", by=root).certificate, root.certificate)
    assert read_pem(pem=to_pem(certificates=chain)) == chain
    for content in (b"", b"nonsense", to_pem(certificates=chain * 3)):
        with pytest.raises(InvalidChain):
            read_pem(pem=content)

"""Signatures inside PDFs, judged by readers that are not ours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from asn1crypto import tsp
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.cli import cli_root
from pyhanko.pdf_utils.generic import pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from partner_sdk.wire.certificates import to_pem
from settlement.rendering.pdf import ACCEPTANCE_BOX, render_pdf
from settlement.signing import (
    FileKeystore,
    KeySigner,
    Naming,
    TimestampAuthority,
    TimestampUnavailable,
)
from settlement.signing.pdf import ACCEPTANCE_FIELD, STATEMENT_FIELD, PdfSigner
from tests.poppler import needs_poppler, read_attachment, read_signatures
from tests.timestamp_server import TimestampServer, serve_timestamps
from tests.unit.settlement.statement_maker import make_statement


def _signer(folder: Path, name: str = "Four Winds") -> KeySigner:
    now = datetime.now(UTC)
    keystore = FileKeystore(folder=folder, passphrase="a passphrase of tests")
    keystore.ensure(now=now, naming=Naming(coalition=name, environment="test"))
    return keystore.signer(now=now)


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> KeySigner:
    """The coalition's signer."""
    return _signer(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def content() -> bytes:
    """A statement.json."""
    return make_statement(language="ro").to_bytes()


@pytest.fixture(scope="module")
def document() -> bytes:
    """Its pages, not signed."""
    statement = make_statement(language="ro")
    return render_pdf(statement=statement, content=statement.to_bytes())


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[TimestampServer]:
    """A timestamp authority."""
    with serve_timestamps(tmp_path / "tsa") as served:
        yield served


def _sign(document: bytes, signer: KeySigner) -> bytes:
    return (
        PdfSigner(signer=signer)
        .sign(
            document=document,
            signed_at=datetime.now(UTC),
            reason="Extras nr. 14",
            acceptance_box=ACCEPTANCE_BOX,
        )
        .content
    )


def _pyhanko(*arguments: str | Path) -> tuple[bool, str]:
    """Run the command of the library's own tool; whether it ended well, and what it printed."""
    done = CliRunner().invoke(cli_root, [str(argument) for argument in arguments])
    return done.exit_code == 0, done.output


def _judge(pdf: bytes, folder: Path, *roots: bytes) -> tuple[bool, str]:
    """What `pyhanko sign validate` says, trusting only these roots."""
    path = folder / "judged.pdf"
    path.write_bytes(pdf)
    trusted: list[str | Path] = []
    for number, root in enumerate(roots):
        file = folder / f"root-{number}.pem"
        file.write_bytes(root)
        trusted += ["--trust", file]
    return _pyhanko("sign", "validate", *trusted, "--trust-replace", "--pretty-print", path)


def test_a_signed_document_is_judged_valid_and_whole(
    document: bytes, signer: KeySigner, tmp_path: Path
) -> None:
    valid, said = _judge(_sign(document, signer), tmp_path, to_pem(certificates=[signer.root]))
    assert valid
    assert "The signature covers the entire file." in said
    assert "The signer's certificate is trusted." in said
    assert "The signature mechanism used was 'sha256_ecdsa'." in said


def test_a_root_that_is_not_the_coalitions_vouches_for_nothing(
    document: bytes, signer: KeySigner, tmp_path: Path
) -> None:
    stranger = _signer(tmp_path / "stranger")
    valid, said = _judge(_sign(document, signer), tmp_path, to_pem(certificates=[stranger.root]))
    assert not valid
    assert "The signer's certificate is untrusted." in said


@needs_poppler
def test_poppler_finds_one_valid_signature_over_the_total_document(
    document: bytes, signer: KeySigner, tmp_path: Path
) -> None:
    (found,) = read_signatures(_sign(document, signer), tmp_path)
    assert (found.field, found.valid, found.whole_document) == (STATEMENT_FIELD, True, True)
    assert found.kind == "ETSI.CAdES.detached"


@needs_poppler
def test_signing_leaves_the_pages_and_the_enclosed_statement_as_they_were(
    document: bytes, content: bytes, signer: KeySigner, tmp_path: Path
) -> None:
    signed = _sign(document, signer)
    assert signed.startswith(document)
    assert read_attachment(signed, tmp_path, "statement.json") == content


@needs_poppler
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_changed_byte_is_noticed(
    document: bytes, signer: KeySigner, tmp_path: Path, share: float
) -> None:
    changed = bytearray(_sign(document, signer))
    changed[int(len(document) * share)] ^= 1
    root = to_pem(certificates=[signer.root])
    assert not _judge(bytes(changed), tmp_path, root)[0]
    assert not any(found.valid for found in read_signatures(bytes(changed), tmp_path))


@needs_poppler
def test_the_partner_accepts_with_a_second_signature_in_the_field_left_for_it(
    document: bytes, signer: KeySigner, tmp_path: Path
) -> None:
    partner = _signer(tmp_path / "partner", "Brutăria")
    path, key, chain = tmp_path / "signed.pdf", tmp_path / "key.pem", tmp_path / "chain.pem"
    path.write_bytes(_sign(document, signer))
    _write_key(partner, key, chain)
    accepted = tmp_path / "accepted.pdf"
    done, said = _pyhanko(
        "sign", "addsig", "--use-pades", "--field", ACCEPTANCE_FIELD,
        "pemder", "--no-pass", "--key", key, "--cert", chain, path, accepted,
    )  # fmt: skip
    assert done, said
    roots = [to_pem(certificates=[each.root]) for each in (signer, partner)]
    valid, said = _judge(accepted.read_bytes(), tmp_path, *roots)
    assert valid, said
    found = {each.field: each for each in read_signatures(accepted.read_bytes(), tmp_path)}
    assert {name for name, each in found.items() if each.valid} == {
        STATEMENT_FIELD,
        ACCEPTANCE_FIELD,
    }
    assert found[ACCEPTANCE_FIELD].whole_document


def test_anything_but_a_signature_added_later_breaks_the_certification(
    document: bytes, signer: KeySigner, tmp_path: Path
) -> None:
    writer = IncrementalPdfFileWriter(BytesIO(_sign(document, signer)))
    pages = writer.root["/Pages"]
    pages["/Note"] = pdf_string("more")
    writer.update_container(pages)
    changed = BytesIO()
    writer.write(changed)
    valid, said = _judge(changed.getvalue(), tmp_path, to_pem(certificates=[signer.root]))
    assert not valid
    assert "Some modifications may be illegitimate" in said


def test_a_timestamp_is_in_the_signature_where_an_authority_is_configured(
    document: bytes, signer: KeySigner, authority: TimestampServer, tmp_path: Path
) -> None:
    pdf_signer = PdfSigner(signer=signer, authority=_client(authority))
    signed = pdf_signer.sign(document=document, signed_at=datetime.now(UTC))
    assert signed.timestamped
    roots = (to_pem(certificates=[signer.root]), authority.root.read_bytes())
    valid, said = _judge(signed.content, tmp_path, *roots)
    assert valid
    assert "Signature timestamp token" in said
    assert "The TSA certificate is trusted." in said
    again = pdf_signer.sign(document=document, signed_at=datetime.now(UTC))
    assert again.timestamped
    assert authority.asked == 3  # one to measure, then one for each


def test_an_authority_that_fails_for_a_moment_is_asked_again(
    document: bytes, signer: KeySigner, authority: TimestampServer
) -> None:
    authority.misdeeds = [503, 500]
    pdf_signer = PdfSigner(signer=signer, authority=_client(authority))
    assert pdf_signer.sign(document=document, signed_at=datetime.now(UTC)).timestamped


def test_without_its_authority_nothing_is_signed_and_it_is_not_asked_at_every_statement(
    document: bytes, signer: KeySigner, authority: TimestampServer
) -> None:
    authority.misdeeds = [503] * 9
    pdf_signer = PdfSigner(signer=signer, authority=_client(authority))
    for _ in range(3):
        with pytest.raises(TimestampUnavailable):
            pdf_signer.sign(document=document, signed_at=datetime.now(UTC))
    assert authority.asked == 3


def test_a_coalition_may_choose_to_sign_without_a_timestamp_and_is_told_so(
    document: bytes, signer: KeySigner, authority: TimestampServer, tmp_path: Path
) -> None:
    authority.misdeeds = [503] * 9
    client = _client(authority)
    pdf_signer = PdfSigner(signer=signer, authority=client, without_timestamp=True)
    signed = pdf_signer.sign(document=document, signed_at=datetime.now(UTC))
    assert not signed.timestamped
    assert _judge(signed.content, tmp_path, to_pem(certificates=[signer.root]))[0]


def test_an_authority_is_asked_again_after_its_rest(
    document: bytes, signer: KeySigner, authority: TimestampServer
) -> None:
    authority.misdeeds = [503] * 3
    now = [0.0]
    client = _client(authority)
    client.monotonic = lambda: now[0]
    pdf_signer = PdfSigner(signer=signer, authority=client, without_timestamp=True)
    assert not pdf_signer.sign(document=document, signed_at=datetime.now(UTC)).timestamped
    now[0] = client.rest_seconds
    assert pdf_signer.sign(document=document, signed_at=datetime.now(UTC)).timestamped


def test_a_token_for_something_else_is_no_timestamp(
    document: bytes, signer: KeySigner, authority: TimestampServer
) -> None:
    def another(query: tsp.TimeStampReq) -> tsp.TimeStampReq:
        query["message_imprint"]["hashed_message"] = bytes(32)
        return query

    authority.misdeeds = [another]
    pdf_signer = PdfSigner(signer=signer, authority=_client(authority))
    with pytest.raises(TimestampUnavailable, match="something else"):
        pdf_signer.sign(document=document, signed_at=datetime.now(UTC))


def test_an_answer_with_another_nonce_is_no_timestamp(
    document: bytes, signer: KeySigner, authority: TimestampServer
) -> None:
    def replayed(query: tsp.TimeStampReq) -> tsp.TimeStampReq:
        query["nonce"] = 7
        return query

    authority.misdeeds = [replayed]
    pdf_signer = PdfSigner(signer=signer, authority=_client(authority))
    with pytest.raises(TimestampUnavailable):
        pdf_signer.sign(document=document, signed_at=datetime.now(UTC))


def test_an_authority_that_is_not_there_is_unavailable() -> None:
    client = TimestampAuthority("http://127.0.0.1:1/", pause=lambda _: None)
    with pytest.raises(TimestampUnavailable, match=r"127\.0\.0\.1"):
        client.ask(query=b"")


def _client(authority: TimestampServer) -> TimestampAuthority:
    return TimestampAuthority(authority.url, pause=lambda _: None)


def _write_key(signer: KeySigner, key: Path, chain: Path) -> None:
    pem = signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key.write_bytes(pem)
    chain.write_bytes(to_pem(certificates=signer.chain))

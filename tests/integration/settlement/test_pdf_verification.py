"""The PDF of a bundle: signed as a whole, with the statement in it, and both verifiers say so."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from partner_sdk.wire.archive import PDF, STATEMENT
from partner_sdk.wire.pdf import InvalidPdf, enclosed_file, read_pdf_signature
from settlement.signing import TimestampAuthority
from tests.integration.settlement.bundle_maker import SIGNED_AT, Books, make_keystore, make_rows
from tests.integration.settlement.specimen import (
    Press,
    Specimen,
    flipped,
    make_specimen,
    pack,
)
from tests.timestamp_server import serve_timestamps


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Specimen:
    return make_specimen(tmp_path_factory.mktemp("plain"), 9, pdf=True)


@pytest.fixture(scope="module")
def stamped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Specimen]:
    with serve_timestamps(tmp_path_factory.mktemp("authority") / "tsa") as served:
        authority = TimestampAuthority(url=served.url)
        yield make_specimen(tmp_path_factory.mktemp("stamped"), 9, pdf=True, authority=authority)


def _found(specimen: Specimen, pdf: bytes) -> str | None:
    """What both say of a bundle with this PDF."""
    content = pack({**specimen.files(), PDF: pdf})
    found, said = specimen.verify(content), specimen.verify_alone(content)
    if found.ok:
        assert said.status == 0, said
        return None
    first, alone = found.findings[0], said.finding
    assert alone is not None, said
    assert (alone.file, alone.line, alone.code) == (first.file, first.line, first.code)
    assert first.file == PDF
    return alone.message


def _signature_of(pdf: bytes) -> tuple[int, int]:
    match = re.search(rb"/ByteRange \[0 (\d+) (\d+)", pdf)
    assert match is not None
    return int(match[1]), int(match[2])


def test_a_pdf_with_and_without_a_timestamp_is_verified(plain: Specimen, stamped: Specimen) -> None:
    for specimen in (plain, stamped):
        files = specimen.files()
        assert _found(specimen, files[PDF]) is None
        assert enclosed_file(content=files[PDF]) == files[STATEMENT]
    assert read_pdf_signature(content=plain.files()[PDF]).timestamp is None
    assert read_pdf_signature(content=stamped.files()[PDF]).timestamp is not None


def test_every_part_of_the_signature_has_one_spelling(plain: Specimen) -> None:
    pdf = plain.files()[PDF]
    begins, ends = _signature_of(pdf)
    whole = "does not cover the whole file but itself"
    form = "not in the one accepted form"

    def changed(at: int, to: bytes) -> str | None:
        assert pdf[at : at + len(to)] != to
        return _found(plain, pdf[:at] + to + pdf[at + len(to) :])

    letter = re.compile(rb"[A-F]").search(pdf, begins)
    assert letter is not None
    for found, expected in (
        (changed(letter.start(), letter[0].lower()), whole),
        (changed(begins, b"("), whole),
        (changed(ends - 2, b"1"), form),
        (changed(begins + 1, b"31"), form),
        (_found(plain, pdf + b"\n"), whole),
        (_found(plain, pdf.replace(b"/ByteRange [0 ", b"/ByteRange [1 ")), whole),
        (_found(plain, pdf.replace(b"/ByteRange", b"/ByteOrder")), "exactly one signature"),
        (_found(plain, pdf + pdf), "exactly one signature"),
        (_found(plain, b""), "exactly one signature"),
    ):
        assert found is not None
        assert expected in found


def test_random_bytes_of_a_pdf_are_found_or_are_of_an_idle_timestamp(
    plain: Specimen, stamped: Specimen
) -> None:
    chance = random.Random(7)
    for specimen in (plain, stamped):
        pdf = specimen.files()[PDF]
        begins, ends = _signature_of(pdf)
        token = read_pdf_signature(content=pdf).timestamp or b""
        for number in range(40):
            at = chance.randrange(begins, ends) if number % 2 else chance.randrange(len(pdf))
            found = _found(specimen, flipped(pdf, at, chance))
            # What stands in a timestamp beside the hash is its authority's to vouch for.
            place = pdf.find(token.hex().upper().encode()) if token else len(pdf)
            assert found or place <= at < place + 2 * len(token), at


def test_another_pdf_of_the_coalition_is_not_this_statements(
    plain: Specimen, tmp_path: Path
) -> None:
    keystore = make_keystore(plain.folder / "keys")
    signer = keystore.signer(now=SIGNED_AT)
    books = Books(folder=tmp_path, signer=signer, make_pdf=Press(signer), number=7)
    other = Specimen(tmp_path, books.issue(make_rows(3)).path, plain.root)
    assert _found(plain, other.files()[PDF]) == "does not enclose statement.json as it is"


def test_a_strangers_pdf_and_another_signatures_timestamp_are_refused(
    plain: Specimen, stamped: Specimen
) -> None:
    found = _found(plain, stamped.files()[PDF])
    assert found == "was not signed with the certificates of the statement"
    pdf = stamped.files()[PDF]
    token = read_pdf_signature(content=pdf).timestamp
    assert token is not None
    value = read_pdf_signature(content=pdf).value
    digest = sha256(value).hexdigest().upper().encode()
    assert pdf.count(digest) == 1
    assert _found(stamped, pdf.replace(digest, b"00" * 32)) == "its timestamp is of something else"


@pytest.mark.parametrize(
    "content",
    [
        b"/Type/EmbeddedFile",
        b"1 0 obj <</Type/EmbeddedFile/Length 3>> stream\nabc\nendstream /Type/EmbeddedFile",
        b"1 0 obj <</Type/EmbeddedFile>> stream\nabc\nendstream",
        b"1 0 obj <</Type/EmbeddedFile/Length 3 0 R>> stream\nabc\nendstream",
        b"1 0 obj <</Type/EmbeddedFile/Length 3/Filter/LZWDecode>> stream\nabc\nendstream",
        b"1 0 obj <</Type/EmbeddedFile/Length 3/Filter/FlateDecode>> stream\nabc\nendstream",
    ],
)
def test_an_enclosed_file_that_cannot_be_read_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidPdf, match="enclosed"):
        enclosed_file(content=content)


def test_an_enclosed_file_may_stand_as_it_is() -> None:
    content = b"1 0 obj <</Type/EmbeddedFile/Length 3>> stream\r\nabc\nendstream"
    assert enclosed_file(content=content) == b"abc"

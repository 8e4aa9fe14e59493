"""Whatever is changed in a bundle, the verifier finds it and names the file and the line."""

from __future__ import annotations

import random
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from partner_sdk.verify import Verification, verify_bundle
from partner_sdk.wire import cms
from partner_sdk.wire.archive import (
    CAMT,
    CAMT_SIGNATURE,
    CHAIN,
    CSV,
    FILES,
    JOURNAL,
    NDJSON,
    ONEC,
    OPTIONAL,
    PROOF,
    ROOT,
    SALTS,
    SIGNATURE,
    STATEMENT,
)
from partner_sdk.wire.lines import SLOT_BYTES
from settlement.signing import sign_detached
from tests.integration.settlement.bundle_maker import (
    NAMING,
    SIGNED_AT,
    Books,
    make_keystore,
    make_rows,
)
from tests.integration.settlement.specimen import (
    Specimen,
    flipped,
    make_specimen,
    pack,
    with_hashes,
)

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Specimen:
    return make_specimen(tmp_path_factory.mktemp("small"), 4)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Specimen:
    return make_specimen(tmp_path_factory.mktemp("large"), 300)


def _check_named(specimen: Specimen, at: int, found: Verification) -> None:
    name, line = specimen.owner_of(at)
    assert not found.ok, f"byte {at} of {name} can be changed unseen"
    if name is None:
        # The archive's directory: a file that it lists, or the bundle itself.
        return
    assert name in {f.file for f in found.findings}, (at, name, found.findings)
    if line is not None:
        lines = {f.line for f in found.findings if f.file == name}
        assert line in lines, (at, name, line, found.findings)


def test_bytes_around_the_files_are_accounted_for(small: Specimen) -> None:
    chance = random.Random(1)
    inside = {at for e in small.entries.values() for at in range(e.start, e.end)}
    around = sorted(set(range(len(small.content))) - inside)
    # Each file has the same headers, so a part of all their bytes is every kind of byte.
    for at in chance.sample(around, len(around) // 4):
        _check_named(small, at, small.verify(flipped(small.content, at, chance)))


@pytest.mark.prove
def test_every_single_byte_of_a_small_bundle_is_accounted_for(small: Specimen) -> None:
    chance = random.Random(1)
    for at in range(len(small.content)):
        _check_named(small, at, small.verify(flipped(small.content, at, chance)))


def test_a_thousand_random_bytes_of_a_large_bundle_are_found(large: Specimen) -> None:
    chance = random.Random(2)
    for _ in range(250):
        at = chance.randrange(len(large.content))
        _check_named(large, at, large.verify(flipped(large.content, at, chance)))


@pytest.mark.parametrize("name", [NDJSON, CSV, SALTS])
def test_random_bytes_of_the_lines_are_found_though_the_container_is_made_good_again(
    large: Specimen, name: str
) -> None:
    chance = random.Random(name)
    entry = large.entries[name]
    for _ in range(250):
        at = chance.randrange(entry.size)
        files = large.files()
        files[name] = flipped(files[name], at, chance)
        found = large.verify(pack(files))
        _check_named(large, entry.start + at, found)
        assert {f.file for f in found.findings} == {name}


@pytest.mark.parametrize("name", [ROOT, CHAIN, STATEMENT, SIGNATURE])
@pytest.mark.parametrize("most", [300, pytest.param(10**6, marks=pytest.mark.prove)])
def test_bytes_of_the_small_files_are_found_though_the_container_is_made_good_again(
    small: Specimen, name: str, most: int
) -> None:
    chance, size = random.Random(name), small.entries[name].size
    for at in chance.sample(range(size), min(size, most)):
        files = small.files()
        files[name] = flipped(files[name], at, chance)
        found = small.verify(pack(files))
        assert {f.file for f in found.findings} == {name}, (at, found.findings)


@pytest.mark.parametrize("name", [CAMT, CAMT_SIGNATURE, JOURNAL, ONEC])
def test_random_bytes_of_the_derived_files_are_found_though_the_container_is_made_good_again(
    small: Specimen, name: str
) -> None:
    chance = random.Random(name)
    for _ in range(60):
        files = small.files()
        files[name] = flipped(files[name], chance.randrange(len(files[name])), chance)
        found = small.verify(pack(files))
        assert {f.file for f in found.findings} == {name}


def test_a_bank_statement_that_its_own_signature_does_not_cover_is_found(
    small: Specimen, tmp_path: Path
) -> None:
    signer = make_keystore(small.folder / "keys").signer(now=SIGNED_AT)
    stranger = make_keystore(tmp_path / "keys").signer(now=SIGNED_AT)
    files = small.files()
    other = files[CAMT].replace(b"Test coalition", b"Best coalition", 1)
    changes = [
        ({CAMT: other}, (CAMT, "signature")),
        (
            {
                CAMT_SIGNATURE: sign_detached(
                    signer=stranger, content=files[CAMT], signed_at=SIGNED_AT
                )
            },
            (CAMT_SIGNATURE, "chain"),
        ),
        ({CAMT_SIGNATURE: b"no signature"}, (CAMT_SIGNATURE, "signature")),
    ]
    for change, expected in changes:
        found = small.verify(pack(with_hashes({**files, **change}, signer)))
        assert {(f.file, f.code) for f in found.findings} == {expected}


@pytest.mark.parametrize("name", [name for name in FILES if name not in OPTIONAL])
def test_a_byte_more_or_less_is_found(small: Specimen, name: str) -> None:
    for change in (lambda c: c + b"\n", lambda c: c[:-1], lambda c: b"", lambda c: b" " + c):
        files = small.files()
        files[name] = change(files[name])
        found = small.verify(pack(files))
        assert name in {f.file for f in found.findings}


def _without_line(content: bytes, number: int) -> bytes:
    lines = content.splitlines(keepends=True)
    return b"".join(lines[:number] + lines[number + 1 :])


def test_a_line_taken_out_of_both_renderings_is_found(large: Specimen) -> None:
    files = large.files()
    files[NDJSON] = _without_line(files[NDJSON], 150)
    files[CSV] = _without_line(files[CSV], 151)
    files[SALTS] = files[SALTS][: 150 * SLOT_BYTES] + files[SALTS][151 * SLOT_BYTES :]
    found = large.verify(pack(files))
    assert {NDJSON, CSV, SALTS} <= {f.file for f in found.findings}
    assert (SALTS, 151) in {(f.file, f.line) for f in found.findings}


def test_a_line_that_says_otherwise_in_both_renderings_is_found(large: Specimen) -> None:
    files = large.files()
    amount = files[CSV].splitlines()[2].split(b",")[30]
    for name in (NDJSON, CSV):
        files[name] = files[name].replace(amount, b"9" + amount[1:])
    found = large.verify(pack(files))
    assert {(f.file, f.code) for f in found.findings} >= {(NDJSON, "hash"), (CSV, "hash")}


def test_the_sums_of_a_signed_statement_are_checked_too(large: Specimen) -> None:
    signer = make_keystore(large.folder / "keys").signer(now=SIGNED_AT)
    files = large.files()
    changes: list[tuple[bytes, bytes, str]] = [
        (b'"count":', b'"count":1', "sum"),
        (b'"merkle_root":"', b'"merkle_root":"0', "merkle"),
        (b'"opening":"0.00"', b'"opening":"0.01"', "sum"),
        (b'"statement_no":1', b'"statement_no":2', "continuity"),
        (b'"receivable":"', b'"receivable":"1', "sum"),
    ]
    for before, after, code in changes:
        changed = files[STATEMENT].replace(before, after, 1)
        signature = sign_detached(signer=signer, content=changed, signed_at=SIGNED_AT)
        found = large.verify(pack({**files, STATEMENT: changed, SIGNATURE: signature}))
        assert code in {f.code for f in found.findings if f.file == STATEMENT}, before


def _reordered(files: dict[str, bytes]) -> bytes:
    return pack({name: files[name] for name in reversed(files)})


def _with_a_stranger(files: dict[str, bytes]) -> bytes:
    return pack({**files, "readme.txt": b"trust me"})


def _without_csv(files: dict[str, bytes]) -> bytes:
    return pack({name: files[name] for name in files if name != CSV})


def _with_a_tail(files: dict[str, bytes]) -> bytes:
    return pack(files) + b"!"


def _with_a_head(files: dict[str, bytes]) -> bytes:
    return b"!" + pack(files)


@pytest.mark.parametrize(
    ("repack", "named"),
    [
        (_reordered, None),
        (_with_a_stranger, "readme.txt"),
        (_without_csv, CSV),
        (_with_a_tail, None),
        (_with_a_head, None),
        (lambda files: b"", None),
        (lambda files: b"PK", None),
    ],
)
def test_a_container_in_any_other_form_is_refused(
    small: Specimen, repack: Callable[[dict[str, bytes]], bytes], named: str | None
) -> None:
    found = small.verify(repack(small.files()))
    assert not found.ok
    if named is not None:
        assert named in {f.file for f in found.findings}


@pytest.mark.parametrize("name", sorted(OPTIONAL - {PROOF}))
def test_a_file_of_the_format_that_the_statement_does_not_name_is_refused(
    small: Specimen, name: str
) -> None:
    files = small.files()
    if name in files:
        del files[name]
    else:
        files[name] = b"trust me"
    ordered = {each: files[each] for each in FILES if each in files}
    assert name in {f.file for f in small.verify(pack(ordered)).findings}


def test_a_bundle_packed_again_by_another_program_is_refused(small: Specimen) -> None:
    changed = small.folder / "packed.zip"
    with zipfile.ZipFile(changed, "w") as packed:
        for name, content in small.files().items():
            packed.writestr(name, content)
    assert not verify_bundle(bundle=changed, root=small.root).ok


def test_another_coalitions_root_is_not_trusted(small: Specimen, tmp_path: Path) -> None:
    stranger = make_keystore(tmp_path / "keys")
    found = verify_bundle(bundle=small.good, root=stranger.root_pem())
    assert {f.code for f in found.findings} >= {"root", "chain"}


def test_a_statement_signed_by_a_stranger_with_our_names_is_refused(
    small: Specimen, tmp_path: Path
) -> None:
    stranger = make_keystore(tmp_path / "keys").signer(now=SIGNED_AT)
    files = small.files()
    files[SIGNATURE] = sign_detached(signer=stranger, content=files[STATEMENT], signed_at=SIGNED_AT)
    found = small.verify(pack(files))
    assert {(f.file, f.code) for f in found.findings} == {(SIGNATURE, "chain")}


def test_a_signature_from_before_or_after_the_certificate_is_refused(small: Specimen) -> None:
    keystore = make_keystore(small.folder / "keys")
    signer = keystore.signer(now=SIGNED_AT)
    files = small.files()
    for signed_at in (SIGNED_AT - timedelta(days=1), SIGNED_AT + timedelta(days=400)):
        files[SIGNATURE] = sign_detached(
            signer=signer, content=files[STATEMENT], signed_at=signed_at
        )
        found = small.verify(pack(files))
        assert {(f.file, f.code) for f in found.findings} == {(SIGNATURE, "chain")}


def test_the_other_spelling_of_the_same_signature_is_refused(small: Specimen) -> None:
    files = small.files()
    read = cms.read(content=files[SIGNATURE])
    r, s = decode_dss_signature(read.signature)
    files[SIGNATURE] = cms.write(
        chain=read.chain,
        content_sha256=read.content_sha256,
        signed_at=read.signed_at,
        signature=encode_dss_signature(r, _P256_ORDER - s),
    )
    found = small.verify(pack(files))
    assert {(f.file, f.code) for f in found.findings} == {(SIGNATURE, "signature")}


def test_a_previous_bundle_that_was_changed_does_not_link(tmp_path: Path) -> None:
    keystore = make_keystore(tmp_path / "keys")
    account = Books(folder=tmp_path, signer=keystore.signer(now=SIGNED_AT))
    first, second = account.issue(make_rows(5)).path, account.issue(make_rows(5)).path
    content = first.read_bytes()
    first.write_bytes(content.replace(b'"environment":"test"', b'"environment":"Test"'))
    found = verify_bundle(bundle=second, root=keystore.root_pem(), previous=first)
    assert "continuity" in {f.code for f in found.findings}
    first.write_bytes(b"no bundle at all")
    found = verify_bundle(bundle=second, root=keystore.root_pem(), previous=first)
    assert {f.file for f in found.findings} == {first.name}


def test_statements_signed_before_and_after_a_rotation_both_verify(tmp_path: Path) -> None:
    keystore = make_keystore(tmp_path / "keys")
    old = keystore.signer(now=SIGNED_AT)
    keystore.rotate(now=SIGNED_AT, naming=NAMING)
    new = keystore.signer(now=SIGNED_AT)
    assert old.chain != new.chain
    account = Books(folder=tmp_path, signer=old)
    first = account.issue(make_rows(3)).path
    account.signer = new
    second = account.issue(make_rows(3)).path
    root = keystore.root_pem()
    assert verify_bundle(bundle=first, root=root).ok
    assert verify_bundle(bundle=second, root=root, previous=first).ok

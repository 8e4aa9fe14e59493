"""verify.py and the SDK, written apart: the same verdict and the same place on the same bytes."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from partner_sdk.verify import verify_bundle
from partner_sdk.wire.archive import (
    CAMT,
    CAMT_SIGNATURE,
    CSV,
    FILES,
    NDJSON,
    OPTIONAL,
    SALTS,
    SIGNATURE,
    STATEMENT,
)
from partner_sdk.wire.lines import SLOT_BYTES
from settlement.signing import sign_detached
from tests.integration.settlement.bundle_maker import SIGNED_AT, Books, make_keystore, make_rows
from tests.integration.settlement.specimen import (
    Specimen,
    flipped,
    make_specimen,
    pack,
    run_alone,
    with_hashes,
)


@pytest.fixture(scope="module")
def specimen(tmp_path_factory: pytest.TempPathFactory) -> Specimen:
    return make_specimen(tmp_path_factory.mktemp("agree"), 40, pdf=True)


def _agree(specimen: Specimen, content: bytes, what: object) -> None:
    found, said = specimen.verify(content), specimen.verify_alone(content)
    first = found.findings[0] if found.findings else None
    assert said.status == (0 if first is None else 1), (what, first, said)
    if first is None:
        assert found.summary in said.output
        return
    alone = said.finding
    assert alone is not None, (what, said)
    place, alone_place = (first.file, first.line, first.code), (alone.file, alone.line, alone.code)
    assert place == alone_place, (what, first, alone)
    # Of a broken signature, one library cannot read what another reads and finds untrue.
    assert alone.message == first.message or alone.file.endswith(".p7s"), (what, first, alone)


def test_a_good_bundle_is_good_to_both(specimen: Specimen) -> None:
    _agree(specimen, specimen.content, "good")


def _random_bytes(specimen: Specimen, count: int, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(count):
        at = chance.randrange(len(specimen.content))
        _agree(specimen, flipped(specimen.content, at, chance), at)


def test_both_find_random_bytes_alike(specimen: Specimen) -> None:
    _random_bytes(specimen, 40, 1)


def test_both_find_random_bytes_of_each_file_alike_in_a_container_made_good(
    specimen: Specimen,
) -> None:
    chance = random.Random(2)
    for name in specimen.entries:
        for _ in range(4):
            files = specimen.files()
            files[name] = flipped(files[name], chance.randrange(len(files[name])), chance)
            _agree(specimen, pack(files), name)


@pytest.mark.prove
def test_both_find_a_thousand_random_bytes_alike(specimen: Specimen) -> None:
    _random_bytes(specimen, 500, 3)
    chance = random.Random(4)
    for name in specimen.entries:
        for _ in range(40):
            files = specimen.files()
            files[name] = flipped(files[name], chance.randrange(len(files[name])), chance)
            _agree(specimen, pack(files), name)


def _without(content: bytes, number: int) -> bytes:
    lines = content.splitlines(keepends=True)
    return b"".join(lines[:number] + lines[number + 1 :])


def _damaged(files: dict[str, bytes]) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Bundles that somebody made by hand."""
    for name in files:
        yield f"without {name}", {n: c for n, c in files.items() if n != name}
        yield f"{name} empty", {**files, name: b""}
        yield f"{name} longer", {**files, name: files[name] + b"\n"}
        yield f"{name} shorter", {**files, name: files[name][:-1]}
    yield "a stranger", {**files, "readme.txt": b"trust me"}
    yield "nothing", {}
    yield "another order", dict(reversed(files.items()))
    yield "a line less", {**files, NDJSON: _without(files[NDJSON], 7), CSV: _without(files[CSV], 8)}
    yield (
        "a line less, and its salt",
        {
            **files,
            NDJSON: _without(files[NDJSON], 7),
            CSV: _without(files[CSV], 8),
            SALTS: files[SALTS][: 7 * SLOT_BYTES] + files[SALTS][8 * SLOT_BYTES :],
        },
    )
    yield "no heading", {**files, CSV: _without(files[CSV], 0)}
    for name in (NDJSON, CSV):
        for number in (0, 11, 39):
            yield f"{name} without line {number}", {**files, name: _without(files[name], number)}
        swapped = files[name].splitlines(keepends=True)
        swapped[3], swapped[4] = swapped[4], swapped[3]
        yield f"{name} in another order", {**files, name: b"".join(swapped)}


def test_both_judge_bundles_made_by_hand_alike(specimen: Specimen) -> None:
    for what, files in _damaged(specimen.files()):
        _agree(specimen, pack(files) if files else b"", what)
    for content in (b"", b"PK", specimen.content + b"!", b"!" + specimen.content):
        _agree(specimen, content, content[:3])
    for name in OPTIONAL & set(FILES) - set(specimen.entries):
        _agree(specimen, pack({**specimen.files(), name: b"x"}), name)


_Change = Callable[[bytes], bytes]


def _replaced(before: bytes, after: bytes) -> _Change:
    return lambda content: content.replace(before, after, 1)


@pytest.mark.parametrize(
    "change",
    [
        _replaced(b'"count":', b'"count":1'),
        _replaced(b'"merkle_root":"', b'"merkle_root":"0'),
        _replaced(b'"opening":"0.00"', b'"opening":"0.01"'),
        _replaced(b'"opening":"0.00"', b'"opening":"0.000"'),
        _replaced(b'"opening":"0.00"', b'"opening":0.00'),
        _replaced(b'"statement_no":1', b'"statement_no":2'),
        _replaced(b'"statement_no":1', b'"statement_no":-1'),
        _replaced(b'"statement_no":1', b'"statement_no":true'),
        _replaced(b'"statement_no":1', b'"statement_no":1.0'),
        _replaced(b'"receivable":"', b'"receivable":"1'),
        _replaced(b'"residue_in":"0.000000"', b'"residue_in":"0.010000"'),
        _replaced(b'"late_lines":0', b'"late_lines":1'),
        _replaced(b'"points":', b'"points":1'),
        _replaced(b'"currency":"EUR"', b'"currency":"eur"'),
        _replaced(b'"currency":"EUR"', b'"currency":"JPY"'),
        _replaced(b'"currency":"EUR"', b'"currency":"USD"'),
        _replaced(b'"ends_at":"2026-11-22', b'"ends_at":"2026-11-20'),
        _replaced(b'"ends_at":"2026-11-22', b'"ends_at":"2026-02-30'),
        _replaced(b'T22:00:00Z"', b'T22:00:00.000000Z"'),
        _replaced(b'T22:00:00Z"', b'T22:00:60Z"'),
        _replaced(b'T22:00:00Z"', b'T22:00:00+00:00"'),
        _replaced(b'"format":"coalition.statement/2"', b'"format":"coalition.statement/1"'),
        _replaced(b'"hash":"sha256"', b'"hash":"md5"'),
        _replaced(b'"language":"en",', b""),
        _replaced(b'{"activity"', b'{"aaa":1,"activity"'),
        _replaced(b'"previous":null', b'"previous":{"sha256":"00","statement_id":"stm_0"}'),
        _replaced(b'"beside":["statement.json.p7s"', b'"beside":["salts.bin"'),
        _replaced(b'"name":"lines.csv"', b'"name":"lines.ndjson"'),
        _replaced(b'"name":"root.pem"', b'"name":"nothing.pem"'),
        _replaced(b'"name":"Test coalition"', b'"name":"\\u0074est"'),
        _replaced(b'"name":"Test coalition"', b'"name":"\\ud800"'),
        _replaced(b"{", b"{ "),
        lambda content: b"[]\n",
        lambda content: b"\xff\n",
        lambda content: content.rstrip(b"\n"),
        lambda content: b"[" * 100_000,
    ],
)
def test_both_judge_what_the_coalition_itself_signed_wrongly_alike(
    specimen: Specimen, change: _Change
) -> None:
    files = specimen.files()
    changed = change(files[STATEMENT])
    assert changed != files[STATEMENT]
    signer = make_keystore(specimen.folder / "keys").signer(now=SIGNED_AT)
    signature = sign_detached(signer=signer, content=changed, signed_at=SIGNED_AT)
    content = pack({**files, STATEMENT: changed, SIGNATURE: signature})
    assert not specimen.verify(content).ok
    _agree(specimen, content, changed[:80])


@pytest.mark.parametrize(
    "change",
    [
        _replaced(b'<Amt Ccy="EUR">', b'<Amt Ccy="EUR">1'),
        _replaced(b'<Amt Ccy="EUR">', b'<Amt Ccy="USD">'),
        _replaced(b"<Cd>CLBD</Cd>", b"<Cd>ITBD</Cd>"),
        _replaced(b"<Id>stm_0", b"<Id>stm_1"),
        _replaced(b"<NtryRef>1<", b"<NtryRef>2<"),
        _replaced(b"<AddtlNtryInf>redemption:", b"<AddtlNtryInf>clawback:"),
        _replaced(b"<Ntry>", b"<Ntry><Amt>1</Amt>"),
        _replaced(b"camt.053.001.08", b"camt.053.001.02"),
        _replaced(b"<Document", b"<!DOCTYPE x><Document"),
        _replaced(b"</Document>", b""),
        lambda content: re.sub(b"<Ntry>.*</Ntry>", b"", content, flags=re.DOTALL),
        lambda content: b"",
    ],
)
def test_both_hold_the_bank_statement_against_the_statement_alike(
    specimen: Specimen, change: _Change
) -> None:
    signer = make_keystore(specimen.folder / "keys").signer(now=SIGNED_AT)
    files = specimen.files()
    files[CAMT] = change(files[CAMT])
    assert files[CAMT] != specimen.files()[CAMT]
    files[CAMT_SIGNATURE] = sign_detached(signer=signer, content=files[CAMT], signed_at=SIGNED_AT)
    content = pack(with_hashes(files, signer))
    assert specimen.verify(content).findings[0].file == CAMT
    _agree(specimen, content, files[CAMT][:80])


def test_both_hold_the_bank_statement_against_its_own_signature_alike(
    specimen: Specimen, tmp_path: Path
) -> None:
    signer = make_keystore(specimen.folder / "keys").signer(now=SIGNED_AT)
    stranger = make_keystore(tmp_path / "keys").signer(now=SIGNED_AT)
    files = specimen.files()
    other = files[CAMT].replace(b"CRDT", b"DBIT", 1)
    foreign = sign_detached(signer=stranger, content=files[CAMT], signed_at=SIGNED_AT)
    for change in ({CAMT: other}, {CAMT_SIGNATURE: foreign}, {CAMT_SIGNATURE: b"none"}):
        content = pack(with_hashes({**files, **change}, signer))
        assert not specimen.verify(content).ok
        _agree(specimen, content, change)


@pytest.mark.parametrize("days", [-1, 1, 400, 8000])
def test_both_judge_certificates_as_of_the_signing_alike(specimen: Specimen, days: int) -> None:
    signer = make_keystore(specimen.folder / "keys").signer(now=SIGNED_AT)
    files = specimen.files()
    files[SIGNATURE] = sign_detached(
        signer=signer, content=files[STATEMENT], signed_at=SIGNED_AT + timedelta(days=days)
    )
    assert specimen.verify(pack(files)).ok == (days == 1)
    _agree(specimen, pack(files), days)


def test_both_refuse_another_coalitions_signature_alike(specimen: Specimen, tmp_path: Path) -> None:
    stranger = make_keystore(tmp_path / "keys")
    files = specimen.files()
    files[SIGNATURE] = sign_detached(
        signer=stranger.signer(now=SIGNED_AT), content=files[STATEMENT], signed_at=SIGNED_AT
    )
    _agree(specimen, pack(files), "a stranger's signature")
    foreign = Specimen(tmp_path, specimen.good, stranger.root_pem())
    _agree(foreign, specimen.content, "a stranger's root")


def test_both_judge_the_statement_before_alike(tmp_path: Path) -> None:
    keystore = make_keystore(tmp_path / "keys")
    root = tmp_path / "root.pem"
    root.write_bytes(keystore.root_pem())
    account = Books(folder=tmp_path, signer=keystore.signer(now=SIGNED_AT))
    first, second, third = (account.issue(make_rows(5, seed=seed)).path for seed in (1, 2, 3))
    other = Books(folder=tmp_path, signer=account.signer, opening_micros=10_000, number=2)
    other.previous = account.previous
    stranger = other.issue(make_rows(3), name="stranger.zip").path
    garbage = tmp_path / "garbage.zip"
    shutil.copy(root, garbage)
    for bundle in (first, second, third, stranger):
        for previous in (first, second, third, stranger, garbage):
            found = verify_bundle(bundle=bundle, root=root.read_bytes(), previous=previous)
            said = run_alone(bundle, root, "--previous", str(previous))
            expected = found.findings[0] if found.findings else None
            alone = said.finding
            assert (alone and alone.file, alone and alone.code) == (
                expected and expected.file,
                expected and expected.code,
            ), (bundle, previous, expected, said)
            assert found.ok == (said.status == 0)
            assert found.ok == ((bundle, previous) in {(second, first), (third, second)})

"""Tiles and proofs of a log, held against the slow log that follows the definitions."""

from __future__ import annotations

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from partner_sdk.wire.merkle import (
    consistency_path,
    inclusion_path,
    record_hash,
    verify_consistency,
    verify_inclusion,
)
from partner_sdk.wire.tlog.checkpoints import Checkpoint, cosign, cosigner_key
from partner_sdk.wire.tlog.notes import ED25519, Note, VerifierKey
from partner_sdk.wire.tlog.proofs import InvalidProof, LogProof
from partner_sdk.wire.tlog.records import agreement_record, certificate_record, statement_record
from partner_sdk.wire.tlog.tiles import (
    InvalidTile,
    Tile,
    bundle_of,
    nodes_of_tiles,
    records_of,
    root_of_tiles,
    tiles_of,
)
from partner_sdk.witness import is_start_of
from tests.slow_log import tile_files, tree_hash

RECORDS = [b"record %d" % number for number in range(600)]
SIZES = st.one_of(st.integers(1, 600), st.sampled_from([1, 255, 256, 257, 511, 512, 513]))


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 600])
def test_the_tiles_of_a_size_are_those_of_the_definition(size: int) -> None:
    named = {tile.path for tile in tiles_of(size=size)}
    named |= {tile.bundle.path for tile in tiles_of(size=size) if tile.level == 0}
    assert named == set(tile_files(RECORDS[:size]))


def test_the_tiles_of_seventy_thousand_are_those_that_the_specification_counts() -> None:
    tiles = list(tiles_of(size=70_000))
    full = [sum(t.is_full for t in tiles if t.level == level) for level in range(3)]
    partial = [t.width for t in tiles if not t.is_full]
    assert (full, partial) == ([273, 1, 0], [112, 17, 1])


@given(SIZES, SIZES)
def test_what_growing_adds_is_what_the_smaller_tree_lacks(one: int, two: int) -> None:
    since, size = sorted((one, two))
    before, after = set(tiles_of(size=since)), set(tiles_of(size=size))
    assert set(tiles_of(size=size, since=since)) == after - before


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0, 256), "tile/0/000"),
        (Tile(0, 7, 3), "tile/0/007.p/3"),
        (Tile(3, 1_234_067, 256), "tile/3/x001/x234/067"),
        (Tile(None, 1000, 1), "tile/entries/x001/000.p/1"),
    ],
)
def test_a_tile_has_the_path_of_the_specification(tile: Tile, path: str) -> None:
    assert tile.path == path


@settings(deadline=None, max_examples=60)
@given(SIZES, st.data())
def test_roots_and_paths_come_from_tiles_alone(size: int, data: st.DataObject) -> None:
    files = tile_files(RECORDS[:size])
    nodes = nodes_of_tiles(size=size, read=lambda tile: files[tile.path])
    old = data.draw(st.integers(1, size))
    index = data.draw(st.integers(0, size - 1))
    new_root, old_root = tree_hash(RECORDS[:size]), tree_hash(RECORDS[:old])
    assert root_of_tiles(size=size, nodes=nodes) == new_root
    assert root_of_tiles(size=old, nodes=nodes) == old_root
    assert verify_consistency(
        old=old,
        new=size,
        old_root=old_root,
        new_root=new_root,
        path=consistency_path(old=old, new=size, nodes=nodes),
    )
    assert verify_inclusion(
        index=index,
        size=size,
        leaf=record_hash(record=RECORDS[index]),
        path=inclusion_path(index=index, size=size, nodes=nodes),
        root=new_root,
    )


def test_tiles_that_belie_each_other_hide_no_fork() -> None:
    # The log forked at record 270. It shows a witness that knows 280 records of the first past the
    # second one's 600, with one low tile of the first: the root of 280 seems to be there.
    seen, forked = RECORDS, [*RECORDS[:270], b"another", *RECORDS[271:]]
    shown = tile_files(forked)
    shown["tile/0/001"] = tile_files(seen)["tile/0/001"]
    nodes = nodes_of_tiles(size=600, read=lambda tile: shown[tile.path])
    old = Checkpoint("log.example", 280, tree_hash(seen[:280]))
    new = Checkpoint("log.example", 600, tree_hash(forked))
    assert root_of_tiles(size=600, nodes=nodes) == new.root
    assert root_of_tiles(size=280, nodes=nodes) == old.root
    assert not is_start_of(seen=old, shown=new, nodes=nodes)


def test_a_tile_of_another_length_is_refused() -> None:
    nodes = nodes_of_tiles(size=5, read=lambda _tile: bytes(32 * 4))
    with pytest.raises(InvalidTile, match="is not 5 hashes"):
        nodes(0, 0)
    with pytest.raises(InvalidTile, match="no such node"):
        nodes(0, 5)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_bundle_gives_back_its_records(records: list[bytes]) -> None:
    bundle = bundle_of(records=records)
    assert list(records_of(bundle=bundle)) == records
    if bundle:
        with pytest.raises(InvalidTile, match="cut short"):
            records_of(bundle=bundle + b"\x00")


def test_a_record_that_does_not_fit_its_length_is_refused() -> None:
    assert len(bundle_of(records=[bytes(65_535)])) == 65_537
    with pytest.raises(ValueError, match="65535"):
        bundle_of(records=[bytes(65_536)])


def test_records_are_these_bytes() -> None:
    assert statement_record(statement_id="stm_1", statement=b"{}", signature=b"-") == (
        b'{"kind":"statement",'
        b'"sha256":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",'
        b'"signature_sha256":"3973e022e93220f9212c18d0d0c543ae7c309e46640da93a4a0314de999f5112",'
        b'"statement":"stm_1"}'
    )
    hashed = sha256(b"agr_1\n3\nabc\n").hexdigest()
    assert agreement_record(agreement_id="agr_1", version=3, terms_sha256="abc") == (
        f'{{"kind":"agreement","sha256":"{hashed}"}}'.encode()
    )
    assert certificate_record(role="root", der=b"\x30\x00") == (
        b'{"der":"MAA=","kind":"certificate","role":"root"}'
    )


LOG = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LOG_KEY = VerifierKey("log.example", ED25519, LOG.public_key().public_bytes_raw())
WITNESS = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
WITNESS_KEY = cosigner_key(
    origin="log.example", key_id="key_1", public_key=WITNESS.public_key().public_bytes_raw()
)


def proof_of(index: int, size: int) -> LogProof:
    files = tile_files(RECORDS[:size])
    nodes = nodes_of_tiles(size=size, read=lambda tile: files[tile.path])
    text = Checkpoint("log.example", size, tree_hash(RECORDS[:size])).to_text()
    signatures = (
        LOG_KEY.sign(text, LOG.sign),
        cosign(text=text, key=WITNESS_KEY, timestamp=7, sign=WITNESS.sign),
    )
    path = inclusion_path(index=index, size=size, nodes=nodes)
    return LogProof(index, tuple(path), Note(text, signatures).to_bytes())


@pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 2), (6, 13), (299, 300)])
def test_a_proof_shows_its_record_and_who_cosigned(index: int, size: int) -> None:
    proof = LogProof.from_bytes(proof_of(index, size).to_bytes())
    assert proof == proof_of(index, size)
    shown = proof.verify(record=RECORDS[index], log=[LOG_KEY], witnesses=[WITNESS_KEY])
    assert (shown.checkpoint.size, shown.cosigners) == (size, (WITNESS_KEY.name,))
    with pytest.raises(InvalidProof, match="not where"):
        proof.verify(record=b"another", log=[LOG_KEY])


def test_any_changed_byte_of_a_proof_is_noticed() -> None:
    content = proof_of(6, 13).to_bytes()
    for at in range(len(content)):
        changed = bytes([*content[:at], content[at] ^ 1, *content[at + 1 :]])
        try:
            shown = LogProof.from_bytes(changed).verify(
                record=RECORDS[6], log=[LOG_KEY], witnesses=[WITNESS_KEY]
            )
        except InvalidProof:
            continue
        # What changed is the name of the witness: it cosigned for nobody that we know.
        assert shown.cosigners == ()


def test_extra_data_and_other_forms_are_refused() -> None:
    content = proof_of(6, 13).to_bytes()
    first, _, rest = content.partition(b"\n")
    for wrong in (
        b"",
        first + b"\nextra AAAA\n" + rest,
        content.replace(b"index 6", b"index 06"),
        content.replace(b"index 6", b"index -6"),
        content.replace(b"@v1", b"@v2"),
    ):
        with pytest.raises(InvalidProof):
            LogProof.from_bytes(wrong)

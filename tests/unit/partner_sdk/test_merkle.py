"""The tree hash: RFC 9162 by definition, and the vectors of Certificate Transparency."""

from __future__ import annotations

import json
from hashlib import sha256
from importlib import resources

from hypothesis import given
from hypothesis import strategies as st

from partner_sdk.wire.merkle import EMPTY_ROOT, MerkleTree, leaf_hash, root_of
from tests.unit.partner_sdk.merkle_by_definition import mth


@given(st.integers(0, 200))
def test_the_root_is_that_of_the_definition(count: int) -> None:
    leaves = [sha256(b"%d" % number).digest() for number in range(count)]
    assert root_of(leaves=leaves) == mth(leaves)


@given(st.lists(st.integers(0, 40), max_size=8))
def test_leaves_may_arrive_in_batches_of_any_size(sizes: list[int]) -> None:
    leaves = [sha256(b"%d" % number).digest() for number in range(sum(sizes))]
    tree, at = MerkleTree(), 0
    for size in sizes:
        tree.extend(leaves=leaves[at : at + size])
        at += size
    assert tree.root() == mth(leaves)
    assert len(tree) == len(leaves)


def test_the_published_vectors_hold() -> None:
    file = resources.files("partner_sdk.wire.vectors") / "merkle.json"
    vectors = json.loads(file.read_text())
    leaves = [sha256(b"\x00" + bytes.fromhex(leaf)).digest() for leaf in vectors["leaves"]]
    assert bytes.fromhex(vectors["empty_root"]) == EMPTY_ROOT
    for size, root in enumerate(vectors["roots"], 1):
        assert root_of(leaves=leaves[:size]).hex() == root


def test_a_leaf_is_the_hash_of_a_zero_byte_the_slot_and_the_line() -> None:
    slot, line = bytes(range(32)), b'{"line_no":1}'
    assert leaf_hash(slot=slot, line=line) == sha256(b"\x00" + slot + line).digest()

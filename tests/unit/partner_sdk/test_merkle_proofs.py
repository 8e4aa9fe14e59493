"""Inclusion and consistency: every proof of small trees against RFC 9162's own definitions."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partner_sdk.wire import merkle
from tests.unit.partner_sdk.merkle_by_definition import mth, path, proof

LEAVES = [merkle.record_hash(record=b"%d" % number) for number in range(300)]
SIZES = st.integers(1, len(LEAVES))


def _flip(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8 % len(changed)] ^= 1 << bit % 8
    return bytes(changed)


def test_every_inclusion_path_of_small_trees_is_that_of_the_definition_and_holds() -> None:
    for size in range(1, 41):
        leaves = LEAVES[:size]
        nodes, root = merkle.nodes_of(leaves=leaves), mth(leaves)
        for index in range(size):
            found = merkle.inclusion_path(index=index, size=size, nodes=nodes)
            assert found == path(index, leaves)
            assert found == merkle.path_of_stream(leaves=leaves, index=index, size=size)
            assert merkle.verify_inclusion(
                index=index, size=size, leaf=leaves[index], path=found, root=root
            )


def test_every_consistency_path_of_small_trees_is_that_of_the_definition_and_holds() -> None:
    for new in range(1, 41):
        leaves = LEAVES[:new]
        nodes, new_root = merkle.nodes_of(leaves=leaves), mth(leaves)
        for old in range(1, new + 1):
            found = merkle.consistency_path(old=old, new=new, nodes=nodes)
            assert found == proof(old, leaves)
            assert merkle.verify_consistency(
                old=old, new=new, old_root=mth(leaves[:old]), new_root=new_root, path=found
            )


@given(SIZES, st.data())
def test_an_inclusion_proof_with_anything_changed_is_refused(
    size: int, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaves = LEAVES[:size]
    found, root = path(index, leaves), mth(leaves)

    def holds(**changed: object) -> bool:
        facts = {"index": index, "size": size, "leaf": leaves[index], "path": found, "root": root}
        return merkle.verify_inclusion(**(facts | changed))  # type: ignore[arg-type]

    bit = data.draw(st.integers(0, 255))
    assert holds()
    assert not holds(leaf=_flip(leaves[index], bit))
    assert not holds(root=_flip(root, bit))
    assert not holds(path=[*found, root])
    assert not holds(path=[root, *found])
    assert not holds(index=index + size)
    assert not holds(index=-1)
    assert not holds(size=0)
    assert not holds(leaf=leaves[index] + b"\x00")
    if size > 1:
        assert not holds(index=index - 1 if index else 1)
        assert not holds(path=found[:-1])
        assert not holds(path=found[1:])
        at = data.draw(st.integers(0, len(found) - 1))
        assert not holds(path=[*found[:at], _flip(found[at], bit), *found[at + 1 :]])


@given(SIZES, st.data())
def test_a_consistency_proof_with_anything_changed_is_refused(
    new: int, data: st.DataObject
) -> None:
    old = data.draw(st.integers(1, new))
    leaves = LEAVES[:new]
    found, before, after = proof(old, leaves), mth(leaves[:old]), mth(leaves)

    def holds(**changed: object) -> bool:
        facts = {"old": old, "new": new, "old_root": before, "new_root": after, "path": found}
        return merkle.verify_consistency(**(facts | changed))  # type: ignore[arg-type]

    bit = data.draw(st.integers(0, 255))
    assert holds()
    assert not holds(old_root=_flip(before, bit))
    assert not holds(new_root=_flip(after, bit))
    assert not holds(path=[*found, after])
    assert not holds(path=[after, *found])
    assert not holds(old=new + 1)
    assert not holds(old=-1)
    if found:
        assert not holds(path=[])
        assert not holds(path=found[:-1])
        assert not holds(path=found[1:])
        at = data.draw(st.integers(0, len(found) - 1))
        assert not holds(path=[*found[:at], _flip(found[at], bit), *found[at + 1 :]])


def test_nothing_can_be_shown_of_an_empty_tree() -> None:
    empty = merkle.EMPTY_ROOT
    for new, root in ((0, empty), (1, LEAVES[0]), (3, mth(LEAVES[:3]))):
        assert not merkle.verify_consistency(old=0, new=new, old_root=empty, new_root=root, path=[])
    assert not merkle.verify_inclusion(index=0, size=0, leaf=LEAVES[0], path=[], root=empty)
    for old, new in ((0, 0), (0, 4), (5, 4)):
        with pytest.raises(ValueError, match="no path"):
            merkle.consistency_ranges(old=old, new=new)
    for index, size in ((0, 0), (4, 4), (-1, 4)):
        with pytest.raises(ValueError, match="no leaf"):
            merkle.inclusion_ranges(index=index, size=size)


def test_a_stream_that_is_shorter_or_longer_than_said_makes_no_path() -> None:
    for size in (6, 8):
        with pytest.raises(ValueError, match="not"):
            merkle.path_of_stream(leaves=LEAVES[:7], index=2, size=size)


def test_a_path_of_a_large_tree_is_read_from_a_stream() -> None:
    size, index = 5_000, 4_097
    leaves = [sha256(b"%d" % number).digest() for number in range(size)]
    found = merkle.path_of_stream(leaves=iter(leaves), index=index, size=size)
    assert merkle.root_from_inclusion(
        index=index, size=size, leaf=leaves[index], path=found
    ) == mth(leaves)


def test_a_record_is_hashed_as_a_leaf_of_rfc_6962() -> None:
    assert merkle.record_hash(record=b"").hex() == (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )

"""Merkle trees of RFC 9162 §2.1 (as RFC 6962's) with SHA-256: roots, paths, and their proof.

Roots are built as the leaves arrive; memory is one node per level, whatever the number of leaves.
A statement's leaf is ``SHA-256(0x00 ‖ 32-byte salt slot ‖ line)``: the salt lets one line be shown
with its proof without giving its neighbours away, and unlinks the line when it is destroyed. A
log's leaf is ``SHA-256(0x00 ‖ record)``.

A path is a list of tree hashes over ranges of leaves. ``inclusion_ranges`` and
``consistency_ranges`` say which; whoever has the leaves, or tiles of nodes, hashes them
(``range_hash``).
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "MerkleTree",
    "Nodes",
    "consistency_path",
    "consistency_ranges",
    "inclusion_path",
    "inclusion_ranges",
    "leaf_hash",
    "node_hash",
    "nodes_of",
    "path_of_stream",
    "range_hash",
    "record_hash",
    "root_from_inclusion",
    "root_of",
    "verify_consistency",
    "verify_inclusion",
]

#: The hash of the tree without leaves: SHA-256 of nothing.
EMPTY_ROOT = sha256(b"").digest()
HASH_BYTES = 32

#: The hash of the complete subtree over leaves [index·2**level, (index + 1)·2**level).
Nodes = Callable[[int, int], bytes]
_Range = tuple[int, int]


def leaf_hash(*, slot: bytes, line: bytes) -> bytes:
    """Return the leaf of one line (no newline); ``slot`` is its 32 bytes of salts.bin."""
    return sha256(b"\x00" + slot + line).digest()


def record_hash(*, record: bytes) -> bytes:
    """Return the plain leaf of RFC 6962: that of a log's record."""
    return sha256(b"\x00" + record).digest()


def node_hash(*, left: bytes, right: bytes) -> bytes:
    """Return the hash of a node from those of its children."""
    return sha256(b"\x01" + left + right).digest()


class MerkleTree:
    """A tree that grows to the right; ``root`` may be asked for at any time."""

    __slots__ = ("_levels", "_size")

    def __init__(self) -> None:
        # _levels[h] is the one complete subtree of 2**h leaves that still waits for a sister.
        self._levels: list[bytes | None] = []
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def extend(self, *, leaves: Sequence[bytes]) -> None:
        """Add leaf hashes in order; a batch costs one hash per leaf and little else."""
        hash_ = sha256
        self._size += len(leaves)
        nodes, height = list(leaves), 0
        while nodes:
            if height == len(self._levels):
                self._levels.append(None)
            waiting = self._levels[height]
            if waiting is not None:
                nodes.insert(0, waiting)
            self._levels[height] = nodes.pop() if len(nodes) & 1 else None
            pairs = iter(nodes)
            nodes = [
                hash_(b"\x01" + left + right).digest()
                for left, right in zip(pairs, pairs, strict=True)
            ]
            height += 1

    def root(self) -> bytes:
        """Return the tree hash of everything added so far."""
        root: bytes | None = None
        for waiting in self._levels:
            if waiting is None:
                continue
            root = waiting if root is None else node_hash(left=waiting, right=root)
        return EMPTY_ROOT if root is None else root


def root_of(*, leaves: Sequence[bytes]) -> bytes:
    """Return the tree hash of a whole list of leaf hashes."""
    tree = MerkleTree()
    tree.extend(leaves=leaves)
    return tree.root()


def inclusion_ranges(*, index: int, size: int) -> list[_Range]:
    """Return the ranges of leaves, lowest first, that make up a leaf's path (RFC 9162 §2.1.3.1).

    Raises:
        ValueError: no such leaf in a tree of ``size``.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    found: list[_Range] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((begin, middle))
            begin = middle
    return found[::-1]


def consistency_ranges(*, old: int, new: int) -> list[_Range]:
    """Return the ranges of leaves that make up a consistency path (RFC 9162 §2.1.4.1).

    Raises:
        ValueError: ``old`` is 0 (nothing can be shown of an empty tree) or beyond ``new``.
    """
    if not 0 < old <= new:
        raise ValueError(f"no path from a tree of {old} to one of {new}")
    found: list[_Range] = []
    begin, end, known = 0, new, True
    while old != end:
        middle = begin + _split(end - begin)
        if old <= middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((begin, middle))
            begin, known = middle, False
    if not known:
        found.append((begin, end))
    return found[::-1]


def range_hash(*, begin: int, end: int, nodes: Nodes) -> bytes:
    """Return the tree hash over leaves [begin, end) of a path from the hashes of complete subtrees.

    ``begin`` must be a multiple of the smallest power of two that is not below ``end - begin``,
    as it is in every path.
    """
    parts: list[bytes] = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        parts.append(nodes(level, begin >> level))
        begin += 1 << level
    root = parts.pop()
    while parts:
        root = node_hash(left=parts.pop(), right=root)
    return root


def nodes_of(*, leaves: Sequence[bytes]) -> Nodes:
    """Return the complete subtrees over a list of leaf hashes, each computed when asked for."""

    def node(level: int, index: int) -> bytes:
        return root_of(leaves=leaves[index << level : (index + 1) << level])

    return node


def inclusion_path(*, index: int, size: int, nodes: Nodes) -> list[bytes]:
    """Return a leaf's audit path, lowest first.

    Raises:
        ValueError: no such leaf in a tree of ``size``.
    """
    ranges = inclusion_ranges(index=index, size=size)
    return [range_hash(begin=begin, end=end, nodes=nodes) for begin, end in ranges]


def consistency_path(*, old: int, new: int, nodes: Nodes) -> list[bytes]:
    """Return the path that shows the tree of ``old`` leaves to be the start of that of ``new``.

    Raises:
        ValueError: ``old`` is 0 or beyond ``new``.
    """
    ranges = consistency_ranges(old=old, new=new)
    return [range_hash(begin=begin, end=end, nodes=nodes) for begin, end in ranges]


def path_of_stream(*, leaves: Iterable[bytes], index: int, size: int) -> list[bytes]:
    """Return a leaf's audit path from leaf hashes that are read once; memory stays flat.

    Raises:
        ValueError: no such leaf, or not ``size`` leaves in the stream.
    """
    ranges = inclusion_ranges(index=index, size=size)
    trees = {found: MerkleTree() for found in sorted([*ranges, (index, index + 1)])}
    stream, count = iter(leaves), 0
    for (_, end), tree in trees.items():
        batch: list[bytes] = []
        while count < end and (leaf := next(stream, None)) is not None:
            count += 1
            batch.append(leaf)
            if len(batch) == 1024 or count == end:
                tree.extend(leaves=batch)
                batch.clear()
    if count != size or next(stream, None) is not None:
        raise ValueError(f"not {size} leaves")
    return [trees[found].root() for found in ranges]


def root_from_inclusion(
    *, index: int, size: int, leaf: bytes, path: Sequence[bytes]
) -> bytes | None:
    """Return the root that a leaf and its path lead to (RFC 9162 §2.1.3.2).

    None where the path has another length than such a leaf's, or a hash that is none.
    """
    if not 0 <= index < size or not _are_hashes([leaf, *path]):
        return None
    at, last, found = index, size - 1, leaf
    for sister in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            found = node_hash(left=sister, right=found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(left=found, right=sister)
        at, last = at >> 1, last >> 1
    return found if last == 0 else None


def verify_inclusion(
    *, index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes
) -> bool:
    """Tell whether ``path`` shows ``leaf`` at ``index`` (from 0) of the tree of ``root``."""
    return root_from_inclusion(index=index, size=size, leaf=leaf, path=path) == root


def verify_consistency(
    *, old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]
) -> bool:
    """Tell whether ``path`` shows the old tree to be the start of the new (RFC 9162 §2.1.4.2).

    A tree of size 0 shows nothing, so a proof from one is refused.
    """
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    if not _are_hashes([old_root, new_root, *path]):
        return False
    # A complete old tree is itself the first node of the path, and left out of it.
    rest = list(path) if old & (old - 1) else [old_root, *path]
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    if not rest:
        return False
    before = after = rest[0]
    for sister in rest[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before = node_hash(left=sister, right=before)
            after = node_hash(left=sister, right=after)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(left=after, right=sister)
        at, last = at >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


def _split(size: int) -> int:
    """Return the largest power of two below ``size`` (at least 2)."""
    return 1 << (size - 1).bit_length() - 1


def _are_hashes(found: Sequence[bytes]) -> bool:
    return all(len(one) == HASH_BYTES for one in found)

"""Merkle tree hash of RFC 9162 §2.1.1 with SHA-256, built as the leaves arrive.

Memory is one node per level, whatever the number of leaves. A statement's leaf is
``SHA-256(0x00 ‖ 32-byte salt slot ‖ line)``: the salt lets one line be shown with its proof
without giving its neighbours away, and unlinks the line when it is destroyed.
"""

from collections.abc import Sequence
from hashlib import sha256

__all__ = ["EMPTY_ROOT", "MerkleTree", "leaf_hash", "root_of"]

#: The hash of the tree without leaves: SHA-256 of nothing.
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(*, slot: bytes, line: bytes) -> bytes:
    """Return the leaf of one line (no newline); ``slot`` is its 32 bytes of salts.bin."""
    return sha256(b"\x00" + slot + line).digest()


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
            root = waiting if root is None else sha256(b"\x01" + waiting + root).digest()
        return EMPTY_ROOT if root is None else root


def root_of(*, leaves: Sequence[bytes]) -> bytes:
    """Return the tree hash of a whole list of leaf hashes."""
    tree = MerkleTree()
    tree.extend(leaves=leaves)
    return tree.root()

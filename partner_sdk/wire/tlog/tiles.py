"""Tiles (C2SP tlog-tiles): the tree of a log as files of up to 256 hashes that never change.

The tile of level L and index N holds the hashes of the subtrees of 256**L leaves, from the
256·N-th on. Beside each tile of level 0 stands a bundle with the records themselves. A tile that is
not full has its width in its name, so that what a name holds never changes.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from partner_sdk.wire.merkle import EMPTY_ROOT, HASH_BYTES, Nodes, range_hash, root_of

__all__ = [
    "MAX_RECORD_BYTES",
    "TILE_WIDTH",
    "InvalidTile",
    "Tile",
    "bundle_of",
    "nodes_of_tiles",
    "records_of",
    "root_of_tiles",
    "tile_of",
    "tiles_of",
]

TILE_WIDTH = 256
_LEVEL_BITS = 8
MAX_RECORD_BYTES = 0xFFFF


class InvalidTile(ValueError):  # noqa: N818 - the name says it
    """The bytes are not a tile or bundle of the width that was asked for."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile; ``width`` hashes wide, ``level`` None for the bundle of records of a tile."""

    level: int | None
    index: int
    width: int

    @property
    def path(self) -> str:
        """Its path below the log's prefix, such as ``tile/0/x001/x234/067.p/12``."""
        level = "entries" if self.level is None else str(self.level)
        name = f"{self.index % 1000:03d}"
        rest = self.index // 1000
        while rest:
            name = f"x{rest % 1000:03d}/{name}"
            rest //= 1000
        partial = "" if self.is_full else f".p/{self.width}"
        return f"tile/{level}/{name}{partial}"

    @property
    def is_full(self) -> bool:
        """Whether nothing can be added to it."""
        return self.width == TILE_WIDTH

    @property
    def full(self) -> "Tile":
        """The same tile once it is full."""
        return Tile(self.level, self.index, TILE_WIDTH)

    @property
    def bundle(self) -> "Tile":
        """The bundle with the records of a tile of level 0."""
        return Tile(None, self.index, self.width)


def tile_of(*, level: int, index: int, size: int) -> Tile:
    """Return the tile as a tree of ``size`` leaves has it; its width is 0 if it has none."""
    width = (size >> (_LEVEL_BITS * level)) - index * TILE_WIDTH
    return Tile(level, index, max(0, min(width, TILE_WIDTH)))


def tiles_of(*, size: int, since: int = 0) -> Iterator[Tile]:
    """Return the tiles of a tree that a tree of ``since`` leaves does not have, by level."""
    level = 0
    while count := size >> (_LEVEL_BITS * level):
        first = (since >> (_LEVEL_BITS * level)) // TILE_WIDTH
        for index in range(first, -(-count // TILE_WIDTH)):
            tile = tile_of(level=level, index=index, size=size)
            if tile != tile_of(level=level, index=index, size=since):
                yield tile
        level += 1


def nodes_of_tiles(*, size: int, read: Callable[[Tile], bytes]) -> Nodes:
    """Return the complete subtrees of a tree of ``size`` leaves, hashed from its tiles.

    ``read`` returns a tile's bytes, and is asked for the same one again and again.

    Raises (when a node is asked for):
        InvalidTile: a tile of another length, or a node that the tree does not have.
    """

    def node(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, _LEVEL_BITS)
        first = index << height
        tile = tile_of(level=tile_level, index=first // TILE_WIDTH, size=size)
        at, count = first % TILE_WIDTH, 1 << height
        if at + count > tile.width:
            raise InvalidTile(f"a tree of {size} has no such node")
        content = read(tile)
        if len(content) != tile.width * HASH_BYTES:
            raise InvalidTile(f"{tile.path} is not {tile.width} hashes")
        ends = range(at * HASH_BYTES, (at + count) * HASH_BYTES, HASH_BYTES)
        return root_of(leaves=[content[end : end + HASH_BYTES] for end in ends])

    return node


def root_of_tiles(*, size: int, nodes: Nodes) -> bytes:
    """Return the root over the first ``size`` leaves."""
    return range_hash(begin=0, end=size, nodes=nodes) if size else EMPTY_ROOT


def bundle_of(*, records: Iterable[bytes]) -> bytes:
    """Write a bundle: each record behind its length in two bytes.

    Raises:
        ValueError: a record is longer than 65,535 bytes.
    """
    found = list(records)
    if any(len(record) > MAX_RECORD_BYTES for record in found):
        raise ValueError(f"a record has at most {MAX_RECORD_BYTES} bytes")
    return b"".join(len(record).to_bytes(2, "big") + record for record in found)


def records_of(*, bundle: bytes) -> Sequence[bytes]:
    """Read a bundle.

    Raises:
        InvalidTile: it is cut short.
    """
    records: list[bytes] = []
    at = 0
    while at < len(bundle):
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        if end > len(bundle) or at + 2 > len(bundle):
            raise InvalidTile("a bundle is cut short")
        records.append(bundle[at + 2 : end])
        at = end
    return records

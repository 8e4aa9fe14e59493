"""The log as static files: tiles and bundles of records, then the checkpoint that needs them.

A file gets its name whole. What a name holds never changes, so writing one again is harmless; a
file that a crash cut short is written anew.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from partner_sdk.wire.tlog.checkpoints import Checkpoint, open_checkpoint
from partner_sdk.wire.tlog.notes import InvalidNote, VerifierKey
from partner_sdk.wire.tlog.tiles import TILE_WIDTH, Tile, bundle_of, records_of, tile_of, tiles_of

CHECKPOINT = "checkpoint"


def write_tiles(
    *,
    folder: Path,
    since: int,
    size: int,
    read_tile: Callable[[Tile], bytes],
    read_records: Callable[[int, int], tuple[bytes, ...]],
) -> int:
    """Write the tiles that a tree of `size` has and one of `since` had not; gives how many."""
    count = 0
    for tile in tiles_of(size=size, since=since):
        _write(folder / tile.path, read_tile(tile))
        count += 1
        if tile.level == 0:
            begin = tile.index * TILE_WIDTH
            records = read_records(begin, begin + tile.width)
            _write(folder / tile.bundle.path, bundle_of(records=records))
            count += 1
        if tile.is_full:
            # The full tile says all that narrower ones said.
            for done in (tile, tile.bundle) if tile.level == 0 else (tile,):
                shutil.rmtree(folder / f"{done.path}.p", ignore_errors=True)
    return count


def write_checkpoint(*, folder: Path, note: bytes) -> None:
    """Put the checkpoint where it is fetched."""
    _write(folder / CHECKPOINT, note)


def read_checkpoint(*, folder: Path, key: VerifierKey) -> Checkpoint | None:
    """The checkpoint that was published last; None if there is none that the key signed."""
    try:
        return open_checkpoint(content=(folder / CHECKPOINT).read_bytes(), log=key)
    except (FileNotFoundError, InvalidNote):
        return None


def read_records(*, folder: Path, size: int) -> list[bytes]:
    """All records of a tree, from its bundles.

    Raises:
        FileNotFoundError: a bundle is missing.
        partner_sdk.wire.tlog.tiles.InvalidTile: a bundle is cut short.
    """
    records: list[bytes] = []
    for index in range(-(-size // TILE_WIDTH)):
        bundle = tile_of(level=0, index=index, size=size).bundle
        path = folder / bundle.path
        if not path.exists():
            path = folder / bundle.full.path
        records += records_of(bundle=path.read_bytes())[: bundle.width]
    return records


def differing_tiles(
    *,
    folder: Path,
    size: int,
    read_tile: Callable[[Tile], bytes],
    read_records: Callable[[int, int], tuple[bytes, ...]],
) -> list[Path]:
    """The files of a tree that are missing, or not as they should be."""
    found = []
    for tile in tiles_of(size=size):
        wanted = {tile.path: read_tile(tile)}
        if tile.level == 0:
            begin = tile.index * TILE_WIDTH
            records = read_records(begin, begin + tile.width)
            wanted[tile.bundle.path] = bundle_of(records=records)
        for name, content in wanted.items():
            path = folder / name
            if not path.is_file() or path.read_bytes() != content:
                found.append(path)
    return found


def _write(path: Path, content: bytes) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    # One process at a time writes; what a kill left under this name is written over.
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

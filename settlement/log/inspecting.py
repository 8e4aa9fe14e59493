"""Looking at a log: where it stands, what is wrong with it, and the proof that nothing is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from partner_sdk.wire.merkle import HASH_BYTES, MerkleTree, record_hash
from partner_sdk.wire.tlog.tiles import TILE_WIDTH, Tile
from settlement.log import files, store
from settlement.log.domain import STATEMENTS, Log
from settlement.log.errors import LogError
from settlement.log.writing import require_sound

_BATCH = 4 * TILE_WIDTH


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something wrong with a log, in a sentence that says what to do."""

    log: str
    message: str


@dataclass(frozen=True, slots=True)
class LogReport:
    """Where a log stands; `cosigners` are numbers of partners that cosigned the newest state."""

    log: Log
    records: int
    checkpoint_size: int
    published_size: int
    cosigners: tuple[int, ...]


def report(*, connection: Connection, name: str = STATEMENTS) -> LogReport | None:
    """Where a log stands; None before its first night."""
    log = store.read_log(connection=connection, name=name)
    if log is None:
        return None
    newest = store.read_newest_checkpoint(connection=connection, log_no=log.log_no)
    public = store.read_newest_checkpoint(connection=connection, log_no=log.log_no, published=True)
    size = 0 if newest is None else newest.size
    found = store.read_cosignatures(connection=connection, log_no=log.log_no, at_least=size)
    return LogReport(
        log=log,
        records=store.count_records(connection=connection, log_no=log.log_no),
        checkpoint_size=size,
        published_size=0 if public is None else public.size,
        cosigners=tuple(dict.fromkeys(each.party_no for each in found)),
    )


def find_trouble(
    *, connection: Connection, logs_folder: Path, name: str = STATEMENTS
) -> tuple[Trouble, ...]:
    """What can be seen to be wrong at once: an older backup restored, a fork.

    Reads a few tiles, whatever the log's size: for every start and every look at the status.
    """
    log = store.read_log(connection=connection, name=name)
    if log is None:
        left = sorted(logs_folder.glob(f"{name}-*/{files.CHECKPOINT}"))
        if left:
            return (
                Trouble(
                    name,
                    f"the database has no log, and {left[0]} is there: an older backup was "
                    "restored. See the how-to page on restoring a backup",
                ),
            )
        return ()
    try:
        require_sound(connection=connection, log=log, folder=logs_folder / log.folder_name)
    except LogError as error:
        return (Trouble(log.origin, str(error)),)
    return ()


def check_log(*, connection: Connection, logs_folder: Path, log: Log) -> list[Trouble]:
    """Hash every record again and compare: tiles, every checkpoint, every file."""
    found = list(find_trouble(connection=connection, logs_folder=logs_folder, name=log.name))
    checkpoints = list(store.read_checkpoints(connection=connection, log_no=log.log_no))
    tree, size = MerkleTree(), store.count_records(connection=connection, log_no=log.log_no)
    for checkpoint in checkpoints:
        while len(tree) < checkpoint.size:
            end = min(len(tree) + _BATCH, checkpoint.size)
            records = store.read_records(
                connection=connection, log_no=log.log_no, begin=len(tree), end=end
            )
            if len(records) != end - len(tree):
                found.append(Trouble(log.origin, f"records before {end} are missing"))
                return found
            leaves = [record_hash(record=record) for record in records]
            found += _check_leaves(connection, log, len(tree), leaves)
            tree.extend(leaves=leaves)
        if tree.root() != checkpoint.root:
            found.append(
                Trouble(log.origin, f"the records do not hash to checkpoint {checkpoint.size}")
            )
    found += _check_files(connection, logs_folder / log.folder_name, log)
    if checkpoints and checkpoints[-1].size != size:
        found.append(Trouble(log.origin, "there are records after the newest checkpoint"))
    return found


def _check_leaves(
    connection: Connection, log: Log, begin: int, leaves: list[bytes]
) -> list[Trouble]:
    """Compare the lowest tiles with the records; a changed record is named."""
    found: list[Trouble] = []
    tile = b""
    for leaf_no, leaf in enumerate(leaves, begin):
        tile_no, at = divmod(leaf_no, TILE_WIDTH)
        if leaf_no == begin or at == 0:
            tile = store.read_tile(
                connection=connection, log_no=log.log_no, tile=Tile(0, tile_no, TILE_WIDTH)
            )
        if tile[at * HASH_BYTES : (at + 1) * HASH_BYTES] != leaf:
            found.append(Trouble(log.origin, f"record {leaf_no} is not the one that was logged"))
    return found


def _check_files(connection: Connection, folder: Path, log: Log) -> list[Trouble]:
    public = store.read_newest_checkpoint(connection=connection, log_no=log.log_no, published=True)
    if public is None:
        return []
    differing = files.differing_tiles(
        folder=folder,
        size=public.size,
        read_tile=lambda tile: store.read_tile(connection=connection, log_no=log.log_no, tile=tile),
        read_records=lambda begin, end: store.read_records(
            connection=connection, log_no=log.log_no, begin=begin, end=end
        ),
    )
    return [
        Trouble(log.origin, f"{path} is not as the database has it: run `settlement log write`")
        for path in differing
    ]

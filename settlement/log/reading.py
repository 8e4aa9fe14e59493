"""What a log holds: roots and proofs from its tiles, the checkpoint as it is served."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from partner_sdk.wire.merkle import Nodes, inclusion_path
from partner_sdk.wire.tlog.notes import Note, Signature
from partner_sdk.wire.tlog.proofs import LogProof
from partner_sdk.wire.tlog.tiles import Tile, nodes_of_tiles, root_of_tiles
from settlement.log import store
from settlement.log.domain import Conflict, Cosignature, Log, StoredCheckpoint

__all__ = [
    "nodes_at",
    "open_conflicts",
    "proof_of_statement",
    "read_checkpoint",
    "root_at",
    "size_of_date",
    "with_cosignatures",
]


def nodes_at(*, connection: Connection, log: Log, size: int) -> Nodes:
    """The complete subtrees of the log when it had `size` records."""
    known: dict[Tile, bytes] = {}

    def read(tile: Tile) -> bytes:
        if tile not in known:
            known[tile] = store.read_tile(connection=connection, log_no=log.log_no, tile=tile)
        return known[tile]

    return nodes_of_tiles(size=size, read=read)


def root_at(*, connection: Connection, log: Log, size: int) -> bytes:
    """The root when the log had `size` records."""
    nodes = nodes_at(connection=connection, log=log, size=size)
    return root_of_tiles(size=size, nodes=nodes)


def open_conflicts(*, connection: Connection, log: Log) -> tuple[Conflict, ...]:
    """Reported checkpoints that the records, as they are now, do not lead to."""
    size = store.count_records(connection=connection, log_no=log.log_no)
    return tuple(
        each
        for each in store.read_conflicts(connection=connection, log_no=log.log_no)
        if each.size > size or root_at(connection=connection, log=log, size=each.size) != each.root
    )


def read_checkpoint(*, connection: Connection, log: Log) -> bytes | None:
    """The newest published checkpoint with its cosignatures: the note that partners fetch."""
    newest = store.read_newest_checkpoint(connection=connection, log_no=log.log_no, published=True)
    return None if newest is None else _cosigned(connection, log, newest)


def proof_of_statement(*, connection: Connection, statement_id: str) -> LogProof | None:
    """The proof that a statement is in the log; None while no published checkpoint has it.

    The checkpoint is the first that has the statement and cosignatures of as many partners as a
    release needs, or else the first that has the statement at all.
    """
    found = store.read_log_of_statement(connection=connection, statement_id=statement_id)
    if found is None:
        return None
    log, leaf_no = found
    chosen = None
    # What is known without its cosignatures is better than nothing: they may never come.
    for needed in (max(1, log.cosignatures_needed), 0):
        chosen = chosen or store.read_checkpoint_with(
            connection=connection,
            log_no=log.log_no,
            # What an earlier key signed, partners who pinned the present one cannot verify.
            leaf_no=max(leaf_no, log.key_since - 1),
            cosignatures=needed,
        )
    if chosen is None:
        return None
    nodes = nodes_at(connection=connection, log=log, size=chosen.size)
    path = inclusion_path(index=leaf_no, size=chosen.size, nodes=nodes)
    return LogProof(leaf_no, tuple(path), _cosigned(connection, log, chosen))


def with_cosignatures(*, note: bytes, cosignatures: tuple[Cosignature, ...]) -> bytes:
    """A checkpoint with the lines of its witnesses."""
    lines = [Signature.from_line(each.line.rstrip("\n")) for each in cosignatures]
    return Note.from_bytes(note).with_signatures(lines).to_bytes()


def size_of_date(*, connection: Connection, log: Log, business_date: date) -> int | None:
    """The size of the first checkpoint that has the statements of a date."""
    return store.size_of_date(connection=connection, log_no=log.log_no, business_date=business_date)


def _cosigned(connection: Connection, log: Log, checkpoint: StoredCheckpoint) -> bytes:
    lines = store.read_cosignatures(
        connection=connection,
        log_no=log.log_no,
        at_least=checkpoint.size,
        at_most=checkpoint.size,
    )
    return with_cosignatures(note=checkpoint.note, cosignatures=lines)

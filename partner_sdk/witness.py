"""A partner as a witness of the log: it remembers, demands that nothing changed, and cosigns.

Every checkpoint that was found to continue the one before it is kept in a file, and only what is
kept is cosigned. So whatever is killed when, this witness never vouches for two pasts. A log that
shows another past is not cosigned again: evidence is written, and the hub is told.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Literal, NoReturn

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from partner_sdk.client import PartnerClient
from partner_sdk.errors import CoalitionError
from partner_sdk.wire.merkle import Nodes, consistency_path, verify_consistency
from partner_sdk.wire.tlog.checkpoints import (
    Checkpoint,
    cosign,
    cosigned_at,
    cosigner_key,
    open_checkpoint,
    read_checkpoint,
)
from partner_sdk.wire.tlog.evidence import Evidence, InvalidEvidence
from partner_sdk.wire.tlog.notes import Note, Signature, VerifierKey
from partner_sdk.wire.tlog.tiles import InvalidTile, Tile, nodes_of_tiles, root_of_tiles

__all__ = [
    "LogForked",
    "TilesDoNotFit",
    "Witness",
    "Witnessed",
    "is_start_of",
    "read_nodes",
]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (
    origin TEXT NOT NULL,
    size INTEGER NOT NULL,
    note BLOB NOT NULL,
    PRIMARY KEY (origin, size)
) WITHOUT ROWID;
"""
Outcome = Literal["cosigned", "unchanged"]


class LogForked(CoalitionError):  # noqa: N818 - the name says it
    """The log shows another past than before; ``evidence`` is the file that proves it."""

    def __init__(self, message: str, evidence: Path) -> None:
        super().__init__(message)
        self.evidence = evidence


class TilesDoNotFit(CoalitionError):  # noqa: N818 - the name says it
    """The tiles are not those of the checkpoint: damaged or not complete; try again later."""


@dataclass(frozen=True, slots=True)
class Witnessed:
    """What a look at the log came to; ``since`` is the size that was known before, or 0.

    ``key`` is this witness's own, for those who want to rely on it.
    """

    outcome: Outcome
    origin: str
    size: int
    since: int
    key: str


class Witness:
    """Watches one log for one partner; several processes may share the file."""

    def __init__(
        self,
        *,
        client: PartnerClient,
        log: VerifierKey,
        key_id: str,
        private_key: Ed25519PrivateKey,
        state: Path,
        now: Callable[[], float],
    ) -> None:
        """Prepare to watch; ``now`` gives wall time in seconds since 1970."""
        self._client = client
        self._log = log
        self._key = cosigner_key(
            origin=log.name,
            key_id=key_id,
            public_key=private_key.public_key().public_bytes_raw(),
        )
        self._sign = private_key.sign
        self._state = state
        self._now = now

    def look(self) -> Witnessed:
        """Fetch the newest checkpoint, check it against what was seen, keep it and cosign it.

        Raises:
            LogForked: the log contradicts itself; evidence is on disk, nothing was cosigned.
            TilesDoNotFit: the tiles are not those of the checkpoint.
            partner_sdk.wire.tlog.notes.InvalidNote: the checkpoint is not signed by the log.
            CoalitionError: the hub cannot be reached or refuses.
        """
        content = self._client.log_checkpoint()
        shown = open_checkpoint(content=content, log=self._log)
        note = Note.from_bytes(content)
        before, mine = self._advance(note, shown), self._key.to_text()
        if cosigned_at(note=note, key=self._key) is not None:
            return Witnessed("unchanged", shown.origin, shown.size, before, mine)
        line = cosign(text=note.text, key=self._key, timestamp=int(self._now()), sign=self._sign)
        self._client.send_cosignature(Note(note.text, (*self._own(note), line)).to_bytes())
        return Witnessed("cosigned", shown.origin, shown.size, before, mine)

    def newest(self) -> bytes | None:
        """Return the newest checkpoint that was seen."""
        with self._open() as file:
            return self._read(file)

    def _advance(self, note: Note, shown: Checkpoint) -> int:
        """Keep a checkpoint if it continues what was seen; return the size seen before."""
        while True:
            with self._open() as file:
                known = self._read(file)
            # The tiles are fetched without holding the file; whoever was faster is noticed below.
            self._check(known, note, shown)
            with self._open() as file:
                if self._read(file) != known:
                    continue
                file.execute(
                    "INSERT OR IGNORE INTO seen VALUES (?, ?, ?)",
                    (shown.origin, shown.size, Note(note.text, self._own(note)).to_bytes()),
                )
                return 0 if known is None else read_checkpoint(note=Note.from_bytes(known)).size

    def _check(self, known: bytes | None, note: Note, shown: Checkpoint) -> None:
        nodes = read_nodes(client=self._client, checkpoint=shown)
        if known is None:
            return
        own = Note(note.text, self._own(note)).to_bytes()
        seen = open_checkpoint(content=known, log=self._log)
        if seen.size > shown.size:
            self._refuse(Evidence("rollback", known, own))
        if seen.size == shown.size and seen.root != shown.root:
            self._refuse(Evidence("fork", known, own))
        if seen.size < shown.size and not is_start_of(seen=seen, shown=shown, nodes=nodes):
            path = consistency_path(old=seen.size, new=shown.size, nodes=nodes)
            root = root_of_tiles(size=seen.size, nodes=nodes)
            self._refuse(Evidence("fork", known, own, root, tuple(path)))

    def _refuse(self, evidence: Evidence) -> NoReturn:
        content = evidence.to_bytes()
        try:
            message = evidence.verify(log=self._log)
        except InvalidEvidence as error:
            raise TilesDoNotFit("the tiles do not lead from what was seen to the root") from error
        name = f"{evidence.kind}-{sha256(content).hexdigest()[:12]}.json"
        path = self._state.with_name(f"{self._state.name}.{name}")
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # The hub is told what it signed, if it does not know; its refusal is what is expected.
        seen = Note.from_bytes(evidence.seen)
        line = cosign(text=seen.text, key=self._key, timestamp=int(self._now()), sign=self._sign)
        with suppress(CoalitionError):
            self._client.send_cosignature(seen.with_signatures([line]).to_bytes())
        raise LogForked(message, path)

    def _own(self, note: Note) -> tuple[Signature, ...]:
        # Those of the log's other key too: whoever pins that one later must be able to go on.
        mine = self._log.find(note)[:1]
        others = (s for s in note.signatures if s.name == self._log.name and s not in mine)
        return (*mine, *islice(others, 1))

    def _read(self, file: sqlite3.Connection) -> bytes | None:
        row = file.execute(
            "SELECT note FROM seen WHERE origin = ? ORDER BY size DESC LIMIT 1", (self._log.name,)
        ).fetchone()
        return None if row is None else bytes(row[0])

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Hold the file for one transaction."""
        with closing(sqlite3.connect(self._state, timeout=30, isolation_level=None)) as file:
            file.execute("PRAGMA synchronous = FULL")
            file.execute("BEGIN IMMEDIATE")
            file.execute(_SCHEMA)
            try:
                yield file
            except BaseException:
                file.execute("ROLLBACK")
                raise
            file.execute("COMMIT")


def is_start_of(*, seen: Checkpoint, shown: Checkpoint, nodes: Nodes) -> bool:
    """Tell whether the tree seen is the start of the tree shown, by nodes that need no trust."""
    return verify_consistency(
        old=seen.size,
        new=shown.size,
        old_root=seen.root,
        new_root=shown.root,
        path=consistency_path(old=seen.size, new=shown.size, nodes=nodes),
    )


def read_nodes(*, client: PartnerClient, checkpoint: Checkpoint) -> Nodes:
    """Return the nodes of a log's tree from its tiles, which were found to hash to its root.

    Raises:
        TilesDoNotFit: they do not.
    """
    known: dict[Tile, bytes] = {}

    def read(tile: Tile) -> bytes:
        if tile not in known:
            known[tile] = client.log_tile(tile)
        return known[tile]

    nodes = nodes_of_tiles(size=checkpoint.size, read=read)
    try:
        root = root_of_tiles(size=checkpoint.size, nodes=nodes)
    except InvalidTile as error:
        raise TilesDoNotFit(str(error)) from error
    if root != checkpoint.root:
        raise TilesDoNotFit(f"the tiles are not those of the checkpoint of {checkpoint.size}")
    return nodes

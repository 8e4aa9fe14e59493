"""What a process of the hub holds: configuration, database, directory, clocks, keys."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from coalition.config import Config
from coalition.db.database import Database
from coalition.directory import Clocks, Directory, Snapshot
from partner_sdk.wire.ids import uuid7


@dataclass(frozen=True, slots=True)
class Hub:
    """One for a process, made by the composition root after the fork."""

    config: Config
    database: Database
    directory: Directory
    clocks: Clocks
    random: Callable[[int], bytes] = os.urandom
    _keys: dict[str, bytes] = field(default_factory=dict)

    def new_id(self) -> UUID:
        """A fresh id (UUIDv7 of the wall clock)."""
        unix_ms = int(self.clocks.wall().timestamp() * 1000)
        return uuid7(unix_ms=unix_ms, random=self.random(10))

    def key(self, purpose: str) -> bytes:
        """The 32-byte key of one purpose, derived once."""
        key = self._keys.get(purpose)
        if key is None:
            key = self._keys[purpose] = self.config.derived_key(purpose=purpose)
        return key

    def snapshot(self) -> Snapshot:
        """A directory that was the newest at most a second ago."""
        return self.directory.peek() or self.fresh_snapshot()

    def fresh_snapshot(self) -> Snapshot:
        """The newest directory, checked now."""
        with self.database.autocommit() as connection:
            return self.directory.refresh(connection=connection)

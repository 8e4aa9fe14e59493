"""What a process of the hub holds: configuration, database, directory, clocks, keys."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from coalition.config import Config
from coalition.db.database import Database
from coalition.directory import Clocks, Directory, Snapshot
from coalition.ids import IdSource


class WrongEnvironment(RuntimeError):  # noqa: N818 - the name says it
    """The configuration and the database are of two environments; nothing crosses."""


@dataclass(frozen=True, slots=True)
class Hub:
    """One for a process, made by the composition root after the fork."""

    config: Config
    database: Database
    directory: Directory
    clocks: Clocks
    new_id: Callable[[], UUID] = field(default_factory=IdSource)
    random: Callable[[int], bytes] = os.urandom
    _keys: dict[str, bytes] = field(default_factory=dict)

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
            snapshot = self.directory.refresh(connection=connection)
        if snapshot.hub.environment != self.config.environment:
            raise WrongEnvironment(
                f"the database is {snapshot.hub.environment}, COALITION_ENV says "
                f"{self.config.environment}"
            )
        return snapshot

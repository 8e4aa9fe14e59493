"""What the steps work with, and what they call back about."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from coalition.config import Config
from coalition.db.database import Database
from settlement import hub
from settlement.config import SettlementConfig
from settlement.signing import FileKeystore, Naming
from settlement.signing.log_key import LogKeys
from settlement.signing.opening import open_keystore, open_log_keys


def _ignore(_business_date: date, _event: str) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """The surroundings of the pipeline in one process.

    `observe` is told of every stage (`close:claimed`, `close:done`, `close:committed`,
    `issue:planned`, `issue:written`); the log listens, and so do tests that end a process there.
    """

    config: Config
    settings: SettlementConfig
    address: str
    database: Database
    directory: hub.Directory
    wall: Callable[[], datetime]
    pause: Callable[[float], None]
    new_id: Callable[[], UUID]
    observe: Callable[[date, str], None] = _ignore

    @property
    def statements_folder(self) -> Path:
        """Where bundles lie: a folder for each business date."""
        return self.config.data_folder / "statements"

    @property
    def root_path(self) -> Path:
        """The trust anchor, as partners get it."""
        return self.config.data_folder / "root.pem"

    @property
    def logs_folder(self) -> Path:
        """Where the public logs lie as files: a folder for each log."""
        return self.config.data_folder / "log"

    @property
    def log_keys(self) -> LogKeys:
        """The keys that sign checkpoints of logs."""
        return open_log_keys(folder=self.config.data_folder / "keys", settings=self.settings)

    def log_origin(self, *, coalition: str, environment: str, name: str) -> str:
        """What a new log is called on its checkpoints."""
        prefix = self.settings.log_origin
        if not prefix:
            words = re.findall("[a-z0-9]+", coalition.lower())
            prefix = f"{'-'.join(words) or 'coalition'}/{environment}"
        return f"{prefix}/{name}"

    @property
    def keystore(self) -> FileKeystore:
        """The keys that sign statements."""
        return open_keystore(folder=self.config.data_folder / "keys", settings=self.settings)

    def naming(self, *, coalition: str, environment: str) -> Naming:
        """What certificates name."""
        return Naming(coalition=coalition, environment=environment)

    @property
    def pseudonym_secret(self) -> bytes:
        """The secret behind the pairwise pseudonyms on counterparties' copies."""
        return self.config.derived_key(purpose="statement pseudonyms")

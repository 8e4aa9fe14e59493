"""What a run needs of the process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from coalition.checkouts.calls import client_for
from coalition.checkouts.domain import Asks
from coalition.checkouts.making import contact_keys
from coalition.checkouts.sealed import SECRETS_KEY
from coalition.config import Config
from coalition.db.database import Database
from coalition.ids import IdSource
from coalition.members.contacts import ContactKeys

__all__ = ["Means", "make_means"]


@dataclass(frozen=True, slots=True)
class Means:
    """One for a process; `key` opens the connections' secrets."""

    database: Database
    asks: Asks
    keys: ContactKeys
    wall: Callable[[], datetime]
    key: bytes = field(repr=False)
    new_id: Callable[[], UUID] = field(default_factory=IdSource)


def make_means(
    *,
    config: Config,
    database: Database,
    wall: Callable[[], datetime],
    patience: float = 20.0,
    seconds: float = 20.0,
) -> Means:
    """Those of a process of this configuration.

    `patience` and `seconds` are how long its calls wait for their turn and for an answer.
    """
    return Means(
        database=database,
        asks=client_for(
            config=config, database=database, wall=wall, patience=patience, seconds=seconds
        ),
        keys=contact_keys(config),
        wall=wall,
        key=config.derived_key(purpose=SECRETS_KEY),
    )

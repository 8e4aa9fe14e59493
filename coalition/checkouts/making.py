"""What a process makes once to take what platforms say: for the edge, for jobs, for commands."""

from __future__ import annotations

import random

from coalition.checkouts.calls import client_for
from coalition.checkouts.processing import Processing
from coalition.checkouts.sealed import SECRETS_KEY
from coalition.checkouts.service import Connections
from coalition.config import Config
from coalition.db.database import Database
from coalition.directory import Clocks, Directory
from coalition.members.contacts import ContactKeys
from coalition.members.wire import LOOKUP_KEY, WRAPPING_KEY

__all__ = ["make_connections", "make_processing"]


def make_connections(*, config: Config, database: Database, directory: Directory) -> Connections:
    """The connections as a process of this configuration holds them."""
    key = config.derived_key(purpose=SECRETS_KEY)
    return Connections(database=database, directory=directory, key=key)


def make_processing(
    *, config: Config, database: Database, directory: Directory, clocks: Clocks
) -> Processing:
    """The one way from what was read to sales, in a process of this configuration."""
    return Processing(
        database=database,
        directory=directory,
        clocks=clocks,
        asks=client_for(config=config, database=database, wall=clocks.wall),
        keys=ContactKeys(
            lookup=config.derived_key(purpose=LOOKUP_KEY),
            wrapping=config.derived_key(purpose=WRAPPING_KEY),
            random=random.SystemRandom().randbytes,
        ),
    )

"""What a process makes once to take what platforms say: for the edge, for jobs, for commands."""

from __future__ import annotations

import random

from coalition.checkouts.calls import client_for
from coalition.checkouts.domain import Connection
from coalition.checkouts.polling.service import Poller
from coalition.checkouts.processing import Processing
from coalition.checkouts.sealed import SECRETS_KEY
from coalition.checkouts.service import Connections
from coalition.checkouts.spends.means import CUSTOMERS_KEY, Means
from coalition.checkouts.spends.settling import Settling
from coalition.checkouts.workshop import Workshop
from coalition.config import Config
from coalition.db.database import Database
from coalition.directory import Clocks, Directory
from coalition.ids import IdSource
from coalition.members.contacts import ContactKeys
from coalition.members.wire import LOOKUP_KEY, WRAPPING_KEY

__all__ = [
    "contact_keys",
    "make_connections",
    "make_poller",
    "make_processing",
    "make_spends",
    "make_workshop",
]


def make_connections(*, config: Config, database: Database, directory: Directory) -> Connections:
    """The connections as a process of this configuration holds them."""
    key = config.derived_key(purpose=SECRETS_KEY)
    return Connections(database=database, directory=directory, key=key)


def contact_keys(config: Config) -> ContactKeys:
    """What members' contacts are found by and sealed with."""
    return ContactKeys(
        lookup=config.derived_key(purpose=LOOKUP_KEY),
        wrapping=config.derived_key(purpose=WRAPPING_KEY),
        random=random.SystemRandom().randbytes,
    )


def make_processing(
    *,
    config: Config,
    database: Database,
    directory: Directory,
    clocks: Clocks,
    connections: Connections | None = None,
) -> Processing:
    """The one way from what was read to sales, in a process of this configuration.

    `connections`: those that the process has already; otherwise it gets its own.
    """
    return Processing(
        database=database,
        directory=directory,
        clocks=clocks,
        asks=client_for(config=config, database=database, wall=clocks.wall),
        keys=contact_keys(config),
        spends=Settling(
            make_spends(
                config=config,
                database=database,
                directory=directory,
                clocks=clocks,
                connections=connections,
            )
        ),
    )


def make_workshop(
    *, config: Config, database: Database, directory: Directory, clocks: Clocks
) -> Workshop:
    """What works on the inbox, in such a process."""
    connections, processing = _both(config, database, directory, clocks)
    return Workshop(
        connections=connections, processing=processing, jitter=random.SystemRandom().random
    )


def make_poller(
    *, config: Config, database: Database, directory: Directory, clocks: Clocks
) -> Poller:
    """What asks platforms for changes, in such a process."""
    connections, processing = _both(config, database, directory, clocks)
    return Poller(
        connections=connections, processing=processing, jitter=random.SystemRandom().random
    )


def make_spends(
    *,
    config: Config,
    database: Database,
    directory: Directory,
    clocks: Clocks,
    connections: Connections | None = None,
    patience: float = 20.0,
    seconds: float = 20.0,
) -> Means:
    """What the use cases of points paid at checkouts work with, in such a process.

    `patience` and `seconds` are how long its calls wait for their turn and for an answer.
    """
    known = connections or make_connections(config=config, database=database, directory=directory)

    def connection(no: int) -> Connection | None:
        # Opened just now, it is not in a book that is a second old.
        return known.current().by_no.get(no) or known.newest().by_no.get(no)

    system = random.SystemRandom()
    return Means(
        database=database,
        directory=directory,
        clocks=clocks,
        new_id=IdSource(),
        random=system.randbytes,
        jitter=system.random,
        key=config.derived_key(purpose=CUSTOMERS_KEY),
        ask=client_for(
            config=config, database=database, wall=clocks.wall, patience=patience, seconds=seconds
        ),
        connection=connection,
    )


def _both(
    config: Config, database: Database, directory: Directory, clocks: Clocks
) -> tuple[Connections, Processing]:
    """The connections, and the processing that knows the same ones."""
    connections = make_connections(config=config, database=database, directory=directory)
    return connections, make_processing(
        config=config,
        database=database,
        directory=directory,
        clocks=clocks,
        connections=connections,
    )

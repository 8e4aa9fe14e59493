"""The composition root of settlement: what one process of it is made of."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime

from coalition.clock import wall_now
from coalition.config import Config, read_config
from coalition.db.database import Database
from coalition.db.embedded import open_database
from coalition.db.engine import create_engine_for
from coalition.ids import IdSource
from settlement import hub
from settlement.config import SettlementConfig, read_settlement_config
from settlement.steps.night import Night

_CONNECTIONS = 8


def make_night(
    *,
    config: Config,
    settings: SettlementConfig,
    address: str,
    wall: Callable[[], datetime] = wall_now,
    observe: Callable[[date, str], None] | None = None,
) -> Night:
    """The pipeline's surroundings on a database's address, with a pool of its own.

    No time limits on statements: a night of a million movements has long ones.
    """
    engine = create_engine_for(
        address, pool_size=_CONNECTIONS, application_name="settlement", lock_timeout_ms=0
    )
    return Night(
        config=config,
        settings=settings,
        address=address,
        database=Database(engine),
        directory=hub.Directory(monotonic=time.monotonic),
        wall=wall,
        pause=time.sleep,
        new_id=IdSource(),
        **({} if observe is None else {"observe": observe}),
    )


@contextmanager
def open_night(
    *,
    config: Config | None = None,
    settings: SettlementConfig | None = None,
    observe: Callable[[date, str], None] | None = None,
) -> Iterator[Night]:
    """The pipeline on the database that the configuration names, for this block.

    Raises ConfigError or EmbeddedError.
    """
    config = config or read_config()
    settings = settings or read_settlement_config(hub=config)
    with open_database(database_url=config.database_url, data_folder=config.data_folder) as address:
        night = make_night(config=config, settings=settings, address=address, observe=observe)
        try:
            yield night
        finally:
            night.database.engine.dispose()

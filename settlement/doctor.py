"""What `coalition doctor` looks at for settlement (entry point of the group `coalition.checks`)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from coalition.config import Config
from settlement.log import service
from settlement.log.store import has_tables

Found = tuple[str, str, str, str]
"""Grade (`ok`, `note`, `wrong`), what about, what was found, how to mend it."""


def check(config: Config, connection: Connection) -> Iterator[Found]:
    """Look at the public log: whether an older backup or another past is in the database."""
    if not has_tables(connection=connection):
        return  # the schema's finding says what to do
    troubles = service.find_trouble(connection=connection, logs_folder=config.data_folder / "log")
    for trouble in troubles:
        mend = "see docs/how-to/restore-an-old-backup.md before the next night"
        yield "wrong", "log", trouble.message, mend
    found = service.report(connection=connection)
    if not troubles and found is not None:
        yield "ok", "log", f"{found.log.origin}, {found.records} records", ""

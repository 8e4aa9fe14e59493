"""What `coalition doctor` looks at for settlement (entry point of the group `coalition.checks`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection

from coalition.clock import wall_now
from coalition.config import Config, ConfigError
from settlement.config import read_settlement_config
from settlement.log import service
from settlement.log.tables import log
from settlement.signing import SigningError
from settlement.signing.opening import open_keystore
from settlement.store.schema import has_table
from settlement.store.statements import count_without_timestamp
from settlement.store.tables import without_timestamp

_RENEW_BEFORE = timedelta(days=30)

Found = tuple[str, str, str, str]
"""Grade (`ok`, `note`, `wrong`), what about, what was found, how to mend it."""


def check(config: Config, connection: Connection) -> Iterator[Found]:
    """Look at the signers, and at the public log: whether an older backup is in the database."""
    yield from check_signers(config, wall_now())
    yield from _check_log(config, connection)
    yield from _check_timestamps(connection)


def check_signers(config: Config, now: datetime) -> Iterator[Found]:
    """Look at the signers' keys: whether one is lost, does not open, or ends soon."""
    folder = config.data_folder / "keys"
    try:
        keystore = open_keystore(folder=folder, settings=read_settlement_config(hub=config))
        infos = keystore.list(now=now)
        if any(info.state == "signing" for info in infos):
            keystore.signer(now=now)
    except (ConfigError, SigningError) as error:
        if (folder / "root.pem").exists():
            yield "wrong", "signers", str(error), "see docs/how-to/a-signers-key-is-lost.md"
        return  # before the first root there is nothing to look at
    for info in infos:
        if info.state == "lost":
            mend = "see docs/how-to/a-signers-key-is-lost.md"
            yield "wrong", "signers", f"the key of the signer {info.serial} is not here", mend
        if info.state == "signing":
            ends = f"the signer {info.serial} ends on {info.not_after:%Y-%m-%d}"
            soon = info.not_after - now < _RENEW_BEFORE
            mend = "make the next one: docs/how-to/keep-the-keys.md" if soon else ""
            yield "note" if soon else "ok", "signers", ends, mend


def _check_log(config: Config, connection: Connection) -> Iterator[Found]:
    if not has_table(connection=connection, table=log):
        return  # the schema's finding says what to do
    troubles = service.find_trouble(connection=connection, logs_folder=config.data_folder / "log")
    for trouble in troubles:
        mend = "see docs/how-to/restore-an-old-backup.md before the next night"
        yield "wrong", "log", trouble.message, mend
    found = service.report(connection=connection)
    if not troubles and found is not None:
        yield "ok", "log", f"{found.log.origin}, {found.records} records", ""


def _check_timestamps(connection: Connection) -> Iterator[Found]:
    """Say which statements were signed while the timestamp authority was down."""
    if not has_table(connection=connection, table=without_timestamp):
        return  # the schema's finding says what to do
    found = count_without_timestamp(connection=connection)
    if found:
        first, last = min(found), max(found)
        span = f"of {first}" if first == last else f"from {first} to {last}"
        yield (
            "note",
            "timestamps",
            f"{sum(found.values())} PDFs {span} were signed without one",
            "it cannot be added later: see docs/how-to/run-the-night.md#timestamps",
        )

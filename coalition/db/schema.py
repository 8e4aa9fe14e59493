"""The hub's one metadata object, and the loading of every noun's tables onto it."""

from __future__ import annotations

from importlib import import_module

from sqlalchemy import MetaData

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMING)

TABLE_MODULES = (
    "coalition.db.state",
    "coalition.partners.tables",
    "coalition.members.tables",
    "coalition.agreements.tables",
    "coalition.ledger.tables",
    "coalition.sales.tables",
    "coalition.redemptions.tables",
    "coalition.events.tables",
    "coalition.checkouts.tables",
    "coalition.checkouts.calls.tables",
    "coalition.checkouts.polling.tables",
    "coalition.checkouts.spends.tables",
    "coalition.checkouts.files.tables",
    "coalition.http.tables",
    "coalition.jobs.tables",
)


def load_tables() -> MetaData:
    """Import every noun's tables and return the metadata that holds them all."""
    for name in TABLE_MODULES:
        import_module(name)
    return metadata


def one_of(*values: str) -> str:
    """The right side of a check for one of a few texts.

    Every statement that writes to a table reads its checks from their stored form, and one array
    is shorter there than a list: checks were a sixth of the server's part of an earn.
    """
    return f"ANY ('{{{','.join(values)}}}'::text[])"

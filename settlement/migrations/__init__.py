"""Settlement's tables as a set of migrations beside the hub's (`coalition.db.migrate`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import MetaData

from settlement.acceptances import tables as _acceptances  # noqa: F401 - likewise
from settlement.accounting import tables as _accounting  # noqa: F401 - the same
from settlement.currencies import tables as _currencies  # noqa: F401 - its tables are on the metadata
from settlement.disputes import tables as _disputes  # noqa: F401 - likewise
from settlement.entries import tables as _entries  # noqa: F401 - its tables are on the metadata
from settlement.log import tables as _log  # noqa: F401 - likewise
from settlement.payments import tables as _payments  # noqa: F401 - its tables are declared
from settlement.profiles import tables as _profiles  # noqa: F401 - likewise
from settlement.release import tables as _release  # noqa: F401 - its tables are declared
from settlement.risk import tables as _risk  # noqa: F401 - likewise
from settlement.store.tables import metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class _Set:
    name: str
    versions: Path
    version_table: str
    load_metadata: Callable[[], MetaData]


def _load_metadata() -> MetaData:
    return metadata


SETTLEMENT = _Set(
    name="settlement",
    versions=Path(__file__).parent / "versions",
    version_table="alembic_version_settlement",
    load_metadata=_load_metadata,
)

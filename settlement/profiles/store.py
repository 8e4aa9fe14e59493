"""Reading and writing finance profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from settlement.profiles.tables import finance_profile


@dataclass(frozen=True, slots=True)
class StoredProfile:
    """A version of a party's profile; `set_at` is wall time."""

    document: Mapping[str, Any]
    set_by: str
    set_at: datetime


def insert_profile(*, connection: Connection, party_no: int, stored: StoredProfile) -> None:
    """Add a version."""
    connection.execute(
        insert(finance_profile).values(
            party_no=party_no,
            document=dict(stored.document),
            set_by=stored.set_by,
            set_at=stored.set_at,
        )
    )


def read_newest(*, connection: Connection, party_no: int | None = None) -> dict[int, StoredProfile]:
    """The version that holds, by party: of one, or of all that have one."""
    query = (
        select(
            finance_profile.c.party_no,
            finance_profile.c.document,
            finance_profile.c.set_by,
            finance_profile.c.set_at,
        )
        .ext(distinct_on(finance_profile.c.party_no))
        .order_by(finance_profile.c.party_no, finance_profile.c.no.desc())
    )
    if party_no is not None:
        query = query.where(finance_profile.c.party_no == party_no)
    return {no: StoredProfile(*rest) for no, *rest in connection.execute(query)}

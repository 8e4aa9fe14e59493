"""Plans for a partner's default, and who released them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from settlement.risk.tables import default_plan


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan for a default, with who released it."""

    plan_sha256: str
    party_no: int
    document: Mapping[str, Any]
    approved_by: str | None
    executed_by: str | None


def keep_plan(
    *,
    connection: Connection,
    plan_sha256: str,
    party_no: int,
    document: Mapping[str, Any],
    now: datetime,
) -> None:
    """Keep a plan by its hash; the same plan again changes nothing. `now` is wall time."""
    connection.execute(
        upsert(default_plan)
        .values(plan_sha256=plan_sha256, party_no=party_no, document=dict(document), made_at=now)
        .on_conflict_do_nothing()
    )


def lock_plan(*, connection: Connection, plan_sha256: str) -> StoredPlan | None:
    """A plan by its hash, locked until the transaction ends."""
    row = connection.execute(
        select(
            default_plan.c.plan_sha256,
            default_plan.c.party_no,
            default_plan.c.document,
            default_plan.c.approved_by,
            default_plan.c.executed_by,
        )
        .where(default_plan.c.plan_sha256 == plan_sha256)
        .with_for_update()
    ).one_or_none()
    return None if row is None else StoredPlan(*row)


def approve_plan(*, connection: Connection, plan_sha256: str, person: str, now: datetime) -> None:
    """Record the first of the two people; `now` is wall time."""
    connection.execute(
        update(default_plan)
        .where(default_plan.c.plan_sha256 == plan_sha256)
        .values(approved_by=person, approved_at=now)
    )


def execute_plan(*, connection: Connection, plan_sha256: str, person: str, now: datetime) -> None:
    """Record the second; the database refuses the first one again. `now` is wall time."""
    connection.execute(
        update(default_plan)
        .where(default_plan.c.plan_sha256 == plan_sha256)
        .values(executed_by=person, executed_at=now)
    )


def read_defaulted(*, connection: Connection) -> frozenset[int]:
    """The parties of which a plan for their default was executed."""
    rows = connection.execute(
        select(default_plan.c.party_no).where(default_plan.c.executed_at.is_not(None))
    )
    return frozenset(row.party_no for row in rows)

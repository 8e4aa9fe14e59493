"""Releases of windows: each is a document that a maker proposed and, maybe, another approved."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)

from settlement.store.tables import metadata

release = Table(
    "release",
    metadata,
    Column("release_id", Uuid, primary_key=True),
    Column("business_date", Date, nullable=False),
    Column("state", Text, nullable=False),
    # What is released, byte for byte, and its hash.
    Column("document", LargeBinary, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("maker", Text, nullable=False),
    Column("maker_key", Uuid, nullable=False),
    # Wall time; the business date is what due dates are counted from.
    Column("proposed_at", DateTime(timezone=True), nullable=False),
    Column("proposed_on", Date, nullable=False),
    Column("approver", Text),
    Column("approver_key", Uuid),
    Column("approved_sha256", LargeBinary),
    Column("decided_at", DateTime(timezone=True)),
    # Why it was withdrawn, or what had changed.
    Column("reason", Text),
    CheckConstraint("state IN ('proposed', 'approved', 'withdrawn', 'void')", name="state"),
    CheckConstraint("sha256 = sha256(document)", name="sha256"),
    CheckConstraint("approver <> maker", name="two_people"),
    CheckConstraint("approved_sha256 = sha256", name="as_proposed"),
    CheckConstraint(
        "(state = 'approved') = (num_nonnulls(approver, approver_key, approved_sha256) = 3)"
        " AND num_nonnulls(approver, approver_key, approved_sha256) IN (0, 3)",
        name="approved",
    ),
    CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name="decided"),
    CheckConstraint("(state IN ('withdrawn', 'void')) = (reason IS NOT NULL)", name="reason"),
    # A window has one living release.
    Index(
        "uq_release_living",
        "business_date",
        unique=True,
        postgresql_where=text("state IN ('proposed', 'approved')"),
    ),
)

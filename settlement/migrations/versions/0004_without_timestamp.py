"""Statements whose PDF has no timestamp though it should."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "settlement_0004"
down_revision = "settlement_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up to this revision."""
    op.create_table(
        "without_timestamp",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["settlement.statement.statement_id"],
            name=op.f("fk_without_timestamp_statement_id"),
        ),
        sa.PrimaryKeyConstraint("statement_id", name=op.f("pk_without_timestamp")),
        schema="settlement",
    )
    op.create_index(
        "ix_without_timestamp_business_date",
        "without_timestamp",
        ["business_date"],
        schema="settlement",
    )


def downgrade() -> None:
    """Go back down."""
    op.drop_index(
        "ix_without_timestamp_business_date", table_name="without_timestamp", schema="settlement"
    )
    op.drop_table("without_timestamp", schema="settlement")

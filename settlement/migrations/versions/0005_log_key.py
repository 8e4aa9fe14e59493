"""The key of a log is replaced: the old one and the next sign side by side for a while."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "settlement_0005"
down_revision = "settlement_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up to this revision."""
    for column in (
        sa.Column("key_since", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("next_public_key", sa.LargeBinary(), nullable=True),
        sa.Column("next_since", sa.BigInteger(), nullable=True),
        sa.Column("handover", sa.LargeBinary(), nullable=True),
    ):
        op.add_column("log", column, schema="settlement")
    op.create_check_constraint(
        op.f("ck_log_next_key"),
        "log",
        "num_nulls(next_public_key, next_since) IN (0, 2)"
        " AND COALESCE(octet_length(next_public_key), 32) = 32",
        schema="settlement",
    )


def downgrade() -> None:
    """Go back down."""
    op.drop_constraint(op.f("ck_log_next_key"), "log", schema="settlement", type_="check")
    for name in ("handover", "next_since", "next_public_key", "key_since"):
        op.drop_column("log", name, schema="settlement")

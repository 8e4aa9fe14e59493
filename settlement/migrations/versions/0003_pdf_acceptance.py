"""Statements accepted by a second signature on their PDF."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "settlement_0003"
down_revision = "settlement_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up to this revision."""
    op.create_table(
        "pdf_acceptance",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("added", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_pdf_acceptance_sha256")),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["settlement.statement.statement_id"],
            name=op.f("fk_pdf_acceptance_statement_id"),
        ),
        sa.PrimaryKeyConstraint("statement_id", name=op.f("pk_pdf_acceptance")),
        schema="settlement",
    )
    op.execute(
        "CREATE TRIGGER pdf_acceptance_append_only BEFORE UPDATE OR DELETE ON"
        " settlement.pdf_acceptance FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )


def downgrade() -> None:
    """Go back down."""
    op.drop_table("pdf_acceptance", schema="settlement")

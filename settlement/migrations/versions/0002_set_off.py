"""What a party in default is owed, set off against what it owes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "settlement_0002"
down_revision = "settlement_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go up to this revision."""
    op.create_table(
        "set_off",
        sa.Column("no", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("pay_item_id", sa.Uuid(), nullable=False),
        sa.Column("collect_item_id", sa.Uuid(), nullable=False),
        sa.Column("micros", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("micros > 0", name=op.f("ck_set_off_micros")),
        sa.ForeignKeyConstraint(
            ["collect_item_id"],
            ["settlement.payment_item.item_id"],
            name=op.f("fk_set_off_collect_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["pay_item_id"],
            ["settlement.payment_item.item_id"],
            name=op.f("fk_set_off_pay_item_id"),
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["settlement.release.release_id"], name=op.f("fk_set_off_release_id")
        ),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_set_off")),
        sa.UniqueConstraint(
            "release_id",
            "pay_item_id",
            "collect_item_id",
            name=op.f("uq_set_off_release_id_pay_item_id_collect_item_id"),
        ),
        schema="settlement",
    )
    op.create_index(
        "ix_set_off_collect_item_id",
        "set_off",
        ["collect_item_id"],
        unique=False,
        schema="settlement",
    )
    op.create_index(
        "ix_set_off_pay_item_id", "set_off", ["pay_item_id"], unique=False, schema="settlement"
    )
    op.execute(
        "CREATE TRIGGER set_off_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.set_off "
        "FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )


def downgrade() -> None:
    """Go back down."""
    op.drop_index("ix_set_off_pay_item_id", table_name="set_off", schema="settlement")
    op.drop_index("ix_set_off_collect_item_id", table_name="set_off", schema="settlement")
    op.drop_table("set_off", schema="settlement")

"""Settlement's first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "settlement_0001"
down_revision = None
branch_labels = None
depends_on = None

FORBID_CHANGE = """
CREATE OR REPLACE FUNCTION settlement.forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""


def upgrade() -> None:
    op.execute("CREATE SCHEMA IF NOT EXISTS settlement")
    op.execute(FORBID_CHANGE)
    op.create_table(
        "agreement_ref",
        sa.Column("no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("terms_sha256", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_agreement_ref")),
        schema="settlement",
    )
    op.create_table(
        "entry",
        sa.Column("no", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("window_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("debtor", sa.Integer(), nullable=False),
        sa.Column("creditor", sa.Integer(), nullable=False),
        sa.Column("amount_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("about", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("business_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('payment', 'interest', 'penalty', 'dispute_withheld', 'dispute_released', 'ruling', 'collateral', 'default_share', 'default_cover', 'conversion')",
            name=op.f("ck_entry_kind"),
        ),
        sa.CheckConstraint("amount_micros > 0", name=op.f("ck_entry_amount")),
        sa.CheckConstraint("debtor <> creditor", name=op.f("ck_entry_two_parties")),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_entry")),
        sa.UniqueConstraint("cause", "kind", "seq", name=op.f("uq_entry_cause_kind_seq")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_entry_entry_id")),
        schema="settlement",
    )
    op.create_index(
        "ix_entry_window_date", "entry", ["window_date"], unique=False, schema="settlement"
    )
    op.create_table(
        "entry_line",
        sa.Column("entry_no", sa.BigInteger(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("window_date", sa.Date(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("adjusts_date", sa.Date(), nullable=True),
        sa.Column("adjusts_line", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(adjusts_date IS NULL) = (adjusts_line IS NULL)", name=op.f("ck_entry_line_adjusts")
        ),
        sa.CheckConstraint(
            "adjusts_date < window_date", name=op.f("ck_entry_line_adjusts_earlier")
        ),
        sa.CheckConstraint("line_no > 0", name=op.f("ck_entry_line_line_no")),
        sa.PrimaryKeyConstraint("entry_no", "party_no", name=op.f("pk_entry_line")),
        sa.UniqueConstraint(
            "window_date",
            "party_no",
            "line_no",
            name=op.f("uq_entry_line_window_date_party_no_line_no"),
        ),
        schema="settlement",
    )
    op.create_table(
        "line",
        sa.Column("window_date", sa.Date(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("movement_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.SmallInteger(), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("counterparty", sa.Integer(), nullable=True),
        sa.Column("net_micros", sa.BigInteger(), nullable=False),
        sa.Column("adjusts_date", sa.Date(), nullable=True),
        sa.Column("adjusts_line", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(adjusts_date IS NULL) = (adjusts_line IS NULL)", name=op.f("ck_line_adjusts")
        ),
        sa.CheckConstraint(
            "(counterparty IS NULL) = (net_micros = 0)", name=op.f("ck_line_counterparty")
        ),
        sa.CheckConstraint("adjusts_date < window_date", name=op.f("ck_line_adjusts_earlier")),
        sa.CheckConstraint("line_no > 0", name=op.f("ck_line_line_no")),
        sa.PrimaryKeyConstraint("movement_id", "seq", "party_no", name=op.f("pk_line")),
        schema="settlement",
    )
    op.create_index(
        "ix_line_window_date_party_no",
        "line",
        ["window_date", "party_no"],
        unique=False,
        schema="settlement",
        postgresql_using="brin",
        postgresql_with={"pages_per_range": "16"},
    )
    op.create_table(
        "pair_net",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("a", sa.Integer(), nullable=False),
        sa.Column("b", sa.Integer(), nullable=False),
        sa.Column("a_receives_micros", sa.BigInteger(), nullable=False),
        sa.Column("a_pays_micros", sa.BigInteger(), nullable=False),
        sa.Column("residue_in_micros", sa.BigInteger(), nullable=False),
        sa.Column("rounded_micros", sa.BigInteger(), nullable=False),
        sa.Column("residue_out_micros", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("a < b", name=op.f("ck_pair_net_ordered")),
        sa.CheckConstraint(
            "residue_in_micros + a_receives_micros - a_pays_micros = rounded_micros + residue_out_micros",
            name=op.f("ck_pair_net_conserved"),
        ),
        sa.PrimaryKeyConstraint("business_date", "currency", "a", "b", name=op.f("pk_pair_net")),
        schema="settlement",
    )
    op.create_table(
        "position",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("exact_micros", sa.BigInteger(), nullable=False),
        sa.Column("rounded_micros", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("business_date", "currency", "party_no", name=op.f("pk_position")),
        schema="settlement",
    )
    op.create_table(
        "statement",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("party_no", sa.Integer(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("previous_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("opening_micros", sa.BigInteger(), nullable=False),
        sa.Column("net_micros", sa.BigInteger(), nullable=False),
        sa.Column("closing_micros", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("entry_lines", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rounding_lines", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("merkle_root", sa.Text(), nullable=True),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(no = 1) = (previous_id IS NULL)", name=op.f("ck_statement_first")),
        sa.CheckConstraint(
            "closing_micros = opening_micros + net_micros", name=op.f("ck_statement_continuous")
        ),
        sa.CheckConstraint("no >= 1", name=op.f("ck_statement_no")),
        sa.CheckConstraint(
            "num_nulls(issued_at, sha256, merkle_root, path, bytes) IN (0, 5)",
            name=op.f("ck_statement_whole"),
        ),
        sa.CheckConstraint(
            "published_at IS NULL OR issued_at IS NOT NULL", name=op.f("ck_statement_published")
        ),
        sa.PrimaryKeyConstraint("statement_id", name=op.f("pk_statement")),
        sa.UniqueConstraint(
            "business_date", "party_no", name=op.f("uq_statement_business_date_party_no")
        ),
        sa.UniqueConstraint("party_no", "no", name=op.f("uq_statement_party_no_no")),
        sa.UniqueConstraint("public_id", name=op.f("uq_statement_public_id")),
        schema="settlement",
    )
    op.create_index(
        "ix_statement_planned",
        "statement",
        ["business_date"],
        unique=False,
        schema="settlement",
        postgresql_where=sa.text("issued_at IS NULL"),
    )
    op.create_table(
        "step_failure",
        sa.Column("no", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_step_failure")),
        schema="settlement",
    )
    op.create_index(
        "ix_step_failure_business_date",
        "step_failure",
        ["business_date"],
        unique=False,
        schema="settlement",
    )
    op.create_table(
        "step_run",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "step IN ('expire_holds', 'activate_points', 'expire_lots', 'close', 'net', 'issue', 'publish')",
            name=op.f("ck_step_run_step"),
        ),
        sa.PrimaryKeyConstraint("business_date", "step", name=op.f("pk_step_run")),
        schema="settlement",
    )
    op.execute(
        "CREATE TRIGGER entry_append_only "
        "BEFORE UPDATE OR DELETE ON settlement.entry FOR EACH STATEMENT EXECUTE FUNCTION settlement.forbid_change()"
    )


def downgrade() -> None:
    op.drop_table("step_run", schema="settlement")
    op.drop_index("ix_step_failure_business_date", table_name="step_failure", schema="settlement")
    op.drop_table("step_failure", schema="settlement")
    op.drop_index(
        "ix_statement_planned",
        table_name="statement",
        schema="settlement",
        postgresql_where=sa.text("issued_at IS NULL"),
    )
    op.drop_table("statement", schema="settlement")
    op.drop_table("position", schema="settlement")
    op.drop_table("pair_net", schema="settlement")
    op.drop_index(
        "ix_line_window_date_party_no",
        table_name="line",
        schema="settlement",
        postgresql_using="brin",
        postgresql_with={"pages_per_range": "16"},
    )
    op.drop_table("line", schema="settlement")
    op.drop_table("entry_line", schema="settlement")
    op.drop_index("ix_entry_window_date", table_name="entry", schema="settlement")
    op.drop_table("entry", schema="settlement")
    op.drop_table("agreement_ref", schema="settlement")
    op.execute("DROP FUNCTION settlement.forbid_change")
    op.execute("DROP SCHEMA settlement")

"""What is due, what the bank was told and what it booked. Amounts are micros of the currency."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from settlement.store.tables import SCHEMA, append_only, metadata

clearing_account = Table(
    "clearing_account",
    metadata,
    # The clearing house has one account in each currency.
    Column("currency", Text, primary_key=True),
    Column("iban", Text, nullable=False, unique=True),
    Column("bic", Text),
    Column("holder", Text, nullable=False),
    # How the bank names the account in MT940, where that is not the IBAN.
    Column("mt940_name", Text, unique=True),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)

late_terms = Table(
    "late_terms",
    metadata,
    # 0 holds for every party that has no row of its own.
    Column("party_no", Integer, primary_key=True, autoincrement=False),
    Column("day_count", Text, nullable=False),
    Column("penalty_micros", BigInteger, nullable=False),
    Column("penalty_after_days", Integer, nullable=False),
    CheckConstraint("day_count IN ('act/365', 'act/360')", name="day_count"),
    CheckConstraint("penalty_micros >= 0 AND penalty_after_days >= 0", name="not_negative"),
)

payment_item = Table(
    "payment_item",
    metadata,
    Column("item_id", Uuid, primary_key=True),
    Column("release_id", Uuid, ForeignKey(f"{SCHEMA}.release.release_id"), nullable=False),
    Column("reference", Text, nullable=False, unique=True),
    Column("business_date", Date, nullable=False),
    Column("party_no", Integer, nullable=False),
    Column("currency", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("amount_micros", BigInteger, nullable=False),
    Column("paid_micros", BigInteger, nullable=False, server_default="0"),
    # Of what is to be paid out: what the bank was told to pay and did not send back, or what was
    # set off.
    Column("instructed_micros", BigInteger, nullable=False, server_default="0"),
    Column("released_on", Date, nullable=False),
    Column("due_date", Date, nullable=False),
    # Where the party is to pay to.
    Column("collect_iban", Text),
    Column("collect_bic", Text),
    Column("collect_holder", Text),
    # What being late costs, as it was released; what was posted of it so far.
    Column("interest_ppm", Integer, nullable=False),
    Column("day_count", Text, nullable=False),
    Column("penalty_micros", BigInteger, nullable=False),
    Column("penalty_after_days", Integer, nullable=False),
    Column("interest_posted_micros", BigInteger, nullable=False, server_default="0"),
    Column("penalty_posted", Boolean, nullable=False, server_default="false"),
    # Whether its interest may still change.
    Column("accruing", Boolean, nullable=False),
    UniqueConstraint("business_date", "party_no", "currency"),
    CheckConstraint("direction IN ('collect', 'pay')", name="direction"),
    CheckConstraint("amount_micros > 0", name="amount"),
    CheckConstraint("paid_micros BETWEEN 0 AND amount_micros", name="paid"),
    CheckConstraint(
        "instructed_micros BETWEEN 0 AND CASE direction WHEN 'pay' THEN amount_micros ELSE 0 END",
        name="instructed",
    ),
    CheckConstraint(
        "num_nonnulls(collect_iban, collect_holder) IN (0, 2)"
        " AND (direction = 'collect' OR collect_iban IS NULL)",
        name="collect_at",
    ),
    Index(
        "ix_payment_item_open",
        "currency",
        "party_no",
        postgresql_where=text("paid_micros < amount_micros"),
    ),
    Index("ix_payment_item_party_no_business_date", "party_no", "business_date"),
    Index("ix_payment_item_accruing", "due_date", postgresql_where=text("accruing")),
)

payment_instruction = Table(
    "payment_instruction",
    metadata,
    Column("release_id", Uuid, ForeignKey(f"{SCHEMA}.release.release_id"), nullable=False),
    Column("item_id", Uuid, ForeignKey(f"{SCHEMA}.payment_item.item_id"), nullable=False),
    Column("amount_micros", BigInteger, nullable=False),
    Column("from_iban", Text, nullable=False),
    Column("from_bic", Text),
    Column("from_holder", Text, nullable=False),
    Column("to_iban", Text, nullable=False),
    Column("to_bic", Text),
    Column("to_holder", Text, nullable=False),
    Column("execute_on", Date, nullable=False),
    PrimaryKeyConstraint("release_id", "item_id"),
    CheckConstraint("amount_micros > 0", name="amount"),
)

payment_file = Table(
    "payment_file",
    metadata,
    # A release's instructions are written once; whoever asks again gets the same bytes.
    Column("release_id", Uuid, ForeignKey(f"{SCHEMA}.release.release_id"), primary_key=True),
    Column("message_id", Text, nullable=False, unique=True),
    Column("content", LargeBinary, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("sha256 = sha256(content)", name="sha256"),
)

bank_file = Table(
    "bank_file",
    metadata,
    Column("file_id", Uuid, primary_key=True),
    Column("sha256", LargeBinary, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("new_entries", Integer, nullable=False),
    Column("imported_by", Text, nullable=False),
    Column("imported_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("kind IN ('camt.053', 'mt940')", name="kind"),
)

bank_entry = Table(
    "bank_entry",
    metadata,
    Column("entry_id", Uuid, primary_key=True),
    Column("file_id", Uuid, ForeignKey(f"{SCHEMA}.bank_file.file_id"), nullable=False),
    Column("account", Text, nullable=False),
    # What tells it from every other entry of the account, in whichever file it comes.
    Column("key", Text, nullable=False),
    Column("content_sha256", LargeBinary, nullable=False),
    Column("kind", Text, nullable=False),
    Column("booked_on", Date, nullable=False),
    Column("value_on", Date, nullable=False),
    Column("amount_micros", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    # Money that came in.
    Column("credit", Boolean, nullable=False),
    Column("end_to_end", Text, nullable=False),
    Column("bank_reference", Text, nullable=False),
    Column("counterparty_name", Text, nullable=False),
    Column("counterparty_iban", Text, nullable=False),
    Column("details", Text, nullable=False),
    # Whose it is, once that is known, and how it was found out.
    Column("party_no", Integer),
    Column("how", Text),
    Column("matched_by", Text),
    Column("reason", Text),
    Column("matched_at", DateTime(timezone=True)),
    # What no item was given yet: it is on the party's account.
    Column("rest_micros", BigInteger, nullable=False),
    UniqueConstraint("account", "key"),
    CheckConstraint("amount_micros > 0", name="amount"),
    CheckConstraint("rest_micros BETWEEN 0 AND amount_micros", name="rest"),
    CheckConstraint("how IN ('reference', 'amount', 'person', 'aside')", name="how"),
    CheckConstraint("(how IS NULL) = (matched_at IS NULL)", name="matched"),
    CheckConstraint("(party_no IS NULL) = (how IS NULL OR how = 'aside')", name="party"),
    CheckConstraint(
        "(how IS NOT NULL AND how IN ('person', 'aside')) = (matched_by IS NOT NULL)"
        " AND (matched_by IS NULL) = (reason IS NULL)",
        name="by_person",
    ),
    Index(
        "ix_bank_entry_unmatched",
        "booked_on",
        postgresql_where=text("how IS NULL"),
    ),
    Index(
        "ix_bank_entry_on_account",
        "party_no",
        "currency",
        postgresql_where=text("party_no IS NOT NULL AND rest_micros > 0"),
    ),
)

allocation = Table(
    "allocation",
    metadata,
    Column("no", BigInteger, Identity(), primary_key=True),
    Column("entry_id", Uuid, ForeignKey(f"{SCHEMA}.bank_entry.entry_id"), nullable=False),
    Column("item_id", Uuid, ForeignKey(f"{SCHEMA}.payment_item.item_id"), nullable=False),
    # Above zero it pays the item; below, it takes back what was paid.
    Column("micros", BigInteger, nullable=False),
    Column("allocated_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("micros <> 0", name="micros"),
    Index("ix_allocation_item_id", "item_id"),
    Index("ix_allocation_entry_id", "entry_id"),
)

set_off = Table(
    "set_off",
    metadata,
    Column("no", BigInteger, Identity(), primary_key=True),
    # The release that set off what a party in default is owed against what it owes.
    Column("release_id", Uuid, ForeignKey(f"{SCHEMA}.release.release_id"), nullable=False),
    Column("pay_item_id", Uuid, ForeignKey(f"{SCHEMA}.payment_item.item_id"), nullable=False),
    Column("collect_item_id", Uuid, ForeignKey(f"{SCHEMA}.payment_item.item_id"), nullable=False),
    Column("micros", BigInteger, nullable=False),
    UniqueConstraint("release_id", "pay_item_id", "collect_item_id"),
    CheckConstraint("micros > 0", name="micros"),
    Index("ix_set_off_pay_item_id", "pay_item_id"),
    Index("ix_set_off_collect_item_id", "collect_item_id"),
)

for _table in (payment_instruction, payment_file, bank_file, allocation, set_off):
    append_only(_table)

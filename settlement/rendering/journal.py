"""``journal.csv``: the statement as one journal entry, in the import format of the party's ERP.

Each posting is a pair of rows: the settlement account (what the party has with the clearing
house) against the account of the posting's kind. So debit and credit are equal pair by pair, and
the settlement account moves by exactly the statement's net. Accounts come from the profile; a kind
without one carries the kind's own name, at which an import stops instead of posting it wrongly.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from partner_sdk.wire.amounts import format_micros, minor_digits
from partner_sdk.wire.lines import clean_text, guard_formula
from settlement.rendering.facts import DerivedFacts
from settlement.rendering.postings import Posting, postings_of

__all__ = ["JOURNAL_COLUMNS", "render_journal"]

#: What the profile's mapping holds beside accounts of kinds: key, ERP, value where it is not set.
_COMPANY_CODE, _DOCUMENT_TYPE, _SUBSIDIARY, _TAX_RATE = (
    ("company_code", "1000"),
    ("document_type", "SA"),
    ("subsidiary", ""),
    ("tax_rate", "Tax Exempt"),
)

JOURNAL_COLUMNS = {
    "generic": (
        "entry", "date", "account", "debit", "credit", "currency", "counterparty", "kind",
        "description", "statement",
    ),
    "netsuite": (
        "External ID", "Date", "Currency", "Subsidiary", "Memo", "Account", "Debit", "Credit",
        "Line Memo",
    ),
    "xero": (
        "*Narration", "*Date", "Description", "*AccountCode", "*TaxRate", "*Amount",
        "TrackingName1", "TrackingOption1", "TrackingName2", "TrackingOption2",
    ),
    "quickbooks": (
        "*JournalNo", "*JournalDate", "*AccountName", "*Debits", "*Credits", "Description",
        "Name", "Currency", "Location", "Class",
    ),
    "sap": ("BUKRS", "HKONT", "SGTXT", "WRSOL", "WRHAB", "MWSKZ", "KOSTL", "PRCTR"),
}  # fmt: skip
_SAP_HEADER = ("BUKRS", "BLART", "BLDAT", "BUDAT", "BKTXT", "WAERS", "XBLNR")
_SAP_HEADER_LABELS = (
    "*Company Code (4)", "*Journal Entry Type (2)", "*Journal Entry Date", "*Posting Date",
    "Document Header Text (25)", "*Transaction Currency (5)", "Reference Document Number (16)",
)  # fmt: skip
_SAP_LABELS = (
    "Company Code (4)", "G/L Account (10)", "Item Text (50)", "Debit", "Credit", "Tax Code (2)",
    "Cost Center (10)", "Profit Center (10)",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Row:
    """One side of a posting; exactly one of debit and credit is not empty."""

    account: str
    debit: str
    credit: str
    posting: Posting
    description: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """The whole journal entry; ``number`` fits SAP's 16 and QuickBooks' 21 characters."""

    number: str
    memo: str
    day: date
    currency: str
    statement_id: str
    facts: DerivedFacts
    rows: tuple[_Row, ...]

    def setting(self, key: tuple[str, str]) -> str:
        """What the profile's mapping says of something that is no account."""
        return self.facts.profile.accounts.get(*key)


def render_journal(facts: DerivedFacts) -> bytes:
    """Return the file: UTF-8, RFC 4180 with CR LF, amounts with the currency's minor digits."""
    layout = _LAYOUTS.get(facts.profile.erp, _generic)
    return "".join(f"{_csv(row)}\r\n" for row in layout(_entry_of(facts))).encode()


def _entry_of(facts: DerivedFacts) -> _Entry:
    statement = facts.statement
    day = date.fromisoformat(statement.window.business_date)
    return _Entry(
        number=f"CL{day:%y%m%d}{statement.currency}{statement.statement_no}",
        memo=f"{statement.coalition_name}, statement {statement.statement_no}",
        day=day,
        currency=statement.currency,
        statement_id=statement.statement_id,
        facts=facts,
        rows=tuple(
            row for posting in postings_of(statement=statement) for row in _sides(facts, posting)
        ),
    )


def _sides(facts: DerivedFacts, posting: Posting) -> tuple[_Row, _Row]:
    """Book a posting: what is received is a claim, what is paid a debt, on the same account."""
    amount = format_micros(
        abs(posting.amount_micros), min_digits=minor_digits(facts.statement.currency)
    )
    settlement, other = account_of(facts, "settlement"), account_of(facts, posting.kind)
    debit, credit = (settlement, other) if posting.amount_micros > 0 else (other, settlement)
    description = f"{posting.kind}: {posting.name}"
    return (
        _Row(debit, amount, "", posting, description),
        _Row(credit, "", amount, posting, description),
    )


def account_of(facts: DerivedFacts, key: str) -> str:
    """Return the party's account for a kind of line, or for ``settlement``."""
    accounts = facts.profile.accounts
    fallback = key if key == "settlement" else accounts.get("default", key)
    return accounts.get(key, fallback)


def _generic(entry: _Entry) -> Iterator[Sequence[str]]:
    yield JOURNAL_COLUMNS["generic"]
    for row in entry.rows:
        yield (
            entry.number, entry.day.isoformat(), row.account, row.debit, row.credit,
            entry.currency, _safe(row.posting.counterparty), row.posting.kind,
            _safe(row.description), entry.statement_id,
        )  # fmt: skip


def _netsuite(entry: _Entry) -> Iterator[Sequence[str]]:
    yield JOURNAL_COLUMNS["netsuite"]
    for row in entry.rows:
        yield (
            entry.number, entry.day.isoformat(), entry.currency, entry.setting(_SUBSIDIARY),
            _safe(entry.memo), row.account, row.debit, row.credit, _safe(row.description),
        )  # fmt: skip


def _xero(entry: _Entry) -> Iterator[Sequence[str]]:
    """Debit is positive, credit negative; rows of one narration and date are one journal."""
    yield JOURNAL_COLUMNS["xero"]
    for row in entry.rows:
        yield (
            _safe(f"{entry.number} {entry.memo}"), f"{entry.day:%d/%m/%Y}",
            _safe(row.description), row.account, entry.setting(_TAX_RATE),
            row.debit or f"-{row.credit}", "", "", "", "",
        )  # fmt: skip


def _quickbooks(entry: _Entry) -> Iterator[Sequence[str]]:
    yield JOURNAL_COLUMNS["quickbooks"]
    for row in entry.rows:
        yield (
            entry.number, f"{entry.day:%d/%m/%Y}", row.account, row.debit, row.credit,
            _safe(row.description), "", entry.currency, "", "",
        )  # fmt: skip


def _sap(entry: _Entry) -> Iterator[Sequence[str]]:
    """The template of the app Upload General Journal Entries (F2548): a header, its line items."""
    company = entry.setting(_COMPANY_CODE)
    yield ("Upload General Journal Entries",)
    yield ("// Rows that begin with two slashes are remarks.",)
    yield (f"// {entry.statement_id}",)
    yield ("Batch ID",)
    yield ()
    yield ()
    yield ("1", "Header")
    yield ("", *_SAP_HEADER)
    yield ("", *_SAP_HEADER_LABELS)
    yield (
        "", company, entry.setting(_DOCUMENT_TYPE), f"{entry.day:%Y%m%d}", f"{entry.day:%Y%m%d}",
        _safe(entry.memo)[:25], entry.currency, entry.number[:16],
    )  # fmt: skip
    yield ()
    yield ("", "Line Items")
    yield ("", "", "", "", "Transaction Currency")
    yield ("", *JOURNAL_COLUMNS["sap"])
    yield ("", *_SAP_LABELS)
    for row in entry.rows:
        text = _safe(row.description)[:50]
        yield ("", company, row.account, text, row.debit, row.credit, "", "", "")


_LAYOUTS: dict[str, Callable[[_Entry], Iterable[Sequence[str]]]] = {
    "generic": _generic,
    "netsuite": _netsuite,
    "quickbooks": _quickbooks,
    "sap": _sap,
    "xero": _xero,
}


def _safe(text: str) -> str:
    """Make a name harmless in a spreadsheet; accounts and amounts are so by their form."""
    return guard_formula(clean_text(text))


def _csv(row: Sequence[str]) -> str:
    return ",".join(
        '"' + field.replace('"', '""') + '"' if any(c in field for c in ',"\r\n') else field
        for field in row
    )

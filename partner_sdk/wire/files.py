"""The files of a bundle: their names, their order, and which of them a statement lists by hash."""

from collections.abc import Iterable

__all__ = [
    "BESIDE",
    "CAMT",
    "CAMT_SIGNATURE",
    "CHAIN",
    "CSV",
    "FILES",
    "JOURNAL",
    "NDJSON",
    "ONEC",
    "OPTIONAL",
    "PDF",
    "PROOF",
    "ROOT",
    "SALTS",
    "SIGNATURE",
    "STATEMENT",
    "VERIFIER",
    "listed_in",
]

NDJSON = "lines.ndjson"
CSV = "lines.csv"
SALTS = "salts.bin"
ROOT = "root.pem"
CHAIN = "chain.pem"
CAMT = "camt.053.xml"
CAMT_SIGNATURE = "camt.053.xml.p7s"
JOURNAL = "journal.csv"
ONEC = "1c.txt"
VERIFIER = "verify.py"
STATEMENT = "statement.json"
SIGNATURE = "statement.json.p7s"
PDF = "statement.pdf"
PROOF = "statement.tlog-proof"
#: Lines first, for they are written before their totals are known; then what the statement lists,
#: the statement, and what is made of it.
FILES = (
    NDJSON, CSV, SALTS, ROOT, CHAIN, CAMT, CAMT_SIGNATURE, JOURNAL, ONEC, VERIFIER, STATEMENT,
    SIGNATURE, PDF, PROOF,
)  # fmt: skip
#: Files that a container can do without; whether a bundle has them, its statement says.
OPTIONAL = frozenset({VERIFIER, PDF, PROOF})
#: Files that the statement cannot list by hash, for they are made of it: they prove themselves.
BESIDE = (SIGNATURE, PDF)


def listed_in(*, names: Iterable[str]) -> tuple[str, ...]:
    """Return which of the files of a bundle its statement lists by hash, in their order."""
    unlisted = {STATEMENT, PROOF, *BESIDE}
    return tuple(name for name in names if name not in unlisted)

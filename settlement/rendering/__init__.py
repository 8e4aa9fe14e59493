"""Facts → the bytes of a statement's files. Pure: no IO, no clock, no randomness of its own."""

from settlement.rendering.derived import DERIVED, DerivedFacts, DerivedFile
from settlement.rendering.lines import LineRenderer, RenderedLines
from settlement.rendering.pseudonyms import Pseudonyms, pairwise_pseudonym, pseudonym_key
from settlement.rendering.rows import (
    ENTRY,
    LINE_ROW,
    Conversion,
    LineHeading,
    LineRow,
    LineTotals,
    PairTotal,
    entry_row,
    rounding_row,
)
from settlement.rendering.statement import (
    BundleInconsistent,
    PairPosition,
    StatementFacts,
    compose_statement,
)

__all__ = [
    "DERIVED",
    "ENTRY",
    "LINE_ROW",
    "BundleInconsistent",
    "Conversion",
    "DerivedFacts",
    "DerivedFile",
    "LineHeading",
    "LineRenderer",
    "LineRow",
    "LineTotals",
    "PairPosition",
    "PairTotal",
    "Pseudonyms",
    "RenderedLines",
    "StatementFacts",
    "compose_statement",
    "entry_row",
    "pairwise_pseudonym",
    "pseudonym_key",
    "rounding_row",
]

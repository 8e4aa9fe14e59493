"""Facts → the bytes of a statement's files. Pure: no IO, no clock, no randomness of its own."""

from settlement.rendering.derived import DERIVED, DerivedFacts, DerivedFile
from settlement.rendering.lines import LineRenderer, RenderedLines
from settlement.rendering.pseudonyms import Pseudonyms, pairwise_pseudonym, pseudonym_key
from settlement.rendering.rows import (
    LINE_ROW,
    LineHeading,
    LineRow,
    LineTotals,
    PairTotal,
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
    "LINE_ROW",
    "BundleInconsistent",
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
    "pairwise_pseudonym",
    "pseudonym_key",
    "rounding_row",
]

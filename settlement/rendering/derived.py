"""The files of a bundle that are made of the statement's figures, without a pass over its lines.

Each is a pure function of what the statement says and of the parties' finance profiles; the table
is the one place where a file is added.
"""

from collections.abc import Callable
from dataclasses import dataclass

from partner_sdk.wire.files import CAMT, CAMT_SIGNATURE, JOURNAL, ONEC
from settlement.rendering.camt import render_camt
from settlement.rendering.facts import DerivedFacts
from settlement.rendering.journal import render_journal
from settlement.rendering.onec import render_onec

__all__ = ["DERIVED", "DerivedFacts", "DerivedFile"]


@dataclass(frozen=True, slots=True)
class DerivedFile:
    """One derived file: its name, what makes it, and the name of its own detached signature."""

    name: str
    render: Callable[[DerivedFacts], bytes]
    signature: str | None = None


#: In the order of the bundle (``partner_sdk.wire.files.FILES``).
DERIVED = (
    DerivedFile(CAMT, render_camt, signature=CAMT_SIGNATURE),
    DerivedFile(JOURNAL, render_journal),
    DerivedFile(ONEC, render_onec),
)

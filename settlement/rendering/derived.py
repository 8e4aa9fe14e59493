"""The files of a bundle that are made of the statement's figures, without a pass over its lines.

Each is a pure function of what the statement says and of the parties' finance profiles; the table
is the one place where a file is added.
"""

from collections.abc import Callable
from dataclasses import dataclass

from partner_sdk.wire.statement import Statement
from settlement.profiles.domain import DEFAULT_PROFILE, Profile

__all__ = ["DERIVED", "DerivedFacts", "DerivedFile"]


@dataclass(frozen=True, slots=True)
class DerivedFacts:
    """What a derived file is made of.

    ``statement`` is complete but for ``files`` and ``beside``; ``profile`` is the party's own,
    ``clearing`` that of the clearing house, which pays and is paid.
    """

    statement: Statement
    profile: Profile = DEFAULT_PROFILE
    clearing: Profile = DEFAULT_PROFILE


@dataclass(frozen=True, slots=True)
class DerivedFile:
    """One derived file: its name, what makes it, and the name of its own detached signature."""

    name: str
    render: Callable[[DerivedFacts], bytes]
    signature: str | None = None


#: In the order of the bundle (``partner_sdk.wire.files.FILES``).
DERIVED: tuple[DerivedFile, ...] = ()

"""What the derived files of a bundle are made of."""

from dataclasses import dataclass

from partner_sdk.wire.statement import Statement
from settlement.profiles.domain import DEFAULT_PROFILE, Profile

__all__ = ["DerivedFacts"]


@dataclass(frozen=True, slots=True)
class DerivedFacts:
    """The statement's figures and how the parties keep their books.

    ``statement`` is complete but for ``files`` and ``beside``; ``profile`` is the party's own,
    ``clearing`` that of the clearing house, which pays and is paid.
    """

    statement: Statement
    profile: Profile = DEFAULT_PROFILE
    clearing: Profile = DEFAULT_PROFILE

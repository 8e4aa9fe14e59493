"""Who of the operator's people gives a command: proven by a key, where two people are needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import typer

from settlement import hub
from settlement.app import open_night
from settlement.steps.night import Night

OperatorKey = Annotated[
    str,
    typer.Option(
        "--key",
        envvar="COALITION_OPERATOR_KEY",
        help="Your operator's key (cho_…); it says who you are.",
        show_envvar=True,
    ),
]
Window = Annotated[str, typer.Argument(metavar="DATE", help="The window's business date.")]


@dataclass(frozen=True, slots=True)
class Work:
    """One command's unit of work."""

    night: Night
    connection: Any
    parties: dict[int, hub.PartyFacts]

    def slug(self, party_no: int) -> str:
        """A party's short name."""
        return self.parties[party_no].slug


@contextmanager
def open_work() -> Iterator[Work]:
    """Work on the database that the configuration names; committed when the block ends well."""
    with open_night() as night, night.database.transaction() as connection:
        parties = {party.no: party for party in hub.read_parties(connection=connection)}
        yield Work(night, connection, parties)


@contextmanager
def open_operator_work(key: str) -> Iterator[tuple[Work, hub.OperatorFacts]]:
    """The same, for a person with a key. Raises HubError for a key that is nobody's."""
    with open_work() as work:
        yield work, hub.find_operator(connection=work.connection, token=key)


def read_date(text: str) -> date:
    """A date of a command line. Raises BadParameter."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is not a date such as 2026-11-22") from None

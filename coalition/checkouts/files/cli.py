"""`coalition connection files`: files of orders, picked up from a folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from sqlalchemy.exc import OperationalError

from coalition.checkouts import service
from coalition.checkouts.domain import connection_id_of
from coalition.checkouts.files.domain import FileOutcome
from coalition.checkouts.files.folder import DropFolder
from coalition.checkouts.files.service import Pickup
from coalition.checkouts.making import make_processing
from coalition.checkouts.sealed import SECRETS_KEY
from coalition.cli.session import Session, open_session
from coalition.clock import wall_now
from coalition.directory import Clocks, Directory
from coalition.errors import HubError

__all__ = ["files", "keep_looking"]

_MOST_LINES = 10
_PASSING = ("conflict_retry", "connection_not_live")


def files(
    connection: Annotated[str, typer.Argument(metavar="CONNECTION", help="The con_ id.")],
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", exists=True, file_okay=False, help="Where files drop."),
    ],
    every: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Look again and again; 0: once.")
    ] = 0.0,
    without: Annotated[
        str, typer.Option(metavar="STORE:NUMBER", help="Wait no longer for that file.")
    ] = "",
) -> None:
    """Pick up files of orders: in their turn, each once; put away with a report beside each.

    Exit 1 when somebody should look: a file is refused or held, or an order was not taken.
    """
    with open_session() as session:
        if without:
            store, _, number = without.rpartition(":")
            if not (store and number.isdecimal()):
                raise typer.BadParameter("must be STORE:NUMBER", param_hint="--without")
            _pickup(session, connection, folder).give_up(store=store, sequence=int(number))
            typer.echo(f"number {number} of {store} is not waited for any more")

        def look() -> list[FileOutcome]:
            return _pickup(session, connection, folder).run()

        if every:
            keep_looking(look=look, wait=partial(time.sleep, every))
        found = look()
    for outcome in found:
        _tell(outcome)
    if not all(outcome.good or outcome.what in ("incomplete", "waiting") for outcome in found):
        raise typer.Exit(1)


def keep_looking(*, look: Callable[[], list[FileOutcome]], wait: Callable[[], None]) -> NoReturn:
    """Look again and again, and tell what is new; what passes is told too, and waited for.

    Raises:
        HubError: the connection is closed, or it has no files.
    """
    before: list[FileOutcome] = []
    while True:
        try:
            found = look()
        except HubError as trouble:
            if trouble.code not in _PASSING:
                raise
            typer.echo(f"not looked at: {trouble.detail}", err=True)
        except (OperationalError, OSError) as trouble:
            typer.echo(f"not looked at: {type(trouble).__name__}", err=True)
        else:
            for outcome in found:
                if outcome not in before:
                    _tell(outcome)
            before = found
        wait()


def _pickup(session: Session, name: str, folder: Path) -> Pickup:
    """What picks up, with the connection as it is set now."""
    database, config = session.database, session.config
    with database.transaction() as connection:
        stored = service.connection_named(
            connection=connection, connection_id=connection_id_of(name), party_no=None
        )
    return Pickup(
        database=database,
        takes=make_processing(
            config=config,
            database=database,
            directory=Directory(monotonic=time.monotonic),
            clocks=Clocks(wall=wall_now),
        ),
        connection=service.opened(stored, key=config.derived_key(purpose=SECRETS_KEY)),
        folder=DropFolder(folder),
        wall=wall_now,
    )


def _tell(outcome: FileOutcome) -> None:
    typer.echo(f"{outcome.what:<10}  {outcome.name}  {outcome.text}")
    for line in outcome.lines[:_MOST_LINES]:
        typer.echo(f"            {line}")
    if len(outcome.lines) > _MOST_LINES:
        typer.echo(f"            and {len(outcome.lines) - _MOST_LINES} more, in the report")

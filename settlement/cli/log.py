"""`settlement log`: the public log of statements."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from settlement.app import open_night
from settlement.log import service
from settlement.log.service import Log, LogError
from settlement.steps.night import Night

log = typer.Typer(
    help="The public log of statements, agreements and certificates.",
    no_args_is_help=True,
    add_completion=False,
)


def _log(night: Night) -> Log:
    with night.database.transaction() as connection:
        found = service.read_log(connection=connection, name=service.STATEMENTS)
    if found is None:
        raise LogError("there is no log yet: it begins with the first night")
    return found


@log.command()
def status() -> None:
    """Show where the log stands. Exit code 1: something is wrong with it."""
    with open_night() as night, night.database.transaction() as connection:
        found = service.report(connection=connection)
        if found is None:
            typer.echo("There is no log yet: it begins with the first night.")
        else:
            typer.echo(f"{found.log.origin}: {found.records} records")
            typer.echo(f"checkpoint of {found.checkpoint_size}, published {found.published_size}")
            typer.echo(
                f"cosigned by {len(found.cosigners)} partners; a release needs "
                f"{found.log.cosignatures_needed}"
            )
        troubles = service.find_trouble(connection=connection, logs_folder=night.logs_folder)
    for trouble in troubles:
        typer.echo(f"{trouble.log}: {trouble.message}", err=True)
    if troubles:
        raise typer.Exit(1)


@log.command()
def key() -> None:
    """Print the log's key: what partners pin, as C2SP spells it."""
    with open_night() as night:
        typer.echo(_log(night).key.to_text())


@log.command()
def rotate(
    finish: Annotated[bool, typer.Option("--finish", help="Let the next key sign alone.")] = False,
) -> None:
    """Replace the log's key: both sign until it is finished, so that partners can follow."""
    with open_night() as night:
        found = _log(night)
        if finish:
            service.end_handover(database=night.database, log=found, keys=night.log_keys)
            typer.echo(_log(night).key.to_text())
            return
        key = service.begin_handover(
            database=night.database, log=found, keys=night.log_keys, now=night.wall()
        )
    typer.echo(key.to_text())


@log.command()
def need(
    count: Annotated[int, typer.Argument(min=0, help="How many partners, 0 for none.")],
) -> None:
    """Set how many partners must have cosigned before a window is released."""
    with open_night() as night:
        found = _log(night)
        with night.database.transaction() as connection:
            service.set_cosignatures_needed(connection=connection, log_no=found.log_no, count=count)
    typer.echo(f"A release of {found.origin} needs cosignatures of {count} partners.")


@log.command()
def check() -> None:
    """Hash every record again: checkpoints, tiles and files. Exit code 1: something is wrong."""
    with open_night() as night:
        found = _log(night)
        with night.database.transaction() as connection:
            troubles = service.check_log(
                connection=connection, logs_folder=night.logs_folder, log=found
            )
    for trouble in troubles:
        typer.echo(f"{trouble.log}: {trouble.message}")
    if troubles:
        raise typer.Exit(1)
    typer.echo(f"{found.origin}: whole")


@log.command()
def write() -> None:
    """Write the log's files anew from the database."""
    with open_night() as night:
        found = _log(night)
        folder = night.logs_folder / found.folder_name
        count = service.rewrite(database=night.database, log=found, folder=folder)
    typer.echo(f"{count} files in {folder}")


@log.command()
def recover(
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            exists=True,
            file_okay=False,
            help="A copy of the log's files; without it, those in the data folder.",
        ),
    ] = None,
) -> None:
    """Put back the records that a restored backup lacks, from the log's files."""
    with open_night() as night:
        found = _log(night)
        folder = night.logs_folder / found.folder_name
        count = service.recover(
            database=night.database,
            log=found,
            folder=folder,
            source=source or folder,
            now=night.wall(),
        )
    typer.echo(f"{count} records are back.")


@log.command()
def begin(
    origin: Annotated[str, typer.Argument(help="What the new log is called on its checkpoints.")],
) -> None:
    """End a log that cannot go on, and begin another that every partner must pin anew."""
    with open_night() as night:
        made = service.begin_again(
            database=night.database,
            log=_log(night),
            origin=origin,
            keys=night.log_keys,
            now=night.wall(),
        )
    typer.echo(made.key.to_text())

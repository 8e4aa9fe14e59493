"""`settlement release`: a window is released by two people."""

from __future__ import annotations

from typing import Annotated

import typer

from partner_sdk.wire.instants import format_instant
from settlement.cli.operator import (
    OperatorKey,
    Window,
    Work,
    open_operator_work,
    open_work,
    read_date,
)
from settlement.release import service
from settlement.release.domain import Release

release = typer.Typer(
    help="Release a window: one person proposes, another approves.",
    no_args_is_help=True,
    add_completion=False,
)


@release.command()
def propose(window: Window, key: OperatorKey) -> None:
    """Fix what is to be released, and print its hash for the one who approves."""
    with open_operator_work(key) as (work, operator):
        found = service.propose(
            connection=work.connection,
            business_date=read_date(window),
            operator=operator,
            now=work.night.wall(),
            new_id=work.night.new_id,
        )
    _tell(found)


@release.command()
def approve(
    window: Window,
    sha256: Annotated[str, typer.Argument(metavar="SHA256", help="The hash that you checked.")],
    key: OperatorKey,
) -> None:
    """Approve what another proposed. Exit code 1 if anything has changed: it is void then."""
    with open_operator_work(key) as (work, operator):
        living = service.get_living(connection=work.connection, business_date=read_date(window))
        found = service.approve(
            connection=work.connection,
            release_id=living.release_id,
            sha256=sha256,
            operator=operator,
            now=work.night.wall(),
            new_id=work.night.new_id,
        )
    _tell(found)
    if found.state != "approved":
        raise typer.Exit(1)


@release.command()
def show(
    window: Window,
    document: Annotated[
        bool, typer.Option("--document", help="Print what is released, byte for byte.")
    ] = False,
) -> None:
    """Show a window's release: who did what, its hash, and whether it still stands."""
    with open_work() as work:
        found = service.get_living(connection=work.connection, business_date=read_date(window))
        changed = _changed(work, found)
    if document:
        typer.echo(found.document.decode(), nl=False)
        return
    _tell(found)
    if changed is not None:
        typer.echo(f"  {changed} is not what was proposed: withdraw it and propose anew")


@release.command()
def withdraw(
    window: Window,
    reason: Annotated[str, typer.Option(help="Why; kept for ever.")],
    key: OperatorKey,
) -> None:
    """Take a proposal back."""
    with open_operator_work(key) as (work, operator):
        living = service.get_living(connection=work.connection, business_date=read_date(window))
        found = service.withdraw(
            connection=work.connection,
            release_id=living.release_id,
            reason=reason,
            operator=operator,
            now=work.night.wall(),
        )
    _tell(found)


def _changed(work: Work, found: Release) -> str | None:
    return service.what_changed(connection=work.connection, found=found)


def _tell(found: Release) -> None:
    typer.echo(f"{found.business_date}: {found.public_id} is {found.state}")
    typer.echo(f"  sha256    {found.sha256.hex()}")
    typer.echo(f"  proposed  {format_instant(found.proposed_at)} by {found.maker}")
    if found.decided_at is not None:
        by = f" by {found.approver}" if found.approver else ""
        typer.echo(f"  {found.state:<9} {format_instant(found.decided_at)}{by}")
    if found.reason is not None:
        typer.echo(f"  {found.reason}")

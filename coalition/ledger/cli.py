"""`coalition ledger`: proving the ledger."""

from __future__ import annotations

from typing import Annotated

import typer

from coalition.cli.session import open_session
from coalition.ledger.check import run_checks

app = typer.Typer(help="Prove the ledger.", no_args_is_help=True)


@app.callback()
def ledger() -> None:
    """Prove the ledger."""


@app.command()
def check(
    quiet: Annotated[bool, typer.Option("--quiet", help="Only say what is broken.")] = False,
) -> None:
    """Prove the invariants over the whole database; exit 1 when one is broken."""
    with open_session() as session, session.database.engine.connect() as connection:
        findings = run_checks(connection=connection)
    broken = [finding for finding in findings if finding.broken]
    for finding in findings:
        if finding.broken:
            typer.echo(
                f"BROKEN  {finding.check.name}: {finding.broken} × not: {finding.check.rule}"
            )
            for example in finding.examples:
                typer.echo(f"        {example}")
        elif not quiet:
            typer.echo(f"ok      {finding.check.name}: {finding.check.rule}")
    typer.echo(f"{len(findings)} checks, {len(broken)} broken")
    if broken:
        raise typer.Exit(1)

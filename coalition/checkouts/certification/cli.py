"""`coalition connection certify`: ten graded cases, as a table or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from coalition.checkouts import service
from coalition.checkouts.certification import store
from coalition.checkouts.certification.means import make_means
from coalition.checkouts.certification.service import certify as run
from coalition.checkouts.certification.wire import certification_document
from coalition.checkouts.domain import UnknownConnection
from coalition.cli.session import open_session
from coalition.clock import wall_now
from coalition.errors import HubError
from partner_sdk.wire import ids

__all__ = ["certify"]

_SHOWN = {"passed": "passed", "failed": "FAILED", "not_for_it": "not for it"}
_WIDTH = 120


def certify(
    connection: Annotated[str, typer.Argument(metavar="CONNECTION", help="The con_ id.")],
    last: Annotated[
        bool, typer.Option("--last", help="Show the last report; try nothing.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="Write the report as JSON.")] = False,
) -> None:
    """Try ten cases on a connection in state test, and show how each went.

    Nothing is stated and no points move. Exit code 1 if a case failed.
    """
    try:
        connection_id = ids.decode("con", connection)
    except ids.InvalidId:
        raise UnknownConnection from None
    with open_session() as session:
        if last:
            with session.database.autocommit() as database:
                stored = service.connection_named(
                    connection=database, connection_id=connection_id, party_no=None
                )
                found = store.list_certifications(
                    connection=database, connection_no=stored.no, before=None, limit=1
                )
            if not found:
                raise HubError("certification_not_found", "It was never certified.")
            made = found[0]
        else:
            means = make_means(config=session.config, database=session.database, wall=wall_now)
            stored, made = run(means=means, connection_id=connection_id, party_no=None)
    document = certification_document(made, stored)
    if json_:
        typer.echo(json.dumps(document, ensure_ascii=False))
    else:
        _show(document)
    raise typer.Exit(0 if made.passed else 1)


def _show(document: Mapping[str, Any]) -> None:
    """A table of the cases, and what to do below it."""
    grade = "passed" if document["passed"] else "FAILED"
    about = f"{document['connection']} ({document['platform']}), {document['finished_at']}"
    table = Table(title=f"{grade}: {about}", title_justify="left")
    for column in ("Case", "Asks whether", "Grade", "Found"):
        table.add_column(column, overflow="fold", no_wrap=column in ("Case", "Grade"))
    for case in document["cases"]:
        table.add_row(case["case"], case["asks"], _SHOWN[case["grade"]], escape(case["found"]))
    Console(width=_WIDTH).print(table)
    for case in document["cases"]:
        if case["mend"]:
            typer.echo(f"{case['case']}: {case['found']}")
            typer.echo(f"  → {case['mend']}")
    if not document["current"]:
        typer.echo("The connection was changed since: certify it again.")

"""The command `explain`: any amount of a statement."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from settlement.app import open_night
from settlement.explain import explain_amount_of, parse_subject


def explain(
    statement: Annotated[str, typer.Argument(help="An id (stm_…), or DATE/PARTY.")],
    amount: Annotated[
        str,
        typer.Argument(
            help="The number of a line, opening, net, closing, activity:KIND, "
            "position:COUNTERPARTY[/KIND], section:SECTION[/KIND], camt:ENTRY, 1c:DOCUMENT or "
            "journal:ROW."
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Answer one JSON object.")] = False,
) -> None:
    """Explain an amount: a line down to receipt, lots, agreement and arithmetic; a sum by parts."""
    subject = parse_subject(amount)
    with open_night() as night:
        found = explain_amount_of(night=night, statement=statement, subject=subject)
    if as_json:
        typer.echo(json.dumps(found.document(), ensure_ascii=False))
        return
    for each in found.text():
        typer.echo(each)

"""Commands that show connections and their messages, and have one worked on again."""

from __future__ import annotations

from typing import Annotated

import typer

from coalition.checkouts.cli.given import ConnectionId, named, show_document
from coalition.checkouts.domain import MESSAGE_STATES, UnknownMessage
from coalition.checkouts.service.messages import message_anywhere
from coalition.checkouts.service.messages import replay as replay_message
from coalition.checkouts.store import connections as rows
from coalition.checkouts.store import inbox, rejections
from coalition.checkouts.wire import (
    connection_document,
    message_document,
    rejection_document,
)
from coalition.clock import wall_now
from coalition.commands import open_command
from partner_sdk.wire import ids


def list_() -> None:
    """List connections: id, state, partner, platform, name, waiting messages, dead letters."""
    with open_command() as command:
        after = 0
        while page := rows.list_connections(
            connection=command.connection, party_no=None, after=after, limit=200
        ):
            for stored in page:
                counts = inbox.count_states(connection=command.connection, connection_no=stored.no)
                slug = command.snapshot.parties[stored.party_no].slug
                typer.echo(
                    f"{ids.encode('con', stored.connection_id)}  {stored.state:<6}  {slug}  "
                    f"{stored.platform}  {stored.name}  {counts['waiting']} waiting  "
                    f"{counts['dead']} dead"
                )
            after = page[-1].no


def show(
    connection: ConnectionId,
    messages: Annotated[
        str, typer.Option(help=f"Which messages: {', '.join(MESSAGE_STATES)}.")
    ] = "dead",
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many of each.")] = 20,
) -> None:
    """Show a connection, its last dead letters and refused deliveries, as JSON. No secrets."""
    if messages not in MESSAGE_STATES:
        known = ", ".join(MESSAGE_STATES)
        raise typer.BadParameter(f"must be one of {known}", param_hint="--messages")
    with open_command() as command:
        stored = named(command, connection)
        found = inbox.list_messages(
            connection=command.connection,
            connection_no=stored.no,
            state=messages,
            before=None,
            limit=limit,
            bodies=False,
        )
        refused = rejections.list_rejections(
            connection=command.connection, connection_no=stored.no, before=None, limit=limit
        )
        document = connection_document(stored, command.snapshot) | {
            "messages": [message_document(each) for each in found],
            "rejections": [rejection_document(each) for _, each in refused],
        }
    show_document(document)


def replay(
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="The msg_ id.")],
) -> None:
    """Work on a message of a checkout again, from the start: a dead letter, above all."""
    try:
        message_id = ids.decode("msg", message)
    except ids.InvalidId:
        raise UnknownMessage from None
    with open_command() as command:
        found = message_anywhere(connection=command.connection, message_id=message_id)
        again = replay_message(connection=command.connection, message=found, wall_now=wall_now())
    typer.echo(f"{message} is {again.state}")

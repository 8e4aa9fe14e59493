"""`coalition connection`: checkouts of partners; `coalition replay`: a message worked on again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from coalition.checkouts import service
from coalition.checkouts.domain import (
    CONNECTION_STATES,
    GUESTS,
    MESSAGE_STATES,
    PREVIOUS_SECRET_LASTS,
    ConnectionState,
    UnknownConnection,
    UnknownMessage,
)
from coalition.checkouts.files.cli import files
from coalition.checkouts.sealed import SECRETS_KEY
from coalition.checkouts.service.manage import Means
from coalition.checkouts.service.messages import message_anywhere
from coalition.checkouts.service.messages import replay as replay_message
from coalition.checkouts.store import connections as rows
from coalition.checkouts.store import inbox
from coalition.checkouts.store.connections import StoredConnection
from coalition.checkouts.wire import (
    connection_document,
    message_document,
    rejection_document,
)
from coalition.clock import wall_now
from coalition.commands import Command, open_command
from coalition.errors import HubError
from partner_sdk.wire import ids

app = typer.Typer(
    help="Connections to partners' checkouts.", no_args_is_help=True, add_completion=False
)
app.command()(files)

ConnectionId = Annotated[str, typer.Argument(metavar="CONNECTION", help="The con_ id.")]
Secrets = Annotated[
    list[str] | None,
    typer.Option(
        "--secret",
        metavar="NAME=FILE",
        help="A secret, read from a file or, for `-`, typed in; see the table of platforms.",
    ),
]
Pairs = Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE")]
Guests = Annotated[str, typer.Option(help=f"What guests get: {' or '.join(GUESTS)}.")]
MemberBy = Annotated[
    str, typer.Option(help="Ways to recognise a member, in order of trial, with commas between.")
]


@app.command("open")
def open_(
    partner: Annotated[str, typer.Argument(metavar="PARTNER", help="Slug or prt_ id.")],
    platform: Annotated[str, typer.Argument(metavar="PLATFORM", help="Such as shopify.")],
    name: Annotated[str, typer.Option(help="The ids of its sales begin with it.")],
    store_url: Annotated[str, typer.Option(help="The address of the shop or its API.")] = "",
    currency: Annotated[str, typer.Option(help="The coalition's unless given.")] = "",
    time_zone: Annotated[str, typer.Option(help="The coalition's unless given.")] = "",
    secret: Secrets = None,
    option: Pairs = None,
    category: Pairs = None,
    tender: Pairs = None,
    member_by: MemberBy = "",
    guests: Guests = "keep",
    test: Annotated[bool, typer.Option("--test", help="State nothing, only show.")] = False,
) -> None:
    """Connect a partner's checkout; prints its id and the path to tell the platform."""
    with open_command() as command:
        changes = {
            "store_url": store_url,
            "currency": currency or command.snapshot.hub.currency,
            "time_zone": time_zone or command.snapshot.hub.time_zone.key,
            **_mappings(option, category, tender),
            **_ways(member_by),
        }
        opened = service.open_connection(
            connection=command.connection,
            opening=service.Opening(
                party_no=command.party(partner).no,
                name=name,
                platform=platform,
                settings=changes,
                secrets=_secrets(secret),
                guests="ignore" if _guests(guests) == "ignore" else "keep",
                state="test" if test else "live",
            ),
            connection_id=command.new_id(),
            means=_means(command),
        )
    public = ids.encode("con", opened.connection_id)
    typer.echo(f"{public}\n/hooks/{public}")


@app.command("list")
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


@app.command()
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
        stored = _named(command, connection)
        found = inbox.list_messages(
            connection=command.connection,
            connection_no=stored.no,
            state=messages,
            before=None,
            limit=limit,
        )
        refused = inbox.list_rejections(
            connection=command.connection, connection_no=stored.no, before=None, limit=limit
        )
        document = connection_document(stored, command.snapshot) | {
            "messages": [message_document(each) for each in found],
            "rejections": [rejection_document(each) for _, each in refused],
        }
    _show(document)


@app.command("set")
def set_(
    connection: ConnectionId,
    store_url: Annotated[str | None, typer.Option(help="The address of the shop.")] = None,
    currency: Annotated[str, typer.Option(help="ISO 4217 code.")] = "",
    time_zone: Annotated[str, typer.Option(help="IANA name.")] = "",
    option: Pairs = None,
    category: Pairs = None,
    tender: Pairs = None,
    member_by: MemberBy = "",
    guests: Guests = "",
    state: Annotated[
        str, typer.Option(help="test, live, or paused; `live` lets a paused one go on.")
    ] = "",
) -> None:
    """Change a connection; what is not named stays. A mapping that is named is replaced."""
    given: dict[str, Any] = {"currency": currency, "time_zone": time_zone}
    changes = {name: value for name, value in given.items() if value}
    changes |= _mappings(option, category, tender) | _ways(member_by)
    if guests:
        changes["guests"] = _guests(guests)
    if store_url is not None:
        changes["store_url"] = store_url
    if state and state not in CONNECTION_STATES[:3]:
        raise typer.BadParameter("must be test, live or paused", param_hint="--state")
    with open_command() as command:
        stored = _named(command, connection)
        if changes:
            stored = service.change_connection(
                connection=command.connection,
                connection_id=stored.connection_id,
                party_no=None,
                changes=changes,
                means=_means(command),
            )
        if state:
            stored = _to_state(command, stored.connection_id, state)
        document = connection_document(stored, command.snapshot)
    _show(document)


@app.command()
def rotate(
    connection: ConnectionId,
    secret: Secrets = None,
    previous_lasts_hours: Annotated[
        float, typer.Option(min=0, max=720, help="For how long the signing secret before holds.")
    ] = PREVIOUS_SECRET_LASTS.total_seconds() / 3600,
) -> None:
    """Set secrets anew; those that are not named stay."""
    given = _secrets(secret)
    if not given:
        raise typer.BadParameter("name at least one", param_hint="--secret")
    with open_command() as command:
        stored = service.rotate_secrets(
            connection=command.connection,
            connection_id=_id(connection),
            party_no=None,
            given=given,
            means=_means(command),
            lasts=timedelta(hours=previous_lasts_hours),
        )
    until = stored.previous_until
    typer.echo(
        f"{connection} has new secrets: {', '.join(sorted(given))}"
        + (f"; the one before holds until {until.isoformat()}" if until else "")
    )


@app.command()
def pause(connection: ConnectionId) -> None:
    """Keep what comes, and work on it only when the connection goes on (`set --state live`)."""
    with open_command() as command:
        _to_state(command, _id(connection), "paused")
    typer.echo(f"{connection} is paused")


@app.command()
def close(connection: ConnectionId) -> None:
    """Close a connection for good; its secrets are destroyed."""
    with open_command() as command:
        _to_state(command, _id(connection), "closed")
    typer.echo(f"{connection} is closed")


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


def _id(text: str) -> UUID:
    try:
        return ids.decode("con", text)
    except ids.InvalidId:
        raise UnknownConnection from None


def _named(command: Command, text: str) -> StoredConnection:
    return service.connection_named(
        connection=command.connection, connection_id=_id(text), party_no=None
    )


def _to_state(command: Command, connection_id: UUID, state: str) -> StoredConnection:
    known: dict[str, ConnectionState] = {
        "test": "test",
        "live": "live",
        "paused": "paused",
        "closed": "closed",
    }
    return service.change_state(
        connection=command.connection,
        connection_id=connection_id,
        party_no=None,
        state=known[state],
        means=_means(command),
    )


def _means(command: Command) -> Means:
    return Means(
        key=command.config.derived_key(purpose=SECRETS_KEY),
        random=command.random,
        allow_private=command.config.webhook_private_hosts,
        wall_now=wall_now(),
    )


def _secrets(given: list[str] | None) -> dict[str, str]:
    """Secrets from files, or typed in; never from the command line, which others can read."""
    found = {}
    for name, source in _pairs(given, "--secret").items():
        if source == "-":
            found[name] = typer.prompt(name, hide_input=True)
            continue
        try:
            found[name] = Path(source).read_text("utf-8").strip()
        except OSError as error:
            raise HubError("bad_request", f"{source} cannot be read: {error.strerror}") from None
    return found


def _pairs(given: list[str] | None, what: str) -> dict[str, str]:
    found = {}
    for each in given or ():
        name, equals, value = each.partition("=")
        if not (name and equals and value):
            raise typer.BadParameter(f"{each} is not NAME=VALUE", param_hint=what)
        found[name] = value
    return found


def _mappings(
    option: list[str] | None, category: list[str] | None, tender: list[str] | None
) -> dict[str, Any]:
    given = {"options": option, "categories": category, "tenders": tender}
    return {name: _pairs(pairs, name) for name, pairs in given.items() if pairs is not None}


def _ways(text: str) -> dict[str, Any]:
    return {"member_by": [each.strip() for each in text.split(",")]} if text else {}


def _guests(text: str) -> str:
    if text not in GUESTS:
        raise typer.BadParameter(f"must be {' or '.join(GUESTS)}", param_hint="--guests")
    return text


def _show(document: Mapping[str, Any]) -> None:
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))

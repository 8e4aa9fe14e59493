"""Commands that open and change connections."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import typer

from coalition.checkouts import service
from coalition.checkouts.cli.given import (
    ConnectionId,
    Guests,
    MemberBy,
    Pairs,
    Secrets,
    guests_of,
    mappings,
    means_of,
    named,
    read_secrets,
    show_document,
    ways,
)
from coalition.checkouts.domain import (
    CONNECTION_STATES,
    PREVIOUS_SECRET_LASTS,
    ConnectionState,
    connection_id_of,
)
from coalition.checkouts.store.connections import StoredConnection
from coalition.checkouts.wire import connection_document
from coalition.commands import Command, open_command
from partner_sdk.wire import ids


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
    secrets = read_secrets(secret)
    with open_command() as command:
        changes = {
            "store_url": store_url,
            "currency": currency or command.snapshot.hub.currency,
            "time_zone": time_zone or command.snapshot.hub.time_zone.key,
            **mappings(option, category, tender),
            **ways(member_by),
        }
        opened = service.open_connection(
            connection=command.connection,
            opening=service.Opening(
                party_no=command.party(partner).no,
                name=name,
                platform=platform,
                settings=changes,
                secrets=secrets,
                guests=guests_of(guests),
                state="test" if test else "live",
            ),
            connection_id=command.new_id(),
            means=means_of(command),
        )
    public = ids.encode("con", opened.connection_id)
    typer.echo(f"{public}\n/hooks/{public}")


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
    changes |= mappings(option, category, tender) | ways(member_by)
    if guests:
        changes["guests"] = guests_of(guests)
    if store_url is not None:
        changes["store_url"] = store_url
    wanted = next((each for each in CONNECTION_STATES[:3] if each == state), None)
    if state and wanted is None:
        raise typer.BadParameter("must be test, live or paused", param_hint="--state")
    with open_command() as command:
        stored = named(command, connection)
        if changes:
            stored = service.change_connection(
                connection=command.connection,
                connection_id=stored.connection_id,
                party_no=None,
                changes=changes,
                means=means_of(command),
            )
        if wanted:
            stored = _to_state(command, stored.connection_id, wanted)
        document = connection_document(stored, command.snapshot)
    show_document(document)


def rotate(
    connection: ConnectionId,
    secret: Secrets = None,
    previous_lasts_hours: Annotated[
        float, typer.Option(min=0, max=720, help="For how long the signing secret before holds.")
    ] = PREVIOUS_SECRET_LASTS.total_seconds() / 3600,
) -> None:
    """Set secrets anew; those that are not named stay."""
    given = read_secrets(secret)
    if not given:
        raise typer.BadParameter("name at least one", param_hint="--secret")
    with open_command() as command:
        stored = service.rotate_secrets(
            connection=command.connection,
            connection_id=connection_id_of(connection),
            party_no=None,
            given=given,
            means=means_of(command),
            lasts=timedelta(hours=previous_lasts_hours),
        )
    until = stored.previous_until
    typer.echo(
        f"{connection} has new secrets: {', '.join(sorted(given))}"
        + (f"; the one before holds until {until.isoformat()}" if until else "")
    )


def pause(connection: ConnectionId) -> None:
    """Keep what comes, and work on it only when the connection goes on (`set --state live`)."""
    with open_command() as command:
        _to_state(command, connection_id_of(connection), "paused")
    typer.echo(f"{connection} is paused")


def close(connection: ConnectionId) -> None:
    """Close a connection for good; its secrets are destroyed."""
    with open_command() as command:
        _to_state(command, connection_id_of(connection), "closed")
    typer.echo(f"{connection} is closed")


def _to_state(command: Command, connection_id: UUID, state: ConnectionState) -> StoredConnection:
    return service.change_state(
        connection=command.connection,
        connection_id=connection_id,
        party_no=None,
        state=state,
        means=means_of(command),
    )

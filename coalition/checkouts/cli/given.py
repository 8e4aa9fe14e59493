"""What the commands of connections are given: ids, mappings, secrets; and what they print."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from coalition.checkouts import service
from coalition.checkouts.domain import GUESTS, connection_id_of
from coalition.checkouts.domain import Guests as GuestsGet
from coalition.checkouts.sealed import SECRETS_KEY
from coalition.checkouts.service.manage import Means
from coalition.checkouts.store.connections import StoredConnection
from coalition.clock import wall_now
from coalition.commands import Command
from coalition.errors import HubError

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


def named(command: Command, text: str) -> StoredConnection:
    """The connection of that `con_` id, whose it may be.

    Raises:
        UnknownConnection: there is none.
    """
    return service.connection_named(
        connection=command.connection, connection_id=connection_id_of(text), party_no=None
    )


def means_of(command: Command) -> Means:
    """What sealing and checking need, for a command."""
    return Means(
        key=command.config.derived_key(purpose=SECRETS_KEY),
        random=command.random,
        allow_private=command.config.webhook_private_hosts,
        wall_now=wall_now(),
    )


def read_secrets(given: list[str] | None) -> dict[str, str]:
    """Secrets from files, or typed in; never from the command line, which others can read."""
    found = {}
    for name, source in pairs(given, "--secret").items():
        if source == "-":
            found[name] = typer.prompt(name, hide_input=True)
            continue
        try:
            found[name] = Path(source).read_text("utf-8").strip()
        except OSError as error:
            raise HubError("bad_request", f"{source} cannot be read: {error.strerror}") from None
    return found


def pairs(given: list[str] | None, what: str) -> dict[str, str]:
    """NAME=VALUE, each; `what` names the option where one is not."""
    found = {}
    for each in given or ():
        name, equals, value = each.partition("=")
        if not (name and equals and value):
            raise typer.BadParameter(f"{each} is not NAME=VALUE", param_hint=what)
        found[name] = value
    return found


def mappings(
    option: list[str] | None, category: list[str] | None, tender: list[str] | None
) -> dict[str, Any]:
    """The mappings that are named, as settings."""
    given = {"options": option, "categories": category, "tenders": tender}
    return {name: pairs(texts, name) for name, texts in given.items() if texts is not None}


def ways(text: str) -> dict[str, Any]:
    """How members are recognised, as a setting; nothing where nothing is named."""
    return {"member_by": [each.strip() for each in text.split(",")]} if text else {}


def guests_of(text: str) -> GuestsGet:
    """What guests get."""
    for each in GUESTS:
        if each == text:
            return each
    raise typer.BadParameter(f"must be {' or '.join(GUESTS)}", param_hint="--guests")


def show_document(document: Mapping[str, Any]) -> None:
    """Print it as JSON."""
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))

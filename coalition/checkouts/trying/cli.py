"""`coalition listen` and `coalition trigger`: what comes to connections, and samples sent there."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from coalition.checkouts.domain import Connection, UnknownConnection
from coalition.checkouts.sealed import SECRETS_KEY
from coalition.checkouts.service.manage import opened
from coalition.checkouts.store import connections as rows
from coalition.checkouts.store import rejections
from coalition.checkouts.store.connections import StoredConnection
from coalition.checkouts.trying.following import Follower, News
from coalition.checkouts.trying.sending import samples, send, what_became
from coalition.cli.session import Session, open_session
from coalition.clock import wall_now
from coalition.errors import HubError
from partner_sdk.wire import ids

_MOST = 10_000
_Json = Annotated[bool, typer.Option("--json", help="Write a line of JSON for each.")]


def listen(
    forward_to: Annotated[
        str, typer.Option(metavar="URL", help="Send each message on to this address, as it came.")
    ] = "",
    connection: Annotated[str, typer.Option(help="The con_ id; all, if not given.")] = "",
    past: Annotated[bool, typer.Option("--past", help="Begin with what is there already.")] = False,
    seconds: Annotated[float, typer.Option(help="Stop after so long; 0: only when told to.")] = 0,
    json_: _Json = False,
) -> None:
    """Show what comes to connections and what becomes of it, every drop with its reason."""
    with open_session() as session:
        follower = Follower(session.database, _chosen(session, connection, ""))
        if not past:
            follower.begin()
        until = time.monotonic() + seconds
        try:
            while not seconds or time.monotonic() < until:
                for news in follower.look():
                    sent = _forwarded(follower, news, forward_to) if forward_to else {}
                    _tell(news.document() | sent, json_)
                time.sleep(0.5)
        except KeyboardInterrupt:
            return


def trigger(
    event: Annotated[str, typer.Argument(metavar="EVENT", help="A sample, such as `paid`.")],
    platform: Annotated[str, typer.Option(help="Such as shopify.")] = "",
    connection: Annotated[
        str, typer.Option(help="The con_ id; the only one of the platform, if not given.")
    ] = "",
    hub: Annotated[
        str, typer.Option(metavar="URL", help="Where the hub runs.")
    ] = "http://127.0.0.1:8080",
    wait: Annotated[float, typer.Option(help="How many seconds to wait for the outcome.")] = 10,
    json_: _Json = False,
) -> None:
    """Send a signed sample into a running hub, and show what becomes of it.

    Exit code 1 if the hub did not take it.
    """
    with open_session() as session:
        chosen = _chosen(session, connection, platform)
        if len(chosen) != 1:
            raise HubError("connection_not_found", f"{len(chosen)} connections fit: name one.")
        shop: Connection = opened(chosen[0], key=session.config.derived_key(purpose=SECRETS_KEY))
        taken = True
        for request in samples(connection=shop, scenario=event, now=wall_now()):
            sent = send(request, url=f"{hub.rstrip('/')}/hooks/{ids.encode('con', shop.id)}")
            told = {
                "connection": ids.encode("con", shop.id),
                "platform": shop.platform,
                "event": event,
                "status": sent.status,
                "problem": sent.problem,
                "milliseconds": sent.milliseconds,
            }
            if sent.taken:
                told |= what_became(
                    database=session.database, connection=shop, request=request, patience=wait
                )
            else:
                told |= {"what": "rejected", "reason": _why(session, shop)}
            taken = taken and sent.taken
            _tell(told, json_)
    raise typer.Exit(0 if taken else 1)


def _chosen(session: Session, connection: str, platform: str) -> list[StoredConnection]:
    """Open connections: that one, those of the platform, or all."""
    with session.database.autocommit() as database:
        found = rows.list_connections(connection=database, party_no=None, after=0, limit=_MOST)
    there = [each for each in found if each.state != "closed"]
    if platform:
        there = [each for each in there if each.platform == platform]
    if connection:
        there = [each for each in there if ids.encode("con", each.connection_id) == connection]
        if not there:
            raise UnknownConnection
    return there


def _why(session: Session, shop: Connection) -> str | None:
    """The reason of the newest refusal."""
    with session.database.autocommit() as database:
        refused = rejections.list_rejections(
            connection=database, connection_no=shop.no, before=None, limit=1
        )
    return f"{refused[0][1].reason}: {refused[0][1].detail}" if refused else None


def _forwarded(follower: Follower, news: News, url: str) -> dict[str, Any]:
    """What the other address answered to a new message."""
    request = follower.request_of(news)
    if request is None:
        return {}
    sent = send(request, url=url)
    return {"forwarded": sent.status, "forward_problem": sent.problem}


def _tell(told: Mapping[str, Any], json_: bool) -> None:
    if json_:
        typer.echo(json.dumps(told))
        return
    orders = "; ".join(
        f"{each.get('sale')} {each.get('outcome')}"
        for each in told.get("result", {}).get("orders", ())
    )
    parts = [
        told.get("at") or told.get("event"),
        told["platform"],
        told.get("message") or told["connection"],
        told.get("what"),
        f"order {told['about']}" if told.get("about") else None,
        told.get("reason") or told.get("problem"),
        orders or None,
        f"answered {told['status']}" if told.get("status") else None,
        f"forwarded: {told.get('forwarded') or told.get('forward_problem')}"
        if "forwarded" in told
        else None,
    ]
    typer.echo("  ".join(str(each) for each in parts if each))

"""`coalition partner`: partners, their states and keys; the operator's own key."""

from __future__ import annotations

import base64
import binascii
import json
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from coalition.commands import Command, open_command
from coalition.errors import FieldError, HubError
from coalition.partners import service, store
from coalition.partners.domain import STATES, Party
from coalition.partners.keys import SECRET_BYTES
from coalition.partners.wire import key_document, party_with_keys
from partner_sdk.wire import ids

app = typer.Typer(
    help="Partners, their states and keys.", no_args_is_help=True, add_completion=False
)
key_app = typer.Typer(
    help="Public keys that a partner signs with.", no_args_is_help=True, add_completion=False
)
app.add_typer(key_app, name="key")

PartnerName = Annotated[str, typer.Argument(metavar="PARTNER", help="Slug or prt_ id.")]
Label = Annotated[str, typer.Option(help="To tell the keys apart.")]
Reason = Annotated[str, typer.Option(help="Why; kept for ever.")]


@app.command()
def add(
    slug: Annotated[str, typer.Argument(help="Short name; never changed, never used again.")],
    name: Annotated[str, typer.Argument(help="Name as statements show it.")],
    time_zone: Annotated[str, typer.Option(help="IANA name; the coalition's unless given.")] = "",
) -> None:
    """Enter a partner that applied; prints its id."""
    with open_command() as command:
        party = service.add_partner(
            connection=command.connection,
            party_id=command.new_id(),
            event_id=command.new_id(),
            slug=slug,
            name=name,
            time_zone=time_zone or command.snapshot.hub.time_zone.key,
            now=command.now,
        )
    typer.echo(ids.encode("prt", party.id))


@app.command("list")
def list_() -> None:
    """List all partners with their states."""
    with open_command() as command:
        for party in command.snapshot.parties.values():
            if party.kind == "partner":
                typer.echo(f"{ids.encode('prt', party.id)}  {party.state:<9}  {party.slug}")


@app.command()
def show(partner: PartnerName) -> None:
    """Show a partner, its keys and what happened to it, as JSON."""
    with open_command() as command:
        party = command.party(partner)
        keys = store.list_keys(connection=command.connection, party_no=party.no)
        events = store.list_party_events(connection=command.connection, party_no=party.no)
    document = party_with_keys(party, keys) | {
        "events": [
            {
                "kind": event.kind,
                "from": event.from_state,
                "to": event.to_state,
                "reason": event.reason,
                "at": event.recorded_at.isoformat(),
            }
            for event in events
        ]
    }
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


@app.command()
def state(
    partner: PartnerName,
    to: Annotated[str, typer.Argument(metavar="STATE", help=", ".join(STATES))],
    reason: Reason,
) -> None:
    """Bring a partner to another state."""
    if to not in STATES:
        raise typer.BadParameter(f"must be one of {', '.join(STATES)}", param_hint="STATE")
    with open_command() as command:
        party = service.change_state(
            connection=command.connection,
            party=command.party(partner),
            state=to,
            reason=reason,
            event_id=command.new_id(),
            now=command.now,
        )
    typer.echo(f"{party.slug} is {party.state}")


@app.command()
def block(
    partner: PartnerName,
    reason: Reason,
    free: Annotated[bool, typer.Option("--free", help="Free them again.")] = False,
) -> None:
    """Block the points that a partner issued from being spent."""
    with open_command() as command:
        party = service.block_lots(
            connection=command.connection,
            party=command.party(partner),
            blocked=not free,
            reason=reason,
            event_id=command.new_id(),
            now=command.now,
        )
    typer.echo(f"points of {party.slug} are {'blocked' if party.lots_blocked else 'free'}")


@key_app.command("add")
def add_key(
    partner: PartnerName,
    public_key: Annotated[
        str, typer.Argument(help="Base64 of the raw 32 bytes, or a PEM file with the public key.")
    ],
    label: Label = "key",
) -> None:
    """Register an Ed25519 public key; prints its id, which the partner sends as keyid."""
    raw = _read_public_key(public_key)
    with open_command() as command:
        key = service.add_public_key(
            connection=command.connection,
            party=command.party(partner),
            key_id=command.new_id(),
            public_key=raw,
            label=label,
            event_id=command.new_id(),
            now=command.now,
        )
    typer.echo(ids.encode("key", key.key_id))


@key_app.command("list")
def list_keys(partner: PartnerName) -> None:
    """List a partner's keys, bearer keys and revoked ones too; the operator's with `operator`."""
    with open_command() as command:
        party = command.party(partner)
        keys = store.list_keys(connection=command.connection, party_no=party.no)
    for key in keys:
        document = key_document(key)
        revoked = f"revoked {document['revoked_at']}" if document["revoked_at"] else "good"
        holder = f"  {key.person}" if key.person else ""
        typer.echo(
            f"{document['id']}  {document['kind']:<7}  {revoked}  {document['label']}{holder}"
        )


@key_app.command("revoke")
def revoke_key(
    partner: PartnerName,
    key: Annotated[str, typer.Argument(help="The key_ id.")],
) -> None:
    """Refuse a key of either kind from now on; the operator's with `operator` as PARTNER."""
    with open_command() as command:
        try:
            key_id = ids.decode("key", key)
        except ids.InvalidId:
            raise HubError("not_found", f"{key} is not the id of a key.") from None
        service.revoke_key(
            connection=command.connection,
            party=command.party(partner),
            key_id=key_id,
            event_id=command.new_id(),
            now=command.now,
        )
    typer.echo(f"{key} is revoked")


@app.command()
def bearer(partner: PartnerName, label: Label = "sandbox") -> None:
    """Make a bearer key for a partner in a test environment; shown only this once."""
    with open_command() as command:
        token = _make_bearer(command, command.party(partner), label)
    typer.echo(token)


@app.command("operator-key")
def operator_key(
    person: Annotated[str, typer.Option(help="Who will hold it, such as ana.pop.")],
    label: Label = "operator",
) -> None:
    """Make a bearer key for one of the operator's people; shown only this once."""
    with open_command() as command:
        token = _make_bearer(command, command.operator, label, person)
    typer.echo(token)


def _make_bearer(command: Command, party: Party, label: str, person: str | None = None) -> str:
    _, token = service.add_bearer_key(
        connection=command.connection,
        party=party,
        environment=command.snapshot.hub.environment,
        key_id=command.new_id(),
        label=label,
        random=command.random(SECRET_BYTES),
        event_id=command.new_id(),
        now=command.now,
        person=person,
    )
    return token


def _read_public_key(text: str) -> bytes:
    path = Path(text)
    try:
        if path.is_file():
            loaded = load_pem_public_key(path.read_bytes())
            if isinstance(loaded, Ed25519PublicKey):
                return loaded.public_bytes_raw()
        else:
            return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error, OSError):
        pass
    fault = FieldError("/public_key", "must be base64 of 32 bytes, or a PEM file of Ed25519")
    raise HubError("validation_failed", "The public key cannot be read.", errors=(fault,))

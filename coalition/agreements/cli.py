"""`coalition agreement`: publishing partners' terms and reading them back."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from coalition.agreements import store
from coalition.agreements.service import publish_agreement, set_face_value
from coalition.agreements.wire import agreement_document
from coalition.commands import open_command
from coalition.errors import FieldError, HubError
from coalition.http.strict_json import load_strict
from coalition.insights.cli import what_if
from partner_sdk.wire.amounts import format_micros
from partner_sdk.wire.instants import InvalidInstant, format_instant, parse_instant

app = typer.Typer(help="Agreements: partners' terms.", no_args_is_help=True, add_completion=False)

app.command("what-if")(what_if)

PartnerName = Annotated[str, typer.Argument(metavar="PARTNER", help="Slug or prt_ id.")]
_FIELDS = ("partner", "effective_from", "effective_to", "terms")


@app.command()
def add(
    file: Annotated[
        Path,
        typer.Argument(
            help='JSON: {"partner": slug or id, "effective_from": instant, '
            '"effective_to": instant or null, "terms": {…}}. A dash reads standard input.'
        ),
    ],
) -> None:
    """Publish the next version of a partner's terms."""
    raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    body = _read(raw)
    with open_command() as command:
        party = command.party(body["partner"])
        made = publish_agreement(
            connection=command.connection,
            existing=command.snapshot.agreements.get(party.no, ()),
            currency=command.snapshot.hub.currency,
            others=command.snapshot.other_currencies(at=body["effective_from"]),
            agreement_id=command.new_id(),
            party_no=party.no,
            effective_from=body["effective_from"],
            effective_to=body["effective_to"],
            document=body["terms"],
            now=command.now,
        )
    since = format_instant(made.effective_from)
    typer.echo(f"{party.slug}: version {made.version} in force from {since}")


@app.command("face-value")
def face_value(
    currency: Annotated[
        str, typer.Argument(help="ISO 4217 code; without one, all face values are listed.")
    ] = "",
    value: Annotated[str, typer.Argument(help="What a point is worth, such as 0.05.")] = "",
    since: Annotated[
        str, typer.Option("--from", metavar="DATE", help="The first business date it holds for.")
    ] = "",
) -> None:
    """Set what a point is worth in a currency from a date on, or list what was set.

    Agreements can be priced in any currency with a face value. What is set never changes; for a
    currency that has one, the next begins on a later date than today.
    """
    with open_command() as command:
        if currency:
            set_face_value(
                connection=command.connection,
                existing=command.snapshot.face_values.get(currency, ()),
                currency=currency,
                value=value,
                effective_from=since,
                today=command.now.astimezone(command.snapshot.hub.time_zone).date(),
            )
        for name, values in sorted(store.load_face_values(connection=command.connection).items()):
            for begins, micros in values:
                typer.echo(f"{name}  {format_micros(micros)} from {begins}")


@app.command("list")
def list_(partner: PartnerName) -> None:
    """List the versions of a partner's terms."""
    with open_command() as command:
        for each in command.snapshot.agreements.get(command.party(partner).no, ()):
            until = "" if each.effective_to is None else f" to {format_instant(each.effective_to)}"
            typer.echo(f"{each.version}  from {format_instant(each.effective_from)}{until}")


@app.command()
def show(
    partner: PartnerName,
    version: Annotated[int, typer.Argument(help="The newest unless given.")] = 0,
) -> None:
    """Show one version exactly as it was agreed, as JSON."""
    with open_command() as command:
        party = command.party(partner)
        versions = command.snapshot.agreements.get(party.no, ())
        chosen = [each for each in versions if version in (0, each.version)][-1:]
        if not chosen:
            raise HubError("not_found", f"{party.slug} has no such version of its terms.")
        terms = store.load_terms_document(connection=command.connection, agreement_id=chosen[0].id)
    document = agreement_document(chosen[0], party_id=party.id, terms=terms)
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _read(raw: bytes) -> dict[str, Any]:
    """The file's fields, with instants read.

    Raises:
        HubError: `malformed_json`, `validation_failed`.
    """
    body = load_strict(raw)
    faults = []
    if not isinstance(body, dict):
        body, faults = {}, [FieldError("", "must be an object")]
    faults += [
        FieldError(f"/{name}", "is not a known field") for name in body if name not in _FIELDS
    ]
    if not isinstance(body.get("partner"), str):
        faults.append(FieldError("/partner", "must be the slug or id of a partner"))
    read = {**dict.fromkeys(_FIELDS), **body}
    for name in ("effective_from", "effective_to"):
        if name == "effective_to" and read[name] is None:
            continue
        try:
            read[name] = parse_instant(read[name])
        except InvalidInstant as fault:
            faults.append(FieldError(f"/{name}", str(fault)))
    if faults:
        raise HubError("validation_failed", "The file cannot be used.", errors=tuple(faults))
    return read

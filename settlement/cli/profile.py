"""`settlement profile`: how parties keep their books."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate

from settlement import hub
from settlement.app import open_night
from settlement.profiles import service
from settlement.profiles.domain import InvalidProfile, Profile
from settlement.profiles.wire import profile_document, read_profile
from settlement.steps.night import Night

profile = typer.Typer(
    help="Language, ERP, accounts, bank and terms of parties.",
    no_args_is_help=True,
    add_completion=False,
)
_Party = Annotated[
    str, typer.Argument(metavar="PARTY", help="Its slug; clearing: the clearing house.")
]
_UNSET = "-"


@profile.command()
def show(party: _Party) -> None:
    """Show a party's finance profile, as JSON."""
    with open_night() as night, night.database.transaction() as connection:
        no = _party_no(night, party)
        _print(service.read_profile_of(connection=connection, party_no=no))


@profile.command("set")
def set_(
    party: _Party,
    language: Annotated[str, typer.Option(help="en, uk, ru or ro.")] = "",
    erp: Annotated[str, typer.Option(help="generic, sap, netsuite, xero, quickbooks or 1c.")] = "",
    account: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND=ACCOUNT", help="An account; KIND= takes it away. Repeatable."),
    ] = None,
    iban: Annotated[str, typer.Option(help="Without blanks; - takes it away, as below.")] = "",
    bic: Annotated[str, typer.Option()] = "",
    account_holder: Annotated[str, typer.Option()] = "",
    tax_id: Annotated[str, typer.Option()] = "",
    settlement_currency: Annotated[str, typer.Option(help="ISO 4217.")] = "",
    payment_days: Annotated[
        int | None, typer.Option(help="Days from the business date to the due date.")
    ] = None,
    interest: Annotated[str, typer.Option(help="Share a year for late payment: 0.08.")] = "",
    acceptance_certificate: Annotated[
        str, typer.Option(metavar="PEM", help="The certificate that it signs accepted PDFs with.")
    ] = "",
) -> None:
    """Change what is given of a party's finance profile; it holds from the next statement on."""
    given: dict[str, Any] = {
        "language": language,
        "erp": erp,
        "iban": iban,
        "bic": bic,
        "account_holder": account_holder,
        "tax_id": tax_id,
        "settlement_currency": settlement_currency,
        "interest_per_annum": interest,
        "acceptance_certificate": read_certificate(acceptance_certificate),
    }
    changes = {name: None if text == _UNSET else text for name, text in given.items() if text}
    if payment_days is not None:
        changes["payment_days"] = payment_days
    with open_night() as night, night.database.transaction() as connection:
        no = _party_no(night, party)
        document = profile_document(service.read_profile_of(connection=connection, party_no=no))
        document |= changes
        for each in account or ():
            kind, _, name = each.partition("=")
            document["accounts"].pop(kind, None)
            if name:
                document["accounts"][kind] = name
        try:
            changed = read_profile(document)
        except InvalidProfile as error:
            sys.exit(f"settlement: {error}")
        service.set_profile(
            connection=connection,
            party_no=no,
            profile=changed,
            set_by="operator",
            now=night.wall(),
        )
        _print(changed)


def read_certificate(path: str) -> str:
    """The first certificate of a PEM file, as profiles hold it."""
    if path in ("", _UNSET):
        return path
    try:
        found = load_pem_x509_certificate(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        sys.exit(f"settlement: {path}: {error}")
    return base64.b64encode(found.public_bytes(Encoding.DER)).decode()


def _print(found: Profile) -> None:
    typer.echo(json.dumps(profile_document(found), ensure_ascii=False, indent=2))


def _party_no(night: Night, slug: str) -> int:
    with night.database.transaction() as connection:
        parties = {party.slug: party.no for party in hub.read_parties(connection=connection)}
    if slug not in parties:
        sys.exit(f"settlement: there is no party {slug}")
    return parties[slug]

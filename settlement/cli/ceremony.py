"""`settlement keys ceremony`: the root's own command, for a machine without network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from coalition.clock import wall_now
from settlement.signing import FileKeystore, Naming
from settlement.signing.ceremony import hold_ceremony, protocol_of, request_fingerprint
from settlement.signing.publication import write_publication

_MIN_PEOPLE = 2


def ceremony(
    folder: Annotated[Path, typer.Option(help="Where the root's key is kept: its own medium.")],
    out: Annotated[Path, typer.Option(help="Where to write what leaves the room.")],
    person: Annotated[list[str], typer.Option(help="Who is present; two or more, one each.")],
    name: Annotated[str, typer.Option(help="The coalition's name.")],
    environment: Annotated[str, typer.Option(help="live or test.")] = "live",
    request: Annotated[
        list[Path] | None,
        typer.Option(exists=True, dir_okay=False, help="A signer's request; any number."),
    ] = None,
    revoke: Annotated[
        list[str] | None,
        typer.Option(metavar="SERIAL", help="A signer to revoke; any number."),
    ] = None,
    passphrase_file: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="In place of typing the passphrase."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; for scripts.")] = False,
) -> None:
    """Make the root, or use it, offline, with two people present; a protocol says what was done.

    Reads no configuration and no database. Makes the root where the folder has none.
    """
    if len({each.strip().casefold() for each in person if each.strip()}) < _MIN_PEOPLE:
        _refuse("a ceremony needs two different people: give --person twice")
    if environment not in {"live", "test"}:
        _refuse("--environment is live or test")
    requests = {each.name: each.read_bytes() for each in request or ()}
    serials = [_serial(each) for each in revoke or ()]
    _ask(yes, "Is this machine without any network, cables and radio?")
    try:
        for file, pem in requests.items():
            typer.echo(f"{file}\n  {request_fingerprint(pem=pem)}")
            _ask(yes, "Is this the fingerprint that came with the request, read by both of you?")
        has_root = (folder / "root.pem").exists()
        if not has_root:
            _ask(yes, f"{folder} has no root. Is a new one to be made, for {name} ({environment})?")
        keystore = FileKeystore(
            folder=folder, passphrase=_passphrase(passphrase_file, confirm=not has_root)
        )
        now = wall_now()
        outcome = hold_ceremony(
            keystore=keystore,
            naming=Naming(coalition=name, environment=environment),
            requests=requests,
            revoke=serials,
            now=now,
        )
        protocol = protocol_of(outcome=outcome, requests=requests, people=person, now=now)
    except ValueError as error:
        _refuse(str(error))
    write_publication(files={**outcome.files, "protocol.txt": protocol.encode()}, out=out)
    typer.echo(protocol)
    typer.echo(
        f"Print {out / 'protocol.txt'} and sign it. {folder} goes back to its safe.", err=True
    )


def _ask(yes: bool, question: str) -> None:
    if not yes and not typer.confirm(question):
        _refuse("nothing was done")


def _passphrase(file: Path | None, *, confirm: bool) -> str:
    if file is not None:
        return file.read_text("utf-8").strip()
    return str(typer.prompt("Passphrase of the root", hide_input=True, confirmation_prompt=confirm))


def _serial(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError:
        _refuse(f"{text} is not a serial number as `settlement keys list` shows it")


def _refuse(message: str) -> NoReturn:
    typer.echo(f"settlement: {message}", err=True)
    raise typer.Exit(1)

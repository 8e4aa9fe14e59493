"""`settlement keys`: the certificates that sign statements."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from coalition.clock import wall_now
from coalition.config import Config, read_config
from settlement.config import read_settlement_config
from settlement.signing import CertificateInfo, FileKeystore, Naming
from settlement.signing.opening import open_keystore

keys = typer.Typer(
    help="The root and the signers of statements.", no_args_is_help=True, add_completion=False
)


def _open() -> tuple[FileKeystore, Naming, datetime]:
    config: Config = read_config()
    settings = read_settlement_config(hub=config)
    keystore = open_keystore(folder=config.data_folder / "keys", settings=settings)
    return keystore, Naming(coalition=config.name, environment=config.environment), wall_now()


def _show(info: CertificateInfo) -> None:
    typer.echo(
        f"{info.serial}  {info.state}  {info.not_before:%Y-%m-%d} to {info.not_after:%Y-%m-%d}  "
        f"{info.subject}"
    )


@keys.command("list")
def list_keys() -> None:
    """List the signers' certificates, the one that signs now among them."""
    keystore, _, now = _open()
    for info in keystore.list(now=now):
        _show(info)


@keys.command()
def init() -> None:
    """Make the root and the first signer. A root is made once and never replaced."""
    keystore, naming, now = _open()
    try:
        keystore.create_root(now=now, naming=naming)
    except FileExistsError as error:
        typer.echo(f"settlement: {error}", err=True)
        raise typer.Exit(1) from None
    for info in keystore.list(now=now):
        _show(info)


@keys.command()
def rotate() -> None:
    """Issue a new signer that signs from now on; the old one's statements stay valid."""
    keystore, naming, now = _open()
    _show(keystore.rotate(now=now, naming=naming))


@keys.command()
def root() -> None:
    """Print the root certificate: what partners trust."""
    keystore, _, _ = _open()
    typer.echo(keystore.root_pem().decode(), nl=False)


@keys.command()
def request(out: Annotated[Path, typer.Option(help="Where to write the request.")]) -> None:
    """Make a signer's request, to be carried to the machine that holds the root's key."""
    keystore, naming, _ = _open()
    out.write_bytes(keystore.request(naming=naming))
    typer.echo(f"{out} is to be signed with `settlement keys sign` where the root's key is")


@keys.command()
def sign(
    request_file: Annotated[Path, typer.Argument(metavar="REQUEST", exists=True)],
    out: Annotated[Path, typer.Option(help="Where to write the certificate.")],
) -> None:
    """Sign a request with the root's key."""
    keystore, _, now = _open()
    out.write_bytes(keystore.sign_request(request_pem=request_file.read_bytes(), now=now))
    typer.echo(f"{out} is to be installed with `settlement keys install` where it was asked for")


@keys.command()
def install(
    certificate: Annotated[Path, typer.Argument(metavar="CERTIFICATE", exists=True)],
) -> None:
    """Install the certificate of a request made here."""
    keystore, _, _ = _open()
    _show(keystore.install(chain_pem=certificate.read_bytes()))

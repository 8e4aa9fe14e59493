"""`settlement keys`: the certificates that sign statements."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from coalition.clock import wall_now
from coalition.config import Config, read_config
from partner_sdk.wire import verifier
from partner_sdk.wire.certificates import InvalidChain
from settlement.app import open_night
from settlement.cli.ceremony import ceremony
from settlement.config import read_settlement_config
from settlement.log.service import STATEMENTS, read_log
from settlement.signing import CertificateInfo, FileKeystore, Naming
from settlement.signing.ceremony import request_fingerprint
from settlement.signing.opening import open_keystore
from settlement.signing.publication import publication, write_publication

keys = typer.Typer(
    help="The root and the signers of statements.", no_args_is_help=True, add_completion=False
)
keys.command()(ceremony)


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
    pem = keystore.request(naming=naming)
    out.write_bytes(pem)
    typer.echo(f"{out} is to be signed where the root's key is; the fingerprint of its key:")
    typer.echo(request_fingerprint(pem=pem))


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
def trust(
    certificate: Annotated[Path, typer.Argument(metavar="ROOT", exists=True, dir_okay=False)],
) -> None:
    """Take the certificate of a root that was made elsewhere. A root is never replaced."""
    keystore, _, _ = _open()
    try:
        keystore.adopt_root(pem=certificate.read_bytes())
    except (FileExistsError, InvalidChain) as error:
        _refuse(str(error))


@keys.command()
def install(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False)],
) -> None:
    """Install the certificate of a request made here, or a list of revoked signers."""
    keystore, _, now = _open()
    pem = file.read_bytes()
    try:
        if b"-----BEGIN X509 CRL-----" in pem:
            keystore.install_revocations(pem=pem)
            for info in keystore.list(now=now):
                _show(info)
        else:
            _show(keystore.install(chain_pem=pem))
    except ValueError as error:
        _refuse(str(error))


@keys.command()
def revoke(
    serial: Annotated[str, typer.Argument(help="As `settlement keys list` shows it.")],
    out: Annotated[Path | None, typer.Option(help="Also write the list here.")] = None,
) -> None:
    """Revoke a signer whose key somebody else may have; needs the root's key.

    Where that is elsewhere: `settlement keys ceremony --revoke SERIAL` there, then `install` here.
    """
    keystore, _, now = _open()
    known = {info.serial: int(info.serial, 16) for info in keystore.list(now=now)}
    if serial.lower() not in known:
        _refuse(f"{serial} is no signer of this coalition")
    pem = keystore.revoke(serial=known[serial.lower()], now=now)
    if out is not None:
        out.write_bytes(pem)
    for info in keystore.list(now=now):
        _show(info)


@keys.command()
def publish(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="Where to write the files.")],
) -> None:
    """Write what others need of the keys, to be served from elsewhere than the hub.

    The root, all signers as PEM and JWKS, the revoked ones, the log's key, the verifier's hash.
    """
    with open_night() as night:
        files = publication(folder=night.config.data_folder / "keys")
        with night.database.transaction() as connection:
            log = read_log(connection=connection, name=STATEMENTS)
    if log is not None:
        files["log.vkey"] = f"{log.key.to_text()}\n".encode()
    files["verify.py.sha256"] = f"{verifier.SHA256}  verify.py\n".encode()
    write_publication(files=files, out=folder)
    for name in files:
        typer.echo(folder / name)


def _refuse(message: str) -> NoReturn:
    typer.echo(f"settlement: {message}", err=True)
    raise typer.Exit(1)

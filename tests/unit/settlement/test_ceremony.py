"""The root's ceremony, from the request to the installed signer, as people type it."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from typer.testing import CliRunner, Result

from settlement.cli import app
from settlement.signing import FileKeystore, Naming, UnknownRequest, WrongPassphrase

_NAMING = Naming(coalition="Four Winds", environment="live")


def _now() -> datetime:
    return datetime.now(UTC)


class Room:
    """The machine apart, and what goes in and out."""

    def __init__(self, folder: Path) -> None:
        self.safe, self.out = folder / "safe", folder / "out"
        self.passphrase = folder / "passphrase"
        self.passphrase.write_text("the root's own passphrase\n")
        self.hub = FileKeystore(folder=folder / "keys", passphrase="the hub's passphrase")

    def hold(self, *more: str | Path, people: tuple[str, ...] = ("Ana", "Bo")) -> Result:
        given: list[str | Path] = [
            "--folder", self.safe, "--out", self.out, "--name", "Four Winds",
            "--passphrase-file", self.passphrase, *more,
        ]  # fmt: skip
        for person in people:
            given += ["--person", person]
        return CliRunner().invoke(app, ["keys", "ceremony", *map(str, given)], input="")


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """A room in which nothing has happened yet."""
    return Room(tmp_path)


def _request(room: Room, folder: Path) -> Path:
    file = folder / "signer.csr"
    file.write_bytes(room.hub.request(naming=_NAMING))
    return file


def _signer_in(out: Path) -> Path:
    (file,) = out.glob("signer-*.pem")
    return file


def test_a_ceremony_makes_the_root_and_a_signer_that_the_hub_installs(
    room: Room, tmp_path: Path
) -> None:
    assert room.hold("--yes").exit_code == 0
    room.hub.adopt_root(pem=(room.out / "root.pem").read_bytes())
    held = room.hold("--yes", "--request", _request(room, tmp_path))
    assert held.exit_code == 0, held.output
    info = room.hub.install(chain_pem=_signer_in(room.out).read_bytes())
    assert room.hub.signer(now=_now()).root.subject == _NAMING.subject("statement root")
    assert info.state == "signing"
    # The root's key opens with its own passphrase, and is nowhere but in its folder.
    assert [file.parent for file in tmp_path.rglob("root.key.pem")] == [room.safe]
    with pytest.raises(WrongPassphrase):
        FileKeystore(folder=room.safe, passphrase="the hub's passphrase").revoke(
            serial=1, now=_now()
        )


def test_the_protocol_names_people_fingerprints_and_files_as_openssl_has_them(
    room: Room, tmp_path: Path
) -> None:
    request = _request(room, tmp_path)
    assert room.hold("--yes", "--request", request).exit_code == 0
    protocol = (room.out / "protocol.txt").read_text()
    for file in (room.out / "root.pem", _signer_in(room.out)):
        said = subprocess.run(
            ["openssl", "x509", "-in", file, "-noout", "-fingerprint", "-sha256"],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        assert said.strip().partition("=")[2] in protocol
        assert f"{sha256(file.read_bytes()).hexdigest()}  {file.name}" in protocol
    key = subprocess.run(
        f"openssl req -in {request} -noout -pubkey | openssl pkey -pubin -outform DER "
        "| openssl dgst -sha256 -c",
        shell=True, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert key.strip().rpartition(" ")[2].upper() in protocol
    assert [len(re.findall(f"   {each}$", protocol, re.MULTILINE)) for each in ("Ana", "Bo")] == [
        1,
        1,
    ]
    assert "The root was made." in protocol
    assert "passphrase\n" not in protocol


def test_a_root_is_made_once(room: Room) -> None:
    assert room.hold("--yes").exit_code == 0
    root = (room.out / "root.pem").read_bytes()
    assert room.hold("--yes").exit_code == 0
    assert (room.out / "root.pem").read_bytes() == root
    assert "The root was there already." in (room.out / "protocol.txt").read_text()


@pytest.mark.parametrize("people", [("Ana",), ("Ana", "ana "), ("Ana", "")])
def test_one_person_is_no_ceremony(room: Room, people: tuple[str, ...]) -> None:
    refused = room.hold("--yes", people=people)
    assert refused.exit_code == 1
    assert "two different people" in refused.output
    assert not room.safe.exists()


def test_without_a_yes_to_each_question_nothing_is_made(room: Room, tmp_path: Path) -> None:
    request = _request(room, tmp_path)
    for answers in ("", "n\n", "y\nn\n", "y\ny\nn\n"):
        refused = CliRunner().invoke(
            app,
            [
                "keys", "ceremony", "--folder", str(room.safe), "--out", str(room.out),
                "--name", "x", "--person", "Ana", "--person", "Bo", "--request", str(request),
                "--passphrase-file", str(room.passphrase),
            ],
            input=answers,
        )  # fmt: skip
        assert refused.exit_code == 1
        assert not room.safe.exists()
        assert not room.out.exists()


def test_what_is_no_request_is_refused(room: Room, tmp_path: Path) -> None:
    (tmp_path / "no.csr").write_bytes(b"no request")
    refused = room.hold("--yes", "--request", tmp_path / "no.csr")
    assert refused.exit_code == 1
    assert not room.safe.exists()


def test_a_stolen_signer_is_revoked_offline_and_signs_no_more(room: Room, tmp_path: Path) -> None:
    room.hold("--yes", "--request", _request(room, tmp_path))
    room.hub.adopt_root(pem=(room.out / "root.pem").read_bytes())
    stolen = room.hub.install(chain_pem=_signer_in(room.out).read_bytes()).serial
    _signer_in(room.out).unlink()
    held = room.hold(
        "--yes", "--revoke", stolen, "--revoke", "abc", "--request", _request(room, tmp_path)
    )
    assert held.exit_code == 0, held.output
    assert f"   {stolen}\n" in (room.out / "protocol.txt").read_text()
    crl = (room.out / "revoked.crl.pem").read_bytes()
    room.hub.install_revocations(pem=crl)
    assert [info.state for info in room.hub.list(now=_now())] == ["revoked"]
    made = room.hub.install(chain_pem=_signer_in(room.out).read_bytes())
    states = {info.serial: info.state for info in room.hub.list(now=_now())}
    assert states == {stolen: "revoked", made.serial: "signing"}
    # OpenSSL reads it, and finds the root's signature under it.
    done = subprocess.run(
        ["openssl", "crl", "-in", room.out / "revoked.crl.pem", "-noout", "-text",
         "-CAfile", room.out / "root.pem"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "verify OK" in done.stderr + done.stdout
    assert stolen.upper().zfill(len(stolen) + len(stolen) % 2) in done.stdout


def test_a_list_of_revoked_signers_only_grows_and_is_the_roots(room: Room, tmp_path: Path) -> None:
    room.hold("--yes", "--request", _request(room, tmp_path))
    room.hub.adopt_root(pem=(room.out / "root.pem").read_bytes())
    room.hold("--yes", "--revoke", "1")
    first = (room.out / "revoked.crl.pem").read_bytes()
    room.hold("--yes", "--revoke", "2")
    second = (room.out / "revoked.crl.pem").read_bytes()
    listed = x509.load_pem_x509_crl(second)
    assert {each.serial_number for each in listed} == {1, 2}
    assert listed.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 2
    room.hub.install_revocations(pem=second)
    with pytest.raises(UnknownRequest, match="lacks a signer"):
        room.hub.install_revocations(pem=first)
    (tmp_path / "stranger").mkdir()
    stranger = Room(tmp_path / "stranger")
    stranger.hold("--yes", "--revoke", "1", "--revoke", "2")
    with pytest.raises(UnknownRequest, match="not signed by our root"):
        room.hub.install_revocations(pem=(stranger.out / "revoked.crl.pem").read_bytes())
    with pytest.raises(FileExistsError):
        room.hub.adopt_root(pem=(stranger.out / "root.pem").read_bytes())

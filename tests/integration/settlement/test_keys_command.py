"""`settlement keys` as the operator types it, and what the hub then tells everybody."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from coalition.config import Config
from partner_sdk.wire import verifier
from settlement.cli import app
from settlement.doctor import check_signers
from tests.coalition_world import World
from tests.hub_http import HttpHub
from tests.settlement_command import set_environment


@pytest.fixture(autouse=True)
def environment(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Configures the command."""
    set_environment(monkeypatch, config)
    monkeypatch.setenv("COALITION_NAME", "Test Coalition")


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["keys", *map(str, arguments)])


def _serials(output: str, state: str) -> list[str]:
    return [line.split()[0] for line in output.splitlines() if line.split()[1] == state]


def test_the_hub_publishes_root_signers_and_who_is_revoked(engine: Engine, config: Config) -> None:
    client = HttpHub(World(engine), config).app.test_client()
    for name in ("coalition-root.pem", "coalition-revoked.pem"):
        assert client.get(f"/.well-known/{name}").status_code == 404
    assert _run("init").exit_code == 0
    rotated = _run("rotate")
    assert rotated.exit_code == 0, rotated.output
    root = client.get("/.well-known/coalition-root.pem")
    assert root.data.decode() == _run("root").output
    (old,) = _serials(_run("list").output, "valid")
    (new,) = _serials(_run("list").output, "signing")
    signers = x509.load_pem_x509_certificates(client.get("/.well-known/coalition-signers.pem").data)
    assert [f"{each.serial_number:x}" for each in signers] == [old, new]
    jwks = client.get("/.well-known/jwks.json")
    assert jwks.headers["Content-Type"] == "application/jwk-set+json"
    assert len(json.loads(jwks.data)["keys"]) == 2
    revoked = _run("revoke", new)
    assert (_serials(revoked.output, "revoked"), _serials(revoked.output, "signing")) == (
        [new],
        [old],
    )
    crl = x509.load_pem_x509_crl(client.get("/.well-known/coalition-revoked.pem").data)
    assert [f"{each.serial_number:x}" for each in crl] == [new]
    assert _run("revoke", "1234").exit_code == 1


@pytest.mark.usefixtures("engine")
def test_publish_writes_what_is_to_be_served_from_elsewhere(tmp_path: Path) -> None:
    _run("init")
    done = _run("publish", tmp_path / "out")
    assert done.exit_code == 0, done.output
    names = {file.name for file in (tmp_path / "out").iterdir() if file.is_file()}
    assert names == {"root.pem", "signers.pem", "jwks.json", "verify.py.sha256"}
    line = (tmp_path / "out" / "verify.py.sha256").read_text()
    assert line == f"{verifier.SHA256}  verify.py\n"
    assert all(str(tmp_path / "out" / name) in done.output for name in names)


def test_a_root_from_elsewhere_is_taken_once(config: Config, tmp_path: Path) -> None:
    _run("init")
    root, keys = tmp_path / "root.pem", config.data_folder / "keys"
    root.write_text(_run("root").output)
    keys.rename(tmp_path / "vault")
    assert _run("trust", root).exit_code == 0
    assert _run("trust", root).exit_code == 0
    assert not (keys / "root.key.pem").exists()
    asked = _run("request", "--out", tmp_path / "signer.csr")
    assert asked.output.strip().splitlines()[-1].count(":") == 31
    root.write_bytes(b"no certificate")
    assert _run("trust", root).exit_code == 1
    assert _run("install", root).exit_code == 1


def test_the_doctor_says_which_key_is_lost_and_which_ends_soon(config: Config) -> None:
    now = datetime.now(UTC)
    assert list(check_signers(config, now)) == []
    _run("init")
    (serial,) = _serials(_run("list").output, "signing")
    ((grade, _, message, _),) = check_signers(config, now)
    assert (grade, serial in message) == ("ok", True)
    ((grade, _, _, mend),) = check_signers(config, now + timedelta(days=380))
    assert (grade, "keep-the-keys" in mend) == ("note", True)
    (key,) = (config.data_folder / "keys" / "signers").glob("*.key.pem")
    key.write_bytes(b"no key")
    ((grade, _, message, _),) = check_signers(config, now)
    assert (grade, "does not open" in message) == ("wrong", True)
    key.unlink()
    ((grade, _, message, mend),) = check_signers(config, now)
    assert (grade, serial in message, "lost" in mend) == ("wrong", True, True)

"""Signers' keys in a token: SoftHSM, judged by OpenSSL and pyHanko."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.cli import cli_root

from coalition.config import ConfigError
from partner_sdk.wire import cms
from settlement.config import SettlementConfig
from settlement.rendering.pdf import render_pdf
from settlement.signing import (
    FileKeystore,
    KeysMissing,
    Naming,
    SigningError,
    TokenRefused,
    TokenUnavailable,
    sign_detached,
)
from settlement.signing.log_key import LogKeys, next_name
from settlement.signing.opening import open_keystore, open_log_keys
from settlement.signing.pdf import PdfSigner
from tests.softhsm import LABEL, PIN, SoftToken, make_token, needs_softhsm
from tests.unit.settlement.statement_maker import make_statement

pytestmark = needs_softhsm

_NAMING = Naming(coalition="Four Winds", environment="test")


@pytest.fixture
def now() -> datetime:
    """Wall time, which the public tools judge by."""
    return datetime.now(UTC)


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SoftToken:
    """A token with nothing in it, in a process that has not talked to it."""
    import pkcs11

    from settlement.signing.token import open_token

    made = make_token(tmp_path / "softhsm", monkeypatch)
    open_token.cache_clear()
    pkcs11.lib(made.module).reinitialize()
    return made


def _settings(token: SoftToken, **changes: str) -> SettlementConfig:
    given = {"pkcs11_module": token.module, "pkcs11_token": LABEL, "pkcs11_pin": PIN, **changes}
    return SettlementConfig(key_passphrase="a passphrase of tests", **given)  # type: ignore[arg-type]


def _keystore(token: SoftToken, folder: Path, **changes: str) -> FileKeystore:
    return open_keystore(folder=folder, settings=_settings(token, **changes))


def _verifies(keystore: FileKeystore, folder: Path, now: datetime) -> str:
    """What OpenSSL says of a signature made with the keystore."""
    content, signature = folder / "content", folder / "signature"
    root = folder / "trusted.pem"
    content.write_bytes(b"content")
    root.write_bytes(keystore.root_pem())
    signer = keystore.signer(now=now)
    signature.write_bytes(sign_detached(signer=signer, content=b"content", signed_at=now))
    done = subprocess.run(
        [
            "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", signature,
            "-content", content, "-CAfile", root, "-out", os.devnull,
        ],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    return done.stderr.strip()


def test_statements_are_signed_by_a_key_that_is_in_no_file(
    token: SoftToken, tmp_path: Path, now: datetime
) -> None:
    keystore = _keystore(token, tmp_path / "keys")
    keystore.ensure(now=now, naming=_NAMING)
    assert "CMS Verification successful" in _verifies(keystore, tmp_path, now)
    assert {file.name for file in (tmp_path / "keys").rglob("*.key.pem")} == {"root.key.pem"}
    key = keystore.signer(now=now).key
    with pytest.raises(TypeError, match="does not leave"):
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(TypeError, match="does not leave"):
        key.private_numbers()


def test_a_pdf_is_certified_by_the_token_through_the_same_protocol(
    token: SoftToken, tmp_path: Path, now: datetime
) -> None:
    keystore = _keystore(token, tmp_path / "keys")
    keystore.ensure(now=now, naming=_NAMING)
    statement = make_statement(language="uk")
    document = render_pdf(statement=statement, content=statement.to_bytes())
    signer = PdfSigner(signer=keystore.signer(now=now))
    signed, root = tmp_path / "signed.pdf", tmp_path / "trusted.pem"
    signed.write_bytes(signer.sign(document=document, signed_at=now).content)
    root.write_bytes(keystore.root_pem())
    arguments = ["sign", "validate", "--trust", root, "--trust-replace", "--pretty-print", signed]
    done = CliRunner().invoke(cli_root, [str(each) for each in arguments])
    assert done.exit_code == 0, done.output
    assert "The signature covers the entire file." in done.output


def test_keys_of_several_rotations_live_in_one_token_under_one_label(
    token: SoftToken, tmp_path: Path, now: datetime
) -> None:
    keystore = _keystore(token, tmp_path / "keys")
    keystore.ensure(now=now, naming=_NAMING)
    old = keystore.signer(now=now)
    keystore.rotate(now=now, naming=_NAMING)
    new = keystore.signer(now=now)
    assert [info.state for info in keystore.list(now=now)] == ["valid", "signing"]
    for signer in (old, new):
        found = cms.read(content=sign_detached(signer=signer, content=b"c", signed_at=now))
        found.verify()
        assert found.chain == signer.chain
    assert old.chain != new.chain


def test_a_token_that_went_away_is_used_again_when_it_is_back(
    token: SoftToken, tmp_path: Path, now: datetime
) -> None:
    keystore = _keystore(token, tmp_path / "keys")
    keystore.ensure(now=now, naming=_NAMING)
    signer = keystore.signer(now=now)
    signer.sign(data=b"before")
    token.take_away()
    for _ in range(2):
        with pytest.raises(TokenUnavailable, match=LABEL):
            signer.sign(data=b"while")
    token.put_back()
    after = signer.sign(data=b"after")
    signer.key.public_key().verify(after, b"after", ec.ECDSA(SHA256()))


def test_a_process_of_its_own_signs_with_what_its_environment_says(
    token: SoftToken, tmp_path: Path, now: datetime
) -> None:
    keystore = _keystore(token, tmp_path / "keys")
    keystore.ensure(now=now, naming=_NAMING)
    pin = tmp_path / "pin"
    pin.write_text(f"{PIN}\n")
    program = (
        "import sys; from datetime import UTC, datetime; from pathlib import Path\n"
        "from settlement.config import SettlementConfig\n"
        "from settlement.signing.opening import open_keystore\n"
        "keystore = open_keystore(folder=Path(sys.argv[1]), settings=SettlementConfig("
        "key_passphrase='x', pkcs11_module=sys.argv[2], pkcs11_token=sys.argv[3], "
        "pkcs11_pin_file=sys.argv[4]))\n"
        "print(len(keystore.signer(now=datetime.now(UTC)).sign(data=b'content')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "keys", token.module, LABEL, pin],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() in {"70", "71", "72", "69"}, done.stderr


def test_a_wrong_pin_is_tried_once_and_never_told(token: SoftToken, tmp_path: Path) -> None:
    keystore = _keystore(token, tmp_path / "keys", pkcs11_pin="wrong-pin-of-tests")
    now = datetime.now(UTC)
    said = []
    for _ in range(5):
        with pytest.raises(TokenRefused) as caught:
            keystore.ensure(now=now, naming=_NAMING)
        said.append(str(caught.value))
    assert "wrong-pin-of-tests" not in "".join(said) + repr(_settings(token)) + repr(keystore)
    # SoftHSM never locks; that it was asked once shows in that the right PIN, which it would
    # take, is refused by the same process under the same settings only.
    _keystore(token, tmp_path / "keys").ensure(now=now, naming=_NAMING)
    with pytest.raises(TokenRefused, match="not tried again"):
        keystore.rotate(now=now, naming=_NAMING)


def test_a_key_that_is_gone_from_the_token_is_named(
    token: SoftToken, tmp_path: Path, now: datetime
) -> None:
    import pkcs11

    keystore = _keystore(token, tmp_path / "keys")
    keystore.ensure(now=now, naming=_NAMING)
    signer = keystore.signer(now=now)
    signer.sign(data=b"before")
    session = pkcs11.lib(token.module).get_token(token_label=LABEL).open(rw=True)
    for each in list(session.get_objects({pkcs11.Attribute.LABEL: "statements"})):
        each.destroy()
    with pytest.raises(TokenUnavailable):
        signer.sign(data=b"after")
    assert [info.state for info in keystore.list(now=now)] == ["lost"]
    with pytest.raises(KeysMissing, match="lost key"):
        keystore.signer(now=now)
    with pytest.raises(KeysMissing, match="no signer's certificate"):
        keystore.signer(now=now + timedelta(days=800))


def test_the_key_of_a_log_takes_over_in_the_token_from_one_in_a_file(
    token: SoftToken, tmp_path: Path, now: datetime
) -> None:
    folder, name = tmp_path / "keys", "statements"
    sealed = LogKeys(folder, "a passphrase of tests")
    old = sealed.load_or_create(name=name).public_key
    settings = _settings(token, pkcs11_log_key="log")
    keys = open_log_keys(folder=folder, settings=settings)
    assert keys.load(name=name).public_key == old
    made = keys.load_or_create(name=next_name(name))
    assert keys.load_or_create(name=next_name(name)).public_key == made.public_key != old
    assert keys.promote(name=name, public_key=made.public_key) is not None
    kept = {file.name: file.read_text() for file in (folder / "log").iterdir()}
    assert kept.keys() == {"statements.pub.pem", f"statements.{old.hex()[:16]}.former.pem"}
    assert "PUBLIC" in kept["statements.pub.pem"]
    # Signers and the log share the process's one session with the token.
    keystore = open_keystore(folder=folder, settings=settings)
    keystore.ensure(now=now, naming=_NAMING)
    for content in (b"a checkpoint", b"another " * 1000):
        signature = keys.load(name=name).sign(content)
        Ed25519PublicKey.from_public_bytes(made.public_key).verify(signature, content)
        assert "CMS Verification successful" in _verifies(keystore, tmp_path, now)
    token.take_away()
    with pytest.raises(TokenUnavailable, match=LABEL):
        keys.load(name=name).sign(b"while")
    token.put_back()
    assert keys.load(name=name).sign(b"a checkpoint")
    with pytest.raises(KeysMissing, match="SETTLEMENT_PKCS11_LOG_KEY"):
        sealed.load(name=name)


def test_what_is_missing_to_reach_a_token_is_said(token: SoftToken, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    for changes in ({"pkcs11_module": str(tmp_path / "none.so")}, {"pkcs11_token": "another"}):
        with pytest.raises(SigningError):
            _keystore(token, tmp_path / "keys", **changes).ensure(now=now, naming=_NAMING)
    with pytest.raises(ConfigError, match="PIN_FILE"):
        _keystore(token, tmp_path, pkcs11_pin="", pkcs11_pin_file=str(tmp_path / "none"))
    for changes in (
        {"pkcs11_pin": ""},
        {"pkcs11_pin_file": "/pin"},
        {"pkcs11_token": ""},
        {"pkcs11_module": "", "pkcs11_log_key": "log"},
    ):
        with pytest.raises(ConfigError, match="PKCS11"):
            _settings(token, **changes)

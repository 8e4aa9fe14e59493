"""Keys of statements: made once, sealed, rotated with overlap, the root kept away."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from partner_sdk.wire import cms
from partner_sdk.wire.certificates import InvalidChain, check_chain, read_pem
from settlement.signing import (
    FileKeystore,
    KeysMissing,
    Naming,
    RootOffline,
    StatementSigner,
    UnknownRequest,
    WrongPassphrase,
    sign_detached,
)

_NOW = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
_TEST = Naming(coalition="Coaliția cu un nume foarte, foarte lung de tot", environment="test")
_LIVE = Naming(coalition="Coalition", environment="live")


def _keystore(folder: Path, passphrase: str = "a passphrase of tests") -> FileKeystore:
    return FileKeystore(folder=folder, passphrase=passphrase)


def _states(keystore: FileKeystore, now: datetime) -> list[str]:
    return [info.state for info in keystore.list(now=now)]


def _signs(signer: StatementSigner, root_pem: bytes, at: datetime) -> None:
    found = cms.read(content=sign_detached(signer=signer, content=b"content", signed_at=at))
    found.verify()
    assert found.content_sha256 == sha256(b"content").digest()
    check_chain(chain=found.chain, root=read_pem(pem=root_pem)[0], at=found.signed_at)


def test_a_test_environment_gets_its_keys_at_first_use_and_keeps_them(tmp_path: Path) -> None:
    keystore = _keystore(tmp_path / "keys")
    keystore.ensure(now=_NOW, naming=_TEST)
    root, first = keystore.root_pem(), keystore.signer(now=_NOW)
    keystore.ensure(now=_NOW + timedelta(days=1), naming=_TEST)
    assert keystore.root_pem() == root
    assert keystore.signer(now=_NOW).chain == first.chain
    _signs(first, root, _NOW)


def test_a_live_environment_gets_no_root_by_itself(tmp_path: Path) -> None:
    keystore = _keystore(tmp_path)
    with pytest.raises(KeysMissing):
        keystore.ensure(now=_NOW, naming=_LIVE)
    with pytest.raises(KeysMissing):
        keystore.root_pem()
    with pytest.raises(KeysMissing):
        keystore.signer(now=_NOW)
    keystore.create_root(now=_NOW, naming=_LIVE)
    _signs(keystore.signer(now=_NOW), keystore.root_pem(), _NOW)
    with pytest.raises(FileExistsError):
        keystore.create_root(now=_NOW, naming=_LIVE)


def test_four_processes_at_once_make_one_root_and_one_signer(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: _keystore(tmp_path).ensure(now=_NOW, naming=_TEST), range(4)))
    assert _states(_keystore(tmp_path), _NOW) == ["signing"]


def test_private_keys_are_sealed_and_only_their_owner_can_read_them(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    keystore = _keystore(folder)
    keystore.ensure(now=_NOW, naming=_TEST)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    keys = [file.read_text() for file in files if file.name.endswith(".key.pem")]
    assert len(keys) == 2
    assert all("BEGIN ENCRYPTED PRIVATE KEY" in key for key in keys)
    signer = keystore.signer(now=_NOW)
    shown = repr(keystore) + repr(signer) + repr(keystore._files)
    assert "passphrase of tests" not in shown
    assert "key=" not in shown


def test_a_wrong_passphrase_is_said_without_repeating_it(tmp_path: Path) -> None:
    _keystore(tmp_path).ensure(now=_NOW, naming=_TEST)
    with pytest.raises(WrongPassphrase) as caught:
        _keystore(tmp_path, "another secret").signer(now=_NOW)
    assert "another secret" not in str(caught.value)
    with pytest.raises(ValueError, match="needs a passphrase"):
        _keystore(tmp_path, "")


def test_a_rotation_overlaps(tmp_path: Path) -> None:
    keystore = _keystore(tmp_path)
    keystore.ensure(now=_NOW, naming=_TEST)
    old = keystore.signer(now=_NOW)
    made = keystore.rotate(now=_NOW, naming=_TEST)
    assert made.state == "signing"
    assert _states(keystore, _NOW) == ["valid", "signing"]
    new = keystore.signer(now=_NOW)
    assert f"{new.chain[0].serial_number:x}" == made.serial
    for signer in (old, new):
        _signs(signer, keystore.root_pem(), _NOW + timedelta(days=300))
    later = _NOW + timedelta(days=500)
    assert _states(keystore, later) == ["expired", "expired"]
    with pytest.raises(KeysMissing):
        keystore.signer(now=later)


def test_a_signer_is_renewed_a_month_before_it_ends(tmp_path: Path) -> None:
    keystore = _keystore(tmp_path)
    keystore.ensure(now=_NOW, naming=_TEST)
    keystore.ensure(now=_NOW + timedelta(days=300), naming=_TEST)
    assert _states(keystore, _NOW + timedelta(days=300)) == ["signing"]
    soon = _NOW + timedelta(days=380)
    keystore.ensure(now=soon, naming=_TEST)
    keystore.ensure(now=soon, naming=_TEST)
    assert _states(keystore, soon) == ["valid", "signing"]


def test_a_lost_key_is_named_and_an_older_signer_goes_on(tmp_path: Path) -> None:
    keystore = _keystore(tmp_path)
    keystore.create_root(now=_NOW, naming=_LIVE)
    old = keystore.signer(now=_NOW)
    first = set((tmp_path / "signers").glob("*.key.pem"))
    keystore.rotate(now=_NOW, naming=_LIVE)
    (newest,) = set((tmp_path / "signers").glob("*.key.pem")) - first
    newest.unlink()
    assert _states(keystore, _NOW) == ["signing", "lost"]
    assert keystore.signer(now=_NOW).chain == old.chain
    (older,) = first
    older.unlink()
    (tmp_path / "root.key.pem").unlink()
    assert _states(keystore, _NOW) == ["lost", "lost"]
    with pytest.raises(KeysMissing, match="lost key"):
        keystore.signer(now=_NOW)
    with pytest.raises(RootOffline):
        keystore.ensure(now=_NOW, naming=_LIVE)


def test_with_the_root_offline_a_signer_is_asked_for_and_installed(tmp_path: Path) -> None:
    vault = _keystore(tmp_path / "vault", "the root's own passphrase")
    vault.create_root(now=_NOW, naming=_LIVE)
    folder = tmp_path / "keys"
    folder.mkdir()
    (folder / "root.pem").write_bytes(vault.root_pem())
    keystore = _keystore(folder)
    with pytest.raises(RootOffline, match="settlement keys request"):
        keystore.ensure(now=_NOW, naming=_LIVE)
    request = keystore.request(naming=_LIVE)
    chain = vault.sign_request(request_pem=request, now=_NOW)
    with pytest.raises(RootOffline):
        keystore.sign_request(request_pem=request, now=_NOW)
    assert keystore.install(chain_pem=chain).state == "signing"
    keystore.ensure(now=_NOW, naming=_LIVE)
    _signs(keystore.signer(now=_NOW), vault.root_pem(), _NOW)
    with pytest.raises(RootOffline):
        keystore.rotate(now=_NOW, naming=_LIVE)


def test_only_a_certificate_that_was_asked_for_and_leads_to_the_root_is_installed(
    tmp_path: Path,
) -> None:
    ours, theirs = _keystore(tmp_path / "ours"), _keystore(tmp_path / "theirs")
    for keystore in (ours, theirs):
        keystore.ensure(now=_NOW, naming=_TEST)
    stray = ours.sign_request(request_pem=theirs.request(naming=_TEST), now=_NOW)
    with pytest.raises(UnknownRequest):
        ours.install(chain_pem=stray)
    foreign = theirs.sign_request(request_pem=ours.request(naming=_TEST), now=_NOW)
    with pytest.raises(InvalidChain):
        ours.install(chain_pem=foreign)
    with pytest.raises(ValueError, match="PEM"):
        ours.sign_request(request_pem=b"no request", now=_NOW)

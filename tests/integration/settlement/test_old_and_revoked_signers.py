"""A signer's certificate that has ended, and one that is not believed any more."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from partner_sdk import cli
from partner_sdk.verify import Finding
from partner_sdk.wire.archive import PROOF, SIGNATURE, STATEMENT
from settlement.signing import FileKeystore
from tests.integration.settlement.bundle_maker import NAMING, SIGNED_AT, Books, make_rows
from tests.integration.settlement.specimen import Specimen, pack, run_alone
from tests.integration.settlement.test_log_proof_in_bundles import Log


class Coalition:
    """Keys, and bundles that they signed."""

    def __init__(self, folder: Path, *, lifetime: timedelta = timedelta(days=395)) -> None:
        self.folder = folder
        self.keystore = FileKeystore(folder=folder / "keys", passphrase="a passphrase of tests")
        self.keystore.create_root(now=SIGNED_AT, naming=NAMING, alone=True)
        self.lifetime = lifetime
        self.root = folder / "trusted.pem"
        self.root.write_bytes(self.keystore.root_pem())

    def issue(self, name: str) -> Path:
        """Have a new signer sign a bundle."""
        self.keystore.rotate(now=SIGNED_AT, naming=NAMING, lifetime=self.lifetime)
        signer = self.keystore.signer(now=SIGNED_AT)
        return Books(folder=self.folder, signer=signer).issue(make_rows(4), name=name).path

    def revoke_newest(self) -> Path:
        """Revoke the signer of the last bundle; the list."""
        serial = self.keystore.list(now=SIGNED_AT)[-1].serial
        file = self.folder / "revoked.crl.pem"
        file.write_bytes(self.keystore.revoke(serial=int(serial, 16), now=SIGNED_AT))
        return file


def _both(bundle: Path, root: Path, *more: str | Path) -> tuple[int, Finding | None]:
    """What both verifiers say alike: the status, and what is wrong first."""
    alone = run_alone(bundle, root, *more)
    status = cli.main(["verify", str(bundle), "--root", str(root), *map(str, more)])
    assert status == alone.status, alone
    return alone.status, alone.finding


def test_a_bundle_verifies_after_its_signer_and_even_the_root_have_ended(tmp_path: Path) -> None:
    coalition = Coalition(tmp_path, lifetime=timedelta(hours=1))
    old = coalition.issue("old.zip")
    for later in (timedelta(days=500), timedelta(days=25 * 365)):
        with time_machine.travel(SIGNED_AT + later, tick=False):
            assert coalition.keystore.list(now=datetime.now(UTC))[0].state == "expired"
            assert _both(old, coalition.root) == (0, None)


def test_openssl_judges_as_of_the_signing_when_it_is_told_to(tmp_path: Path) -> None:
    coalition = Coalition(tmp_path, lifetime=timedelta(hours=1))
    files = Specimen(tmp_path, coalition.issue("old.zip"), b"").files()
    for name in (STATEMENT, SIGNATURE):
        (tmp_path / name).write_bytes(files[name])

    def verifies(at: datetime) -> bool:
        done = subprocess.run(
            [
                "openssl", "cms", "-verify", "-binary", "-inform", "DER",
                "-in", tmp_path / SIGNATURE, "-content", tmp_path / STATEMENT,
                "-CAfile", coalition.root, "-attime", str(int(at.timestamp())), "-out", os.devnull,
            ],
            capture_output=True,
            check=False,
        )  # fmt: skip
        return done.returncode == 0

    assert verifies(SIGNED_AT)
    assert not verifies(SIGNED_AT + timedelta(days=2))


def test_bundles_of_the_old_and_the_new_signer_verify_under_one_root(tmp_path: Path) -> None:
    coalition = Coalition(tmp_path)
    for name in ("old.zip", "new.zip"):
        assert _both(coalition.issue(name), coalition.root) == (0, None)
    assert len(coalition.keystore.list(now=SIGNED_AT)) == 2


def test_a_signature_after_the_certificates_end_is_refused(tmp_path: Path) -> None:
    coalition = Coalition(tmp_path, lifetime=timedelta(hours=1))
    coalition.issue("in-time.zip")
    signer = coalition.keystore.signer(now=SIGNED_AT)
    late = Books(folder=tmp_path, signer=signer, signed_at=SIGNED_AT + timedelta(hours=2))
    status, found = _both(late.issue(make_rows(4), name="late.zip").path, coalition.root)
    assert status == 1
    assert found is not None
    assert (found.file, found.code) == (SIGNATURE, "chain")
    assert "was not valid when the statement was signed" in found.message


def test_a_revoked_signer_is_believed_at_no_time_by_its_word_alone(tmp_path: Path) -> None:
    coalition = Coalition(tmp_path)
    honest = coalition.issue("honest.zip")
    stolen = coalition.issue("stolen.zip")
    crl = coalition.revoke_newest()
    assert _both(stolen, coalition.root) == (0, None)  # who has not heard of it cannot know
    status, found = _both(stolen, coalition.root, "--crl", crl)
    assert status == 1
    assert found is not None
    assert (found.file, found.code) == (SIGNATURE, "chain")
    assert "revoked" in found.message
    assert _both(honest, coalition.root, "--crl", crl) == (0, None)


def test_the_proof_of_a_line_by_a_revoked_signer_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    coalition = Coalition(tmp_path)
    stolen = coalition.issue("stolen.zip")
    proof = tmp_path / "line.json"
    assert cli.main(["prove", str(stolen), "1", "--out", str(proof)]) == 0
    assert _both(proof, coalition.root) == (0, None)
    status, found = _both(proof, coalition.root, "--crl", coalition.revoke_newest())
    assert (status, found is not None and found.code) == (1, "chain")
    assert "revoked" in capsys.readouterr().out


def test_the_log_vouches_for_what_was_signed_before_the_key_was_stolen(tmp_path: Path) -> None:
    coalition = Coalition(tmp_path)
    bundle = coalition.issue("before.zip")
    specimen = Specimen(tmp_path, bundle, coalition.root.read_bytes())
    log = Log(specimen, Ed25519PrivateKey.generate(), 3, 9)
    logged = tmp_path / "logged.zip"
    logged.write_bytes(pack({**specimen.files(), PROOF: log.proof()}))
    crl, key = coalition.revoke_newest(), log.verifier.to_text()
    assert _both(logged, coalition.root, "--crl", crl, "--log-key", key) == (0, None)
    # The proof alone, under no key that was given, vouches for nothing.
    assert _both(logged, coalition.root, "--crl", crl)[0] == 1


def test_what_a_thief_signs_is_not_in_the_log(tmp_path: Path) -> None:
    coalition = Coalition(tmp_path)
    specimen = Specimen(tmp_path, coalition.issue("real.zip"), coalition.root.read_bytes())
    log = Log(specimen, Ed25519PrivateKey.generate(), 3, 9)
    signer = coalition.keystore.signer(now=SIGNED_AT)
    forged = Books(folder=tmp_path, signer=signer).issue(make_rows(6), name="forged.zip").path
    key = log.verifier.to_text()
    assert _both(forged, coalition.root) == (0, None)
    status, found = _both(forged, coalition.root, "--log-key", key)
    assert (status, found) == (1, Finding(PROOF, None, "log", "is not in the bundle"))
    borrowed = {**Specimen(tmp_path, forged, b"").files(), PROOF: log.proof()}
    forged.write_bytes(pack(borrowed))
    status, found = _both(forged, coalition.root, "--log-key", key)
    assert (status, found is not None and found.message) == (
        1,
        "the statement is not where the proof says",
    )


def test_a_list_that_is_not_the_roots_is_status_2(tmp_path: Path) -> None:
    coalition = Coalition(tmp_path)
    bundle = coalition.issue("bundle.zip")
    crl = coalition.revoke_newest()
    (tmp_path / "stranger").mkdir()
    stranger = Coalition(tmp_path / "stranger")
    stranger.issue("other.zip")
    flipped = bytearray(crl.read_bytes())
    flipped[200] = flipped[200] ^ 1 if chr(flipped[200] ^ 1).isalnum() else ord("A")
    for content in (
        b"",
        b"no list",
        coalition.root.read_bytes(),
        bytes(flipped),
        stranger.revoke_newest().read_bytes(),
    ):
        crl.write_bytes(content)
        assert _both(bundle, coalition.root, "--crl", crl)[0] == 2
    assert _both(bundle, coalition.root, "--crl", tmp_path / "none")[0] == 2

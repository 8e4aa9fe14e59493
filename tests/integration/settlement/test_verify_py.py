"""verify.py as a person runs it: alone, with nothing but openssl beside it."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from partner_sdk import cli
from partner_sdk.verify import verify_bundle
from partner_sdk.wire import verifier
from partner_sdk.wire.archive import ROOT, SIGNATURE, STATEMENT, VERIFIER
from settlement.signing import sign_detached
from tests.integration.settlement.bundle_maker import SIGNED_AT, Books, make_keystore, make_rows
from tests.integration.settlement.specimen import (
    VERIFY_PY,
    Specimen,
    flipped,
    make_specimen,
    pack,
    run_alone,
)

_PATH = {"PATH": os.environ["PATH"]}


@pytest.fixture(scope="module")
def specimen(tmp_path_factory: pytest.TempPathFactory) -> Specimen:
    return make_specimen(tmp_path_factory.mktemp("alone"), 40, pdf=True)


def _run(
    program: Path, *arguments: str | Path, environment: Mapping[str, str] = _PATH
) -> subprocess.CompletedProcess[str]:
    """Run it as a program that sees nothing of this installation."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "-W", "error", program, *arguments],
        env=dict(environment),
        cwd=program.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_one_that_came_in_a_bundle_is_the_published_one_and_verifies_it(
    specimen: Specimen, tmp_path: Path
) -> None:
    content = specimen.files()[VERIFIER]
    assert content == verifier.SOURCE
    program = tmp_path / "verify.py"
    program.write_bytes(content)
    done = _run(program, specimen.good, "--root", specimen.root_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{specimen.good}: verified\n  statement 1 of bakery for ")
    assert list(tmp_path.iterdir()) == [program]


def test_it_prints_what_the_sdks_command_prints(
    specimen: Specimen, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = specimen.folder / "printed.zip"
    for content in (specimen.content, flipped(specimen.content, 5_000, random.Random(1))):
        changed.write_bytes(content)
        status = cli.main(["verify", str(changed), "--root", str(specimen.root_path)])
        printed = capsys.readouterr()
        done = _run(VERIFY_PY, changed, "--root", specimen.root_path)
        assert (done.returncode, done.stdout, done.stderr) == (status, printed.out, printed.err)


def test_what_cannot_be_checked_is_status_2(specimen: Specimen, tmp_path: Path) -> None:
    root = specimen.root_path
    assert _run(VERIFY_PY, specimen.good).returncode == 2
    assert _run(VERIFY_PY, tmp_path / "nowhere.zip", "--root", root).returncode == 2
    assert _run(VERIFY_PY, specimen.good, "--root", tmp_path / "nowhere.pem").returncode == 2
    assert _run(VERIFY_PY, specimen.good, "--root", specimen.good).returncode == 2
    alone = _run(VERIFY_PY, specimen.good, "--root", root, environment={"PATH": str(tmp_path)})
    assert (alone.returncode, alone.stderr) == (2, "the openssl command is not installed\n")


def test_a_bundle_outlives_its_signers_certificate_and_the_root(tmp_path: Path) -> None:
    long_ago = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
    keystore = make_keystore(tmp_path / "keys", now=long_ago)
    books = Books(folder=tmp_path, signer=keystore.signer(now=long_ago), signed_at=long_ago)
    bundle = books.issue(make_rows(3)).path
    root = tmp_path / "root.pem"
    root.write_bytes(keystore.root_pem())
    assert keystore.signer(now=long_ago).chain[0].not_valid_after_utc < SIGNED_AT
    said = run_alone(bundle, root)
    assert said.status == 0
    assert "signed 2001-02-03T04:05:06Z by the signer's clock" in said.output
    assert verify_bundle(bundle=bundle, root=root.read_bytes()).ok


def test_authorities_that_the_machine_trusts_are_not_trusted(
    specimen: Specimen, tmp_path: Path
) -> None:
    stranger = make_keystore(tmp_path / "keys")
    files = specimen.files()
    files[SIGNATURE] = sign_detached(
        signer=stranger.signer(now=SIGNED_AT), content=files[STATEMENT], signed_at=SIGNED_AT
    )
    forged, known = tmp_path / "forged.zip", tmp_path / "known.pem"
    forged.write_bytes(pack(files))
    known.write_bytes(stranger.root_pem())
    trusting = {**_PATH, "SSL_CERT_FILE": str(known)}
    done = _run(VERIFY_PY, forged, "--root", specimen.root_path, environment=trusting)
    assert done.returncode == 1
    assert done.stdout.startswith("statement.json.p7s: the certificate with serial number ")
    files[ROOT] = stranger.root_pem()
    forged.write_bytes(pack(files))
    done = _run(VERIFY_PY, forged, "--root", specimen.root_path, environment=trusting)
    assert done.stdout == "root.pem: is not the root that you trust (root)\n"


def _tamper(specimen: Specimen, count: int, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(count):
        at = chance.randrange(len(specimen.content))
        name, line = specimen.owner_of(at)
        said = specimen.verify_alone(flipped(specimen.content, at, chance))
        found = said.finding
        assert found is not None, (at, name, said)
        # What belongs to no file is the archive's directory: a file that it lists, or the bundle.
        assert name in (None, found.file), (at, name, found)
        assert line in (None, found.line), (at, line, found)


def test_random_single_bytes_are_found_and_located(specimen: Specimen) -> None:
    _tamper(specimen, 60, 1)


@pytest.mark.prove
def test_a_thousand_random_single_bytes_are_found_and_located(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    for seed, lines in enumerate((0, 1, 40, 2_000)):
        _tamper(make_specimen(tmp_path_factory.mktemp("tampered"), lines, pdf=True), 250, seed)

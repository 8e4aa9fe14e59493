"""The log's proof in a bundle: both verifiers hold it against the log's key, not their own word."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from partner_sdk import cli
from partner_sdk.verify import TrustedLog, verify_bundle
from partner_sdk.wire.archive import PROOF, SIGNATURE, STATEMENT
from partner_sdk.wire.merkle import inclusion_path, nodes_of, record_hash, root_of
from partner_sdk.wire.statement import Statement
from partner_sdk.wire.tlog.checkpoints import Checkpoint, cosign, cosigner_key
from partner_sdk.wire.tlog.notes import ED25519, Note, VerifierKey
from partner_sdk.wire.tlog.proofs import LogProof
from partner_sdk.wire.tlog.records import statement_record
from tests.integration.settlement.specimen import (
    Specimen,
    flipped,
    make_specimen,
    pack,
    run_alone,
)

_NAME = "log.example/test"


@dataclass
class Log:
    """A log of some records, one of them a bundle's statement."""

    specimen: Specimen
    key: Ed25519PrivateKey
    index: int
    size: int

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(_NAME, ED25519, self.key.public_key().public_bytes_raw())

    def leaves(self, size: int) -> list[bytes]:
        files = self.specimen.files()
        statement = Statement.from_bytes(files[STATEMENT])
        record = statement_record(
            statement_id=statement.statement_id,
            statement=files[STATEMENT],
            signature=files[SIGNATURE],
        )
        leaves = [record_hash(record=b"%d" % number) for number in range(size)]
        if self.index < size:
            leaves[self.index] = record_hash(record=record)
        return leaves

    def note(self, size: int, *, name: str = _NAME, root: bytes | None = None) -> Note:
        text = Checkpoint(name, size, root or root_of(leaves=self.leaves(size))).to_text()
        signature = self.verifier.sign(text, self.key.sign)
        witness = Ed25519PrivateKey.generate()
        public = witness.public_key().public_bytes_raw()
        cosigner = cosigner_key(origin=_NAME, key_id="key_1", public_key=public)
        cosigned = cosign(text=text, key=cosigner, timestamp=1, sign=witness.sign)
        return Note(text, (signature, cosigned))

    def proof(self, note: Note | None = None) -> bytes:
        leaves = self.leaves(self.size)
        path = inclusion_path(index=self.index, size=self.size, nodes=nodes_of(leaves=leaves))
        checkpoint = (note or self.note(self.size)).to_bytes()
        return LogProof(self.index, tuple(path), checkpoint).to_bytes()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    specimen = make_specimen(tmp_path_factory.mktemp("logged"), 5)
    return Log(specimen, Ed25519PrivateKey.generate(), 11, 27)


def _agree(
    log: Log,
    proof: bytes | None,
    *,
    key: str | None,
    seen: bytes | None = None,
    other: str = "",
) -> str:
    """What both say; empty where nothing is wrong."""
    specimen = log.specimen
    files = specimen.files() if proof is None else {**specimen.files(), PROOF: proof}
    bundle = specimen.folder / "logged.zip"
    bundle.write_bytes(pack(files))
    trusted, more = None, []
    if key is not None:
        keys = [key, *other.split()]
        trusted = TrustedLog.read(keys=keys, checkpoint=seen)
        more = [argument for each in keys for argument in ("--log-key", each)]
    if seen is not None:
        (specimen.folder / "seen").write_bytes(seen)
        more += ["--checkpoint", str(specimen.folder / "seen")]
    found = verify_bundle(bundle=bundle, root=specimen.root, log=trusted)
    said = run_alone(bundle, specimen.root_path, *more)
    if found.ok:
        assert said.status == 0, said
        return ""
    alone = said.finding
    assert alone is not None, (found, said)
    assert alone == found.findings[0]
    assert (alone.file, alone.code) == (PROOF, "log")
    return alone.message


def test_a_proof_of_the_log_is_verified_with_and_without_its_key(log: Log) -> None:
    key = log.verifier.to_text()
    assert _agree(log, log.proof(), key=None) == ""
    assert _agree(log, log.proof(), key=key) == ""
    assert _agree(log, log.proof(), key=key, seen=log.note(27).to_bytes()) == ""


def test_a_bundle_without_a_proof_is_refused_by_who_demands_one(log: Log) -> None:
    assert _agree(log, None, key=None) == ""
    assert _agree(log, None, key=log.verifier.to_text()) == "is not in the bundle"


def test_what_is_wrong_with_a_proof_is_said_alike(log: Log) -> None:
    key, good = log.verifier.to_text(), log.proof()
    place, spelling = "the statement is not where", "is not the proof of a log"
    unsigned = "its checkpoint is not signed by the log"
    stranger = Log(log.specimen, Ed25519PrivateKey.generate(), 11, 27)
    for proof, expected in (
        (b"", spelling),
        (good[:-1], spelling),
        (good + b"\n", spelling),
        (good.replace(b"index 11", b"index 011"), spelling),
        (good.replace(b"index 11", b"index 12"), place),
        (good.replace(b"index 11", b"index 99"), place),
        (good.replace(b"\n27\n", b"\n28\n"), unsigned),
        (stranger.proof(), unsigned),
        (log.proof(log.note(27, name="log.example/other")), unsigned),
        (log.proof(log.note(27, root=bytes(32))), place),
    ):
        assert expected in _agree(log, proof, key=key)


def test_a_proof_by_any_key_that_the_log_has_had_is_good_and_each_that_claims_to_sign_must(
    log: Log,
) -> None:
    new = Log(log.specimen, Ed25519PrivateKey.generate(), 11, 27)
    old_key, new_key = log.verifier.to_text(), new.verifier.to_text()
    for proof in (log.proof(), new.proof()):
        assert _agree(log, proof, key=old_key, other=new_key) == ""
        assert _agree(log, proof, key=new_key, other=old_key) == ""
    seen = new.note(27).to_bytes()
    assert _agree(log, log.proof(), key=old_key, other=new_key, seen=seen) == ""
    assert "not signed by the log" in _agree(log, new.proof(), key=old_key)
    # Both signed; that the other one's signature is none spoils the note for who knows it.
    note = log.note(27)
    spoilt = replace(new.verifier.find(new.note(27))[0], value=bytes(64))
    both = log.proof(note.with_signatures([spoilt]))
    assert _agree(log, both, key=old_key) == ""
    assert "not signed by the log" in _agree(log, both, key=old_key, other=new_key)


def test_another_past_than_somebody_else_has_seen_is_found(log: Log) -> None:
    key = log.verifier.to_text()
    forked = log.note(27, root=bytes(32)).to_bytes()
    found = _agree(log, log.proof(), key=key, seen=forked)
    assert found == "shows another past than the checkpoint that you have"


def test_every_changed_byte_of_a_proof_is_found_with_the_logs_key(log: Log) -> None:
    chance, good = random.Random(3), log.proof()
    # A cosignature of a witness that nobody named is passed over.
    last = good.rindex(b"\n", 0, -1)
    for _ in range(60):
        at = chance.randrange(last)
        assert _agree(log, flipped(good, at, chance), key=log.verifier.to_text()), at


def test_what_cannot_be_compared_is_status_2(
    log: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    specimen, key = log.specimen, log.verifier.to_text()
    bundle, seen = tmp_path / "bundle.zip", tmp_path / "seen"
    bundle.write_bytes(pack({**specimen.files(), PROOF: log.proof()}))
    stranger = Log(specimen, Ed25519PrivateKey.generate(), 11, 27)
    root = str(specimen.root_path)
    for content, given in (
        (log.note(20).to_bytes(), key),
        (stranger.note(27).to_bytes(), key),
        (b"no note", key),
        (log.note(27).to_bytes(), "no+key"),
        (log.note(27).to_bytes(), key.replace("A", "B", 1)),
    ):
        seen.write_bytes(content)
        arguments = [str(bundle), "--root", root, "--log-key", given, "--checkpoint", str(seen)]
        assert cli.main(["verify", *arguments]) == 2
        assert run_alone(*arguments[:1], *arguments[2:]).status == 2
    assert cli.main(["verify", str(bundle), "--root", root, "--checkpoint", str(seen)]) == 2
    other = VerifierKey("log.example/other", ED25519, log.verifier.public_key).to_text()
    two = ["--root", root, "--log-key", key, "--log-key", other]
    assert cli.main(["verify", str(bundle), *two]) == 2
    assert run_alone(bundle, *two[1:]).status == 2
    capsys.readouterr()
    keyfile = tmp_path / "log.key"
    keyfile.write_text(f"{key}\n")
    assert run_alone(bundle, root, "--log-key", str(keyfile)).status == 0
    assert cli.main(["verify", str(bundle), "--root", root, "--log-key", str(keyfile)]) == 0

"""The log's key is replaced with an overlap: all verify before and after, and witnesses follow."""

from __future__ import annotations

import json

import pytest

from partner_sdk.wire.tlog.checkpoints import open_checkpoint
from partner_sdk.wire.tlog.handover import handover_text, read_handover
from partner_sdk.wire.tlog.notes import InvalidNote, Note, VerifierKey
from partner_sdk.wire.tlog.proofs import LogProof
from settlement.log import service
from settlement.log.errors import LogError, LogKeyMissing
from tests.integration.partner_sdk.test_witness import (  # noqa: F401 - fixture
    Served,
    download,
    served,
)
from tests.integration.settlement.conftest import make_pipeline, night  # noqa: F401 - fixtures
from tests.integration.settlement.log_reading import the_log


def rotate(served: Served) -> VerifierKey:  # noqa: F811 - the fixture
    night = served.night  # noqa: F811
    return service.begin_handover(
        database=night.database, log=the_log(night), keys=night.log_keys, now=night.wall()
    )


def finish(served: Served) -> None:  # noqa: F811 - the fixture
    night = served.night  # noqa: F811
    service.end_handover(database=night.database, log=the_log(night), keys=night.log_keys)


def test_checkpoints_verify_with_both_keys_during_the_overlap_and_with_the_new_one_after(
    served: Served,  # noqa: F811 - the fixture
    capsys: pytest.CaptureFixture[str],
) -> None:
    served.settle()
    old = served.key
    grocer = served.partner("grocer")
    first = grocer.client.log_checkpoint()
    (statement,) = grocer.client.statements()
    bundle = download(grocer, served.folder / "before.zip")
    assert grocer.witness(old).look().outcome == "cosigned"
    assert grocer.client.next_log_key(old) is None
    with pytest.raises(LogError, match="is not being replaced"):
        finish(served)

    new = rotate(served)
    assert rotate(served) == new != old
    with pytest.raises(LogError, match="run a night first"):
        finish(served)
    served.settle()
    both = grocer.client.log_checkpoint()
    assert open_checkpoint(content=both, log=old) == open_checkpoint(content=both, log=new)
    # The old key says who comes next; the witness has seen a state of both, and goes on.
    assert grocer.client.next_log_key(old) == new
    pin = served.folder / "log.vkey"
    pin.write_text(old.to_text())
    assert grocer.command("log-key", "--log-key", str(pin)) == 0
    assert capsys.readouterr().out.splitlines()[-1] == new.to_text()
    looked = grocer.witness(old).look()
    assert (looked.outcome, looked.since > 0) == ("cosigned", True)
    bakery = served.partner("bakery")
    assert bakery.witness(new).look().outcome == "cosigned"

    finish(served)
    assert served.key == new
    served.settle()
    after = grocer.client.log_checkpoint()
    open_checkpoint(content=after, log=new)
    with pytest.raises(InvalidNote, match="not signed by"):
        open_checkpoint(content=after, log=old)
    looked = grocer.witness(new).look()
    assert (looked.outcome, looked.since > 0) == ("cosigned", True)
    # What was seen before stays true under the key that signed it.
    open_checkpoint(content=first, log=old)
    # The bundle of before has a proof by the old key; the log of today is signed by the new one.
    asked = ["log-verify", str(bundle), "--log-key", old.to_text()]
    assert grocer.command(*asked) != 0
    assert grocer.command(*asked, "--log-key", new.to_text()) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["unchanged_to"] > 0
    # An old statement's proof is now given by a checkpoint that the new key signed too.
    proof = LogProof.from_bytes(grocer.client.statement_proof(statement.id))
    open_checkpoint(content=proof.checkpoint, log=new)
    assert grocer.client.next_log_key(old) == new


def test_a_key_that_the_old_one_did_not_sign_is_not_followed(
    served: Served,  # noqa: F811 - the fixture
) -> None:
    served.settle()
    old = served.key
    new = rotate(served)
    handover = the_log(served.night).handover
    assert handover is not None
    assert read_handover(content=handover, log=old) == new
    note = Note.from_bytes(handover)
    for wrong in (
        Note(note.text, new.find(note)),
        Note(note.text, old.find(note)),
        Note(handover_text(key=old), note.signatures),
    ):
        with pytest.raises(InvalidNote):
            read_handover(content=wrong.to_bytes(), log=old)


def test_without_the_next_key_nothing_is_signed_and_after_a_kill_it_takes_its_place(
    served: Served,  # noqa: F811 - the fixture
) -> None:
    served.settle()
    keys = served.night.log_keys
    new = rotate(served)
    file = keys.folder / "log" / "statements.next.key.pem"
    kept = file.read_bytes()
    file.unlink()
    with pytest.raises(LogKeyMissing):
        service.next_signer(log=the_log(served.night), keys=keys)
    file.write_bytes(kept)
    served.settle()
    present = (keys.folder / "log" / "statements.key.pem").read_bytes()
    finish(served)
    # As if it had ended between the database's commit and the files.
    file.write_bytes(kept)
    (keys.folder / "log" / "statements.key.pem").write_bytes(present)
    served.settle()
    open_checkpoint(content=served.partner("grocer").client.log_checkpoint(), log=new)
    assert not file.exists()

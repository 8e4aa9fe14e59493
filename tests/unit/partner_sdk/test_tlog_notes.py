"""Notes, checkpoints and cosignatures: byte for byte, and nothing else is taken for one."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from partner_sdk.wire.tlog.checkpoints import (
    Checkpoint,
    cosign,
    cosigned_at,
    cosigner_key,
    open_checkpoint,
)
from partner_sdk.wire.tlog.notes import ED25519, InvalidNote, Note, Signature, VerifierKey
from tests.slow_log import note_is_signed

ORIGIN = "coalition.example/test/statements"
SEED, OTHER = bytes(range(32)), bytes(range(1, 33))
LOG = Ed25519PrivateKey.from_private_bytes(SEED)
WITNESS = Ed25519PrivateKey.from_private_bytes(OTHER)
KEY_ID = "key_01h455vb4pex5vsknk084sn02q"
STATE = Checkpoint(ORIGIN, 20852163, bytes(range(100, 132)))

#: Written once by this code and verified by `slow_log`; kept so that the bytes cannot drift.
GOLDEN = """\
coalition.example/test/statements
20852163
ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM=

— coalition.example/test/statements tL0akTpJnHlzx98IcWN0GXdlTuOqDK0ob81R/BpW3B6a4IVL+mY1KF\
LpWNe1Dr7ZMwvSmFRTYPJCVVT5j9QJzWHoGAM=
— coalition.example/test/statements/witness/key_01h455vb4pex5vsknk084sn02q maDYTQAAAABkGFD\
LV++ViG0HPU/T98dCQjizG2xFvjrTGwRm265f7hDhw0C0x54oWYOpESnjGf25vZhv0XSjsscnlInfTdLx4u8ODQ==
"""
VKEY = "coalition.example/test/statements+b4bd1a91+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"


def log_key() -> VerifierKey:
    return VerifierKey(ORIGIN, ED25519, LOG.public_key().public_bytes_raw())


def witness_key() -> VerifierKey:
    return cosigner_key(
        origin=ORIGIN, key_id=KEY_ID, public_key=WITNESS.public_key().public_bytes_raw()
    )


def cosigned() -> Note:
    text = STATE.to_text()
    line = cosign(text=text, key=witness_key(), timestamp=1679315147, sign=WITNESS.sign)
    return Note(text, (log_key().sign(text, LOG.sign), line))


def test_a_checkpoint_is_the_golden_note() -> None:
    assert cosigned().to_bytes().decode() == GOLDEN
    assert log_key().to_text() == VKEY


def test_the_golden_note_holds_by_the_definitions() -> None:
    note = GOLDEN.encode()
    assert note_is_signed(note, name=ORIGIN, public_key=LOG.public_key().public_bytes_raw())
    assert note_is_signed(
        note,
        name=f"{ORIGIN}/witness/{KEY_ID}",
        public_key=WITNESS.public_key().public_bytes_raw(),
        kind=4,
    )
    assert not note_is_signed(note, name=ORIGIN, public_key=WITNESS.public_key().public_bytes_raw())


def test_a_note_is_read_back_as_it_was_written() -> None:
    note = Note.from_bytes(GOLDEN.encode())
    assert note == cosigned()
    assert open_checkpoint(content=GOLDEN.encode(), log=log_key()) == STATE
    assert cosigned_at(note=note, key=witness_key()) == 1679315147
    assert VerifierKey.from_text(VKEY) == log_key()


def test_any_changed_byte_spoils_the_signature_or_the_note() -> None:
    content = GOLDEN.encode()
    signed = content.index(b"\n\n") + 2
    line = content.index(b"\n", signed) + 1
    for at in range(line):
        for bit in (1, 0x20):
            changed = bytes([*content[:at], content[at] ^ bit, *content[at + 1 :]])
            with pytest.raises(InvalidNote):
                open_checkpoint(content=changed, log=log_key())


def test_signatures_of_others_are_passed_over_and_a_wrong_one_is_not() -> None:
    note = cosigned()
    stranger = Signature("stranger.example", b"abcd", bytes(64))
    assert open_checkpoint(content=note.with_signatures([stranger]).to_bytes(), log=log_key())
    forged = Signature(ORIGIN, log_key().key_id, bytes(64))
    with pytest.raises(InvalidNote, match="does not fit"):
        open_checkpoint(content=note.with_signatures([forged]).to_bytes(), log=log_key())
    late = Signature(
        note.signatures[1].name,
        note.signatures[1].key_id,
        (1679315148).to_bytes(8, "big") + note.signatures[1].value[8:],
    )
    with pytest.raises(InvalidNote, match="cosignature"):
        cosigned_at(note=Note(note.text, (late,)), key=witness_key())


def test_a_checkpoint_without_the_logs_signature_or_of_another_log_is_refused() -> None:
    note = cosigned()
    with pytest.raises(InvalidNote, match="not signed by"):
        open_checkpoint(content=Note(note.text, note.signatures[1:]).to_bytes(), log=log_key())
    with pytest.raises(InvalidNote, match="of the log"):
        open_checkpoint(content=note.to_bytes(), log=log_key(), origin="another.example")


@pytest.mark.parametrize(
    "text",
    [
        "origin\n7\n",
        "origin\n07\nZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM=\n",
        "origin\n-1\nZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM=\n",
        "origin\n٧\nZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM=\n",
        "origin\n9223372036854775808\nZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM=\n",
        "\n7\nZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM=\n",
        "origin\n7\nAAAA\n",
        "origin\n7\nZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM\n",
        "origin\n7\nZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM=\nmore\n",
    ],
)
def test_what_is_not_a_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(InvalidNote):
        Checkpoint.from_text(text)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n\n\xe2\x80\x94 name AAAAAAA=",
        b"te\tt\n\n\xe2\x80\x94 name AAAAAAA=\n",
        b"\xff\n\n\xe2\x80\x94 name AAAAAAA=\n",
        b"text\n\n- name AAAAAAA=\n",
        b"text\n\n\xe2\x80\x94 name AAAA\n",
        b"text\n\n\xe2\x80\x94 na+me AAAAAAA=\n",
        b"text\n\n\xe2\x80\x94  AAAAAAA=\n",
        b"text\n\n\xe2\x80\x94 name AAAAAAB=\n",
        b"text\n\n" + b"\xe2\x80\x94 name AAAAAAA=\n" * 1025,
    ],
)
def test_what_is_not_a_note_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidNote):
        Note.from_bytes(content)


@pytest.mark.parametrize("wrong", ["", "+", VKEY[:-1], "x" + VKEY, VKEY + "=", VKEY.upper()])
def test_a_misspelt_verifier_key_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidNote):
        VerifierKey.from_text(wrong)


def test_a_key_that_cosigns_is_another_key_than_the_one_that_signs_as_a_log() -> None:
    public = WITNESS.public_key().public_bytes_raw()
    assert VerifierKey(witness_key().name, ED25519, public).key_id != witness_key().key_id
    with pytest.raises(InvalidNote):
        cosigner_key(origin=ORIGIN, key_id="a/b", public_key=public)

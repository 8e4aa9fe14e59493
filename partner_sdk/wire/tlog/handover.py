"""Handing a log over to its next key: a note in which the old key names the new one.

Both keys sign it. During the overlap every checkpoint carries both signatures, so whoever pinned
the old key and whoever pinned the new one read the same log.
"""

from partner_sdk.wire.tlog.notes import ED25519, InvalidNote, Note, VerifierKey

__all__ = ["handover_text", "read_handover"]

_FORMAT = "coalition.log-key/1"


def handover_text(*, key: VerifierKey) -> str:
    """Return the text that is signed; ``key`` is the next one."""
    return f"{_FORMAT}\n{key.to_text()}\n"


def read_handover(*, content: bytes, log: VerifierKey) -> VerifierKey:
    """Return the next key of a log whose present key is pinned.

    Raises:
        InvalidNote: another form, not signed by both keys, or of another log.
    """
    note = Note.from_bytes(content)
    head, _, rest = note.text.partition("\n")
    key = VerifierKey.from_text(rest.rstrip("\n"))
    if head != _FORMAT or handover_text(key=key) != note.text:
        raise InvalidNote("not a handover of a log's key")
    if key.name != log.name or key.kind != ED25519:
        raise InvalidNote(f"of the log {key.name}")
    if not log.verify(note) or not key.verify(note):
        raise InvalidNote("not signed by both keys")
    return key

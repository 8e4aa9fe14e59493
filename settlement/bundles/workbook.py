"""The workbook of an issued bundle, made when somebody asks for it and kept nowhere."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from partner_sdk.wire import archive
from partner_sdk.wire.archive import NDJSON, STATEMENT
from partner_sdk.wire.statement import Statement
from partner_sdk.wire.workbook import write_workbook

__all__ = ["workbook_of"]

_BLOCK = 1 << 18


def workbook_of(*, path: Path) -> tuple[int, Iterator[bytes]]:
    """Return the size in bytes of a bundle's workbook, and its content in blocks.

    Raises:
        partner_sdk.wire.archive.InvalidArchive: the file is no bundle.
        OSError: the file cannot be read, or the disk is full.
    """
    # Beside the bundle, not in /tmp: that may be memory. Unnamed, so nothing of it can be left.
    made = tempfile.TemporaryFile(dir=path.parent)  # noqa: SIM115 - closed when it was sent
    try:
        with path.open("rb") as stream:
            statement = Statement.from_bytes(archive.read_entry(stream=stream, name=STATEMENT))
            entry = archive.scan(stream=stream).entries[NDJSON]
            with tempfile.TemporaryDirectory(dir=path.parent, prefix=".xlsx-") as folder:
                write_workbook(
                    statement=statement,
                    lines=archive.iter_lines(stream=stream, entry=entry),
                    target=made,
                    folder=folder,
                )
        size = made.seek(0, os.SEEK_END)
        made.seek(0)
    except BaseException:
        made.close()
        raise
    return size, _blocks(made)


def _blocks(made: IO[bytes]) -> Iterator[bytes]:
    with made:
        while block := made.read(_BLOCK):
            yield block

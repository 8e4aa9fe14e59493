"""``coalition-partner xlsx``: a bundle's statement and lines as a workbook beside it."""

import tempfile
from pathlib import Path

from partner_sdk.wire import archive
from partner_sdk.wire.archive import NDJSON, STATEMENT
from partner_sdk.wire.statement import Statement
from partner_sdk.wire.workbook import WorkbookUnavailable, write_workbook

__all__ = ["WorkbookUnavailable", "make_workbook"]


def make_workbook(*, bundle: Path, out: Path) -> None:
    """Write the workbook of a bundle; the file gets its name when it is whole.

    Nothing is verified here: see ``partner_sdk.verify``.

    Raises:
        WorkbookUnavailable: xlsxwriter is not installed.
        partner_sdk.wire.archive.InvalidArchive: the file is no bundle.
        partner_sdk.wire.statement.InvalidStatement: nor is its statement one.
        OSError: a file cannot be read or written.
    """
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".xlsx-") as folder:
        part = Path(folder) / out.name
        with bundle.open("rb") as stream, part.open("wb") as target:
            statement = Statement.from_bytes(archive.read_entry(stream=stream, name=STATEMENT))
            entry = archive.scan(stream=stream).entries[NDJSON]
            write_workbook(
                statement=statement,
                lines=archive.iter_lines(stream=stream, entry=entry),
                target=target,
                folder=folder,
            )
        part.replace(out)

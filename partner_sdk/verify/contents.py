"""The files of a bundle against the statement that names them, and its lines against its totals."""

import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path

from partner_sdk.verify.findings import Findings
from partner_sdk.verify.linecheck import LineSums, check_lines, cut_slots
from partner_sdk.verify.sums import check_totals
from partner_sdk.wire import archive
from partner_sdk.wire.archive import (
    BESIDE,
    CSV,
    NDJSON,
    SALTS,
    STATEMENT,
    Archive,
    Entry,
    listed_in,
)
from partner_sdk.wire.lines import slot_is_intact
from partner_sdk.wire.statement import Statement

__all__ = ["check_contents"]

_DIFFERS = "differs from the other rendering of the line"
_HEADING = "does not start with the columns' names"


class _Digest:
    """Length, CRC-32 and SHA-256 of an entry, taken while it is read."""

    __slots__ = ("_hash", "crc32", "size")

    def __init__(self) -> None:
        self._hash = sha256()
        self.crc32 = 0
        self.size = 0

    def tap(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Pass blocks on."""
        for block in blocks:
            self._hash.update(block)
            self.crc32 = zlib.crc32(block, self.crc32)
            self.size += len(block)
            yield block

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


def check_contents(
    *, bundle: Path, contents: Archive, statement: Statement, findings: Findings
) -> int:
    """Check the files against their hashes and the lines against the totals; count the lines."""
    if not _says_its_files(statement, contents, findings):
        return 0
    digests = {name: _Digest() for name in contents.entries}
    sums = _read_all(bundle, contents, statement, digests)
    wrong = {
        file.name
        for file in statement.files
        if (digests[file.name].size, digests[file.name].sha256) != (file.bytes, file.sha256)
    }
    for name, entry in contents.entries.items():
        if name in wrong:
            _locate(bundle, entry, sums, findings)
            findings.add("hash", name, "is not the file that was signed")
    for name, entry in contents.entries.items():
        if digests[name].crc32 != entry.crc32:
            findings.add("container", name, "its CRC-32 in the archive is another")
    if not wrong & {NDJSON, CSV, SALTS}:
        for line_no in sums.differing:
            for name in (NDJSON, CSV):
                findings.add("line", name, _DIFFERS, line=line_no)
    for line_no in sums.contradicting:
        findings.add("line", NDJSON, "contradicts itself or its place", line=line_no)
    if sums.csv_heading_wrong:
        findings.add("line", CSV, _HEADING)
    if not wrong & {NDJSON, CSV, SALTS} and not sums.differing:
        check_totals(statement=statement, sums=sums, findings=findings)
    return sums.count


def _says_its_files(statement: Statement, contents: Archive, findings: Findings) -> bool:
    """Check that the statement names the files that are there, and they are all that it names."""
    listed = listed_in(names=contents.entries)
    said = (*(file.name for file in statement.files), *statement.beside)
    there = (*listed, *(name for name in BESIDE if name in contents.entries))
    for name in sorted(set(said) - set(there)):
        findings.add("container", name, "is not in the bundle")
    for name in sorted(set(there) - set(said)):
        findings.add("container", name, "does not belong into this bundle")
    if said != there and set(said) == set(there):
        findings.add("statement", STATEMENT, "does not list the files of a bundle in their order")
    return said == there


def _read_all(
    bundle: Path, contents: Archive, statement: Statement, digests: dict[str, _Digest]
) -> LineSums:
    """Read every file once, the lines side by side."""
    with ExitStack() as opened:
        blocks = {
            name: digests[name].tap(
                archive.iter_blocks(stream=opened.enter_context(bundle.open("rb")), entry=entry)
            )
            for name, entry in contents.entries.items()
        }
        sums = check_lines(
            ndjson=archive.split_lines(blocks=blocks[NDJSON], name=NDJSON),
            csv=archive.split_lines(blocks=blocks[CSV], name=CSV),
            slots=cut_slots(blocks=blocks[SALTS]),
            statement_no=statement.statement_no,
            currency=statement.currency,
        )
        for rest in blocks.values():
            for _ in rest:
                pass
    return sums


def _locate(bundle: Path, entry: Entry, sums: LineSums, findings: Findings) -> None:
    """Say which lines of a changed file were changed, where that can be told."""
    if entry.name == CSV and sums.csv_heading_wrong:
        findings.add("line", CSV, _HEADING)
    if entry.name in (NDJSON, CSV):
        for line_no in sums.differing:
            findings.add("line", entry.name, _DIFFERS, line=line_no)
    if entry.name != SALTS:
        return
    with bundle.open("rb") as stream:
        slots = cut_slots(blocks=archive.iter_blocks(stream=stream, entry=entry))
        for line_no, slot in enumerate(slots, 1):
            if not slot_is_intact(slot=slot, line_no=line_no):
                findings.add("line", SALTS, "the salt of this line was changed", line=line_no)
